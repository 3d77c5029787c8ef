"""What the window says of signing out."""

from datetime import UTC, datetime, timedelta

import pytest

from desktop.oauth import errors
from desktop.services.model.states import Revocation, SignedOut
from desktop.services.wording.formats import format_time
from desktop.services.wording.sign_out_texts import sign_out_tooltip, signed_out_message
from tests.sample_states import NOW

DONE = "You're signed out."
END = NOW + timedelta(minutes=4)
UNTIL = f"{END.astimezone():%H:%M}"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SignedOut(), ""),
        (SignedOut(NOW), DONE),
        (
            SignedOut(NOW, END),
            f"{DONE} This server can't revoke tokens. Copies work until {UNTIL}.",
        ),
        (
            SignedOut(NOW, revocation=Revocation.REVOKED),
            f"{DONE} The token was removed and revoked.",
        ),
        (
            SignedOut(NOW, revocation=Revocation.GRANT_REVOKED),
            "You're signed out on all computers.",
        ),
        (
            SignedOut(NOW, END, Revocation.FAILED, errors.TransportFailure("login.example")),
            (
                "Signed out here, but the server didn't confirm. Can't reach the server. "
                f"Copies work until {UNTIL}."
            ),
        ),
        (
            SignedOut(NOW, revocation=Revocation.FAILED),
            "Signed out here, but the server didn't confirm. Copies still work.",
        ),
        (
            SignedOut(NOW, END, open_ended=True),
            f"{DONE} This server can't revoke tokens. Copies work until {UNTIL} or longer.",
        ),
        (
            SignedOut(NOW, open_ended=True),
            f"{DONE} This server can't revoke tokens. Copies still work.",
        ),
        (
            SignedOut(NOW, END, Revocation.UNDER_WAY),
            "Signed out here. Revoking the token on the server…",
        ),
    ],
)
def test_it_says_what_was_revoked_and_what_could_not_be(state: SignedOut, words: str) -> None:
    assert signed_out_message(state) == words


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        (Revocation.GRANT_REVOKED, "ends this app's access on all your computers"),
        (Revocation.REVOKED, "revokes it. Your other computers stay signed in"),
        (Revocation.NOT_OFFERED, "from this computer only. This server can't revoke tokens"),
        (None, "revokes it if the server supports that"),
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
    assert format_time(at, now=at) == f"{at.astimezone():%H:%M}"
    assert format_time(later, now=at).endswith(" on 23 December")
