"""The part of a desktop portal that returns proxies, on its own bus.

`python -m tests.rigs.portal ADDRESS` runs one. It returns a proxy only for `PAC_HOST`.
"""

import contextlib
import sys
from collections.abc import Iterator

from tests.rigs.process import run_program, wait_until
from tests.rigs.secret_service import Bus

PORTAL = "org.freedesktop.portal.Desktop"
PAC_HOST = "login.example"
READY = "listens"


@contextlib.contextmanager
def run_portal(bus: Bus) -> Iterator[None]:
    """Run the portal on the bus."""
    command = [sys.executable, "-m", "tests.rigs.portal", bus.address]
    with run_program(command, bus.environment) as program:
        wait_until(lambda: READY in program.read_output(), "the portal on the bus", program)
        yield


def main(address: str) -> None:
    """Serve until the process is ended."""
    from jeepney import new_error, new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection(address) as own:
        own.send_and_get_reply(message_bus.RequestName(PORTAL))
        sys.stdout.write(f"{READY}\n")
        sys.stdout.flush()
        while True:
            call = own.receive()
            if call.header.fields.get(3) != "Lookup":  # HeaderFields.member
                continue
            host = call.body[0].split("/")[2]
            if host == "refused.example":
                own.send(new_error(call, "org.freedesktop.portal.Error.Failed"))
                continue
            found = ["http://pac.example:8080"] if host == PAC_HOST else []
            own.send(new_method_return(call, "as", ([*found, "direct://"],)))


if __name__ == "__main__":
    main(sys.argv[1])
