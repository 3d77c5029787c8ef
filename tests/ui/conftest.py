import gc
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFont, QGuiApplication
from PySide6.QtWidgets import QApplication

from desktop.services.session.session import Session
from desktop.services.session.sessions import Sessions
from desktop.ui.app import controller as controller_module
from desktop.ui.app import display as display_module
from desktop.ui.app.app import make_application
from desktop.ui.app.controller import Controller
from desktop.ui.kit import widgets
from desktop.ui.kit.theme import LIGHT, Theme
from desktop.ui.window.window import Window
from tests.sample_states import NOW
from tests.ui.harness import (
    ControllerHarness,
    FakeSession,
    FakeSessions,
    FakeTime,
    Screen,
    drain,
    settle,
)


@pytest.fixture(scope="module", autouse=True)
def collected_where_qt_is() -> Iterator[None]:
    """Keep worker threads from collecting the windows of earlier tests."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """Create the application as the app does."""
    application = make_application()
    application.setFont(QFont("Inter", 10))
    return application


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """Apply the light theme, whatever the previous test used."""
    made = Theme(qapp)
    made.apply_tokens(LIGHT)
    return made


@pytest.fixture
def open_screen(theme: Theme) -> Iterator[Callable[..., Screen]]:
    """Open windows: `open_screen(width=360)`."""
    opened: list[Screen] = []

    def make(**options: Any) -> Screen:  # noqa: ANN401 - Screen's own
        opened.append(Screen(theme, **options))
        return opened[-1]

    yield make
    for screen in opened:
        screen.close()


@pytest.fixture
def screen(open_screen: Callable[..., Screen]) -> Screen:
    return open_screen()


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Act as a screen reader other than Orca; returns what is announced, in order."""
    said: list[str] = []

    def take(event: object) -> None:
        if isinstance(event, QAccessibleAnnouncementEvent):
            said.append(event.message())

    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", take)
    monkeypatch.setattr(widgets, "_READS_DESCRIPTIONS", False)
    return said


@pytest.fixture
def announced_to_orca(announced: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Act as Orca; returns what is announced instead of described."""
    monkeypatch.setattr(widgets, "_READS_DESCRIPTIONS", True)
    return announced


@pytest.fixture(autouse=True)
def empty_clipboard(qapp: QApplication) -> Iterator[None]:  # noqa: ARG001 - there is one
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()


@pytest.fixture
def bare(
    qapp: QApplication, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Controller, Window]]:
    """Create a controller without a session."""
    for module in (controller_module, display_module):
        monkeypatch.setattr(module, "datetime", FakeTime)
    FakeTime.stands_at = NOW
    window = Window(theme)
    window.show()
    window.activateWindow()
    settle()
    made = Controller(qapp, window)
    yield made, window
    drain(made)
    qapp.focusWindowChanged.disconnect(made.display._on_focus)
    window.close()
    made.deleteLater()
    window.deleteLater()
    settle()


@pytest.fixture
def harness(bare: tuple[Controller, Window]) -> ControllerHarness:
    controller, window = bare
    session = FakeSession()
    controller.set_sessions(cast("Sessions", FakeSessions(session)))
    controller.set_session(cast("Session", session))
    return ControllerHarness(controller, window, session)
