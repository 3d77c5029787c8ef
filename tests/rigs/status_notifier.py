"""A StatusNotifier tray, which gets items and menus over D-Bus, as in KDE and GNOME.

`python -m tests.rigs.status_notifier ADDRESS` runs one and prints its content when it changes:
one JSON object per line, with the tooltip and the entries of the menu.
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.secret_service import Bus

WATCHER = "org.kde.StatusNotifierWatcher"
READY = "listens"


@dataclass(frozen=True, slots=True)
class NotifierHost:
    """The running tray."""

    program: Program

    def shown(self) -> dict[str, Any]:
        """Return the current content; empty if there is none."""
        whole, _, _ = self.program.read_output().rpartition("\n")
        lines = [line for line in whole.splitlines() if line.startswith("{")]
        shown: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return shown

    def wait_for(self, words: str) -> dict[str, Any]:
        """Wait until the first menu entry and the second line of the tooltip start with `words`."""
        # The app updates one after the other.
        wait_until(lambda: _matches(self.shown(), words), f"{words!r} in the tray", self.program)
        return self.shown()


def _matches(shown: dict[str, Any], words: str) -> bool:
    _, _, below = shown.get("tooltip", "").partition("\n")
    return all(each.startswith(words) for each in (shown.get("menu", [""])[0], below))


@contextlib.contextmanager
def run_notifier_host(bus: Bus) -> Iterator[NotifierHost]:
    """Run a tray on the bus."""
    command = [sys.executable, "-m", "tests.rigs.status_notifier", bus.address]
    with run_program(command, bus.environment) as program:
        wait_until(lambda: READY in program.read_output(), "the tray on the bus", program)
        yield NotifierHost(program)


def main(address: str) -> None:
    """Serve until the process is ended."""
    from jeepney import new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection(address) as own, open_dbus_connection(address) as client:
        own.send_and_get_reply(message_bus.RequestName(WATCHER))
        print_line(READY)
        item, printed = "", ""
        while True:
            with contextlib.suppress(TimeoutError):
                call = own.receive(timeout=0.1)
                member = call.header.fields.get(3)  # HeaderFields.member
                if member == "RegisterStatusNotifierItem":
                    own.send(new_method_return(call))
                    item = call.body[0]
                elif member in {"Get", "GetAll"}:
                    own.send(answer_about_host(call, member))
            shown = json.dumps(read_item(client, item)) if item else ""
            if shown != printed:
                printed = shown
                print_line(shown)
            time.sleep(0.05)


def answer_about_host(call: Any, member: str) -> Any:  # noqa: ANN401 - jeepney has no types
    """Answer that a host is registered."""
    from jeepney import new_method_return

    if member == "Get":
        return new_method_return(call, "v", (("b", True),))
    registered = {"IsStatusNotifierHostRegistered": ("b", True)}
    return new_method_return(call, "a{sv}", (registered,))


def read_item(client: Any, item: str) -> dict[str, Any]:  # noqa: ANN401 - jeepney has no types
    """Return tooltip and menu of `item`."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.wrappers import Properties

    icon = DBusAddress("/StatusNotifierItem", item, "org.kde.StatusNotifierItem")
    (properties,) = client.send_and_get_reply(Properties(icon).get_all()).body
    menu = DBusAddress(properties["Menu"][1], item, "com.canonical.dbusmenu")
    layout = new_method_call(menu, "GetLayout", "iias", (0, -1, []))
    _, (_, _, lines) = client.send_and_get_reply(layout).body
    return {
        "tooltip": properties["ToolTip"][1][2],
        "sizes": [width for width, _, _ in properties["IconPixmap"][1]],
        "menu": [
            members["label"][1] if "label" in members else "---"
            for _, (_, members, _) in lines
            if members["visible"][1]
        ],
    }


def print_line(line: str) -> None:
    """Print and flush."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
