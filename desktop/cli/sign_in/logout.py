"""`xdr-login logout`: out of the keyring, and the server is told, as the window does it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

import click

from desktop.cli.terminal.exits import Exit, exit_code_by_name, handle_errors, report_failure
from desktop.cli.terminal.output import (
    CommandWithExamples,
    confirm,
    is_interactive,
    json_option,
    print_json,
    print_message,
    profile_option,
    yes_option,
)
from desktop.cli.terminal.running_app import notify_tokens_changed, sign_out_in_app
from desktop.ipc.messages import Members
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.errors import NoToken
from desktop.services.model.profile import Profile
from desktop.services.model.states import Failed, Revocation, SignedOut, State
from desktop.services.network.environment import Environment
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.session import Session
from desktop.services.system.logs import start_logging
from desktop.services.system.paths import log_folder
from desktop.services.system.worker import Worker
from desktop.services.token.details import revocation_offered
from desktop.services.wording.sign_out_texts import sign_out_report


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login logout                           sign out of the first profile
xdr-login logout --profile northwind       of another one
xdr-login logout --all --yes               of all, without asking
""",
)
@profile_option
@click.option("--all", "everywhere", is_flag=True, help="Sign out of all profiles.")
@yes_option
@json_option
@handle_errors
def logout(*, profile: str | None, everywhere: bool, yes: bool, as_json: bool) -> int:
    """Sign out, and take the token back.

    The token is removed from the keyring, and the server is told. In Cisco XDR that ends all that
    you granted this app, on all your computers: on a terminal you are asked before.
    """
    start_logging(log_folder())
    configured = load_configuration()
    leaving = _profiles_to_sign_out(configured, profile, everywhere=everywhere)
    all_over = [each for each in leaving if sign_out_revokes_grant(each)]
    # A script has said what it wants; a person may not know how far it reaches.
    if all_over and is_interactive() and not confirm(_question(all_over), yes=yes):
        return report_failure(Exit.FORBIDDEN, "You are still signed in.", as_json=as_json)
    by_app = sign_out_in_app(None if everywhere else leaving[0].id)
    left = asyncio.run(_sign_out(leaving)) if by_app is None else by_app
    if not left and not as_json:
        print_message("You are signed out already.")
        return Exit.SIGN_IN_NEEDED
    if not left:
        raise NoToken
    if as_json:
        members = ("id", "revocation", "valid_until")
        print_json({"signed_out": [{name: each.get(name) for name in members} for each in left]})
        return sign_out_exit_code(left)
    for each in left:
        print_message(f"{configured.find(str(each['id'])).name}: {each['text']}")
    return sign_out_exit_code(left)


def sign_out_exit_code(left: Iterable[Members]) -> Exit:
    """The exit code after `left`, what was told of signing out."""
    failed = (str(each["failed"]) for each in left if each.get("failed"))
    return exit_code_by_name(next(failed, ""))


def sign_out_revokes_grant(profile: Profile) -> bool:
    """Whether to sign out ends all that was granted, on every computer."""
    return revocation_offered(profile, None) is Revocation.GRANT_REVOKED


def _profiles_to_sign_out(
    configured: Profiles, profile: str | None, *, everywhere: bool
) -> list[Profile]:
    if not everywhere:
        return [configured.find(profile)]
    if profile:
        raise click.UsageError("--all and --profile do not go together.")
    return list(configured.good.values())


def _question(profiles: Iterable[Profile]) -> str:
    names = ", ".join(each.name for each in profiles)
    return f"This ends all that you granted this app, on all your computers ({names}). Sign out?"


async def _sign_out(profiles: list[Profile]) -> list[Members]:
    """Sign out of those that are signed in. Raises what the first failure is."""
    worker = Worker("loader")
    world = real_environment(worker)
    left: list[Members] = []
    for profile in profiles:
        saved = await TokenStore(profile, world.keystore, world.lock).load()
        if saved is not None:
            left.append(sign_out_report(profile.id, await sign_out_profile(profile, world)))
            await worker.run(partial(notify_tokens_changed, profile.id))
    return left


async def sign_out_profile(profile: Profile, world: Environment) -> SignedOut:
    """Remove the tokens of `profile`, and tell its server.

    Raises `NotSignedOut` where the keyring does not let go of them.
    """
    states: list[State] = []
    session = Session(profile, world, observer=states.append)
    try:
        task = session.sign_out()
        if task is not None:
            await asyncio.wait({task})
    finally:
        await session.close()
    if isinstance(session.state, Failed):
        raise session.state.error
    return session.state if isinstance(session.state, SignedOut) else SignedOut()
