"""The AppImage on a bare Debian: mounted, or unpacked where that is not possible; nothing stays."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.packages.trial import try_out
from tests.rigs.chroot import Chroot
from tests.rigs.process import wait_until

LIBRARIES = Path(__file__).parents[2] / "packaging" / "requirements" / "debian-run.txt"
PATIENCE = 30.0


def traces(folder: Path) -> list[str]:
    """What is left where it is mounted or unpacked."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".mount_xdr")]


def test_it_works_on_a_bare_system_that_cannot_mount_it(chroot: Chroot, appimage: Path) -> None:
    lines = LIBRARIES.read_text("utf-8").splitlines()
    libraries = [line for line in lines if not line.startswith("#")]
    install = ("apt-get", "install", "--yes", "--no-install-recommends")
    chroot.run(*install, "ca-certificates", *libraries)
    told = try_out(chroot, chroot.copy_in(appimage))
    assert "/tmp/.mount_xdr-login-" in told  # noqa: S108
    assert traces(chroot.root / "tmp") == []


@pytest.mark.parametrize("way", ["mounted", "unpacked"])
def test_here_it_leaves_nothing_behind(appimage: Path, tmp_path: Path, way: str) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    if way == "unpacked":
        environment["APPIMAGE_EXTRACT_AND_RUN"] = "1"
    command = [str(appimage), "--selftest"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"{tmp_path}/.mount_xdr-login-" in done.stdout
    assert traces(tmp_path) == []


def test_it_passes_on_the_exit_code_and_the_arguments(appimage: Path) -> None:
    assert (
        subprocess.run([appimage, "--nonsense"], check=False, capture_output=True).returncode == 2
    )


def test_asked_to_end_it_ends_in_order(appimage: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen([appimage, "--demo"], env=environment) as process:
        wait_until(lambda: traces(tmp_path) != [], "the mounted folder")
        time.sleep(3)  # until the program heeds signals
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert traces(tmp_path) == []


def test_a_bare_start_is_quick(appimage: Path) -> None:
    took = []
    for _ in range(5):
        start = time.monotonic()
        subprocess.run([appimage, "--version"], check=True, capture_output=True)
        took.append(time.monotonic() - start)
    assert sorted(took)[2] < 0.9
