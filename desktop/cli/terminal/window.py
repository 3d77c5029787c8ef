"""Opening the window, and finding out whether there is a display. Loads almost nothing before."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.options import Options


def open_window(options: Options) -> int:
    """Open the window, or bring that of the running app to the front; gives the exit code."""
    from desktop.ipc.client import AlreadyRunning, defer_to_running_app

    try:
        if options.demo is None:
            defer_to_running_app(quietly=options.hidden)
        # There is no garbage while modules load; the window switches its collection on again.
        gc.disable()
        from desktop.ui.app.app import run as run_window

        return run_window(options)
    except AlreadyRunning:
        print(_already_running_message(options), file=sys.stderr)
        return 0


def _already_running_message(options: Options) -> str:
    from desktop.services.system.translation import translate

    if options.profile and options.hidden:
        return translate(
            "XDR Login is already running. To use another profile, quit it first: xdr-login quit"
        )
    if options.profile:
        return translate(
            "XDR Login is already running, and its window is now in front. "
            "To use another profile, choose it there."
        )
    if options.hidden:
        return translate("XDR Login is already running.")
    return translate("XDR Login is already running. Its window is now in front.")


def has_display() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return True
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    # Containers and remote shells often name a display that does not exist: Qt would abort.
    return _is_served(_wayland_socket()) or _is_served_by_x(os.environ.get("DISPLAY", ""))


def _wayland_socket() -> str:
    name = os.environ.get("WAYLAND_DISPLAY")
    return str(Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)) if name else ""


def _is_served_by_x(display: str) -> bool:
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdecimal():
        return False
    socket_name = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
    # Only a connection would tell for a display elsewhere, such as one forwarded by ssh.
    return host not in {"", "unix"} or _is_served(socket_name) or _is_served(f"\0{socket_name}")


def _is_served(address: str) -> bool:
    if not address:
        return False
    import _socket  # `socket` is slow to load, and nothing else before the first paint needs it

    client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        client.settimeout(1.0)
        return client.connect_ex(address) == 0
    finally:
        client.close()
