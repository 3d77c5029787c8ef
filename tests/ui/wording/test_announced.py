"""What a screen reader is told, and when it is left alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtGui import QAccessible

from desktop.oauth import errors
from desktop.services.model.states import Failed, Revocation, SignedOut
from desktop.services.secrets.keystore import KeyringLocked
from tests.sample_states import NOW, in_browser, signed_in, waiting
from tests.ui.harness import ControllerHarness


def test_a_code_is_announced_letter_by_letter(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(waiting())
    assert announced == ["Your code is W, D, J, B, dash, M, J, H, T. Approve it in your browser."]


def test_a_browser_that_is_waited_for_is_announced(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(in_browser())
    harness.show(in_browser(approved=True))
    assert announced == ["Continue in your browser. This window updates automatically.", "Approved"]


def test_a_link_to_another_host_is_announced_with_its_warning(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(waiting(host="login.northwind.example", host_is_known=False))
    assert announced[0].endswith(
        "This link goes to login.northwind.example, which isn't the server in your profile. "
        "Continue only if your administrator told you to."
    )


def test_asking_again_is_not_announced(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(waiting(poll_count=1))
    announced.clear()
    harness.show(waiting(poll_count=2, trouble=errors.ServerFault("login.example")))
    assert announced == []


def test_an_approval_and_the_sign_in_after_it_are_announced(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(waiting())
    announced.clear()
    harness.show(waiting(approved=True))
    harness.show(signed_in())
    assert announced == ["Approved", "Signed in as dana@northwind.example."]


def test_a_token_that_is_not_saved_is_announced_as_such(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in(not_saved=KeyringLocked()))
    (said,) = announced
    assert said == (
        "Signed in as dana@northwind.example. The keyring is locked. Your token isn't saved, so "
        "you'll have to sign in again after you quit. Unlock your keyring, then save the token "
        "again."
    )


def test_saving_it_after_all_is_announced(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(signed_in(not_saved=KeyringLocked()))
    announced.clear()
    harness.show(signed_in())
    assert announced == ["Signed in as dana@northwind.example."]


def test_a_failure_is_announced_with_its_remedy(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(Failed(errors.CodeExpired(), "WDJB-MJHT"))
    (said,) = announced
    assert said == (
        "The code has expired. The sign-in wasn't approved in time. Get a new code and approve "
        "that one."
    )


def test_signing_out_is_announced(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(SignedOut(NOW))
    assert announced == ["You're signed out."]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            Revocation.GRANT_REVOKED,
            "You're signed out on all computers.",
        ),
        (
            Revocation.FAILED,
            "Signed out here, but the server didn't confirm. Copies still work.",
        ),
    ],
)
def test_what_was_revoked_is_announced(
    harness: ControllerHarness, announced: list[str], outcome: Revocation, words: str
) -> None:
    harness.show(SignedOut(NOW, revocation=outcome))
    assert announced == [words]


def test_telling_the_server_again_is_announced_with_what_came_of_it(
    harness: ControllerHarness, announced: list[str]
) -> None:
    for outcome in (Revocation.FAILED, Revocation.UNDER_WAY, Revocation.REVOKED):
        harness.show(SignedOut(NOW, revocation=outcome))
    assert announced[1:] == [
        "Signed out here. Revoking the token on the server…",
        "You're signed out. The token was removed and revoked.",
    ]


def test_a_renewal_is_silent(harness: ControllerHarness, announced: list[str]) -> None:
    state = signed_in(left=62, renewable=True)
    harness.show(state)
    announced.clear()
    harness.tick(4)
    harness.show(replace(state, renewing=True))
    harness.tick(1)
    harness.show(replace(state, issued_at=NOW, expires_at=NOW + timedelta(minutes=10)))
    assert announced == []


def test_a_renewal_that_fails_is_announced_once(
    harness: ControllerHarness, announced: list[str]
) -> None:
    state = signed_in(left=300, renewable=True)
    error = errors.ServerFault("login.example")
    failing = replace(state, trouble=error, next_at=NOW + timedelta(seconds=20))
    harness.show(state)
    announced.clear()
    until = (NOW + timedelta(seconds=300)).astimezone()
    harness.show(failing)
    assert announced == [
        (
            "Couldn't renew. The server has a problem. Retrying in 20\N{NO-BREAK SPACE}s. "
            "login.example can't "
            f"handle requests right now. Try again in a few minutes. "
            f"Your token stays valid until {until:%H:%M}."
        )
    ]
    for again in (
        replace(state, renewing=True),
        replace(failing, trouble=errors.ServerFault("login.example")),
        replace(failing, renewing=True),
        failing,
    ):
        harness.show(again)
    assert len(announced) == 1


def test_a_renewal_that_fails_after_one_that_worked_is_announced_again(
    harness: ControllerHarness, announced: list[str]
) -> None:
    state = signed_in(left=300, renewable=True)
    failing = replace(state, trouble=errors.ServerFault("login.example"))
    for each in (state, failing, state, failing):
        harness.show(each)
    assert len([text for text in announced if text.startswith("Couldn't renew")]) == 2


def test_a_token_that_lapsed_is_no_bad_news(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in(left=0, renewable=True))
    assert announced == ["Signed in as dana@northwind.example."]


def test_an_expired_token_that_was_stored_is_announced_as_expired(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in(left=0))
    assert announced == ["Your token has expired. Sign in again."]


def test_a_countdown_speaks_only_at_its_marks_and_at_its_end(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in(left=302))
    announced.clear()
    for _ in range(310):
        harness.tick(1)
    assert announced == [
        "5 minutes left",
        "1 minute left",
        "30 seconds left",
        "Your token has expired. Sign in again.",
    ]


def test_a_code_speaks_at_the_same_marks(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(waiting(left=302))
    announced.clear()
    for _ in range(305):
        harness.tick(1)
    assert announced == ["5 minutes left", "1 minute left", "30 seconds left"]


def test_after_a_sleep_only_the_last_mark_is_spoken(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in(left=500))
    announced.clear()
    harness.tick(475)
    assert announced == ["30 seconds left"]


def test_a_short_token_after_a_long_code_passes_no_mark(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(waiting(left=590))
    harness.show(signed_in(left=50))
    assert not [text for text in announced if "left" in text]


def test_a_shorter_code_after_a_longer_one_passes_no_mark(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(waiting(left=590))
    harness.show(waiting(left=200, user_code="PLTR-8VZC"))
    assert not [text for text in announced if "left" in text]


def test_without_a_screen_reader_nothing_is_announced(
    harness: ControllerHarness, announced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QAccessible, "isActive", lambda: False)
    harness.show(waiting())
    assert announced == []
