"""`xdr-login status`: show who is signed in, from the running app or from the keyring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from desktop.cli.terminal.output import (
    print_json,
    print_message,
    print_result,
)
from desktop.cli.terminal.running_app import send_command_if_running
from desktop.cli.terminal.tables import print_rows, print_table
from desktop.oauth.errors import printable
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_clock_time, format_duration

ProfileStatus = Mapping[str, Any]
"""One profile, as docs/command-line.md describes it."""


def status(*, profile: str | None, as_json: bool) -> int:
    answer = send_command_if_running("status", timeout=30.0)
    if answer is None:
        from desktop.cli.sign_in.saved_status import load_saved_status  # slow to load

        found: dict[str, Any] = {
            "running": False,
            "locked": False,
            "profiles": _with_expired_state(load_saved_status()),
            "hand_outs": [],
        }
    else:
        found = {
            "running": True,
            "locked": answer.get("locked") is True,
            "profiles": _with_expired_state(_objects(answer.get("profiles"))),
            "hand_outs": _objects(answer.get("hand_outs")),
        }
    if profile:
        from desktop.services.configuration.load import load_configuration  # slow to load

        found |= _only_profile(load_configuration().find(profile).id, found)
    if as_json:
        print_json(found)
    else:
        _print_status(found)
        if profile:
            _print_scopes(found)
    return 0


def _print_status(found: dict[str, Any]) -> None:
    if found.get("locked"):
        print_message(translate("XDR Login is locked. Unlock it in its window."))
    print_table(
        _HEADER,
        [
            (_text(each, "id"), _text(each, "name"), _state_text(each), _text(each, "user"))
            for each in found["profiles"]
        ],
        cut_last=_STATE,
    )
    exchanged = [
        (_text(profile, "id"), _text(each, "name"), _lifetime_text(each))
        for profile in found["profiles"]
        for each in _objects(profile.get("exchanged"))
    ]
    if exchanged:
        print_result(f"\n{translate('Tokens of other services:')}")
        print_rows([(f"  {id_}", *row) for id_, *row in exchanged])
    if found["hand_outs"]:
        print_result(f"\n{translate('Recent token use:')}")
    for each in found["hand_outs"]:
        exchange = _text(each, "for")
        token = f"{_text(each, 'profile')} ({exchange})" if exchange else _text(each, "profile")
        print_result(f"  {_time(each)}  {_program(each)}, {token}")
    if not found["profiles"]:
        print_message(translate("No profiles yet. Add one: xdr-login profiles add --help"))


def _print_scopes(found: dict[str, Any]) -> None:
    for scope in filter(None, (_text(each, "scope") for each in found["profiles"])):
        print_result(translate("Scopes: {scope}", scope=scope))


def _only_profile(id_: str, found: Mapping[str, Any]) -> dict[str, list[ProfileStatus]]:
    """Select what is about the profile `id_`."""
    return {
        part: [each for each in found[part] if each.get(member) == id_]
        for part, member in (("profiles", "id"), ("hand_outs", "profile"))
    }


def _with_expired_state(statuses: Iterable[ProfileStatus]) -> list[ProfileStatus]:
    """Replace the state by `expired` if the token has expired and can't be renewed."""
    return [
        {**each, "state": "expired"}
        if each.get("state") == "signed_in" and not each.get("renewable") and _has_expired(each)
        else each
        for each in statuses
    ]


def _has_expired(status: ProfileStatus) -> bool:
    left = _seconds_left(status)
    return left is not None and left <= 0


def _seconds_left(status: ProfileStatus) -> float | None:
    """Compute the remaining seconds; `None` if it does not expire."""
    try:
        expires_at = datetime.fromisoformat(_text(status, "expires_at"))
        return (expires_at - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _objects(found: object) -> list[ProfileStatus]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


_STATE = translatable("STATE")
_HEADER = (translatable("PROFILE"), translatable("NAME"), _STATE, translatable("USER"))
_STATES = {
    "signed_out": translatable("signed out"),
    "expired": translatable("expired, sign in again"),
    "requesting": translatable("signing in"),
    "awaiting_approval": translatable("waiting for approval"),
    "locked": translatable("locked"),
}
_FAILURES = {
    "sign_in_needed": translatable("signed out by the server, sign in again"),
    "declined": translatable("sign-in denied"),
    "forbidden": translatable("not allowed by your administrator"),
    "network": translatable("server can't be reached"),
    "keyring": translatable("keyring can't be used"),
}


def _state_text(status: ProfileStatus) -> str:
    match _text(status, "state"):
        case "signed_in":
            text = _signed_in_text(status)
            return translate("{state}, bound", state=text) if status.get("bound") is True else text
        case "failed":
            failure = _FAILURES.get(_text(status, "error"), translatable("sign-in failed"))
            return translate(failure)
        case state:
            return translate(_STATES.get(state, state))


def _lifetime_text(token: ProfileStatus) -> str:
    left = _seconds_left(token)
    if left is None:
        return translate("expires with your sign-in")
    if left <= 0:
        return translate("expired, renews at the next use")
    return translate("{duration} left", duration=format_duration(left))


def _signed_in_text(status: ProfileStatus) -> str:
    left = _seconds_left(status)
    if left is None:
        return translate("signed in, does not expire")
    if left <= 0:
        return translate("signed in, renews at the next use")
    return translate("signed in, {duration} left", duration=format_duration(left))


def _time(hand_out: ProfileStatus) -> str:
    try:
        return format_clock_time(datetime.fromisoformat(_text(hand_out, "at")), seconds=True)
    except ValueError:
        return "?"


def _program(hand_out: ProfileStatus) -> str:
    name, path = _text(hand_out, "program"), _text(hand_out, "path")
    return f"{name} ({path})" if path else name  # some systems hide it


def _text(members: ProfileStatus, name: str) -> str:
    return printable(str(members.get(name) or ""), 300)
