"""What a screen reader is told, and when it is left alone."""

import pytest
from PySide6.QtGui import QAccessible

from desktop.oauth import errors
from desktop.services.keystore import KeyringLocked
from desktop.services.states import Failed, SignedOut
from tests.sample_states import NOW, signed_in, waiting
from tests.ui.bench import Desk


def test_a_code_is_announced_letter_by_letter(desk: Desk, announced: list[str]) -> None:
    desk.show(waiting())
    assert announced == ["Your code is W, D, J, B, dash, M, J, H, T. Approve it in your browser."]


def test_a_link_to_another_host_is_announced_with_its_warning(
    desk: Desk, announced: list[str]
) -> None:
    desk.show(waiting(host="login.northwind.example", host_is_known=False))
    assert announced[0].endswith(
        "The link leads to login.northwind.example, which is not the host of your profile. "
        "Approve there only if your administrator told you to."
    )


def test_asking_again_is_not_announced(desk: Desk, announced: list[str]) -> None:
    desk.show(waiting(asked=1))
    announced.clear()
    desk.show(waiting(asked=2, trouble=errors.ServerFault("login.example")))
    assert announced == []


def test_an_approval_and_the_sign_in_after_it_are_announced(
    desk: Desk, announced: list[str]
) -> None:
    desk.show(waiting())
    announced.clear()
    desk.show(waiting(approved=True))
    desk.show(signed_in())
    assert announced == ["Approved", "Signed in as dana@northwind.example"]


def test_a_token_that_is_not_saved_is_announced_as_such(desk: Desk, announced: list[str]) -> None:
    desk.show(signed_in(not_saved=KeyringLocked()))
    (said,) = announced
    assert said == (
        "Signed in as dana@northwind.example. The keyring is locked. The token is not saved: "
        "it is gone when you quit."
    )


def test_saving_it_after_all_is_announced(desk: Desk, announced: list[str]) -> None:
    desk.show(signed_in(not_saved=KeyringLocked()))
    announced.clear()
    desk.show(signed_in())
    assert announced == ["Signed in as dana@northwind.example"]


def test_a_failure_is_announced_with_its_remedy(desk: Desk, announced: list[str]) -> None:
    desk.show(Failed(errors.CodeExpired(), "WDJB-MJHT"))
    (said,) = announced
    assert said == (
        "The code has expired. Nobody approved it in time. Nothing is wrong: get a new code and "
        "approve that one."
    )


def test_signing_out_is_announced(desk: Desk, announced: list[str]) -> None:
    desk.show(SignedOut(NOW))
    assert announced == ["Signed out"]


def test_an_expired_token_that_was_stored_is_announced_as_expired(
    desk: Desk, announced: list[str]
) -> None:
    desk.show(signed_in(left=0))
    assert announced == ["Your token has expired. Sign in again."]


def test_a_countdown_speaks_only_at_its_marks_and_at_its_end(
    desk: Desk, announced: list[str]
) -> None:
    desk.show(signed_in(left=302))
    announced.clear()
    for _ in range(310):
        desk.tick(1)
    assert announced == [
        "5 minutes left",
        "1 minute left",
        "30 seconds left",
        "Your token has expired. Sign in again.",
    ]


def test_a_code_speaks_at_the_same_marks(desk: Desk, announced: list[str]) -> None:
    desk.show(waiting(left=302))
    announced.clear()
    for _ in range(305):
        desk.tick(1)
    assert announced == ["5 minutes left", "1 minute left", "30 seconds left"]


def test_after_a_sleep_only_the_last_mark_is_spoken(desk: Desk, announced: list[str]) -> None:
    desk.show(signed_in(left=500))
    announced.clear()
    desk.tick(475)
    assert announced == ["30 seconds left"]


def test_a_short_token_after_a_long_code_passes_no_mark(desk: Desk, announced: list[str]) -> None:
    desk.show(waiting(left=590))
    desk.show(signed_in(left=50))
    assert not [text for text in announced if "left" in text]


def test_a_shorter_code_after_a_longer_one_passes_no_mark(desk: Desk, announced: list[str]) -> None:
    desk.show(waiting(left=590))
    desk.show(waiting(left=200, user_code="PLTR-8VZC"))
    assert not [text for text in announced if "left" in text]


def test_without_a_screen_reader_nothing_is_announced(
    desk: Desk, announced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QAccessible, "isActive", lambda: False)
    desk.show(waiting())
    assert announced == []
