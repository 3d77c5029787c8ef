"""`xdr-login logout`: remove the token from the keyring and revoke it, as the window does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

import click

from desktop.cli.terminal.exits import Exit, exit_code_by_name, report_failure
from desktop.cli.terminal.output import (
    confirm,
    print_json,
    print_message,
)
from desktop.cli.terminal.running_app import notify_tokens_changed, sign_out_in_app
from desktop.ipc.messages import Members
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.profile import Profile
from desktop.services.model.states import Failed, Revocation, SignedOut, State
from desktop.services.network.environment import Environment
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.session import Session
from desktop.services.system.logs import start_logging
from desktop.services.system.paths import log_folder
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.services.token.details import revocation_offered
from desktop.services.wording.formats import format_values, with_label
from desktop.services.wording.sign_out_texts import sign_out_report


def logout(*, profile: str | None, all_profiles: bool, yes: bool, as_json: bool) -> int:
    start_logging(log_folder())
    configured = load_configuration()
    profiles = _profiles_to_sign_out(configured, profile, all_profiles=all_profiles)
    revoked = [each for each in profiles if sign_out_revokes_grant(each)]
    # The user may not know how far this reaches.
    if revoked and not confirm(_question(revoked), yes=yes):
        message = translate("You're still signed in.")
        return report_failure(Exit.FORBIDDEN, message, as_json=as_json)
    by_app = sign_out_in_app(None if all_profiles else profiles[0].id)
    reports = asyncio.run(_sign_out(profiles)) if by_app is None else by_app
    if not reports:
        message = translate("You're already signed out.")
        return report_failure(Exit.SIGN_IN_NEEDED, message, as_json=as_json)
    if as_json:
        print_json({"signed_out": [_members(each) for each in reports]})
        return sign_out_exit_code(reports)
    for each in reports:
        print_message(with_label(configured.find(str(each["id"])).name, str(each["text"])))
    return sign_out_exit_code(reports)


def _members(report: Members) -> Members:
    found = {name: report.get(name) for name in ("id", "revocation", "valid_until")}
    return {**found, "open_ended": bool(report.get("open_ended"))}


def sign_out_exit_code(reports: Iterable[Members]) -> Exit:
    """Choose the exit code after these reports of signing out."""
    failed = (str(each["failed"]) for each in reports if each.get("failed"))
    return exit_code_by_name(next(failed, ""))


def sign_out_revokes_grant(profile: Profile) -> bool:
    """Tell whether signing out ends all granted access, on every computer."""
    return revocation_offered(profile, None) is Revocation.GRANT_REVOKED


def _profiles_to_sign_out(
    configured: Profiles, profile: str | None, *, all_profiles: bool
) -> list[Profile]:
    if not all_profiles:
        return [configured.find(profile)]
    if profile:
        raise click.UsageError(translate("--all cannot be used with --profile."))
    return list(configured.good.values())


def _question(profiles: Iterable[Profile]) -> str:
    names = format_values(each.name for each in profiles)
    return translate(
        "This ends this app's access on all your computers ({profiles}). Sign out?", profiles=names
    )


async def _sign_out(profiles: list[Profile]) -> list[Members]:
    """Sign out of those that are signed in; raises the first error."""
    worker = Worker("loader")
    environment = real_environment(worker)
    reports: list[Members] = []
    for profile in profiles:
        saved = await TokenStore(profile, environment.keystore, environment.lock).load()
        if saved is not None:
            signed_out = await sign_out_profile(profile, environment)
            reports.append(sign_out_report(profile.id, signed_out))
            await worker.run(partial(notify_tokens_changed, profile.id))
    return reports


async def sign_out_profile(profile: Profile, environment: Environment) -> SignedOut:
    """Remove the tokens of `profile` and revoke them at its server.

    Raises `NotSignedOut` if the keyring does not remove them.
    """
    states: list[State] = []
    session = Session(profile, environment, observer=states.append)
    try:
        task = session.sign_out()
        if task is not None:
            await asyncio.wait({task})
    finally:
        await session.close()
    if isinstance(session.state, Failed):
        raise session.state.error
    return session.state if isinstance(session.state, SignedOut) else SignedOut()
