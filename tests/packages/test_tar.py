"""The tar for one person, on a bare Debian: installed, run, installed anew, removed."""

from pathlib import Path

import pytest

from tests.packages.trial import try_out
from tests.rigs.chroot import USER, Chroot

LIBRARIES = Path(__file__).parents[2] / "packaging" / "requirements" / "debian-run.txt"
HOME = f"home/{USER}"
COMMAND = ".local/bin/xdr-login"


@pytest.fixture(scope="module")
def unpacked(chroot: Chroot, tar: Path) -> str:
    """A person has unpacked it, on a system with the libraries of a desktop; gives the folder."""
    lines = LIBRARIES.read_text("utf-8").splitlines()
    libraries = [line for line in lines if not line.startswith("#")]
    install = ("apt-get", "install", "--yes", "--no-install-recommends")
    chroot.run(*install, "ca-certificates", "libwayland-cursor0", "libwayland-egl1", *libraries)
    chroot.run("apt-get", "install", "--yes", "xz-utils")
    done = chroot.run_as_user(f"mkdir /tmp/un && tar -xf {chroot.copy_in(tar)} -C /tmp/un")
    assert done.returncode == 0, done.stderr
    return f"/tmp/un/{tar.name.removesuffix('.tar.xz')}"  # noqa: S108


def home_files(chroot: Chroot) -> set[str]:
    return {name for name in chroot.files() if name.startswith(f"/{HOME}/")}


@pytest.fixture(scope="module")
def before(chroot: Chroot) -> set[str]:
    return home_files(chroot)


@pytest.mark.parametrize("time", ["first", "again"])
def test_it_installs_for_the_person_alone(
    chroot: Chroot, unpacked: str, before: set[str], time: str
) -> None:
    elsewhere = chroot.files() - home_files(chroot)
    done = chroot.run_as_user(f"{unpacked}/install.sh")
    assert (done.returncode, done.stderr) == (0, ""), time
    assert chroot.files() - home_files(chroot) == elsewhere
    assert len(home_files(chroot) - before) > 100
    told = try_out(chroot, f"~/{COMMAND}")
    assert f"/{HOME}/.local/lib/xdr-login/_internal" in told


def test_the_desktop_starts_what_was_installed(chroot: Chroot) -> None:
    share = chroot.root / HOME / ".local/share"
    entry = (share / "applications/io.github.xdr_login.XDRLogin.desktop").read_text("utf-8")
    assert f'\nExec="/{HOME}/{COMMAND}"\n' in entry
    assert (share / "icons/hicolor/48x48/apps/io.github.xdr_login.XDRLogin.png").exists()


def test_removed_it_leaves_only_what_is_the_persons(chroot: Chroot, before: set[str]) -> None:
    done = chroot.run_as_user("~/.local/lib/xdr-login/uninstall.sh")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Removed.\n", "")
    caches = f"/{HOME}/.cache/fontconfig/"  # which every program with a window fills
    left = {name for name in home_files(chroot) - before if not name.startswith(caches)}
    assert [name for name in left if (chroot.root / name[1:]).is_file()] == [
        f"/{HOME}/.local/state/xdr-login/locks/(demo).lock"
    ]
