"""GNOME's compositor with an empty screen, and a keyboard for tests.

It enforces Wayland's rules for the clipboard: only a window with the focus may set it, after an
input that is newer than the last copy.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rigs import requirements
from tests.rigs.display import without_desktop
from tests.rigs.process import run_program, wait_until
from tests.rigs.secret_service import Bus, run_bus

if TYPE_CHECKING:  # only on Linux
    from jeepney.io.blocking import DBusConnection

SOCKET = "wayland-of-a-test"
REMOTE = "org.gnome.Mutter.RemoteDesktop"
REMOTE_PATH = "/org/gnome/Mutter/RemoteDesktop"
# Key codes of Linux (linux/input-event-codes.h)
SPACE, ESCAPE = 57, 1


@dataclass(frozen=True, slots=True)
class Mutter:
    """A desktop of 1000 by 700 pixels without a panel."""

    bus: Bus
    connection: "DBusConnection"
    session: str

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which children show their windows here."""
        return without_desktop() | {
            "DBUS_SESSION_BUS_ADDRESS": self.bus.address,
            "WAYLAND_DISPLAY": SOCKET,
            "QT_QPA_PLATFORM": "wayland",
            # Qt warns about a keyboard that sends no text.
            "QT_LOGGING_RULES": "qt.qpa.wayland.textinput=false",
        }

    def press(self, key: int) -> None:
        """Press and release a key in the window with the focus."""
        for is_down in (True, False):
            call(self, f"{REMOTE}.Session", "NotifyKeyboardKeycode", "ub", key, is_down)


def call(
    mutter: Mutter, interface: str, method: str, signature: str = "", *arguments: object
) -> tuple[object, ...]:
    """Call a method of the remote desktop and return its answer."""
    from jeepney import DBusAddress, new_method_call

    address = DBusAddress(mutter.session, bus_name=REMOTE, interface=interface)
    message = new_method_call(address, method, signature or None, arguments)
    answer: tuple[object, ...] = mutter.connection.send_and_get_reply(message).body
    return answer


@pytest.fixture
def mutter() -> Iterator[Mutter]:
    """Run Mutter on its own bus, with a keyboard."""
    requirements.require_linux("mutter")
    requirements.require("mutter", "mutter", "dbus-daemon")
    from jeepney.io.blocking import open_dbus_connection

    with (
        run_bus() as bus,
        run_mutter(bus),
        open_dbus_connection(bus.address) as connection,
    ):
        (session,) = call(Mutter(bus, connection, REMOTE_PATH), REMOTE, "CreateSession")
        made = Mutter(bus, connection, str(session))
        call(made, f"{REMOTE}.Session", "Start")
        made.press(ESCAPE)  # the keyboard exists after the first key
        yield made


@contextlib.contextmanager
def run_mutter(bus: Bus) -> Iterator[None]:
    """Run Mutter, and wait for its socket and its name on the bus."""
    command = ["mutter", "--wayland", "--headless", "--no-x11", "--wayland-display", SOCKET]
    environment = without_desktop() | {"DBUS_SESSION_BUS_ADDRESS": bus.address}
    with run_program([*command, "--virtual-monitor", "1000x700"], environment) as program:
        socket = Path(os.environ["XDG_RUNTIME_DIR"]) / SOCKET
        wait_until(socket.exists, "Mutter's socket", program)
        wait_until(lambda: name_has_owner(bus, REMOTE), "Mutter's remote desktop", program)
        yield


def name_has_owner(bus: Bus, name: str) -> bool:
    """Return whether `name` has an owner on the bus."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    address = DBusAddress(
        "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
    )
    with open_dbus_connection(bus.address) as connection:
        message = new_method_call(address, "NameHasOwner", "s", (name,))
        return bool(connection.send_and_get_reply(message).body[0])
