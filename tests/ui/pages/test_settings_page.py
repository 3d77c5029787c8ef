"""The settings page and the settings store."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from desktop import __version__
from desktop.services.model.settings import Settings, load_settings
from desktop.services.session.sessions import Sessions
from desktop.services.system import autostart
from desktop.services.system.paths import settings_file
from desktop.ui.kit.theme import DARK, LIGHT
from desktop.ui.kit.widgets import has_focus_ring
from desktop.ui.pages import settings_store as module
from desktop.ui.pages.settings_store import NOT_IN_THE_DEMO, SettingsStore
from desktop.ui.pages.settings_view import SettingsView
from tests.sample_states import signed_in, waiting
from tests.ui.harness import ControllerHarness, FakeSessions, Screen, settle, wait_for_settings


def control(screen: Screen, name: str) -> QWidget:
    """The switch or the number of this name."""
    page = screen.window.page
    assert page is not None
    found = [
        each
        for each in page.findChildren(QWidget)
        if isinstance(each, (QCheckBox, QSpinBox)) and each.accessibleName() == name
    ]
    assert len(found) == 1
    return found[0]


def switch(screen: Screen, name: str) -> QCheckBox:
    found = control(screen, name)
    assert isinstance(found, QCheckBox)
    return found


def number(screen: Screen, name: str) -> QSpinBox:
    found = control(screen, name)
    assert isinstance(found, QSpinBox)
    return found


# The page


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("Start at login", Settings(start_at_login=True)),
        ("Always keep the token fresh", Settings(keep_fresh=True)),
        ("Ask before sharing tokens with programs", Settings(ask_for_tokens=True)),
    ],
)
def test_a_switch_changes_its_setting_at_once(screen: Screen, name: str, changed: Settings) -> None:
    screen.show_settings()
    switch(screen, name).setFocus()
    QTest.keyClick(switch(screen, name), Qt.Key.Key_Space)
    assert screen.actions.settings == changed


def test_settings_have_headings_and_no_button_that_quits(screen: Screen) -> None:
    screen.show_settings()
    page = screen.window.page
    assert page is not None
    headings = [
        each.text() for each in page.findChildren(QLabel) if each.property("role") == "section"
    ]
    assert headings == [
        *("Start", "Token", "Privacy", "Lock", "Appearance"),
        *("Profiles", "Files", "About"),
    ]
    assert not screen.has_button("Quit")


def test_starting_hidden_needs_start_at_login(screen: Screen) -> None:
    screen.show_settings()
    assert not switch(screen, "Start hidden, in the tray").isEnabled()
    screen.show_settings(Settings(start_at_login=True))
    switch(screen, "Start hidden, in the tray").click()
    assert screen.actions.settings == Settings(start_at_login=True, start_hidden=False)


@pytest.mark.parametrize(
    ("name", "keys", "changed"),
    [
        ("Keep renewing after a copy for", [Qt.Key.Key_Up], Settings(in_use_minutes=20)),
        ("Keep renewing after a copy for", [Qt.Key.Key_Down] * 3, Settings(in_use_minutes=1)),
        ("Clear clipboard after", [Qt.Key.Key_Down], Settings(clipboard_seconds=25)),
        ("Clear clipboard after", [Qt.Key.Key_Down] * 9, Settings(clipboard_seconds=5)),
    ],
)
def test_the_arrow_keys_change_a_number(
    screen: Screen, name: str, keys: list[Qt.Key], changed: Settings
) -> None:
    screen.show_settings()
    for key in keys:
        QTest.keyClick(number(screen, name), key)
    assert screen.actions.settings == changed


@pytest.mark.parametrize(
    ("before", "up", "down"), [(15, 20, 10), (12, 15, 10), (1, 5, 1), (480, 480, 475)]
)
def test_steps_lead_to_round_numbers(screen: Screen, before: int, up: int, down: int) -> None:
    page = screen.show_settings(Settings(in_use_minutes=before))
    box = number(screen, "Keep renewing after a copy for")
    box.stepBy(1)
    assert box.value() == up
    page.show_settings(Settings(in_use_minutes=before))
    box.stepBy(-1)
    assert box.value() == down


def test_the_buttons_beside_a_number_change_it(screen: Screen) -> None:
    screen.show_settings()
    less, more = (
        next(
            each
            for each in screen.window.findChildren(QWidget)
            if each.accessibleName() == f"{name}: Keep renewing after a copy for"
        )
        for name in ("Less", "More")
    )
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    assert screen.actions.settings == Settings(in_use_minutes=20)
    QTest.mouseClick(less, Qt.MouseButton.LeftButton)
    assert screen.actions.settings == Settings(in_use_minutes=15)


def test_an_unfinished_number_is_not_a_change(screen: Screen) -> None:
    screen.show_settings()
    box = number(screen, "Keep renewing after a copy for")
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "120")
    assert screen.actions.settings is None
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert screen.actions.settings == Settings(in_use_minutes=120)


@pytest.mark.parametrize(("focused", "value"), [(False, 15), (True, 20)])
def test_the_wheel_turns_a_number_only_in_use(screen: Screen, focused: bool, value: int) -> None:  # noqa: FBT001
    screen.show_settings()
    box = number(screen, "Keep renewing after a copy for")
    if focused:
        box.setFocus()
    turned = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, turned)
    assert box.value() == value


def test_what_is_shown_is_not_a_change(screen: Screen) -> None:
    page = screen.show_settings()
    page.show_settings(Settings(True, 60, 10, True, False))
    assert screen.actions.calls == []
    assert switch(screen, "Always keep the token fresh").isChecked()
    assert number(screen, "Keep renewing after a copy for").text() == "60 min"
    assert not number(screen, "Keep renewing after a copy for").isEnabled()
    assert number(screen, "Clear clipboard after").text() == "10 s"
    assert switch(screen, "Start at login").isChecked()
    assert not switch(screen, "Start hidden, in the tray").isChecked()


def test_clicking_the_name_toggles_the_switch(screen: Screen) -> None:
    screen.show_settings()
    QTest.mouseClick(screen.label("Start at login"), Qt.MouseButton.LeftButton)
    assert screen.actions.settings == Settings(start_at_login=True)
    QTest.mouseClick(screen.label("Keep renewing after a copy for"), Qt.MouseButton.LeftButton)
    assert screen.actions.calls == ["change_settings"]


def test_the_cost_of_keeping_fresh_is_told(screen: Screen) -> None:
    screen.show_settings()
    cost = (
        "Uses about 160 requests a day on this computer. "
        "Your organization's limit is 8,000 an hour."
    )
    assert cost in screen.visible_texts
    assert switch(screen, "Always keep the token fresh").accessibleDescription() == cost


@pytest.mark.parametrize(
    ("label", "call"),
    [("Open profiles folder", "open_profiles_folder"), ("Manage profiles", "manage_profiles")],
)
def test_a_button_does_what_it_says(screen: Screen, label: str, call: str) -> None:
    screen.show_settings()
    screen.button(label).click()
    assert screen.actions.calls == [call]


@pytest.mark.parametrize(
    ("label", "call"),
    [("Open log folder", "open_log_folder"), ("About", "open_about"), ("Back", "close_page")],
)
def test_a_button_of_the_page_does_too(screen: Screen, label: str, call: str) -> None:
    screen.show_settings()
    screen.button(label).click()
    assert screen.pages.calls == [call]


def test_the_version_is_told(screen: Screen) -> None:
    screen.show_settings()
    assert f"XDR Login {__version__}" in screen.visible_texts


def test_a_failure_is_shown_until_the_next_change(screen: Screen) -> None:
    page = screen.show_settings()
    page.show_failure("It could not be saved.")
    assert "It could not be saved." in screen.visible_texts
    switch(screen, "Start at login").click()
    assert "It could not be saved." not in screen.visible_texts


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_on_and_off_differ_in_more_than_colour(screen: Screen, tokens: dict[str, str]) -> None:
    screen.show_settings(Settings(keep_fresh=True))
    screen.theme.apply_tokens(tokens)
    knobs = []
    for name in ("Start at login", "Always keep the token fresh"):
        picture = switch(screen, name).grab().toImage()
        knob = tokens["muted"] if name.startswith("Start") else tokens["on_primary"]
        middle = picture.height() // 2
        row = [x for x in range(picture.width()) if picture.pixelColor(x, middle).name() == knob]
        knobs.append(sum(row) / len(row))
    assert knobs[0] + 10 < knobs[1]


def test_the_keyboard_shows_where_it_is(screen: Screen) -> None:
    screen.show_settings()
    box = switch(screen, "Start at login")
    box.clearFocus()
    before = box.grab().toImage()
    box.setFocus(Qt.FocusReason.MouseFocusReason)
    assert box.grab().toImage() == before
    box.setFocus(Qt.FocusReason.TabFocusReason)
    assert box.grab().toImage() == before  # it had the focus already
    box.clearFocus()
    box.setFocus(Qt.FocusReason.TabFocusReason)
    assert box.grab().toImage() != before
    number(screen, "Keep renewing after a copy for").setFocus()
    field = number(screen, "Keep renewing after a copy for").parentWidget()
    assert has_focus_ring(field)
    box.setFocus()
    assert not has_focus_ring(field)


# What keeps them


class System:
    """An operating system that starts programs at login, or refuses to."""

    def __init__(self) -> None:
        self.on = False
        self.hidden: bool | None = None
        self.profile: str | None = None
        self.error: OSError | None = None
        self.threads: set[str] = set()

    def is_on(self) -> bool:
        self.threads.add(threading.current_thread().name)
        return self.on

    def set_on(self, on: bool, *, hidden: bool, profile: str | None) -> None:  # noqa: FBT001 - as it is
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        self.on, self.hidden, self.profile = on, hidden, profile


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    made = System()
    monkeypatch.setattr(autostart, "is_on", made.is_on)
    monkeypatch.setattr(autostart, "set_on", made.set_on)
    return made


@pytest.fixture
def store(qapp: QApplication, system: System) -> Iterator[SettingsStore]:  # noqa: ARG001 - both must be
    made = SettingsStore()
    yield made
    made.deleteLater()
    settle()


def test_a_change_applies_at_once_and_is_saved(store: SettingsStore, qtbot: QtBot) -> None:
    told: list[Settings] = []
    store.changed.connect(told.append)
    store.change(Settings(in_use_minutes=60))
    assert told == [Settings(in_use_minutes=60)]
    assert store.settings == told[0]
    wait_for_settings(store, qtbot)
    assert load_settings(settings_file()) == told[0]


def test_setting_the_same_again_is_not_a_change(store: SettingsStore, qtbot: QtBot) -> None:
    told: list[Settings] = []
    store.changed.connect(told.append)
    store.change(Settings())
    wait_for_settings(store, qtbot)
    assert told == []
    assert not settings_file().exists()


def test_the_last_of_several_changes_is_saved(store: SettingsStore, qtbot: QtBot) -> None:
    for minutes in range(5, 60, 5):
        store.change(Settings(in_use_minutes=minutes))
    wait_for_settings(store, qtbot)
    assert load_settings(settings_file()) == Settings(in_use_minutes=55)


@pytest.mark.parametrize("hidden", [True, False])
def test_autostart_is_set_in_the_system(
    store: SettingsStore,
    system: System,
    qtbot: QtBot,
    hidden: bool,  # noqa: FBT001
) -> None:
    store.use(Settings(start_hidden=hidden))
    store.change(Settings(start_at_login=True, start_hidden=hidden))
    wait_for_settings(store, qtbot)
    assert (system.on, system.hidden) == (True, hidden)
    store.change(Settings(start_at_login=True, start_hidden=not hidden))
    wait_for_settings(store, qtbot)
    assert (system.on, system.hidden) == (True, not hidden)
    store.change(Settings(start_hidden=not hidden))
    wait_for_settings(store, qtbot)
    assert not system.on


def test_other_changes_leave_autostart_alone(
    store: SettingsStore, system: System, qtbot: QtBot
) -> None:
    store.change(Settings(in_use_minutes=60, start_hidden=False))
    wait_for_settings(store, qtbot)
    assert system.threads == set()


def test_file_and_autostart_are_accessed_off_the_event_loop(
    store: SettingsStore, system: System, qtbot: QtBot
) -> None:
    store.change(Settings(start_at_login=True))
    store.read_autostart()
    wait_for_settings(store, qtbot)
    assert system.threads == {"settings"}


def test_the_setting_follows_the_autostart_of_the_system(
    store: SettingsStore, system: System, qtbot: QtBot
) -> None:
    system.on = True
    store.read_autostart()
    wait_for_settings(store, qtbot)
    assert store.settings == Settings(start_at_login=True)


def test_a_failure_to_set_autostart_is_reported_and_shown(
    store: SettingsStore, system: System, qtbot: QtBot
) -> None:
    failures: list[str] = []
    store.failed.connect(failures.append)
    system.error = PermissionError(13, "Permission denied")
    store.change(Settings(start_at_login=True))
    wait_for_settings(store, qtbot)
    wait_for_settings(store, qtbot)
    assert failures == ["Couldn't change “Start at login”: Permission denied."]
    assert not store.settings.start_at_login


def test_a_failure_to_read_autostart_is_reported(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    failures: list[str] = []
    store.failed.connect(failures.append)

    def refuse() -> bool:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(autostart, "is_on", refuse)
    store.read_autostart()
    wait_for_settings(store, qtbot)
    assert failures == ["Couldn't change “Start at login”: Input/output error."]


def test_a_file_that_cannot_be_written_is_reported(
    store: SettingsStore, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    failures: list[str] = []
    store.failed.connect(failures.append)

    def refuse(*_arguments: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(module, "save_settings", refuse)
    store.change(Settings(keep_fresh=True))
    wait_for_settings(store, qtbot)
    assert failures == [
        "Your settings apply until you quit, but couldn't be saved: Read-only file system."
    ]
    assert store.settings.keep_fresh


@pytest.mark.usefixtures("system")
def test_a_broken_file_is_reported_once_on_the_page(
    harness: ControllerHarness, qtbot: QtBot
) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text("keep_fresh = maybe", "utf-8")
    failures: list[str] = []
    harness.controller.settings_store.failed.connect(failures.append)
    harness.show(signed_in())
    harness.controller.open_settings()
    wait_for_settings(harness.controller.settings_store, qtbot)
    assert failures == [
        (
            f"The settings in {settings_file()} couldn't be read (Invalid value (at line 1, "
            "column 14)), so the defaults apply. If you change a setting here, a new file is "
            "written and the old one is kept as settings.toml.broken."
        )
    ]
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert not page._failure.isHidden()
    harness.controller.open_settings()
    harness.controller.open_settings()
    wait_for_settings(harness.controller.settings_store, qtbot)
    assert len(failures) == 1


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("text", [None, "keep_fresh = true", "# nothing"])
def test_a_good_file_is_not_reported(store: SettingsStore, qtbot: QtBot, text: str | None) -> None:
    if text is not None:
        settings_file().parent.mkdir(parents=True, exist_ok=True)
        settings_file().write_text(text, "utf-8")
    failures: list[str] = []
    store.failed.connect(failures.append)
    store.check_file()
    wait_for_settings(store, qtbot)
    assert failures == []


async def test_closing_waits_until_settings_are_saved(store: SettingsStore) -> None:
    store.change(Settings(in_use_minutes=90))
    await store.close()
    assert load_settings(settings_file()) == Settings(in_use_minutes=90)


async def test_closing_without_changes_waits_for_nothing(store: SettingsStore) -> None:
    await store.close()
    assert store._worker._thread is None


def test_autostart_uses_the_current_profile(
    store: SettingsStore, system: System, qtbot: QtBot
) -> None:
    store.profile = "northwind"
    store.change(Settings(start_at_login=True))
    wait_for_settings(store, qtbot)
    assert system.profile == "northwind"


def test_the_demo_leaves_autostart_alone(
    store: SettingsStore, system: System, qtbot: QtBot
) -> None:
    store.why_no_autostart = NOT_IN_THE_DEMO
    store.read_autostart()
    store.change(Settings(start_at_login=True))
    wait_for_settings(store, qtbot)
    assert system.threads == set()


# Behind the controller


@pytest.mark.usefixtures("system")
def test_the_demo_does_not_offer_start_at_login(harness: ControllerHarness) -> None:
    harness.controller.settings_store.why_no_autostart = NOT_IN_THE_DEMO
    harness.show(signed_in())
    harness.controller.open_settings()
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert not page._at_login.isEnabled()
    assert not page._controls["start_hidden"].isEnabled()
    assert page._about_login.text() == "Not available in the demo."
    assert page._at_login.accessibleDescription() == "Not available in the demo."


@pytest.mark.usefixtures("system")
def test_a_change_reaches_session_clipboard_and_page(
    harness: ControllerHarness, qtbot: QtBot
) -> None:
    harness.show(waiting())
    harness.controller.open_settings()
    changed = replace(Settings(), clipboard_seconds=10, in_use_minutes=45)
    harness.controller.change_settings(changed)
    wait_for_settings(harness.controller.settings_store, qtbot)
    assert harness.session.applied[-1] == changed
    assert harness.controller.clipboard.clear_after == 10
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert page._settings == changed


@pytest.mark.usefixtures("system")
def test_loaded_settings_apply_to_later_sessions(harness: ControllerHarness) -> None:
    loaded = Settings(keep_fresh=True)
    harness.controller.settings_store.use(loaded)
    session = type(harness.session)()
    harness.controller.set_sessions(cast("Sessions", FakeSessions(session)))
    assert session.applied == [loaded]


def test_the_page_shows_what_the_system_does(
    harness: ControllerHarness, system: System, qtbot: QtBot
) -> None:
    system.on = True
    harness.show(signed_in())
    harness.controller.open_settings()
    wait_for_settings(harness.controller.settings_store, qtbot)
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert page._at_login.isChecked()


def test_a_failure_reaches_the_page_and_screen_readers(
    harness: ControllerHarness, system: System, announced: list[str], qtbot: QtBot
) -> None:
    system.error = PermissionError(13, "Permission denied")
    harness.show(signed_in())
    harness.controller.open_settings()
    harness.controller.change_settings(Settings(start_at_login=True))
    wait_for_settings(harness.controller.settings_store, qtbot)
    wait_for_settings(harness.controller.settings_store, qtbot)
    words = "Couldn't change “Start at login”: Permission denied."
    assert announced[-1] == words
    page = harness.window.page
    assert isinstance(page, SettingsView)
    assert not page._failure.isHidden()
