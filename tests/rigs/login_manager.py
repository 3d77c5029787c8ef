"""A login manager and the screensavers, as real services on a bus: `python login_manager.py BUS`.

With further arguments the screen is locked already: each is a screensaver's name or `login` for
who says so.

It owns the names of systemd-logind and of every screensaver, knows one session, and sends the
signals that its input names, one a line: `sleep`, `wake`, `lock`, `unlock`, `away`, `back`,
`elsewhere` (of a session that is not ours), or a screensaver's name with `on` or `off`. It prints
`ready`, and a line for each signal that was sent.
"""

import sys
import threading

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

SCREENSAVERS = {
    "org.freedesktop.ScreenSaver": "/org/freedesktop/ScreenSaver",
    "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver",
    "org.xfce.ScreenSaver": "/org/xfce/ScreenSaver",
    "org.cinnamon.ScreenSaver": "/org/cinnamon/ScreenSaver",
    "org.mate.ScreenSaver": "/",
}
LOGIN = "org.freedesktop.login1"
SESSION = "/org/freedesktop/login1/session/_31"
OTHER_SESSION = "/org/freedesktop/login1/session/_32"


is_active = threading.Event()
is_active.set()


def properties_changed(path: str, *, active: bool) -> Message:
    """Tell that a session became active or not, as logind does: with the value."""
    address = DBusAddress(path, interface="org.freedesktop.DBus.Properties")
    nothing: list[str] = []
    body = ("org.freedesktop.login1.Session", {"Active": ("b", active)}, nothing)
    return new_signal(address, "PropertiesChanged", "sa{sv}as", body)


def session_signal(path: str, name: str) -> Message:
    return new_signal(DBusAddress(path, interface="org.freedesktop.login1.Session"), name)


def sleep_signal(*, begins: bool) -> Message:
    manager = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")
    return new_signal(manager, "PrepareForSleep", "b", (begins,))


SIGNALS = {
    "sleep": [sleep_signal(begins=True)],
    "wake": [sleep_signal(begins=False)],
    "lock": [session_signal(SESSION, "Lock")],
    "unlock": [session_signal(SESSION, "Unlock")],
    "away": [properties_changed(SESSION, active=False)],
    "back": [properties_changed(SESSION, active=True)],
    "elsewhere": [
        session_signal(OTHER_SESSION, "Lock"),
        properties_changed(OTHER_SESSION, active=False),
    ],
    **{
        f"{name} {word}": [
            new_signal(DBusAddress(path, interface=name), "ActiveChanged", "b", (word == "on",))
        ]
        for name, path in SCREENSAVERS.items()
        for word in ("on", "off")
    },
}


def answer(connection: DBusConnection, locked: list[str]) -> None:
    """Answer the methods that are called."""
    while True:
        message = connection.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        member = message.header.fields[HeaderFields.member]
        if member == "GetSession":
            connection.send(new_method_return(message, "o", (SESSION,)))
        elif member == "Get":
            _, name = message.body
            value = is_active.is_set() if name == "Active" else "login" in locked
            connection.send(new_method_return(message, "v", (("b", value),)))
        elif member == "GetActive":
            name = message.header.fields[HeaderFields.interface]
            if message.header.fields[HeaderFields.path] == SCREENSAVERS[name]:
                connection.send(new_method_return(message, "b", (name in locked,)))
        else:
            connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))


def note_activity(word: str) -> None:
    if word == "away":
        is_active.clear()
    elif word == "back":
        is_active.set()


def main(address: str, *locked: str) -> None:
    """Serve until the input ends."""
    connection = open_dbus_connection(address)
    for name in (LOGIN, *SCREENSAVERS):
        connection.send_and_get_reply(message_bus.RequestName(name))
    # Two threads share the socket: one only receives, the other only sends.
    threading.Thread(target=answer, args=(connection, list(locked)), daemon=True).start()
    _say("ready")
    for line in sys.stdin:
        note_activity(line.strip())
        for each in SIGNALS[line.strip()]:
            connection.send(each)
        _say(line.strip())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
