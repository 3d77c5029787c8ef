"""Signing out of everything is asked about, in place; of one sign-in it is not."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.services.model.states import Revocation
from desktop.services.secrets.keystore import KeyringLocked, KeyringMissing, KeystoreError
from desktop.ui.kit.widgets import has_focus_ring
from desktop.ui.views import sign_out_button as module
from desktop.ui.views.sign_out_button import SignOutButton
from tests.sample_states import STATES, signed_in
from tests.ui.harness import Screen, settle

ASKED = "Sign out everywhere?"


@pytest.fixture
def far(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Be signed in where signing out ends all that was granted, and never press too soon."""
    monkeypatch.setattr(module, "_TOO_SOON", 0)
    screen.actions.offered = Revocation.GRANT_REVOKED
    screen.show(STATES["signed_in"])
    return screen


def leave_of(screen: Screen) -> SignOutButton:
    (button,) = screen.window.findChildren(SignOutButton)
    return button


def test_the_first_press_asks_and_the_second_does_it(far: Screen) -> None:
    far.button("Sign out").click()
    assert far.actions.calls == []
    far.button(ASKED).click()
    assert far.actions.calls == ["sign_out"]
    assert far.has_button("Sign out")


@pytest.mark.parametrize("offered", [None, Revocation.REVOKED, Revocation.NOT_OFFERED])
def test_what_ends_this_sign_in_alone_is_done_at_once(
    screen: Screen, offered: Revocation | None
) -> None:
    screen.actions.offered = offered
    screen.show(STATES["signed_in"])
    screen.button("Sign out").click()
    assert screen.actions.calls == ["sign_out"]


def test_the_question_looks_like_one(far: Screen) -> None:
    far.button("Sign out").click()
    assert leave_of(far).property("asks") == "true"
    leave_of(far).cancel_question()
    assert leave_of(far).property("asks") == "false"


def test_the_question_has_room_in_a_narrow_window(far: Screen) -> None:
    far.window.resize(360, 640)
    far.button("Sign out").click()
    settle()
    button = leave_of(far)
    assert button.width() >= button.sizeHint().width()
    assert button.visibleRegion().boundingRect() == button.rect()
    assert "Details" not in far.visible_texts
    button.cancel_question()
    assert "Details" in far.visible_texts


def test_it_is_asked_and_done_by_keyboard(far: Screen) -> None:
    leave_of(far).setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(leave_of(far), Qt.Key.Key_Return)
    assert far.focused == ASKED
    assert has_focus_ring(leave_of(far))
    QTest.keyClick(leave_of(far), Qt.Key.Key_Return)
    assert far.actions.calls == ["sign_out"]


def test_a_double_click_and_a_held_key_do_not_answer(
    far: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TOO_SOON", 60_000)
    for _ in range(3):
        leave_of(far).click()
    assert far.actions.calls == []
    assert far.has_button(ASKED)


def test_escape_takes_the_question_back_and_does_nothing_else(far: Screen) -> None:
    far.button("Sign out").click()
    QTest.keyClick(leave_of(far), Qt.Key.Key_Escape)
    assert far.has_button("Sign out")
    assert far.actions.calls == []


def test_the_question_goes_by_itself(far: Screen) -> None:
    far.button("Sign out").click()
    assert leave_of(far)._question_timer.isActive()
    leave_of(far)._question_timer.timeout.emit()
    assert far.has_button("Sign out")


def test_the_question_goes_with_the_focus(far: Screen) -> None:
    leave_of(far).setFocus()
    far.button("Sign out").click()
    far.button("Copy token").setFocus()
    assert far.has_button("Sign out")


def test_the_question_goes_with_the_view(far: Screen) -> None:
    far.button("Sign out").click()
    far.show_settings()
    assert not leave_of(far).cancel_question()


def test_a_second_that_passes_leaves_the_question(far: Screen) -> None:
    far.button("Sign out").click()
    far.show(STATES["signed_in"])
    assert far.has_button(ASKED)


def test_the_question_goes_when_signing_out_began_elsewhere(far: Screen) -> None:
    far.button("Sign out").click()
    far.show(STATES["leaving"])
    assert not far.button("Sign out").isEnabled()


def test_a_screen_reader_is_told_what_is_asked(far: Screen, announced: list[str]) -> None:
    far.button("Sign out").click()
    (said,) = announced
    assert said == (
        "Sign out everywhere? This ends this app's access on all your computers. Press again to "
        "confirm."
    )


# Where the keyboard is after a page


def test_who_opened_the_details_with_the_mouse_comes_back_to_the_primary_action(
    screen: Screen,
) -> None:
    screen.show(STATES["signed_in"])
    QTest.mouseClick(screen.button("Details"), Qt.MouseButton.LeftButton)
    assert screen.actions.calls == ["open_details"]
    screen.show_details()
    screen.window.close_page()
    assert screen.focused == "Copy token"
    QTest.keyClick(screen.button("Copy token"), Qt.Key.Key_Tab)
    assert screen.focused.startswith("Copy as")


# What could not be saved


def test_saving_again_is_not_offered_while_signing_out(screen: Screen) -> None:
    screen.show(STATES["signed_in_not_saved"])
    screen.button("Save again").setFocus()
    screen.show(replace(signed_in(not_saved=KeyringLocked()), signing_out=True))
    assert not screen.button("Save again").isEnabled()
    assert not leave_of(screen).hasFocus()


@pytest.mark.parametrize(
    ("error", "told"),
    [(KeyringMissing, "Still no keyring"), (KeyringLocked, "The keyring is locked")],
)
def test_trying_in_vain_to_save_it_is_acknowledged(
    screen: Screen, error: type[KeystoreError], told: str
) -> None:
    state = signed_in(not_saved=error())
    screen.show(state)
    screen.button("Save again").click()
    screen.show(state)
    assert screen.has_button("Save again"), "nothing has come of it yet"
    screen.show(signed_in(not_saved=error()))
    assert screen.has_button(told)


def test_what_fails_without_being_asked_for_acknowledges_nothing(screen: Screen) -> None:
    screen.show(signed_in(not_saved=KeyringLocked()))
    screen.show(signed_in(not_saved=KeyringLocked()))
    assert screen.has_button("Save again")


def test_what_helps_to_a_keyring_is_said(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    screen.show(signed_in(not_saved=KeyringMissing()))
    assert (
        "No keyring found. Your token isn't saved, so you'll have to sign in again after you "
        "quit. Install or unlock GNOME Keyring or KWallet."
    ) in screen.visible_texts
