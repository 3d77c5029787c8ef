"""Checks of an installed app."""

import re
from pathlib import Path

from desktop import __version__
from tests.rigs.chroot import Chroot

# What the window requires of a system; packages of other formats don't install it on Debian.
LIBRARIES = Path(__file__).parents[2] / "packaging" / "requirements" / "debian-run.txt"
LAST_LINE = r"✓ Signed in to Northwind SOC as \S+@northwind.example \(expires \d\d:\d\d[^)]*\)\."


def try_out(system: Chroot, command: str) -> str:
    """Run the self-test and sign in as a user; return the output of the self-test."""
    version = system.run_as_user(f"{command} --version")
    assert (version.stdout, version.stderr) == (f"xdr-login {__version__}\n", "")
    tested = system.run_as_user(f"{command} --selftest")
    assert tested.returncode == 0, tested.stdout
    assert tested.stderr == ""
    assert tested.stdout.endswith(f"XDR Login {__version__}: all checks passed\n")
    signed_in = system.run_as_user(f"{command} --demo --approve login")
    assert (signed_in.returncode, signed_in.stdout) == (0, "")
    assert re.fullmatch(LAST_LINE, signed_in.stderr.splitlines()[-1])
    return tested.stdout


def install_libraries(system: Chroot) -> None:
    """Install the libraries with apt, because rpm and AppImage don't."""
    lines = LIBRARIES.read_text("utf-8").splitlines()
    libraries = [line for line in lines if not line.startswith("#")]
    install = ("apt-get", "install", "--yes", "--no-install-recommends")
    system.run(*install, "ca-certificates", *libraries)


def missing_libraries(system: Chroot, bundle: str) -> list[str]:
    """Return the libraries that the loader does not find for the bundle."""
    folders = f"{bundle}/_internal:{bundle}/_internal/PySide6/Qt/lib"
    look = (
        f'export LD_LIBRARY_PATH={folders}; find {bundle} -name "*.so*" -type f '
        '| xargs ldd 2>/dev/null | grep "not found" | sort -u'
    )
    return system.run("sh", "-c", look, check=False).stdout.splitlines()
