"""The proxies that a Linux desktop has set for an address, found through its portal.

These are the settings of the desktop's own dialog, and scripts (PAC) where the desktop runs them:
https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.ProxyResolver.html
"""

import contextlib
import logging

_log = logging.getLogger(__name__)

_TIMEOUT = 5.0  # seconds; a proxy script may take a while


def query_portal(server: str) -> list[str]:
    """Look up the proxies for `server`, `direct://` for none; empty without a portal. Blocks."""
    from jeepney import DBusAddress, MessageFlag, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    portal = DBusAddress(
        "/org/freedesktop/portal/desktop",
        bus_name="org.freedesktop.portal.Desktop",
        interface="org.freedesktop.portal.ProxyResolver",
    )
    request = new_method_call(portal, "Lookup", "s", (server,))
    # A desktop has the portal running; elsewhere it must not be started for this.
    request.header.flags |= MessageFlag.no_auto_start
    try:
        connection = open_dbus_connection()
        with contextlib.closing(connection):
            answer = connection.send_and_get_reply(request, timeout=_TIMEOUT)
        if answer.header.message_type is not MessageType.method_return:
            return []
        (found,) = answer.body
        return [str(each) for each in found]
    # KeyError: there is no bus. The others: no portal, an error, another answer, or none in time.
    except (KeyError, OSError, ValueError, TypeError) as error:
        _log.info("no proxy portal: %s", type(error).__name__)
        return []
