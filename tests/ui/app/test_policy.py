"""Managed settings on screen: they cannot be changed, and show the reason."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.settings import Settings, load_settings
from desktop.services.system import autostart
from desktop.services.system.paths import settings_file
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.copy.copier import Copier
from desktop.ui.kit.copy_progress import NotCopied
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.word_breaks import unbroken
from desktop.ui.pages.settings_store import SettingsStore
from desktop.ui.pages.settings_view import SettingsView
from tests.sample_states import PROFILE, signed_in
from tests.ui.harness import (
    ControllerHarness,
    FakeSession,
    ProgressListener,
    Screen,
    settle,
    wait_for_settings,
)

SOURCE = "/etc/xdg/xdr-login/policy.toml"
LOCKED = Policy(source=SOURCE, settings={"clipboard_seconds": 15, "keep_fresh": False})
NAMES = {
    "start_hidden": "Start hidden, in the tray",
    "ask_for_tokens": "Ask before sharing tokens with programs",
    "audit": "Audit log",
    "keep_fresh": "Always keep the token fresh",
    "in_use_minutes": "Keep renewing after a copy for",
    "clipboard_seconds": "Clear clipboard after",
    "lock_on_screen_lock": "Lock when the screen locks",
    "lock_on_sleep": "Lock when the computer sleeps",
    "lock_on_user_switch": "Lock when you switch users",
    "lock_after_minutes": "Lock after inactivity",
    "renew_while_locked": "Keep renewing while locked",
    "theme": "Appearance",
    "language": "Language",
    "notifications": "Notifications",
    "browser": "Browser",
    "plain_output": "Plain output in the terminal",
}


@pytest.fixture
def store(qapp: QApplication) -> Iterator[SettingsStore]:  # noqa: ARG001 - there is to be one
    made = SettingsStore()
    made.policy = LOCKED
    yield made
    made.deleteLater()
    settle()


# Settings


def test_a_managed_setting_overrides_the_file(store: SettingsStore) -> None:
    store.use(Settings(clipboard_seconds=300, keep_fresh=True, in_use_minutes=60))
    assert store.settings == Settings(clipboard_seconds=15, in_use_minutes=60)


def test_changing_a_managed_setting_is_refused_and_shown(
    store: SettingsStore, qtbot: QtBot
) -> None:
    store.use(Settings())
    told: list[Settings] = []
    store.changed.connect(told.append)
    store.change(Settings(clipboard_seconds=300))
    wait_for_settings(store, qtbot)
    assert told == [Settings(clipboard_seconds=15)]
    assert not settings_file().exists()


def test_the_users_setting_returns_when_it_is_no_longer_managed(
    store: SettingsStore, qtbot: QtBot
) -> None:
    store.use(Settings(clipboard_seconds=60))
    store.change(replace(store.settings, in_use_minutes=45))
    wait_for_settings(store, qtbot)
    assert store.settings == Settings(clipboard_seconds=15, in_use_minutes=45)
    assert load_settings(settings_file()) == Settings(clipboard_seconds=60, in_use_minutes=45)
    assert "15" not in settings_file().read_text("utf-8")


def test_reading_autostart_keeps_settings_managed(
    store: SettingsStore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autostart, "is_on", lambda: True)
    store.use(Settings(clipboard_seconds=60))
    store.read_autostart()
    wait_for_settings(store, qtbot)
    assert store.settings == Settings(clipboard_seconds=15, start_at_login=True)


def controls(page: QWidget) -> dict[str, QWidget]:
    """Switches, numbers and choices by their names."""
    kinds = (QCheckBox, QComboBox, QSpinBox)
    found = (each for each in page.findChildren(QWidget) if isinstance(each, kinds))
    return {each.accessibleName(): each for each in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_managed_setting_is_shown_with_the_reason(screen: Screen, name: str) -> None:
    page = screen.show_settings()
    page.apply_policy(Policy(source=SOURCE, settings={name: True}))
    page.show_settings(Settings(start_at_login=True))
    enabled = {each: widget.isEnabled() for each, widget in controls(page).items()}
    assert enabled == {each: each != NAMES[name] for each in enabled}
    reasons = {key: unbroken(row._locked.text()) for key, row in page._rows.items()}
    why = f"Managed by your administrator ({SOURCE})."
    assert reasons == {key: why if key == name else "" for key in NAMES}
    assert [key for key, row in page._rows.items() if not row._locked.isHidden()] == [name]


def test_the_settings_page_learns_what_is_managed(harness: ControllerHarness) -> None:
    harness.controller.settings_store.why_no_autostart = "not here"
    harness.controller.settings_store.policy = LOCKED
    harness.show(signed_in())
    harness.controller.open_settings()
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert not page._controls["clipboard_seconds"].isEnabled()
    assert not page._controls["keep_fresh"].isEnabled()
    assert page._controls["in_use_minutes"].isEnabled()


async def test_a_reloaded_policy_applies_at_once(harness: ControllerHarness) -> None:
    harness.show(signed_in())
    harness.controller.open_settings()
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert page._controls["clipboard_seconds"].isEnabled()
    harness.controller.settings_store.apply_policy(LOCKED)
    assert not page._controls["clipboard_seconds"].isEnabled()
    assert harness.controller.settings_store.settings.clipboard_seconds == 15
    harness.controller.settings_store.apply_policy(NO_POLICY)
    assert page._controls["clipboard_seconds"].isEnabled()


# Copying


async def test_a_forbidden_format_is_not_copied(empty_clipboard: None) -> None:  # noqa: ARG001
    profile = replace(
        PROFILE, policy=Policy(source=SOURCE, forbidden_formats=frozenset({"CURL", "TOKEN"}))
    )
    copier = Copier(Clipboard())
    told = ProgressListener(copier)
    for each in (CopyFormat.CURL, CopyFormat.TOKEN):
        copier.copy(FakeSession(profile).as_session(), each)
        await told.wait_for(2)
        assert told[1] == NotCopied(
            f"This copy format is turned off. Your administrator turned this off ({SOURCE}). "
            "Choose another format.",
            "This copy format is turned off",
        )
        told.clear()


def menu_of(screen: Screen) -> tuple[bool, list[str]]:
    """Whether the button with the shapes is there, and what it offers."""
    screen.show(signed_in())
    (button,) = screen.window.view.findChildren(MenuButton)
    return not button.isHidden(), [each.text() for each in button.menu().actions()]


def test_the_menu_offers_no_forbidden_format(open_screen: Callable[..., Screen]) -> None:
    policy = Policy(source=SOURCE, forbidden_formats=frozenset({"CURL", "POWERSHELL"}))
    shown, offered = menu_of(open_screen(profile=replace(PROFILE, policy=policy)))
    assert shown
    assert "curl" not in offered
    assert "PowerShell" not in offered
    assert "JSON" in offered


def test_if_all_formats_are_forbidden_there_is_no_menu(open_screen: Callable[..., Screen]) -> None:
    policy = Policy(forbidden_formats=frozenset(each.name for each in CopyFormat))
    assert menu_of(open_screen(profile=replace(PROFILE, policy=policy))) == (False, [])
