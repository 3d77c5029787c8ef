"""Copying the token, as the user sees it: on the button that was pressed."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from desktop.oauth import errors
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile
from desktop.services.wording.messages import advice_for
from desktop.ui.kit.copy_progress import Cleared, Copied, Copying, NotCopied
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.widgets import Button, has_focus_ring
from desktop.ui.views.copied_banner import CopiedBanner
from desktop.ui.views.signed_in_view import SignedInView
from tests.sample_states import PROFILE, STATES, signed_in
from tests.ui.harness import Screen, name_of, settle

COPY_AS = "Copy as…  ▾"
OTHERS = [each for each in CopyFormat if each is not CopyFormat.TOKEN]
SLOW = "Still renewing. Try again in a moment."


@pytest.fixture
def lapsed(screen: Screen) -> Screen:
    """Show a token that has to be renewed before it can be copied."""
    screen.show(STATES["lapsed"])
    return screen


def menu_of(screen: Screen) -> QMenu:
    (button,) = screen.window.findChildren(MenuButton)
    return button.menu()


def pass_time(screen: Screen) -> None:
    """Let as much time pass as is worth a word."""
    assert isinstance(screen.window.view, SignedInView)
    screen.window.view._token._waiting_timer.timeout.emit()


def test_copying_asks_for_the_token_as_it_is(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("Copy token").click()
    assert screen.actions.calls == ["copy_token"]


@pytest.mark.parametrize("wanted", OTHERS)
def test_the_menu_has_every_other_shape(screen: Screen, wanted: CopyFormat) -> None:
    screen.show(STATES["signed_in"])
    (action,) = [each for each in menu_of(screen).actions() if each.text() == wanted.value]
    action.trigger()
    assert screen.actions.calls == [f"copy_token {wanted.name}"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Down])
def test_the_menu_is_opened_and_used_by_keyboard(screen: Screen, key: Qt.Key) -> None:
    screen.show(STATES["signed_in"])
    screen.button(COPY_AS).setFocus()
    QTest.keyClick(screen.button(COPY_AS), key)
    menu = menu_of(screen)
    assert menu.isVisible()
    if menu.activeAction() is None:
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert screen.actions.calls == [f"copy_token {OTHERS[1].name}"]


def test_escape_in_the_menu_closes_only_the_menu(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button(COPY_AS).showMenu()
    QTest.keyClick(menu_of(screen), Qt.Key.Key_Escape)
    assert not menu_of(screen).isVisible()
    assert screen.actions.calls == []


SERVICES = {"platform": "https://a.example", "conure": "https://b.example"}


def choices_of(screen: Screen) -> list[tuple[str, bool]]:
    menu = menu_of(screen)
    menu.aboutToShow.emit()
    (choices,) = menu.findChildren(QMenu)
    return [(each.text(), each.isChecked()) for each in choices.actions()]


def test_the_service_that_commands_call_is_chosen_in_the_menu_and_stays(screen: Screen) -> None:
    screen.window.set_profile(replace(PROFILE, services=SERVICES))
    screen.show(STATES["signed_in"])
    names = ["platform", "conure", "server"]
    assert choices_of(screen) == [(name, name == "platform") for name in names]
    (choices,) = menu_of(screen).findChildren(QMenu)
    assert choices.title() == "API service: platform"
    choices.actions()[1].trigger()
    assert screen.actions.profiles.calls == [("choose_api_service", "conure")]
    assert choices_of(screen) == [(name, name == "conure") for name in names]
    assert choices.title() == "API service: conure"


def test_a_service_that_another_profile_has_is_not_chosen_here(screen: Screen) -> None:
    screen.actions.profiles.api_service = "elsewhere"
    screen.window.set_profile(replace(PROFILE, services=SERVICES))
    screen.show(STATES["signed_in"])
    assert choices_of(screen)[0] == ("platform", True)


@pytest.mark.parametrize(
    "profile",
    [
        PROFILE,
        replace(
            PROFILE,
            services=SERVICES,
            policy=Policy(forbidden_formats=frozenset({"CURL", "POWERSHELL", "PYTHON"})),
        ),
        replace(PROFILE, services=SERVICES, policy=Policy(services=("conure",))),
    ],
    ids=["one service", "no commands", "policy"],
)
def test_without_a_choice_none_is_offered(screen: Screen, profile: Profile) -> None:
    screen.window.set_profile(profile)
    screen.show(STATES["signed_in"])
    assert menu_of(screen).findChildren(QMenu) == []


def test_an_expired_token_is_renewed_first_and_that_is_said(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    assert lapsed.has_button("Renewing first…")
    assert not lapsed.has_button("Copy token")


def test_a_valid_token_is_copied_without_a_word_before(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.show_copy(Copying(CopyFormat.TOKEN))
    assert screen.has_button("Copy token")
    assert not screen.has_button("Cancel")


def test_what_takes_longer_all_the_same_is_told_and_can_be_cancelled(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.show_copy(Copying(CopyFormat.TOKEN))
    pass_time(screen)
    assert screen.has_button("Copying…")
    screen.button("Cancel").click()
    assert screen.actions.calls == ["cancel_copy"]


def test_a_renewal_that_begins_meanwhile_is_told(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.show_copy(Copying(CopyFormat.TOKEN))
    screen.show(STATES["renewing"])
    assert screen.has_button("Renewing first…")


def test_a_time_that_ends_after_the_copy_changes_nothing(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.show_copy(Copying(CopyFormat.TOKEN))
    screen.window.show_copy(NotCopied(""))
    pass_time(screen)
    assert screen.has_button("Copy token")
    assert not screen.has_button("Cancel")


def test_another_shape_waits_on_the_button_of_the_menu(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.CURL))
    assert lapsed.has_button("Copy token")
    assert not lapsed.has_button(COPY_AS)
    assert lapsed.has_button("Renewing first…")


def test_cancel_takes_the_place_of_renewing(lapsed: Screen) -> None:
    before = lapsed.button("Renew now").geometry()
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    settle()
    assert not lapsed.has_button("Renew now")
    assert lapsed.button("Cancel").geometry() == before


@pytest.mark.parametrize("way", ["button", "escape"])
def test_waiting_can_be_cancelled(lapsed: Screen, way: str) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    if way == "button":
        lapsed.button("Cancel").click()
    else:
        lapsed.window.escape()
    assert lapsed.actions.calls == ["cancel_copy"]


def test_escape_with_nothing_to_wait_for_is_as_ever(lapsed: Screen) -> None:
    lapsed.window.escape()
    assert lapsed.actions.calls == ["cancel"]


def test_pressing_again_while_it_waits_asks_no_second_time(lapsed: Screen) -> None:
    lapsed.button("Copy token").click()
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    lapsed.button("Renewing first…").click()
    assert lapsed.actions.calls == ["copy_token"]


def test_what_was_cancelled_is_not_spoken_of(lapsed: Screen) -> None:
    before = lapsed.visible_texts
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    lapsed.window.show_copy(NotCopied(""))
    assert lapsed.visible_texts == before


@pytest.mark.parametrize("seconds", [30, 5, 300])
def test_a_copy_is_confirmed_with_the_time_it_has(lapsed: Screen, seconds: int) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    lapsed.window.show_copy(Copied(CopyFormat.TOKEN, float(seconds)))
    assert f"✓ Token copied · clears in {seconds}\N{NO-BREAK SPACE}s" in lapsed.visible_texts
    assert lapsed.has_button("Copied")
    assert lapsed.has_button("Renew now")


def test_after_a_moment_the_button_has_its_name_again(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copied(CopyFormat.TOKEN, 30.0))
    button = lapsed.button("Copied")
    assert isinstance(button, Button)
    pictured = button.grab().toImage()
    button._restore_timer.timeout.emit()
    assert button.shown_text == "Copy token"
    assert button.grab().toImage() != pictured


def test_a_screen_reader_hears_no_new_name_of_the_button(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copied(CopyFormat.TOKEN, 30.0))
    assert name_of(lapsed.button("Copied")) == "Copy token"


def test_a_confirmation_counts_down_in_silence_until_the_copy_is_cleared(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.show_copy(Copied(CopyFormat.CURL, 30.0))
    (banner,) = screen.window.findChildren(CopiedBanner)
    banner._deadline.setRemainingTime(11_500)
    banner._timer.timeout.emit()
    shown = screen.label("✓ curl copied · clears in 12\N{NO-BREAK SPACE}s")
    assert shown.accessibleName() == "curl copied"
    assert "Renews automatically" not in screen.visible_texts
    screen.window.show_copy(Cleared())
    assert not banner.isVisible()
    assert not banner._timer.isActive()
    assert "Renews automatically" in screen.visible_texts


def test_a_confirmation_moves_nothing(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    places = [screen.button(name).geometry() for name in ("Copy as…  ▾", "Renew now")]
    screen.window.show_copy(Copied(CopyFormat.TOKEN, 30.0))
    settle()
    assert [screen.button(name).geometry() for name in ("Copy as…  ▾", "Renew now")] == places


def test_a_copy_can_be_cleared_at_once(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.window.show_copy(Copied(CopyFormat.TOKEN, 30.0))
    button = screen.button("Clear now")
    button.setFocus()
    button.click()
    assert screen.actions.calls == ["clear_copy"]
    screen.window.show_copy(Cleared())
    assert screen.focused in {"Copy token", "Copied"}


def test_why_it_was_not_copied_stands_below_as_a_warning(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    lapsed.window.show_copy(NotCopied(SLOW))
    assert lapsed.has_button("Not copied")
    assert lapsed.label(SLOW).property("role") == "warning"


def test_a_failure_shows_on_the_button_that_was_pressed(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.CURL))
    lapsed.window.show_copy(NotCopied(SLOW))
    assert lapsed.has_button("Copy token")
    assert lapsed.has_button("Not copied")


def test_the_next_try_takes_the_warning_away(lapsed: Screen) -> None:
    lapsed.window.show_copy(NotCopied(SLOW))
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    assert SLOW not in lapsed.visible_texts


def test_the_keyboard_comes_back_from_cancel(lapsed: Screen) -> None:
    lapsed.window.show_copy(Copying(CopyFormat.TOKEN))
    lapsed.button("Cancel").setFocus(Qt.FocusReason.TabFocusReason)
    lapsed.window.show_copy(Copied(CopyFormat.TOKEN, 30.0))
    assert lapsed.focused == "Renew now"
    assert has_focus_ring(lapsed.button("Renew now"))


def test_where_nothing_can_be_renewed_it_comes_back_to_copying(screen: Screen) -> None:
    screen.show(STATES["renewing"])
    screen.window.show_copy(Copying(CopyFormat.TOKEN))
    screen.button("Cancel").setFocus()
    screen.window.show_copy(NotCopied(""))
    assert screen.focused == "Copy token"


def test_renewing_by_hand_leaves_the_keyboard_on_copying(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("Renew now").setFocus()
    screen.show(STATES["renewing"])
    assert screen.focused == "Copy token"


@pytest.mark.parametrize(
    ("name", "tip"),
    [
        ("signed_in", "Get a new token now"),
        ("renewing", "The token is being renewed."),
        (
            "signed_in_once",
            "This server issued no refresh token. Sign in again to get a new token.",
        ),
        ("leaving", "You are being signed out."),
    ],
)
def test_renewing_by_hand_is_offered_or_it_is_said_why_not(
    screen: Screen, name: str, tip: str
) -> None:
    screen.show(STATES[name])
    button = screen.button("Renew now")
    assert button.accessibleDescription() == tip
    assert button.isEnabled() == (name == "signed_in")


def test_what_cannot_be_renewed_and_is_over_offers_only_signing_in(screen: Screen) -> None:
    screen.show(STATES["expired"])
    assert not screen.has_button(COPY_AS)
    assert not screen.has_button("Renew now")


def test_expiry_takes_the_keyboard_from_what_goes_away(screen: Screen) -> None:
    screen.show(signed_in(left=1))
    screen.button(COPY_AS).setFocus()
    screen.show(signed_in(left=0))
    assert screen.focused == "Sign in again"


def test_a_progress_that_comes_late_is_no_matter(screen: Screen) -> None:
    screen.show(STATES["declined"])
    before = screen.visible_texts
    screen.window.show_copy(Copied(CopyFormat.TOKEN, 30.0))
    assert screen.visible_texts == before


def test_while_signing_out_nothing_is_copied(screen: Screen) -> None:
    screen.show(replace(signed_in(renewable=True), signing_out=True))
    assert not screen.button("Copy token").isEnabled()
    assert not screen.button(COPY_AS).isEnabled()


def test_what_is_said_of_a_failing_renewal_anyway_is_not_said_twice(screen: Screen) -> None:
    offline = errors.TransportFailure("login.example")
    state = replace(signed_in(left=0, renewable=True), trouble=offline)
    screen.show(state)
    advice = advice_for(offline)
    screen.window.show_copy(NotCopied(f"{advice.title}. {advice.text}", error=offline))
    settle()
    assert sum(advice.text in words for words in screen.visible_texts) == 1
    assert screen.has_button("Not copied")
    screen.window.show_copy(NotCopied(SLOW))
    assert SLOW in screen.visible_texts


def test_a_renewal_by_hand_is_acknowledged(screen: Screen) -> None:
    before = STATES["signed_in"]
    screen.show(before)
    screen.button("Renew now").click()
    screen.show(before)
    screen.show(STATES["renewing"])
    assert screen.has_button("Renew now")
    screen.show(signed_in(left=600, renewable=True))
    assert screen.has_button("Renewed")


@pytest.mark.parametrize("pressed", [True, False])
def test_what_failed_or_came_by_itself_is_not(screen: Screen, pressed: bool) -> None:  # noqa: FBT001
    screen.show(STATES["signed_in"])
    if pressed:
        screen.button("Renew now").click()
        screen.show(STATES["renewing"])
        screen.show(replace(signed_in(renewable=True), trouble=errors.TransportFailure("a.b")))
    screen.show(signed_in(left=600, renewable=True))
    assert screen.has_button("Renew now")
