"""The command line: what can be asked for, and which part of the program does it."""

from __future__ import annotations

import argparse
import gc
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop import __version__
from desktop.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktop.demo import DemoOptions

_EXAMPLES = """\
examples:
  xdr-login                        open the window
  xdr-login --profile northwind    open it with that profile
  xdr-login --hidden               start in the tray, as at login
  xdr-login --terminal             sign in here, without a window
  xdr-login --demo                 try it against a server that runs inside the program
  xdr-login --demo --token-lifetime 40
                                   the same, with a token that lives forty seconds
"""


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` ask for; gives the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.selftest:
        from desktop.selftest import run as run_selftest

        return run_selftest()
    if given.set_client_password:
        from desktop.cli.client_password import store

        return store(given.profile)
    if given.set_proxy_password:
        from desktop.cli.client_password import store_for_proxy

        return store_for_proxy(given.profile)
    windowed = not given.terminal and has_display()
    interactive = sys.stdin is not None and sys.stdin.isatty()
    options = Options(profile=given.profile, verbose=given.verbose, hidden=given.hidden)
    if given.demo:
        options.demo = _demo_options(given, by_itself=not windowed and not interactive)
    elif given.approve or given.token_lifetime or given.code_lifetime:
        parser.error("the options of the demo server need --demo")
    if given.hidden and not windowed:
        parser.error("--hidden needs a display, and goes without --terminal")
    if windowed:
        return _run_window(options)
    from desktop.cli.terminal import run as run_terminal

    return run_terminal(options, why="" if given.terminal else "There is no display")


def _run_window(options: Options) -> int:
    from desktop.ipc.client import AlreadyRunning, hand_over

    try:
        if options.demo is None:
            hand_over(quietly=options.hidden)
        # Collecting garbage finds none while modules load; the window switches it on again.
        gc.disable()
        from desktop.ui.app import run as run_window

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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xdr-login",
        description="Sign in to Cisco XDR, or any RFC 8628 provider, with a code and a browser.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"xdr-login {__version__}")
    parser.add_argument("--profile", metavar="NAME", help="the profile to sign in with")
    parser.add_argument("--terminal", action="store_true", help="sign in without a window")
    parser.add_argument(
        "--hidden", action="store_true", help="start in the tray, without the window"
    )
    parser.add_argument("--verbose", action="store_true", help="write more into the log file")
    parser.add_argument(
        "--selftest", action="store_true", help="check that this installation is whole, and end"
    )
    parser.add_argument(
        "--set-client-password",
        action="store_true",
        help="ask for the password of the profile's client and put it into the keyring",
    )
    parser.add_argument(
        "--set-proxy-password",
        action="store_true",
        help="the same for the password of the profile's user at the proxy",
    )
    demo = parser.add_argument_group("the demo server (needs the extra “demo”)")
    demo.add_argument("--demo", action="store_true", help="sign in to a server inside the program")
    demo.add_argument(
        "--approve",
        action="store_true",
        help="let the demo analyst approve by itself after a few seconds",
    )
    for name, text in (
        ("--token-lifetime", "how long a token lives"),
        ("--code-lifetime", "how long a code lives"),
    ):
        demo.add_argument(name, type=_seconds, metavar="SECONDS", help=text)
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 1 <= seconds <= 86400:
        raise argparse.ArgumentTypeError("from 1 to 86400 seconds")
    return seconds


def _demo_options(given: argparse.Namespace, *, by_itself: bool) -> DemoOptions:
    from desktop.services.paths import demo_is_installed

    if not demo_is_installed():
        sys.exit("The demo server is not installed: pip install 'xdr-login[demo]'")
    from desktop.demo import DemoOptions

    chosen: dict[str, Any] = {
        "token_lifetime": given.token_lifetime,
        "code_lifetime": given.code_lifetime,
        "approve_after": _APPROVAL_DELAY if given.approve or by_itself else None,
    }
    return DemoOptions(**{name: value for name, value in chosen.items() if value is not None})


_APPROVAL_DELAY = 3.0  # seconds
