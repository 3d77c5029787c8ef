"""Wake events from a fake login manager on a real bus, and from real route changes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtTest import QSignalSpy

from desktop.ui.app.wake_events import WakeEvents, has_new_route
from tests.rigs import requirements
from tests.rigs.secret_service import Bus

ROOT = Path(__file__).parents[3]

# What `ip route add` makes the kernel send: headers of RTM_NEWROUTE and of what else there is.
HEADER = "<IHHII"
NEW, REMOVED = 24, 25
MAIN, LOCAL = 254, 255

# Prints how often it was woken, after what is in its arguments was run.
WATCH = """
import json, subprocess, sys
from PySide6.QtCore import QCoreApplication, QTimer
from desktop.ui.app import wake_events

wake_events._SETTLES = 0.05
application = QCoreApplication([])
watch = wake_events.WakeEvents()
woken = []
watch.woke.connect(lambda: woken.append(True))

def run():
    subprocess.run(sys.argv[1:], check=True)
    QTimer.singleShot(1000, application.quit)

QTimer.singleShot(0, run)
application.exec()
watch.close()
print(json.dumps(len(woken)))
"""

# A login manager that says once what is in its argument.
LOGIN_MANAGER = """
import sys
from jeepney import DBusAddress, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

connection = open_dbus_connection(sys.argv[1])
connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.login1"))
manager = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")
connection.send(new_signal(manager, "PrepareForSleep", "b", (sys.argv[2] == "sleeps",)))
"""


def route(kind: int = NEW, *, table: int = MAIN, type_: int = 1) -> bytes:
    """A message of the kernel about a route, of an odd length."""
    import struct

    body = struct.pack("<8BI", 2, 0, 0, 0, table, 4, 0, type_, 0) + b"\x05\x00\x01\x00\x01"
    return struct.pack(HEADER, 16 + len(body), kind, 0, 0, 0) + body + b"\0" * (-len(body) % 4)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (route(), True),
        (route(REMOVED) + route(), True),
        (route(REMOVED), False),
        (route(table=LOCAL), False),
        (route(type_=2), False),  # of this machine itself
        (route()[:20], False),
        (b"", False),
        (b"\0" * 64, False),
    ],
)
def test_a_new_route_is_told_from_other_messages(data: bytes, *, found: bool) -> None:
    assert has_new_route(data) is found


def test_a_new_route_wakes_once() -> None:
    requirements.require_linux("network")
    requirements.require("network", "unshare", "ip")
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        requirements.skip_or_fail("the kernel lets nobody have a network of their own here")
    change = "ip link set lo up && ip route add 192.0.2.0/24 dev lo && ip route add default dev lo"
    assert watched([*alone, sys.executable], ["sh", "-c", change]) == 1


@pytest.mark.parametrize(("word", "times"), [("wakes", 1), ("sleeps", 0)])
def test_the_login_manager_reports_a_wake_up(bare_bus: Bus, word: str, times: int) -> None:
    tell = [sys.executable, "-c", LOGIN_MANAGER, bare_bus.address, word]
    system = {"DBUS_SYSTEM_BUS_ADDRESS": bare_bus.address}
    assert watched([sys.executable], tell, environment=system) == times


@pytest.mark.usefixtures("qapp")
def test_after_closing_nothing_wakes() -> None:
    watch = WakeEvents()
    spy = QSignalSpy(watch.woke)
    watch._settle_timer.start()
    watch.close()
    assert not watch._settle_timer.isActive()
    assert spy.count() == 0


def watched(command: list[str], event: list[str], environment: dict[str, str] | None = None) -> int:
    """How often a program was woken by `event`."""
    import os

    done = subprocess.run(
        [*command, "-c", WATCH, *event],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return int(json.loads(done.stdout))
