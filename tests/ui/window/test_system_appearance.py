"""Contrast and motion of the desktop, from a real service on a real bus."""

import json
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtDBus import QDBusMessage

from desktop.ui.window.system_appearance import _value_of
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
