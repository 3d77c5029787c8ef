"""Opening the window, and finding out whether there is a display. Loads almost nothing before."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from desktop.options import Options


def open_window(options: Options) -> int:
    """Open the window, or bring that of the running app to the front; gives the exit code."""
    from desktop.ipc.client import AlreadyRunning, defer_to_running_app
    from desktop.options import DemoServerFailed

    try:
        if options.demo is None:
            defer_to_running_app(quietly=options.hidden)
        # There is no garbage while modules load; the window switches its collection on again.
        gc.disable()
        from desktop.ui.app.app import run as run_window
        from desktop.ui.app.platforms import missing_display_library

        missing = missing_display_library()
        return _report_missing(missing) if missing else run_window(options)
    except ImportError as error:
        from desktop.services.wording.missing_library import library_in

        missing = library_in(str(error))
        if not missing:
            raise
        return _report_missing(missing)
    except AlreadyRunning:
        from desktop.services.system.translation import for_terminal

        # Not as other messages: click would take longer than all that the second start does.
        print(for_terminal(_already_running_message(options)), file=sys.stderr)
        return 0
    except DemoServerFailed as error:
        from desktop.cli.terminal.error_reports import report_demo_failure

        return report_demo_failure(error.__cause__)


def _report_missing(library: str) -> int:
    import shutil

    from desktop.cli.terminal.output import print_message
    from desktop.services.wording.missing_library import missing_library_message

    print_message(missing_library_message(library, shutil.which))
    return 1


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
    """Tell whether a window can open here. Qt would abort where it cannot."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen:
        # Several are tried in turn; each may have options after a colon.
        return any(_has_platform(each.partition(":")[0]) for each in chosen.split(";"))
    if sys.platform in {"win32", "darwin"}:
        return True
    # Containers and remote shells often name a display that does not exist.
    has_wayland = bool(os.environ.get("WAYLAND_DISPLAY")) and _has_platform("wayland")
    return has_wayland or _has_platform("xcb")


# What Qt needs for each of its platforms; any other name is none that this Qt has.
_WITHOUT_DISPLAY = {"offscreen", "minimal", "vnc"}
_BY_DEVICE = {"linuxfb": "/dev/fb", "eglfs": "/dev/dri/card", "vkkhrdisplay": "/dev/dri/card"}
_MOST_DEVICES = 8  # of a kind; the first may have another number than 0
_NATIVE = {"win32": {"windows", "direct2d"}, "darwin": {"cocoa"}}


def _has_platform(name: str) -> bool:
    name = name.strip().casefold()
    if name in _WITHOUT_DISPLAY:
        return True
    if sys.platform in _NATIVE:
        return name in _NATIVE[sys.platform]
    if name in _BY_DEVICE:
        devices = (f"{_BY_DEVICE[name]}{number}" for number in range(_MOST_DEVICES))
        return any(os.access(each, os.R_OK | os.W_OK) for each in devices)
    if name == "xcb":
        return _is_served_by_x(os.environ.get("DISPLAY", ""))
    return name in {"wayland", "wayland-egl"} and _is_served(_wayland_socket())


def _wayland_socket() -> str:
    # libwayland: a name is in the runtime folder, and without one it is this.
    name = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    if name.startswith("/"):
        return name
    return f"{folder}/{name}" if folder else ""


def _is_served_by_x(display: str) -> bool:
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not (number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER):
        return False
    if host.rpartition("/")[2] in {"", "unix"}:
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
        return _is_served(path) or _is_served(f"\0{path}")
    return _is_served_by_network(host.rpartition("/")[2], _FIRST_PORT + int(number))


_LONGEST_NUMBER = 5  # digits
_FIRST_PORT = 6000  # of X servers
_CONNECT_TIMEOUT = 1.0  # seconds


def _is_served(address: str) -> bool:
    if not address:
        return False
    import _socket  # `socket` is slow to load, and nothing else before the first paint needs it

    client = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        client.settimeout(_CONNECT_TIMEOUT)
        client.connect(address)
    except (OSError, ValueError):  # also where the path is too long
        return False
    finally:
        client.close()
    return True


def _is_served_by_network(host: str, port: int) -> bool:
    """Tell whether an X server listens elsewhere, such as one forwarded by ssh."""
    import socket

    try:
        socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True
