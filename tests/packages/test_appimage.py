"""The AppImage, mounted or unpacked, on a minimal Debian."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.packages.trial import install_libraries, try_out
from tests.rigs.chroot import Chroot
from tests.rigs.display import Display
from tests.rigs.process import wait_until

PATIENCE = 30.0
MISSING = (
    r"XDR Login requires the library (\S+), which is not installed. Run: sudo apt install (\S+)\n"
)


def mount_folders(folder: Path) -> list[str]:
    """Return the folders in which it is mounted or unpacked."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".mount_xdr")]


@pytest.fixture(scope="module")
def program(chroot: Chroot, appimage: Path) -> str:
    return chroot.copy_in(appimage)


def missing_library(chroot: Chroot, program: str, display: Display) -> tuple[str, str]:
    """Open the window, which must fail in one line; return the library and package it names."""
    shown = {"DISPLAY": display.name, "QT_QPA_PLATFORM": "xcb"}
    done = chroot.run_as_user(program, **shown)
    assert (done.returncode, done.stdout) == (1, "")
    found = re.fullmatch(MISSING, done.stderr)
    assert found is not None, done.stderr
    return found[1], found[2]


def test_on_a_bare_system_a_missing_library_is_named(
    chroot: Chroot, program: str, display: Display
) -> None:
    # Python requires this one; without it, PyInstaller's boot loader names it.
    chroot.run("apt-get", "install", "--yes", "libexpat1")
    library, package = missing_library(chroot, program, display)
    assert library.startswith("lib")
    listed = chroot.run("apt-cache", "policy", package).stdout
    assert "Installed: (none)" in listed


def test_the_appimage_works_without_fuse(chroot: Chroot, program: str) -> None:
    install_libraries(chroot)
    output = try_out(chroot, program)
    assert "/tmp/.mount_xdr-login-" in output  # noqa: S108
    assert mount_folders(chroot.root / "tmp") == []


def test_the_library_that_desktops_lack_is_named(
    chroot: Chroot, program: str, display: Display
) -> None:
    chroot.run("dpkg", "--remove", "--force-depends", "libxcb-cursor0")
    missing = missing_library(chroot, program, display)
    assert missing == ("libxcb-cursor.so.0", "libxcb-cursor0")


@pytest.mark.parametrize("mode", ["mounted", "unpacked"])
def test_the_appimage_leaves_nothing_behind(appimage: Path, tmp_path: Path, mode: str) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    if mode == "unpacked":
        environment["APPIMAGE_EXTRACT_AND_RUN"] = "1"
    command = [str(appimage), "--selftest"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"{tmp_path}/.mount_xdr-login-" in done.stdout
    assert mount_folders(tmp_path) == []


def test_arguments_and_exit_code_are_passed_on(appimage: Path) -> None:
    assert (
        subprocess.run([appimage, "--nonsense"], check=False, capture_output=True).returncode == 2
    )


def test_a_signal_quits_the_appimage(appimage: Path, tmp_path: Path) -> None:
    places = dict.fromkeys(("TMPDIR", "HOME", "XDG_RUNTIME_DIR"), str(tmp_path))
    environment = {**os.environ, **places, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen([appimage], env=environment) as process:
        # It is made once signals are handled.
        wait_until(lambda: any(tmp_path.rglob("socket")), "the socket of the app")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert mount_folders(tmp_path) == []
