"""The settings of a desktop portal, as a real service: `python appearance_portal.py BUS`.

Each line of its input is a setting that changes: `NAMESPACE KEY SIGNATURE VALUE`. It prints
`ready`, and a line for each change.
"""

import sys
import threading

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

PORTAL = "org.freedesktop.portal.Desktop"
SETTINGS = DBusAddress(
    "/org/freedesktop/portal/desktop", interface="org.freedesktop.portal.Settings"
)

values: dict[tuple[str, str], tuple[str, object]] = {}


def answer(connection: DBusConnection) -> None:
    """Answer `Read`; a setting that nobody has set is an error, as in the portal."""
    while True:
        message = connection.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        value = values.get(tuple(message.body))
        if message.header.fields[HeaderFields.member] == "Read" and value is not None:
            connection.send(new_method_return(message, "v", (("v", value),)))
        else:
            connection.send(new_error(message, "org.freedesktop.portal.Error.NotFound"))


def main(address: str) -> None:
    """Serve until the input ends."""
    connection = open_dbus_connection(address)
    connection.send_and_get_reply(message_bus.RequestName(PORTAL))
    # Two threads share the socket: one only receives, the other only sends.
    threading.Thread(target=answer, args=(connection,), daemon=True).start()
    _say("ready")
    for line in sys.stdin:
        namespace, key, signature, number = line.split()
        value = (signature, bool(int(number)) if signature == "b" else int(number))
        values[namespace, key] = value
        connection.send(new_signal(SETTINGS, "SettingChanged", "ssv", (namespace, key, value)))
        _say(line.strip())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
