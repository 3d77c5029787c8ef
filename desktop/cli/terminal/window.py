"""Opens the window, or finds that there is no display for one. Loads next to nothing before."""

from __future__ import annotations

import gc
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.options import Options


def open_window(options: Options) -> int:
    """Show the window of this program, or of the one that runs; gives the exit code."""
    from desktop.ipc.client import AlreadyRunning, defer_to_running_app

    try:
        if options.demo is None:
            defer_to_running_app(quietly=options.hidden)
        # Collecting garbage finds none while modules load; the window switches it on again.
        gc.disable()
        from desktop.ui.app.app import run as run_window

        return run_window(options)
    except AlreadyRunning:
        done = "" if options.hidden else " Its window was brought to the front."
        other = " Quit it first to start with another profile." if options.profile else ""
        print(f"XDR Login is already running.{done}{other}", file=sys.stderr)
        return 0


def has_display() -> bool:
    """Whether a window can be shown here."""
    if sys.platform in {"win32", "darwin"}:
        return True
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    # Containers and remote shells often name a display that nobody serves: Qt would abort.
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
    # Of a display elsewhere, as ssh forwards it, only a connection would tell.
    return host not in {"", "unix"} or _is_served(socket_name) or _is_served(f"\0{socket_name}")


def _is_served(address: str) -> bool:
    if not address:
        return False
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        return client.connect_ex(address) == 0
