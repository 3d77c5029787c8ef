"""The controller: commands go to the session, and the window is redrawn in time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import ANY

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QPixmapCache
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktop.oauth import errors
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.profile import NoProfile
from desktop.services.model.settings import load_settings
from desktop.services.model.states import Failed, Requesting, SignedOut, State
from desktop.services.system.paths import log_folder, settings_file
from desktop.ui.app.controller import Controller
from desktop.ui.kit.widgets import Button
from desktop.ui.views.copied_banner import CopiedBanner
from desktop.ui.views.ring import Ring
from desktop.ui.window.window import Window
from tests.sample_states import LINK, METADATA, NOW, PROFILE, STATES, in_browser, signed_in, waiting
from tests.ui.harness import (
    TOKEN,
    ControllerHarness,
    FakeTime,
    ProgressListener,
    buttons_on,
    settle,
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the desktop: the addresses that were opened."""
    addresses: list[str] = []

    def open_url(url: QUrl) -> bool:
        addresses.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return addresses


@pytest.fixture
def sign_ins(bare: tuple[Controller, Window]) -> list[bool]:
    """How often the controller has asked for a sign-in."""
    wanted: list[bool] = []
    bare[0].sign_in_requested.connect(lambda: wanted.append(True))
    return wanted


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


# Down


@pytest.mark.parametrize(
    "wish",
    [
        "retry",
        "continue_without_keyring",
        "save_again",
        "sign_out",
        "renew",
        "revoke_again",
    ],
)
def test_a_command_goes_to_the_session(harness: ControllerHarness, wish: str) -> None:
    getattr(harness.controller, wish)()
    assert harness.session.calls == [wish]


@pytest.mark.parametrize("wish", ["sign_in", "request_new_code"])
def test_signing_in_reloads_the_profile(
    harness: ControllerHarness, sign_ins: list[bool], wish: str
) -> None:
    getattr(harness.controller, wish)()
    assert sign_ins == [True]
    assert harness.session.calls == []


@pytest.mark.parametrize("name", ["unknown_client", "unreachable"])
def test_retrying_reloads_a_profile_that_may_be_the_cause(
    harness: ControllerHarness, sign_ins: list[bool], name: str
) -> None:
    harness.show(STATES[name])
    harness.controller.retry()
    assert sign_ins == [True]
    assert harness.session.calls == []


def test_retrying_repeats_what_failed_for_other_causes(
    harness: ControllerHarness, sign_ins: list[bool]
) -> None:
    harness.show(STATES["keyring_locked"])
    harness.controller.retry()
    assert sign_ins == []
    assert harness.session.calls == ["retry"]


@pytest.mark.parametrize("state", [Requesting(), waiting()])
def test_canceling_goes_to_the_session_during_a_sign_in(
    harness: ControllerHarness, state: State
) -> None:
    harness.show(state)
    harness.controller.cancel()
    assert harness.session.calls == ["cancel"]


@pytest.mark.parametrize("state", [SignedOut(), signed_in(), Failed(errors.CodeExpired())])
def test_canceling_does_nothing_without_a_sign_in(harness: ControllerHarness, state: State) -> None:
    harness.show(state)
    harness.controller.cancel()
    assert harness.session.calls == []
    assert harness.window.isVisible()


def test_canceling_before_the_profile_is_loaded_quits(bare: tuple[Controller, Window]) -> None:
    controller, _ = bare
    left: list[bool] = []
    controller.quit_requested.connect(lambda: left.append(True))
    controller.cancel()
    assert left == [True]


def test_escape_does_not_quit_during_the_first_setup(
    bare: tuple[Controller, Window],
) -> None:
    controller, window = bare
    controller.display.show(Failed(NoProfile(Path("profiles.toml"))))
    controller.cancel()
    assert window.isVisible()


def test_retrying_without_a_profile_loads_it_again(
    bare: tuple[Controller, Window], sign_ins: list[bool]
) -> None:
    controller, _ = bare
    controller.retry()
    assert sign_ins == [True]


@pytest.mark.parametrize(
    "wish",
    [
        "request_new_code",
        "continue_without_keyring",
        "save_again",
        "sign_out",
        "copy_token",
        "renew",
        "revoke_again",
        "revocation_offered",
    ],
)
def test_without_a_session_other_commands_do_nothing(
    bare: tuple[Controller, Window], wish: str
) -> None:
    controller, _ = bare
    getattr(controller, wish)()
    assert clipboard() == ""


def test_closing_the_window_does_not_ask_to_quit(harness: ControllerHarness) -> None:
    asked: list[bool] = []
    harness.controller.quit_requested.connect(lambda: asked.append(True))
    harness.window.close()
    assert asked == []


@pytest.mark.parametrize("early", [True, False])
def test_the_keys_for_quitting_ask_to_quit(harness: ControllerHarness, early: bool) -> None:  # noqa: FBT001
    asked: list[bool] = []
    harness.controller.quit_requested.connect(lambda: asked.append(True))
    if not early:
        harness.controller.add_shortcuts()
    QTest.keyClick(harness.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert asked == [True]


def test_coming_back_to_the_window_asks_the_server_at_once(harness: ControllerHarness) -> None:
    harness.show(waiting())
    harness.controller.display._on_focus(harness.window.windowHandle())
    assert harness.session.calls == ["poll_now"]


def test_leaving_the_window_asks_nothing(harness: ControllerHarness) -> None:
    harness.show(waiting())
    harness.controller.display._on_focus(None)
    assert harness.session.calls == []


# The browser and the clipboard


def test_opening_the_browser_copies_the_code_too(
    harness: ControllerHarness, opened: list[str]
) -> None:
    harness.show(waiting())
    harness.controller.open_browser()
    assert opened == [f"{LINK}?user_code=WDJB-MJHT"]
    assert clipboard() == "WDJB-MJHT"
    assert any(each.text() == "Open again" for each in buttons_on(harness.window))
    harness.controller.clipboard.clear_for_lock()
    assert clipboard() == ""


@pytest.mark.usefixtures("opened")
def test_a_link_without_a_code_leaves_the_clipboard_alone(harness: ControllerHarness) -> None:
    harness.controller.clipboard.copy("what was there")
    harness.show(in_browser())
    harness.controller.open_browser()
    harness.controller.copy_code()
    assert clipboard() == "what was there"


def test_without_a_code_no_browser_is_opened(harness: ControllerHarness, opened: list[str]) -> None:
    harness.show(signed_in())
    harness.controller.open_browser()
    assert opened == []


def test_the_link_can_be_copied(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(waiting())
    harness.controller.copy_link()
    assert clipboard() == f"{LINK}?user_code=WDJB-MJHT"
    assert announced[-1] == "Link copied"


def test_the_code_can_be_copied(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(waiting())
    harness.controller.copy_code()
    assert clipboard() == "WDJB-MJHT"
    assert announced[-1] == "Code copied"


async def copy(harness: ControllerHarness, format_: CopyFormat = CopyFormat.TOKEN) -> None:
    """Copy, and wait for what comes of it."""
    told = ProgressListener(harness.controller.copier)
    harness.controller.copy_token(format_)
    await told.wait_for(2)


async def test_the_token_can_be_copied(harness: ControllerHarness, announced: list[str]) -> None:
    harness.show(signed_in())
    await copy(harness)
    assert clipboard() == TOKEN
    assert announced[-1] == "Token copied · clears in 30\N{NO-BREAK SPACE}s"


async def test_the_token_can_be_copied_in_another_format(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in())
    await copy(harness, CopyFormat.HEADER)
    assert clipboard() == f"Authorization: Bearer {TOKEN}"
    assert announced[-1].startswith("Authorization header copied · ")


async def test_a_failed_copy_is_announced_with_its_reason(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.session.token = errors.TransportFailure("login.northwind.example")
    harness.show(signed_in(left=0))
    await copy(harness)
    assert clipboard() == ""
    assert announced[-1].startswith("Can't reach the server. There's no connection to login.")


async def test_canceling_a_copy_announces_nothing(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.session.renewed.clear()
    harness.show(signed_in(left=0))
    announced.clear()
    harness.controller.copy_token()
    harness.controller.cancel_copy()
    await harness.controller.copier.close()
    assert announced == []


async def test_signing_out_clears_the_token_from_the_clipboard(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    await copy(harness)
    harness.controller.sign_out()
    assert clipboard() == ""


async def test_signing_out_cancels_a_waiting_copy(harness: ControllerHarness) -> None:
    harness.session.renewed.clear()
    harness.controller.copy_token()
    harness.controller.sign_out()
    harness.session.renewed.set()
    await harness.controller.copier.close()
    assert clipboard() == ""


async def test_signing_out_keeps_what_another_program_copied(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    await copy(harness)
    QGuiApplication.clipboard().setText("a shopping list")
    harness.controller.sign_out()
    assert clipboard() == "a shopping list"


def test_the_details_of_a_failure_can_be_copied(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(STATES["declined"])
    harness.controller.copy_details()
    assert "Sign-in denied (AccessDenied)" in clipboard()
    assert "2e790e2c-e7fe-42ed-9d53-3f4a6c1f0b11" in clipboard()
    assert "Northwind SOC" in clipboard()
    assert announced[-1] == "Details copied"


def test_the_details_of_a_token_can_be_copied_without_it(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in())
    harness.controller.copy_details()
    assert "Token type: Bearer" in clipboard()
    assert "iss: IROH Auth NAM" in clipboard()
    assert TOKEN not in clipboard()
    assert "dana@" not in clipboard()
    assert announced[-1] == "Details copied"


def test_states_without_details_copy_nothing(harness: ControllerHarness) -> None:
    harness.show(waiting())
    harness.controller.copy_details()
    assert clipboard() == ""


def test_the_controller_knows_what_signing_out_revokes(harness: ControllerHarness) -> None:
    harness.session.metadata = METADATA
    harness.show(signed_in())
    (button,) = [each for each in harness.window.findChildren(Button) if each.text() == "Sign out"]
    assert button.accessibleDescription() == (
        "Removes the token from this computer only. This server can't revoke tokens."
    )
    harness.session.profile = replace(PROFILE, app_grant_endpoint="https://login.example/grant")
    harness.tick(1)
    (button,) = [
        each
        for each in harness.window.view.footer.findChildren(Button)
        if each.text() == "Sign out"
    ]
    assert button.accessibleDescription() == (
        "Removes the token from this computer and ends this app's access on all your computers."
    )


def test_the_folder_of_the_log_is_opened(harness: ControllerHarness, opened: list[str]) -> None:
    harness.controller.pages.open_log_folder()
    assert Path(QUrl(opened[0]).toLocalFile()) == log_folder()


def test_the_folder_of_the_profiles_is_opened_with_an_example_in_it(
    harness: ControllerHarness, opened: list[str]
) -> None:
    harness.controller.open_profiles_folder()
    folder = Path(QUrl(opened[0]).toLocalFile())
    assert "# [profiles.northwind]" in (folder / "profiles.toml").read_text("utf-8")


def test_a_folder_that_cannot_be_created_is_shown_as_a_failure(
    harness: ControllerHarness, opened: list[str], own_folders: Path
) -> None:
    (own_folders / "config" / "xdr-login").write_text("a file where the folder should be")
    harness.controller.open_profiles_folder()
    assert opened == []
    assert harness.controller.display.state == Failed(ANY)
    assert harness.window.view.accessibleName().startswith("Your profiles can't be read. ")


def test_the_standard_shortcuts_work(harness: ControllerHarness) -> None:
    harness.controller.add_shortcuts()
    harness.show(waiting())
    QTest.keySequence(harness.window, QKeySequence(QKeySequence.StandardKey.Copy))
    assert clipboard() == "WDJB-MJHT"
    QTest.keySequence(harness.window, QKeySequence(QKeySequence.StandardKey.Cancel))
    assert harness.session.calls == ["cancel"]
    QTest.keySequence(harness.window, QKeySequence(QKeySequence.StandardKey.Close))
    assert not harness.window.isVisible()


# Counting


def test_the_next_redraw_is_due_at_the_next_second(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=100), at=NOW + timedelta(seconds=0.75))
    assert harness.controller.display._redraw_timer.isActive()
    assert harness.controller.display._redraw_timer.interval() == 255


def test_an_expired_token_needs_no_redraw(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=1))
    harness.tick(1.2)
    assert not harness.controller.display._redraw_timer.isActive()


def test_a_token_that_never_expires_needs_no_redraw(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=None))
    assert not harness.controller.display._redraw_timer.isActive()


def test_a_hidden_window_is_redrawn_by_the_minute(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=432))
    harness.window.hide()
    harness.tick(1)
    assert (
        harness.controller.display._redraw_timer.interval() == 11_500
    )  # 431 seconds are left: 7 minutes and 11 s


def test_a_minimized_window_is_redrawn_by_the_minute(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=432))
    harness.window.showMinimized()
    settle()
    assert harness.controller.display._redraw_timer.interval() == 12_500


def test_a_window_shown_again_is_redrawn_by_the_second(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=432), at=NOW + timedelta(seconds=0.25))
    harness.window.hide()
    harness.window.show()
    settle()
    assert harness.controller.display._redraw_timer.interval() == 755


@pytest.mark.parametrize("state", [SignedOut(), signed_in(left=None), STATES["declined"]])
def test_a_hidden_window_sets_no_timer_if_time_changes_nothing(
    harness: ControllerHarness, state: State
) -> None:
    harness.window.hide()
    harness.show(state)
    assert not harness.controller.display._redraw_timer.isActive()


def test_the_session_learns_whether_the_window_is_visible(harness: ControllerHarness) -> None:
    harness.window.hide()
    harness.window.show()
    harness.window.showMinimized()
    settle()
    assert harness.session.seen == [True, False, True, False]


def test_the_session_learns_when_somebody_touches_the_window(harness: ControllerHarness) -> None:
    display = harness.controller.display
    presses: tuple[Callable[[], None], ...] = (
        lambda: QTest.keyClick(harness.window.handle(), Qt.Key.Key_Tab),
        lambda: QTest.mouseMove(harness.window.handle(), harness.window.rect().center()),
        lambda: QTest.mouseClick(harness.window.handle(), Qt.MouseButton.LeftButton),
    )
    for press in presses:
        display._told_touch_at = -1000.0
        before = harness.session.touches
        press()
        settle()
        assert harness.session.touches == before + 1, "once, however many events there are"


def test_a_hidden_window_does_not_count_as_use(
    harness: ControllerHarness,
) -> None:
    harness.window.set_may_hide(lambda: False)  # there is no tray
    harness.window.close()
    other = QWidget()
    other.show()
    other.activateWindow()
    settle()
    harness.window.setWindowState(Qt.WindowState.WindowNoState)  # as Qt takes it on Wayland
    settle()
    assert harness.session.seen == [True, False]
    harness.window.activateWindow()
    settle()
    assert harness.session.seen == [True, False, True]
    other.close()


def test_the_session_checks_the_clock_at_every_redraw(harness: ControllerHarness) -> None:
    harness.show(signed_in(), at=NOW + timedelta(seconds=0.25))
    harness.tick(1)
    harness.tick(1)
    assert harness.session.looks == 2


def test_drawn_is_emitted_with_the_state_and_the_time(harness: ControllerHarness) -> None:
    told: list[tuple[object, object]] = []
    harness.controller.display.drawn.connect(lambda state, at: told.append((state, at)))
    state = signed_in()
    harness.show(state)
    assert told[-1] == (state, NOW)


def test_focusing_the_window_redraws_the_remaining_time(harness: ControllerHarness) -> None:
    harness.show(signed_in(left=432))
    FakeTime.stands_at = NOW + timedelta(seconds=32)
    harness.controller.display._on_focus(harness.window.windowHandle())
    (ring,) = harness.window.findChildren(Ring)
    assert ring.accessibleName() == "6 minutes until it expires"


def test_a_hidden_window_leaves_no_pictures_in_the_cache(
    harness: ControllerHarness,
) -> None:
    harness.window.hide()
    settle()
    assert QPixmapCache.cacheLimit() == 0
    harness.window.show()
    harness.window.activateWindow()
    settle()
    assert QPixmapCache.cacheLimit() == 10240


async def test_the_service_that_was_chosen_for_commands_is_remembered(
    bare: tuple[Controller, Window],
) -> None:
    controller, _ = bare
    controller.profiles.choose_api_service("conure")
    assert (controller.profiles.api_service, controller.copier.api_service) == ("conure", "conure")
    await controller.settings_store.close()
    assert load_settings(settings_file()).api_service == "conure"


async def test_clearing_now_empties_the_clipboard_and_ends_the_confirmation(
    harness: ControllerHarness, announced: list[str]
) -> None:
    harness.show(signed_in())
    told = ProgressListener(harness.controller.copier)
    harness.controller.copy_token()
    await told.wait_for(2)
    (banner,) = harness.window.findChildren(CopiedBanner)
    assert not banner.isHidden()
    banner.clear_now.click()
    assert banner.isHidden()
    assert clipboard() == ""
    assert announced[-1] == "Clipboard cleared"
