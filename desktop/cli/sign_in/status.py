"""`xdr-login status`: who is signed in, as the running program or else the keyring knows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from desktop.cli.terminal.exits import error_name, reporting
from desktop.cli.terminal.output import (
    Examples,
    answer,
    answer_json,
    complete_profile,
    instant,
    json_option,
    or_before,
    say,
)
from desktop.cli.terminal.running_app import asked
from desktop.oauth.errors import printable
from desktop.services.configuration.load import load_configuration
from desktop.services.model.profile import Profile
from desktop.services.network.environment import Surroundings
from desktop.services.network.real_environment import surroundings
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.secrets.token_store import TokenStore
from desktop.services.system.worker import Worker
from desktop.services.wording.durations import duration_words

Standing = Mapping[str, Any]
"""One profile, as docs/command-line.md describes it."""


@click.command(
    cls=Examples,
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
    callback=or_before,
    shell_complete=complete_profile,
    help="Of this profile alone, by id or name.",
)
@json_option
@reporting
def status(*, profile: str | None, as_json: bool) -> int:
    """Say who is signed in, and for how long.

    The running program is asked, which also tells which programs were given a token of late. Where
    none runs the keyring is asked for those profiles alone that have something in it.
    """
    told = asked("status", patience=30.0)
    if told is None:
        found: dict[str, Any] = {"running": False, "profiles": _normal(_saved()), "hand_outs": []}
    else:
        found = {
            "running": True,
            "profiles": _normal(_objects(told.get("profiles"))),
            "hand_outs": _objects(told.get("hand_outs")),
        }
    if profile:
        found |= _only(load_configuration().named(profile).id, found)
    if as_json:
        answer_json(found)
    else:
        _tell(found)
    return 0


def _tell(found: dict[str, Any]) -> None:
    for line in _lines(found["profiles"]):
        answer(line)
    if found["hand_outs"]:
        answer("\nLately given a token:")
    for each in found["hand_outs"]:
        answer(f"  {_time(each)}  {_program(each)}, {_text(each, 'profile')}")
    if not found["profiles"]:
        say("There is no profile yet: “xdr-login profiles add” makes one.")


def _only(id_: str, found: Mapping[str, Any]) -> dict[str, list[Standing]]:
    """What of `found` is about the profile `id_`."""
    return {
        part: [each for each in found[part] if each.get(member) == id_]
        for part, member in (("profiles", "id"), ("hand_outs", "profile"))
    }


def _saved() -> list[Standing]:
    profiles = load_configuration().good.values()
    return asyncio.run(_all_saved(profiles))


async def _all_saved(profiles: Iterable[Profile]) -> list[Standing]:
    world = surroundings(Worker("loader"))
    return [await saved_standing(profile, world) for profile in profiles]


async def saved_standing(profile: Profile, world: Surroundings) -> Standing:
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
        return standing | {"state": "failed", "error": error_name(error)}
    if saved is None:
        return standing
    tokens = saved.tokens
    return standing | {
        "state": "signed_in",
        "scope": " ".join(tokens.scope),
        "expires_at": instant(tokens.expires_at),
        "renewable": tokens.refresh_token is not None or profile.grant == "client-credentials",
        "user": tokens.account.user,
        "organization": tokens.account.organization,
    }


def _normal(standings: Iterable[Standing]) -> list[Standing]:
    """`standings`, with the state `expired` for what is of no use any more."""
    return [
        {**each, "state": "expired"}
        if each.get("state") == "signed_in" and not each.get("renewable") and _is_over(each)
        else each
        for each in standings
    ]


def _is_over(standing: Standing) -> bool:
    left = _seconds_left(standing)
    return left is not None and left <= 0


def _seconds_left(standing: Standing) -> float | None:
    """`None` for what does not expire."""
    try:
        expires_at = datetime.fromisoformat(_text(standing, "expires_at"))
        return (expires_at - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _objects(found: object) -> list[Standing]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _lines(standings: Iterable[Standing]) -> list[str]:
    rows = [
        (_text(each, "id"), _text(each, "name"), _words(each), _text(each, "scope"))
        for each in standings
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)).rstrip()
        for row in rows
    ]


def _words(standing: Standing) -> str:
    state = _text(standing, "state")
    if state != "signed_in":
        why = _text(standing, "error").replace("_", " ")
        return state.replace("_", " ") + (f" ({why})" if why else "")
    who = _text(standing, "user")
    return f"signed in{f' as {who}' if who else ''}, {_left(standing)}"


def _left(standing: Standing) -> str:
    left = _seconds_left(standing)
    if left is None:
        return "does not expire"
    return f"{duration_words(left)} left" if left > 0 else "expired, renewed at the next use"


def _time(hand_out: Standing) -> str:
    try:
        return f"{datetime.fromisoformat(_text(hand_out, 'at')).astimezone():%H:%M:%S}"
    except ValueError:
        return "?"


def _program(hand_out: Standing) -> str:
    name, path = _text(hand_out, "program"), _text(hand_out, "path")
    return f"{name} ({path})" if path else name  # the system does not tell of every one


def _text(members: Standing, name: str) -> str:
    return printable(str(members.get(name) or ""), 300)
