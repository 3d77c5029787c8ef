"""What window and terminal say of signing out: pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.instants import format_instant
from desktop.services.model.states import Revocation, SignedOut

if TYPE_CHECKING:
    from datetime import datetime


CONFIRM_ALL_COMPUTERS = "Sign out on all computers?"
SPOKEN_CONFIRM_ALL_COMPUTERS = (
    "Sign out on all computers? Press again to end all that you granted this app, on all of them."
)


def short_time(at: datetime, *, beside: datetime) -> str:
    """`at` in the zone of the person, to the minute; with its day where `beside` is on another."""
    local = at.astimezone()
    same_day = local.date() == beside.astimezone().date()
    return f"{local:%H:%M}" if same_day else f"{local:%H:%M} on {local.day} {local:%B}"


def sign_out_tooltip(offered: Revocation | None) -> str:
    """What signing out will do, for who wonders before pressing the button.

    `offered` is what the server has for it, `None` while that is not known.
    """
    match offered:
        case Revocation.GRANT_REVOKED:
            return (
                "Removes the token from this computer and revokes everything that you granted "
                "this app, on all your computers."
            )
        case Revocation.REVOKED:
            return (
                "Removes the token from this computer and revokes this sign-in at the server. "
                "Your other computers stay signed in."
            )
        case None:
            return (
                "Removes the token from this computer and, where the server offers that, "
                "revokes it there."
            )
        case _:
            return (
                "Removes the token from this computer only: the server offers no way to revoke it."
            )


def signed_out_message(state: SignedOut) -> str:
    """What has been removed and revoked, and what could not be; empty if nobody signed out."""
    if state.removed_at is None:
        return ""
    end = state.valid_until
    until = f" until {short_time(end, beside=state.removed_at)}" if end is not None else ""
    return (
        "You are signed out. The token was removed from this "
        f"computer{_revocation_clause(state, until)}"
    )


def sign_out_report(profile_id: str, state: SignedOut) -> dict[str, object]:
    """What a command is told of signing out; `failed` is why the server could not be told."""
    from desktop.services.wording.error_codes import error_code  # not before the first paint

    return {
        "id": profile_id,
        "revocation": state.revocation.name.lower() if state.removed_at is not None else None,
        "valid_until": format_instant(state.valid_until),
        "text": signed_out_message(state) or "You are signed out.",
        "failed": error_code(state.revocation_error) if state.revocation_error else None,
    }


def _revocation_clause(state: SignedOut, until: str) -> str:
    match state.revocation:
        case Revocation.REVOKED:
            return " and revoked at the server."
        case Revocation.GRANT_REVOKED:
            return ", and all that you granted this app was revoked, on all your computers."
        case Revocation.FAILED:
            why = f" ({_title(state.revocation_error)})" if state.revocation_error else ""
            return f"; the server could not be told{why}. A copy stays valid there{until}."
        case Revocation.UNDER_WAY:
            return "; the server is being told."
        case Revocation.NOT_OFFERED if until:
            return f". The server offers no way to revoke it: copies stay valid{until}."
        case Revocation.NOT_OFFERED:
            return "."


def _title(error: Exception) -> str:
    # The table of words knows the protocol, which is not loaded before the first paint.
    from desktop.services.wording.messages import advice_for

    title = advice_for(error).title
    return title[:1].lower() + title[1:]  # within a sentence
