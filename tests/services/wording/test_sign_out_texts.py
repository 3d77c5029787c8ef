"""What the window says of signing out."""

from datetime import UTC, datetime, timedelta

import pytest

from desktop.oauth import errors
from desktop.services.model.states import Revocation, SignedOut
from desktop.services.wording.sign_out_texts import short_time, sign_out_tooltip, signed_out_message
from tests.sample_states import NOW

DONE = "You are signed out. The token was removed from this computer"
END = NOW + timedelta(minutes=4)
UNTIL = f"{END.astimezone():%H:%M}"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SignedOut(), ""),
        (SignedOut(NOW), f"{DONE}."),
        (
            SignedOut(NOW, END),
            f"{DONE}. The server offers no way to revoke it: copies stay valid until {UNTIL}.",
        ),
        (
            SignedOut(NOW, revocation=Revocation.REVOKED),
            f"{DONE} and revoked at the server.",
        ),
        (
            SignedOut(NOW, revocation=Revocation.GRANT_REVOKED),
            f"{DONE}, and all that you granted this app was revoked, on all your computers.",
        ),
        (
            SignedOut(NOW, END, Revocation.FAILED, errors.TransportFailure("login.example")),
            (
                f"{DONE}; the server could not be told (the server cannot be reached). "
                f"A copy stays valid there until {UNTIL}."
            ),
        ),
        (
            SignedOut(NOW, revocation=Revocation.FAILED),
            f"{DONE}; the server could not be told. A copy stays valid there.",
        ),
        (
            SignedOut(NOW, END, Revocation.UNDER_WAY),
            f"{DONE}; the server is being told.",
        ),
    ],
)
def test_it_says_what_was_revoked_and_what_could_not_be(state: SignedOut, words: str) -> None:
    assert signed_out_message(state) == words


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        (Revocation.GRANT_REVOKED, "revokes everything that you granted this app, on all your"),
        (Revocation.REVOKED, "revokes this sign-in at the server. Your other computers stay"),
        (Revocation.NOT_OFFERED, "from this computer only: the server offers no way"),
        (None, "and, where the server offers that, revokes it there"),
    ],
)
def test_it_says_beforehand_what_signing_out_revokes(
    offered: Revocation | None, words: str
) -> None:
    assert words in sign_out_tooltip(offered)


def test_every_outcome_has_words() -> None:
    assert all(signed_out_message(SignedOut(NOW, revocation=each)) for each in Revocation)


def test_a_time_on_another_day_is_told_with_its_day() -> None:
    at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    later = at + timedelta(days=30)
    assert short_time(at, beside=at) == f"{at.astimezone():%H:%M}"
    assert short_time(later, beside=at).endswith(" on 23 December")
