"""What the pages of the profiles work on in this run of the program."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from desktop.services.model.policy import Policy
from desktop.services.profile_editor.editor import ProfileEditor
from desktop.services.system.paths import profiles_file
from desktop.ui.profiles.profile_pages import ProfilePages

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from desktop.options import Options
    from desktop.services.network.environment import Environment
    from desktop.services.session.sessions import Sessions
    from desktop.services.system.worker import Worker
    from desktop.ui.app.controller import Controller

_DEMO = "(demo)"  # the id of the profile that stands in no file


class OnProfilesChanged(Protocol):
    """Called when the file was changed."""

    def __call__(self, id_: str, *, sign_in: bool) -> Coroutine[object, object, None]:
        """Go on with profile `id_`, or with the current one where it is empty."""


def make_editor(
    surroundings: Environment, worker: Worker, options: Options, policy: Policy | None = None
) -> ProfileEditor:
    """The deeds on the person's own file; in the demo there is nothing to be changed."""
    if options.demo is None:
        load = options.load_profiles
    else:
        nothing = Policy(source="the demo", own_profiles=False, profiles={_DEMO: {}})
        policy, load = nothing, lambda: replace(options.load_profiles(), policy=nothing)
    return ProfileEditor(profiles_file(), surroundings, worker, policy=policy, load=load)


def make_profile_pages(
    controller: Controller, deeds: ProfileEditor, sessions: Sessions, *, changed: OnProfilesChanged
) -> ProfilePages:
    """The pages, which have `changed` called on the event loop."""
    pages = ProfilePages(controller.window, deeds, sessions.find)

    def on_saved(id_: str = "", sign_in: bool = False) -> None:  # noqa: FBT001, FBT002 - a slot
        pages.start_task(changed(id_, sign_in=sign_in))

    pages.saved.connect(on_saved)
    pages.profiles_changed.connect(on_saved)
    pages.file_read.connect(on_saved)
    return pages
