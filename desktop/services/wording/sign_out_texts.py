"""Texts of window and terminal about signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.instants import format_instant
from desktop.services.model.states import Revocation, SignedOut
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import format_time, join_sentences

if TYPE_CHECKING:
    from datetime import datetime


CONFIRM_ALL_COMPUTERS = translatable("Sign out everywhere?")
SPOKEN_CONFIRM_ALL_COMPUTERS = translatable(
    "Sign out everywhere? This ends this app's access on all your computers. Press again to "
    "confirm."
)
ENDS_ON_ALL_COMPUTERS = translatable("This ends this app's access on all your computers.")


def sign_out_question(name: str) -> str:
    """Ask whether to sign out of the profile called `name` on every computer."""
    return translate("Sign out of “{profile}” everywhere?", profile=name)


def sign_out_tooltip(offered: Revocation | None) -> str:
    """Say what signing out will do; `offered` is what the server supports, None if unknown."""
    match offered:
        case Revocation.GRANT_REVOKED:
            return translate(
                "Removes the token from this computer and ends this app's access on all your "
                "computers."
            )
        case Revocation.REVOKED:
            return translate(
                "Removes the token from this computer and revokes it. Your other computers stay "
                "signed in."
            )
        case None:
            return translate(
                "Removes the token from this computer and revokes it if the server supports that."
            )
        case _:
            return translate(
                "Removes the token from this computer only. This server can't revoke tokens."
            )


def signed_out_message(state: SignedOut) -> str:
    """Say what was removed and revoked, and what could not be; empty if nobody signed out."""
    if state.removed_at is None:
        return ""
    match state.revocation:
        case Revocation.REVOKED:
            return translate("You're signed out. The token was removed and revoked.")
        case Revocation.GRANT_REVOKED:
            return translate("You're signed out on all computers.")
        case Revocation.FAILED:
            return _not_confirmed(state, state.removed_at)
        case Revocation.UNDER_WAY:
            return translate("Signed out here. Revoking the token on the server…")
        case Revocation.NOT_OFFERED:
            return _not_revocable(state, state.removed_at)


def sign_out_report(profile_id: str, state: SignedOut) -> dict[str, object]:
    """Report to a command; `failed` is the code of the error that kept the token valid."""
    from desktop.services.wording.error_codes import error_code  # not before the first paint

    return {
        "id": profile_id,
        "revocation": state.revocation.name.lower() if state.removed_at is not None else None,
        "valid_until": format_instant(state.valid_until),
        "open_ended": state.open_ended,
        "text": signed_out_message(state) or translate("You're signed out."),
        "failed": error_code(state.revocation_error) if state.revocation_error else None,
    }


def _not_revocable(state: SignedOut, removed_at: datetime) -> str:
    if state.valid_until is None and not state.open_ended:
        return translate("You're signed out.")
    signed_out = translate("You're signed out. This server can't revoke tokens.")
    return join_sentences(signed_out, _copies_work(state, removed_at))


def _not_confirmed(state: SignedOut, removed_at: datetime) -> str:
    if state.revocation_error is None:
        signed_out = translate("Signed out here, but the server didn't confirm.")
    else:
        signed_out = translate(
            "Signed out here, but the server didn't confirm. {reason}.",
            reason=_title(state.revocation_error),
        )
    return join_sentences(signed_out, _copies_work(state, removed_at))


def _copies_work(state: SignedOut, removed_at: datetime) -> str:
    if state.valid_until is None:
        return translate("Copies still work.")
    time = format_time(state.valid_until, now=removed_at)
    if state.open_ended:
        return translate("Copies work until {time} or longer.", time=time)
    return translate("Copies work until {time}.", time=time)


def _title(error: Exception) -> str:
    # The table of messages knows the protocol, which is not loaded before the first paint.
    from desktop.services.wording.messages import advice_for

    return advice_for(error).title
