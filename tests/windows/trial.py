"""Checks of an installed app."""

import re
import subprocess
from pathlib import Path

from builder import windows as names
from builder import wine
from builder.product import PACKAGING, ROOT, product

from desktop import __version__
from tests.rigs.process import wait_until
from tests.rigs.wine import Windows

LAST_LINE = r". Signed in to Northwind SOC as \S+@northwind.example \(expires \d\d:\d\d[^)]*\)\."
LISTENS = "from desktop.ipc import client; client.open_connection().close()"


def try_out(windows: Windows, folder: Path) -> None:
    """Run the self-test of both programs, and sign in to the demo server."""
    command = folder / names.command_program()
    assert windows.run(command, "--version").stdout == f"xdr-login {__version__}\n"
    for program in (command, folder / names.window_program()):
        tested = windows.run(program, "--selftest", check=False)
        assert tested.returncode == 0, tested.stdout
        assert tested.stderr == ""
        assert tested.stdout.endswith(f"XDR Login {__version__}: all checks passed\n")
        assert "keyring: keyring.backends.Windows" in tested.stdout
        assert r"Z:\\" not in tested.stdout
    signed_in = windows.run(command, "--demo", "--approve", "login")
    assert signed_in.stdout == ""
    assert re.fullmatch(LAST_LINE, signed_in.stderr.splitlines()[-1])


def started(windows: Windows, folder: Path) -> subprocess.Popen[bytes]:
    """Start the app with its window, and wait until it answers commands."""
    program = windows.start(folder / names.window_program())
    wait_until(lambda: source(windows, LISTENS, check=False).returncode == 0, "its answer")
    assert program.poll() is None
    return program


def source(windows: Windows, code: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run code with the modules of this checkout, on Python for Windows."""
    return windows.run(wine.ensure_python(), "-c", code, check=check, more=_checkout())


def start_source(windows: Windows, code: str) -> subprocess.Popen[bytes]:
    """Start code and return while it runs."""
    return windows.start(wine.ensure_python(), "-c", code, more=_checkout())


def _checkout() -> dict[str, str]:
    python_path = ";".join(wine.windows_path(each) for each in (PACKAGING, ROOT))
    epoch = str(product().epoch)  # there is no git
    plain = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    return {"PYTHONPATH": python_path, "SOURCE_DATE_EPOCH": epoch, **plain}
