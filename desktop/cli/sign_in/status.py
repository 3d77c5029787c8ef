"""`xdr-login status`: who is signed in, as the running program or else the keyring knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from desktop.cli.terminal.exits import error_code, handle_errors
from desktop.cli.terminal.output import (
    CommandWithExamples,
    complete_profile,
    json_option,
    print_json,
    print_message,
    print_result,
    resolve_profile_option,
)
from desktop.cli.terminal.running_app import send_command_if_running
from desktop.oauth.errors import printable
from desktop.services.configuration.load import load_configuration
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.network.environment import Environment
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.worker import Worker
from desktop.services.wording.durations import format_duration

ProfileStatus = Mapping[str, Any]
"""One profile, as docs/command-line.md describes it."""


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login status                           one line a profile
xdr-login status --profile northwind       of one alone
xdr-login status --json | jq -r '.profiles[] | select(.state == "signed_in") | .id'
                                           the profiles that a script can use
""",
)
@click.option(
    "--profile",
    metavar="NAME",
    callback=resolve_profile_option,
    shell_complete=complete_profile,
    help="Of this profile alone, by id or name.",
)
@json_option
@handle_errors
def status(*, profile: str | None, as_json: bool) -> int:
    """Say who is signed in, and for how long.

    The running program is asked, which also tells which programs were given a token of late. Where
    none runs the keyring is asked for those profiles alone that have something in it.
    """
    told = send_command_if_running("status", patience=30.0)
    if told is None:
        found: dict[str, Any] = {
            "running": False,
            "profiles": _with_expired_state(_read_saved()),
            "hand_outs": [],
        }
    else:
        found = {
            "running": True,
            "profiles": _with_expired_state(_objects(told.get("profiles"))),
            "hand_outs": _objects(told.get("hand_outs")),
        }
    if profile:
        found |= _only_profile(load_configuration().find(profile).id, found)
    if as_json:
        print_json(found)
    else:
        _print_status(found)
    return 0


def _print_status(found: dict[str, Any]) -> None:
    for line in _lines(found["profiles"]):
        print_result(line)
    if found["hand_outs"]:
        print_result("\nLately given a token:")
    for each in found["hand_outs"]:
        print_result(f"  {_time(each)}  {_program(each)}, {_text(each, 'profile')}")
    if not found["profiles"]:
        print_message("There is no profile yet: “xdr-login profiles add” makes one.")


def _only_profile(id_: str, found: Mapping[str, Any]) -> dict[str, list[ProfileStatus]]:
    """What of `found` is about the profile `id_`."""
    return {
        part: [each for each in found[part] if each.get(member) == id_]
        for part, member in (("profiles", "id"), ("hand_outs", "profile"))
    }


def _read_saved() -> list[ProfileStatus]:
    profiles = load_configuration().good.values()
    return asyncio.run(_read_all_saved(profiles))


async def _read_all_saved(profiles: Iterable[Profile]) -> list[ProfileStatus]:
    world = real_environment(Worker("loader"))
    return [await read_saved_status(profile, world) for profile in profiles]


async def read_saved_status(profile: Profile, world: Environment) -> ProfileStatus:
    """How `profile` stands by what the keyring holds of it; where that fails, why."""
    standing: dict[str, Any] = {
        "id": profile.id,
        "name": profile.name,
        "state": "signed_out",
        "scope": "",
        "expires_at": None,
        "renewable": False,
        "user": "",
        "organization": "",
        "error": None,
    }
    try:
        saved = await TokenStore(profile, world.keystore, world.lock).load()
    except KeystoreError as error:
        return standing | {"state": "failed", "error": error_code(error)}
    if saved is None:
        return standing
    tokens = saved.tokens
    return standing | {
        "state": "signed_in",
        "scope": " ".join(tokens.scope),
        "expires_at": format_instant(tokens.expires_at),
        "renewable": tokens.refresh_token is not None or profile.grant == "client-credentials",
        "user": tokens.account.user,
        "organization": tokens.account.organization,
    }


def _with_expired_state(standings: Iterable[ProfileStatus]) -> list[ProfileStatus]:
    """`standings`, with the state `expired` for what is of no use any more."""
    return [
        {**each, "state": "expired"}
        if each.get("state") == "signed_in" and not each.get("renewable") and _has_expired(each)
        else each
        for each in standings
    ]


def _has_expired(standing: ProfileStatus) -> bool:
    left = _seconds_left(standing)
    return left is not None and left <= 0


def _seconds_left(standing: ProfileStatus) -> float | None:
    """`None` for what does not expire."""
    try:
        expires_at = datetime.fromisoformat(_text(standing, "expires_at"))
        return (expires_at - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _objects(found: object) -> list[ProfileStatus]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _lines(standings: Iterable[ProfileStatus]) -> list[str]:
    rows = [
        (_text(each, "id"), _text(each, "name"), _state_text(each), _text(each, "scope"))
        for each in standings
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)).rstrip()
        for row in rows
    ]


def _state_text(standing: ProfileStatus) -> str:
    state = _text(standing, "state")
    if state != "signed_in":
        why = _text(standing, "error").replace("_", " ")
        return state.replace("_", " ") + (f" ({why})" if why else "")
    who = _text(standing, "user")
    return f"signed in{f' as {who}' if who else ''}, {_time_left(standing)}"


def _time_left(standing: ProfileStatus) -> str:
    left = _seconds_left(standing)
    if left is None:
        return "does not expire"
    return f"{format_duration(left)} left" if left > 0 else "expired, renewed at the next use"


def _time(hand_out: ProfileStatus) -> str:
    try:
        return f"{datetime.fromisoformat(_text(hand_out, 'at')).astimezone():%H:%M:%S}"
    except ValueError:
        return "?"


def _program(hand_out: ProfileStatus) -> str:
    name, path = _text(hand_out, "program"), _text(hand_out, "path")
    return f"{name} ({path})" if path else name  # the system does not tell of every one


def _text(members: ProfileStatus, name: str) -> str:
    return printable(str(members.get(name) or ""), 300)
