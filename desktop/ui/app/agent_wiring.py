"""The agent in the running program: what it serves, and how it asks the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.ipc.agent import Agent
from desktop.oauth.clock import SystemClock
from desktop.services.session.token_permission import TokenPermission

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from desktop.ipc.agent import ReloadProfile, ReloadProfiles
    from desktop.services.session.sessions import Sessions
    from desktop.services.session.token_permission import PermissionAnswer, PermissionRequest
    from desktop.ui.app.controller import Controller


def make_agent(
    controller: Controller,
    sessions: Sessions,
    *,
    reload_profile: ReloadProfile,
    reload_profiles: ReloadProfiles,
    ready: asyncio.Event,
    tell: Callable[[], None],
) -> Agent:
    """The agent; `tell` is called when a person is asked who may not see it."""
    keeper, window = controller.settings_store, controller.window

    async def ask(question: PermissionRequest) -> PermissionAnswer:
        from desktop.ui.window.permission_window import PermissionWindow

        over = window.geometry() if window.in_sight() else window.screen().availableGeometry()
        permission_window = PermissionWindow(question, window.windowIcon(), over=over)
        tell()
        return await permission_window.ask()

    agent = Agent(
        sessions,
        reload_profile=reload_profile,
        reload_profiles=reload_profiles,
        permission=TokenPermission(ask, SystemClock()),
        needs_permission=lambda: keeper.settings.ask_for_tokens,
        start_sign_out=controller.sign_out_of,
        ready=ready,
    )
    controller.pages.watch_recipients(agent.recipients)
    return agent
