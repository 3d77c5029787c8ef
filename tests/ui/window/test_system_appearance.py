"""Contrast and motion of the desktop, from a real service on a real bus."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtDBus import QDBusMessage
from PySide6.QtWidgets import QApplication

from desktop.ui.kit.theme import DARK_CONTRAST, LIGHT_CONTRAST, Theme
from desktop.ui.window.system_appearance import SystemAppearance, _value_of
from tests.rigs import requirements
from tests.rigs.secret_service import Bus

ROOT = Path(__file__).parents[3]

# Prints what was reported at the start, and after each of its arguments has changed.
WATCH = """
import json, subprocess, sys
from PySide6.QtCore import QCoreApplication, QElapsedTimer
from desktop.ui.window.system_appearance import SystemAppearance

bus, *changes = sys.argv[1:]
application = QCoreApplication([])
service = subprocess.Popen(
    [sys.executable, "tests/rigs/appearance_portal.py", bus],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
)
service.stdout.readline()
seen = []
appearance = SystemAppearance()
appearance.changed.connect(lambda contrast, still: seen.append([contrast, still]))

def settle(number):
    timer = QElapsedTimer()
    timer.start()
    while len(seen) < number and timer.elapsed() < 5000:
        application.processEvents()

appearance.start()
settle(1)
for number, change in enumerate(changes, 2):
    service.stdin.write(change + "\\n")
    service.stdin.flush()
    service.stdout.readline()
    settle(number)
service.kill()
print(json.dumps(seen))
"""

CHANGES = {
    "org.freedesktop.appearance contrast u 1": [True, False],
    "org.freedesktop.appearance contrast u 0": [False, False],
    "org.gnome.desktop.interface enable-animations b 0": [False, True],
    "org.gnome.desktop.interface enable-animations b 1": [False, False],
    "org.freedesktop.appearance reduced-motion u 1": [False, True],
    "org.gnome.desktop.a11y.interface high-contrast b 1": [True, True],
}


def reported(bus: Bus, *changes: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, bus.address, *changes],
        cwd=ROOT,
        env=os.environ | {"DBUS_SESSION_BUS_ADDRESS": bus.address},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_contrast_and_motion_are_followed(bare_bus: Bus) -> None:
    requirements.require_linux("session bus")
    assert reported(bare_bus, *CHANGES) == [[False, False], *CHANGES.values()]


def test_without_a_portal_nothing_is_wanted(bare_bus: Bus) -> None:
    requirements.require_linux("session bus")
    watch = WATCH.replace("tests/rigs/appearance_portal.py", "-cprint()")
    done = subprocess.run(
        [sys.executable, "-c", watch, bare_bus.address],
        cwd=ROOT,
        env=os.environ | {"DBUS_SESSION_BUS_ADDRESS": bare_bus.address},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == [[False, False]]


def test_an_answer_without_a_value_wants_nothing() -> None:
    assert _value_of(QDBusMessage()) is None


# Windows and macOS are simulated: what they answer is in the documentation of
# SystemParametersInfo (SPI_GETCLIENTAREAANIMATION) and of Qt's QAccessibilityHints.


class FakeUser32:
    """The one function of user32 that is called; `animates` is what it answers."""

    def __init__(self, *, animates: bool) -> None:
        self.animates = animates
        self.asked: list[tuple[int, int, int]] = []

    def SystemParametersInfoW(
        self,
        action: int,
        parameter: int,
        answer: Any,  # noqa: ANN401 - a pointer of ctypes
        update: int,
    ) -> int:
        self.asked.append((action, parameter, update))
        answer._obj.value = int(self.animates)
        return 1


@pytest.fixture
def user32(monkeypatch: pytest.MonkeyPatch) -> FakeUser32:
    made = FakeUser32(animates=False)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("ctypes.windll", SimpleNamespace(user32=made), raising=False)
    return made


def watch(appearance: SystemAppearance) -> list[tuple[bool, bool]]:
    seen: list[tuple[bool, bool]] = []
    appearance.changed.connect(lambda contrast, still: seen.append((contrast, still)))
    return seen


def test_windows_is_asked_whether_it_animates(qapp: QApplication, user32: FakeUser32) -> None:
    appearance = SystemAppearance(qapp)
    seen = watch(appearance)
    appearance.start()
    assert user32.asked == [(0x1042, 0, 0)]
    assert seen == [(False, True)]
    appearance.deleteLater()


def test_windows_is_asked_again_when_the_app_comes_to_the_front(
    qapp: QApplication, user32: FakeUser32
) -> None:
    appearance = SystemAppearance(qapp)
    appearance.start()
    seen = watch(appearance)
    user32.animates = True
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert seen == [(False, False)]
    appearance.deleteLater()


@pytest.mark.parametrize(("answer", "moves"), [("ReducedMotion", False), ("NoPreference", True)])
def test_qt_knows_whether_macos_wants_less_motion(
    theme: Theme,
    qapp: QApplication,
    monkeypatch: pytest.MonkeyPatch,
    *,
    answer: str,
    moves: bool,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    hints: Any = SimpleNamespace(
        motionPreference=lambda: SimpleNamespace(name=answer),
        contrastPreference=lambda: Qt.ContrastPreference.NoPreference,
    )
    monkeypatch.setattr(theme, "_accessibility", hints)
    appearance = SystemAppearance(qapp)
    appearance.changed.connect(
        lambda contrast, still: theme.set_preferences(high_contrast=contrast, reduced_motion=still)
    )
    appearance.start()
    assert theme.allows_motion is moves
    appearance.deleteLater()


_CHOSEN_IN_WINDOWS = LIGHT_CONTRAST | {"text": "#2b2b00"}


@pytest.mark.parametrize(
    ("platform", "worn"),
    [("win32", (_CHOSEN_IN_WINDOWS,)), ("darwin", (LIGHT_CONTRAST, DARK_CONTRAST))],
)
def test_qt_knows_whether_more_contrast_is_wanted(
    theme: Theme,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    worn: tuple[dict[str, str], ...],
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    hints: Any = SimpleNamespace(contrastPreference=lambda: Qt.ContrastPreference.HighContrast)
    monkeypatch.setattr(theme, "_accessibility", hints)
    monkeypatch.setattr("desktop.ui.kit.theme.forced_tokens", lambda _palette: _CHOSEN_IN_WINDOWS)
    theme.set_preferences(high_contrast=False, reduced_motion=False)
    assert theme.tokens in worn
