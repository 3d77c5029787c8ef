"""Which proxies a Linux desktop wants for an address: its portal tells, as it tells Flatpaks.

What the desktop's own dialog says counts, and scripts (PAC) where the desktop can run them:
https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.ProxyResolver.html
"""

import contextlib
import logging

_log = logging.getLogger(__name__)

_TIMEOUT = 5.0  # seconds, of which a script may need some


def query_portal(server: str) -> list[str]:
    """The addresses to try for `server`, `direct://` for none; empty without a portal. Blocks."""
    from jeepney import DBusAddress, MessageFlag, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    portal = DBusAddress(
        "/org/freedesktop/portal/desktop",
        bus_name="org.freedesktop.portal.Desktop",
        interface="org.freedesktop.portal.ProxyResolver",
    )
    asking = new_method_call(portal, "Lookup", "s", (server,))
    # A desktop has it running; elsewhere nothing is to be started for this.
    asking.header.flags |= MessageFlag.no_auto_start
    try:
        connection = open_dbus_connection()
        with contextlib.closing(connection):
            answer = connection.send_and_get_reply(asking, timeout=_TIMEOUT)
    # KeyError: there is no bus. The others: it is not there, refuses, or does not answer in time.
    except (KeyError, OSError, ValueError) as error:
        _log.info("no portal tells the proxy: %s", type(error).__name__)
        return []
    if answer.header.message_type is not MessageType.method_return:
        return []
    (found,) = answer.body
    return [str(each) for each in found]
