"""What each view does with its buttons, and what it says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.oauth import errors
from desktop.services.model.policy import Policy
from desktop.services.model.states import NEW_CODE_PAUSE, Failed, SignedOut
from desktop.services.secrets.keystore import KeyringLocked
from desktop.ui.kit import widgets
from desktop.ui.kit.theme import DARK, LIGHT
from desktop.ui.kit.widgets import Label
from desktop.ui.views.account_row import AccountRow, initials
from desktop.ui.views.starting_view import _Dots
from desktop.ui.views.waiting_view import TimeBar, WaitingView
from tests.sample_states import HOST, NOW, PROFILE, STATES, in_browser, signed_in, waiting
from tests.ui.harness import Screen, settle, shown_text

PRESSED = [
    ("signed_out", "Sign in", "sign_in"),
    ("signed_out", "Profiles", "manage_profiles"),
    ("requesting", "Cancel", "cancel"),
    ("waiting", "Open browser", "open_browser"),
    ("waiting", "Copy code", "copy_code"),
    ("waiting", "Copy link", "copy_link"),
    ("waiting", "New code", "request_new_code"),
    ("waiting", "Cancel", "cancel"),
    ("signed_in", "Copy token", "copy_token"),
    ("signed_in", "Renew now", "renew"),
    ("signed_in", "Details", "open_details"),
    ("signed_in", "Sign out", "sign_out"),
    ("not_revoked", "Revoke again", "revoke_again"),
    ("lapsed", "Copy token", "copy_token"),
    ("signed_in_not_saved", "Save again", "save_again"),
    ("expired", "Sign in again", "sign_in"),
    ("renewal_refused", "Copy token", "copy_token"),
    ("renewal_refused", "Sign in again", "sign_in"),
    ("refused_and_expired", "Sign in again", "sign_in"),
    ("declined", "Sign in again", "sign_in"),
    ("code_expired", "Get a new code", "request_new_code"),
    ("unreachable", "Try again", "retry"),
    ("unknown_client", "Edit profile", "edit_profile"),
    ("keyring_locked", "Continue without saving", "continue_without_keyring"),
]


@pytest.mark.parametrize(("name", "label", "call"), PRESSED)
def test_a_button_does_what_it_says(screen: Screen, name: str, label: str, call: str) -> None:
    screen.show(STATES[name])
    screen.button(label).click()
    assert screen.actions.calls == [call]


TRACE = "2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11"


def test_codes_of_an_error_are_folded_until_they_are_needed(screen: Screen, qtbot: QtBot) -> None:
    screen.show(STATES["declined"])
    assert not {"access_denied", TRACE} & set(screen.visible_texts)
    screen.button("▸  Technical details").click()
    shown = screen.visible_texts
    assert {"Northwind SOC (northwind)", f"{HOST}:443", "access_denied", TRACE} <= set(shown)
    copy = screen.button("Copy details")
    assert isinstance(copy, widgets.Button)
    copy._restore_timer.setInterval(1)
    copy.click()
    assert screen.actions.calls == ["copy_details"]
    assert shown_text(copy) == "Copied"
    qtbot.waitUntil(lambda: shown_text(copy) == "Copy details")
    screen.window.escape()
    assert not {"access_denied", TRACE} & set(screen.visible_texts)


@pytest.mark.parametrize("name", ["unreachable", "unknown_client"])
def test_an_error_that_may_be_of_the_profile_or_network_offers_to_check_and_edit(
    screen: Screen, name: str
) -> None:
    screen.show(STATES[name])
    screen.button("Check connection").click()
    screen.button("Edit profile").click()
    assert screen.actions.profiles.calls == [("check_connection",)]
    assert screen.actions.calls == ["edit_profile"]


def test_a_profile_of_the_administrator_can_be_checked_but_not_edited(screen: Screen) -> None:
    screen.window.set_profile(replace(PROFILE, policy=Policy(profiles={PROFILE.id: {}})))
    screen.show(STATES["unknown_client"])
    assert screen.has_button("Check connection")
    assert not screen.has_button("Edit profile")


def test_an_error_names_an_unusual_port(screen: Screen) -> None:
    screen.window.set_profile(replace(PROFILE, issuer="https://127.0.0.1:8765"))
    screen.show(Failed(errors.TransportFailure("127.0.0.1")))
    assert "There's no connection to 127.0.0.1:8765." in screen.visible_texts


@pytest.mark.parametrize("name", ["signed_in", "not_renewed", "refused_and_expired"])
def test_a_warning_offers_to_sign_in_only_if_nothing_else_does(screen: Screen, name: str) -> None:
    screen.show(STATES["renewal_refused"])
    screen.show(STATES[name])
    assert screen.visible_texts.count("Sign in again") == (name == "refused_and_expired")


def test_the_focus_leaves_an_offer_that_goes_away(screen: Screen) -> None:
    screen.show(STATES["renewal_refused"])
    screen.button("Sign in again").setFocus()
    screen.show(STATES["signed_in"])
    assert screen.button("Copy token").hasFocus()


@pytest.mark.parametrize("name", STATES)
def test_the_same_state_again_does_not_make_the_view_again(screen: Screen, name: str) -> None:
    screen.show(STATES[name])
    view, parts = screen.window.view, screen.window.findChildren(QWidget)
    screen.show(STATES[name])
    assert screen.window.view is view
    assert screen.window.findChildren(QWidget) == parts


def test_a_next_second_draws_into_the_same_view(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    parts = screen.window.findChildren(QWidget)
    screen.show(STATES["signed_in"], NOW + timedelta(seconds=1))
    assert screen.window.findChildren(QWidget) == parts


def test_another_failure_gets_a_view_of_its_own(screen: Screen) -> None:
    screen.show(STATES["declined"])
    screen.show(Failed(errors.CodeExpired()))
    assert "The code has expired" in screen.visible_texts
    assert "Sign-in denied" not in screen.visible_texts


def test_views_that_are_gone_leave_nothing_behind(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    before = len(screen.window.findChildren(QWidget))
    for _ in range(3):
        screen.show(STATES["signed_in"])
        screen.show(STATES["declined"])
        screen.show(STATES["waiting"])
    assert len(screen.window.findChildren(QWidget)) == before


def test_a_state_before_anybody_serves_is_a_mistake(screen: Screen) -> None:
    screen.window._actions = None
    with pytest.raises(RuntimeError, match="call set_actions"):
        screen.window.show_state(STATES["waiting"], NOW)


# Acknowledgements


@pytest.mark.parametrize(
    ("name", "label", "said"),
    [
        ("waiting", "Copy code", "Copied"),
        ("waiting", "Copy link", "Copied"),
    ],
)
def test_a_button_says_what_it_did_and_then_its_name_again(
    screen: Screen, qtbot: QtBot, name: str, label: str, said: str
) -> None:
    screen.show(STATES[name])
    button = screen.button(label)
    assert isinstance(button, widgets.Button)
    button._restore_timer.setInterval(1)
    button.click()
    assert shown_text(button) == said
    qtbot.waitUntil(lambda: shown_text(button) == label)


def test_a_browser_that_does_not_start_is_told_with_the_way_out(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.window.view.show_browser_failure(waiting().link)
    assert "Couldn't open a browser" in screen.visible_texts
    assert "Copy the link, and open it in any browser." in screen.visible_texts
    assert screen.has_button("Open browser")


def test_an_opened_browser_is_waited_for_and_can_be_opened_again(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.button("Open browser").click()
    screen.window.view.show_browser_opened(waiting().link)
    assert "Waiting for you to approve" in screen.visible_texts
    assert not screen.has_button("Open browser")
    assert screen.focused == "Open again"
    screen.button("Open again").click()
    assert screen.actions.calls == ["open_browser"] * 2


def test_a_new_code_needs_its_browser_again(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.window.view.show_browser_opened(waiting().link)
    screen.show(waiting(user_code="ZZZZ-ZZZZ"))
    assert screen.has_button("Open browser")
    assert not screen.has_button("Open again")
    assert screen.has_button("Copy code")


def test_a_browser_that_fails_after_all_can_be_tried_again(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.window.view.show_browser_opened(waiting().link)
    screen.window.view.show_browser_failure(waiting().link)
    assert "Couldn't open a browser" in screen.visible_texts
    assert screen.focused == "Open browser"


def test_how_often_the_server_was_asked_is_not_shown(screen: Screen) -> None:
    screen.show(waiting(poll_count=4))
    before = screen.visible_texts
    screen.show(waiting(poll_count=5))
    assert screen.visible_texts == before


# Without a code


def test_a_browser_that_is_waited_for_has_no_code_and_no_symbol_to_offer(screen: Screen) -> None:
    screen.show(STATES["in_browser"])
    for name in ("Copy code", "QR code", "New code"):
        assert not screen.has_button(name)
    tip = screen.button("Open browser").toolTip()
    assert "state" not in tip
    assert HOST in tip


def test_opening_and_copying_say_what_they_did_without_a_code(screen: Screen) -> None:
    screen.show(STATES["in_browser"])
    assert isinstance(screen.window.view, WaitingView)
    screen.window.view.copy()
    assert screen.has_button("Copied")
    screen.button("Open browser").click()
    screen.window.view.show_browser_opened(in_browser().link)
    assert "Waiting for you to sign in" in screen.visible_texts
    assert screen.actions.calls == ["copy_link", "open_browser"]


def test_a_code_that_comes_after_a_link_is_shown_and_the_symbol_before_it_is_not(
    screen: Screen,
) -> None:
    screen.show(STATES["waiting"])
    screen.show_qr()
    screen.show(STATES["in_browser"])
    assert "Continue in your browser" in screen.visible_texts
    assert not screen.has_button("Back to the code")
    screen.show(STATES["waiting"])
    assert screen.has_button("Copy code")
    assert screen.has_button("QR code")


# Starting


def lit_dots(screen: Screen) -> list[bool]:
    """Which of the dots is lit."""
    marks = [each.property("dot") for each in screen.window.findChildren(QLabel)]
    return [mark == "lit" for mark in marks if mark]


def test_a_dot_wanders_while_it_starts(screen: Screen, qtbot: QtBot) -> None:
    screen.theme.allows_motion = True
    screen.show(STATES["opening"])
    before = lit_dots(screen)
    assert before.count(True) == 1
    qtbot.waitUntil(lambda: lit_dots(screen) != before)
    assert lit_dots(screen).count(True) == 1


def test_nothing_wanders_where_motion_is_not_wanted(screen: Screen) -> None:
    screen.show(STATES["opening"])
    before = lit_dots(screen)
    (dots,) = screen.window.findChildren(_Dots)
    dots._timer.timeout.emit()
    assert lit_dots(screen) == before


def test_no_dot_wanders_out_of_sight(screen: Screen) -> None:
    screen.show(STATES["opening"])
    (dots,) = screen.window.findChildren(_Dots)
    assert dots._timer.isActive()
    screen.window.hide()
    assert not dots._timer.isActive()


# Waiting


def test_a_fresh_code_cannot_be_replaced_at_once(screen: Screen) -> None:
    state = waiting(left=600)
    screen.show(state, state.requested_at + timedelta(seconds=NEW_CODE_PAUSE - 0.1))
    assert not screen.button("New code").isEnabled()
    screen.show(state, state.requested_at + timedelta(seconds=NEW_CODE_PAUSE))
    assert screen.button("New code").isEnabled()


def test_the_bar_shows_the_life_of_the_code(screen: Screen) -> None:
    screen.show(waiting(left=150))
    bar = screen.find(TimeBar)
    assert isinstance(bar, TimeBar)
    assert bar.share == 0.25


def test_once_approved_nothing_can_be_undone_by_chance(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.show(STATES["approved"])
    for label in ("Open browser", "Copy code", "Copy link", "QR code", "New code", "Cancel"):
        assert not screen.button(label).isEnabled()


def test_the_host_of_the_profile_is_spelled_out_without_a_warning(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    shown = screen.label("visibility.amp.cisco.com · matches your profile")
    assert shown.property("role") == "muted"


def test_another_host_is_a_warning_with_its_name(screen: Screen) -> None:
    screen.show(STATES["waiting_other_host"])
    shown = next(each for each in screen.visible_texts if "login.northwind.example" in each)
    assert screen.label(shown).property("role") == "warning"
    assert not any("matches your profile" in each for each in screen.visible_texts)


def test_the_end_of_a_long_host_is_in_sight(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(width=360)
    host = f"visibility.amp.cisco.com.{'a' * 60}.evil.example"
    screen.show(waiting(host=host, host_is_known=False))
    shown = next(each for each in screen.visible_texts if "evil.example" in each)
    assert screen.label(shown).geometry().right() < 360
    assert screen.label(shown).visibleRegion().boundingRect() == screen.label(shown).rect()


def test_trouble_is_told_only_while_it_lasts(screen: Screen) -> None:
    screen.show(STATES["waiting_trouble"])
    assert any("Retrying automatically" in each for each in screen.visible_texts)
    screen.show(STATES["waiting"])
    assert not any("Retrying automatically" in each for each in screen.visible_texts)


def test_a_new_code_replaces_the_one_in_the_qr_code_too(screen: Screen) -> None:
    screen.show(STATES["waiting"])
    screen.show_qr()
    screen.show(waiting(user_code="PLTR-8VZC"))
    assert "The page must show PLTR-8VZC" in screen.visible_texts


# Signed in


def test_the_scopes_open_into_what_each_allows(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    line = screen.button("6 scopes, 1 sensitive")
    assert "casebook" not in screen.visible_texts
    line.click()
    settle()
    words = screen.visible_texts
    assert {"casebook", "Your casebooks (read and write)", "enrich:read"} <= set(words)
    line.click()
    settle()
    assert "casebook" not in screen.visible_texts


def test_a_sensitive_scope_has_a_sign_and_not_only_a_color(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("6 scopes, 1 sensitive").click()
    (marked,) = [each for each in screen.window.findChildren(Label) if "\u26a0" in each.text()]
    assert marked.property("role") == "warned"
    assert "Response actions" in marked.text()


def test_read_access_is_not_sensitive(screen: Screen) -> None:
    screen.show(signed_in(scope=("response:read",), requested_scope=("response:read",)))
    screen.button("1 scope").click()
    assert not any("\u26a0" in each for each in screen.visible_texts)


def test_an_unknown_scope_is_listed_by_its_name(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(profile=replace(PROFILE, scope_guide=""))
    screen.show(signed_in(scope=("repo",), requested_scope=("repo",)))
    screen.button("1 scope").click()
    settle()
    assert "repo" in screen.visible_texts


def test_new_scopes_replace_those_that_are_listed(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("6 scopes, 1 sensitive").click()
    screen.show(signed_in(scope=("casebook",), requested_scope=("casebook",)))
    settle()
    assert "casebook" in screen.visible_texts
    assert "profile" not in screen.visible_texts


def test_escape_closes_the_scopes(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    screen.button("6 scopes, 1 sensitive").click()
    screen.window.escape()
    settle()
    assert "casebook" not in screen.visible_texts


def test_a_token_without_scopes_says_so(screen: Screen) -> None:
    screen.show(signed_in(scope=(), requested_scope=()))
    assert not screen.button("0 scopes").isEnabled()


def test_whoever_signed_out_can_continue(screen: Screen) -> None:
    screen.show(SignedOut(NOW, user="dana@northwind.example"))
    screen.button("Continue as dana@northwind.example").click()
    assert screen.actions.calls == ["sign_in"]
    screen.show(SignedOut())
    assert screen.has_button("Sign in")


@pytest.mark.parametrize(
    ("user", "letters"),
    [
        ("Dana Rivers", "DR"),
        ("dana.rivers@northwind.example", "DR"),
        ("dana@northwind.example", "D"),
        ("Ana María de la Cruz", "AC"),
        ("", ""),
    ],
)
def test_initials_are_those_of_the_name(user: str, letters: str) -> None:
    assert initials(user) == letters


def test_a_token_of_nobody_known_has_no_account(screen: Screen) -> None:
    screen.show(replace(signed_in(), user="", organization=""))
    (row,) = screen.window.findChildren(AccountRow)
    assert not row.isVisible()
    screen.show(replace(signed_in(), user="", organization="Northwind SOC"))
    assert row.isVisible()


def test_expiry_swaps_the_primary_action(screen: Screen) -> None:
    screen.show(signed_in(left=1))
    assert not screen.has_button("Sign in again")
    screen.show(signed_in(left=1), NOW + timedelta(seconds=1))
    assert screen.has_button("Sign in again")
    assert not screen.has_button("Copy token")
    assert "Expired. Sign in again." in screen.visible_texts


def test_a_token_that_is_saved_after_all_is_no_longer_warned_of(screen: Screen) -> None:
    screen.show(signed_in(not_saved=KeyringLocked()))
    screen.show(signed_in())
    assert not any("not saved" in each for each in screen.visible_texts)


# Signed out


def test_signing_out_says_what_was_removed_and_what_stays_valid(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC).astimezone()
    screen.show(SignedOut(at, at + timedelta(minutes=4)))
    until = (at + timedelta(minutes=4)).strftime("%H:%M")
    assert (
        f"You're signed out. This server can't revoke tokens. Copies work until {until}."
    ) in screen.visible_texts


def test_a_token_that_outlives_the_day_is_told_with_its_day(screen: Screen) -> None:
    at = datetime(2026, 11, 23, 12, 0).astimezone()
    screen.show(SignedOut(at, at + timedelta(days=30)))
    assert any(each.endswith("work until 12:00 on 23 December.") for each in screen.visible_texts)


def test_an_expired_token_leaves_nothing_valid(screen: Screen) -> None:
    screen.show(SignedOut(NOW))
    assert "You're signed out." in screen.visible_texts


def test_the_zone_of_the_person_is_used(screen: Screen) -> None:
    at = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    screen.show(SignedOut(at, at + timedelta(minutes=1)))
    local = (at + timedelta(minutes=1)).astimezone().strftime("%H:%M")
    assert any(f"until {local}" in each for each in screen.visible_texts)


# Light and dark


def test_a_warning_is_dressed_by_the_tokens(screen: Screen) -> None:
    screen.show(STATES["waiting_other_host"])
    shown = next(each for each in screen.visible_texts if "login.northwind.example" in each)
    grounds = []
    for tokens in (LIGHT, DARK):
        screen.theme.apply_tokens(tokens)
        picture = screen.label(shown).grab().toImage()
        grounds.append(picture.pixelColor(picture.width() // 2, 4).name())
    assert grounds == [LIGHT["warning_fill"], DARK["warning_fill"]]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_link_to_this_computer_is_not_offered_to_a_phone(screen: Screen, host: str) -> None:
    screen.show(waiting(host=host))
    assert not screen.has_button("QR code")
