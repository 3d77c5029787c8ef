"""Events of a login manager and of screensavers, real services on a real bus."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rigs import requirements
from tests.rigs.login_manager import SCREENSAVERS
from tests.rigs.secret_service import Bus

ROOT = Path(__file__).parents[4]

# Prints what was noticed after each of its arguments was sent by the services.
WATCH = """
import json, subprocess, sys
from PySide6.QtCore import QCoreApplication, QElapsedTimer
from desktop.ui.app.lock.lock_events import LockEvents

bus, *words = sys.argv[1:]
application = QCoreApplication([])
services = subprocess.Popen(
    [sys.executable, "tests/rigs/login_manager.py", bus],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
)
services.stdout.readline()
seen, found = [], {}
events = LockEvents()
events.screen_changed.connect(lambda locked: seen.append("locked" if locked else "unlocked"))
events.sleeping.connect(lambda: seen.append("sleeping"))
events.left.connect(lambda: seen.append("left"))

def settle(is_done, most):
    timer = QElapsedTimer()
    timer.start()
    while not is_done() and timer.elapsed() < most:
        application.processEvents()

settle(lambda: events._session_path, 20000)
for word in words:
    seen.clear()
    services.stdin.write(word + "\\n")
    services.stdin.flush()
    services.stdout.readline()
    settle(lambda: seen, 20000 if word in EXPECTED else 300)
    found[word] = list(seen)
events.close()
services.kill()
print(json.dumps(found))
"""

EXPECTED = {
    "sleep": ["sleeping"],
    "lock": ["locked"],
    "unlock": ["unlocked"],
    "away": ["left"],
    **{f"{name} on": ["locked"] for name in SCREENSAVERS},
    **{f"{name} off": ["unlocked"] for name in SCREENSAVERS},
}
IGNORED = ("wake", "back", "elsewhere")


def test_every_event_of_the_session_is_noticed_and_no_other(bare_bus: Bus) -> None:
    requirements.require_linux("session bus")
    words = [*EXPECTED, *IGNORED]
    buses = {
        "DBUS_SYSTEM_BUS_ADDRESS": bare_bus.address,
        "DBUS_SESSION_BUS_ADDRESS": bare_bus.address,
    }
    watch = WATCH.replace("EXPECTED", repr(list(EXPECTED)))
    done = subprocess.run(
        [sys.executable, "-c", watch, bare_bus.address, *words],
        cwd=ROOT,
        env=os.environ | buses,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == {**EXPECTED, **{each: [] for each in IGNORED}}


# Prints what was noticed at the start.
START = """
import subprocess, sys
from PySide6.QtCore import QCoreApplication, QElapsedTimer
from desktop.ui.app.lock.lock_events import LockEvents

application = QCoreApplication([])
services = subprocess.Popen(
    [sys.executable, "tests/rigs/login_manager.py", *sys.argv[1:]],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
)
services.stdout.readline()
seen, timer = [], QElapsedTimer()
events = LockEvents()
events.screen_changed.connect(lambda locked: seen.append("locked" if locked else "unlocked"))
timer.start()
while not seen and timer.elapsed() < (20000 if len(sys.argv) > 2 else 1000):
    application.processEvents()
events.close()
services.kill()
print(*seen)
"""


@pytest.mark.parametrize("who", [None, "login", *SCREENSAVERS])
def test_a_screen_that_was_locked_before_is_noticed(bare_bus: Bus, who: str | None) -> None:
    requirements.require_linux("session bus")
    buses = {
        "DBUS_SYSTEM_BUS_ADDRESS": bare_bus.address,
        "DBUS_SESSION_BUS_ADDRESS": bare_bus.address,
    }
    done = subprocess.run(
        [sys.executable, "-c", START, bare_bus.address, *([who] if who else [])],
        cwd=ROOT,
        env=os.environ | buses,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == (["locked"] if who else [])


def test_without_a_login_manager_nothing_breaks(
    bare_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements.require_linux("session bus")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bare_bus.address)
    done = subprocess.run(
        [sys.executable, "-c", _ALONE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "fine\n"


_ALONE = """
from PySide6.QtCore import QCoreApplication, QTimer
from desktop.ui.app.lock.lock_events import LockEvents
application = QCoreApplication([])
events = LockEvents()
QTimer.singleShot(300, application.quit)
application.exec()
events.close()
print("fine")
"""
