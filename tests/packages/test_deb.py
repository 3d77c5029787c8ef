"""The Debian package on a minimal Debian: install, upgrade and remove.

The tests run in order on the same system.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builder.product import product

from tests.packages.trial import missing_libraries, try_out
from tests.rigs.chroot import USER, Chroot
from tests.rigs.display import Display

INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends")


@pytest.fixture(scope="module")
def before(chroot: Chroot) -> set[str]:
    """The files before anything was installed."""
    return chroot.files()


@pytest.fixture(scope="module")
def older(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of an older version, with a file that the new one does not have."""
    tree = tmp_path_factory.mktemp("older") / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", str(deb), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    text = re.sub(r"(?m)^Version: .*$", "Version: 0.0.9", control.read_text("utf-8"))
    control.write_text(text, "utf-8")
    (tree / "usr" / "lib" / "xdr-login" / "gone.txt").write_text("gone", "utf-8")
    file = tree.with_name("older.deb")
    command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(file)]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(tree)
    return file


def test_an_older_version_is_installed(chroot: Chroot, before: set[str], older: Path) -> None:
    assert not any("xdr" in name for name in before)
    chroot.run(*INSTALL, chroot.copy_in(older))
    assert (chroot.root / "usr/lib/xdr-login/gone.txt").exists()


def test_an_upgrade_leaves_only_files_of_the_new_version(chroot: Chroot, deb: Path) -> None:
    chroot.run(*INSTALL, chroot.copy_in(deb))
    version = chroot.run("dpkg-query", "--show", "--showformat=${Version}", "xdr-login").stdout
    assert version == product().version
    assert not (chroot.root / "usr/lib/xdr-login/gone.txt").exists()


def test_the_installed_app_works_for_a_user(chroot: Chroot) -> None:
    output = try_out(chroot, "xdr-login")
    assert "/usr/lib/xdr-login/_internal" in output


def test_the_window_is_painted_on_a_real_display(chroot: Chroot, display: Display) -> None:
    shown = {"DISPLAY": display.name, "QT_QPA_PLATFORM": "xcb"}
    done = chroot.run_as_user("xdr-login --selftest", **shown)
    assert done.returncode == 0, done.stdout
    assert " on xcb, " in done.stdout


def test_every_library_finds_what_it_needs(chroot: Chroot) -> None:
    assert missing_libraries(chroot, "/usr/lib/xdr-login") == []


def test_running_the_app_changes_no_installed_file(chroot: Chroot) -> None:
    assert chroot.run("dpkg", "--verify", "xdr-login").stdout == ""


def test_a_purge_leaves_nothing(chroot: Chroot, before: set[str]) -> None:
    chroot.run("apt-get", "purge", "--yes", "xdr-login")
    left = {name for name in chroot.files() - before if "xdr" in name.lower()}
    assert {name for name in left if not name.startswith(("/home/", "/srv/"))} == set()
    # Packages do not remove files of users, such as the empty lock file of the sign-in.
    files = [name for name in left if (chroot.root / name[1:]).is_file()]
    own = f"/home/{USER}/.local/state/xdr-login/locks/(demo).lock"
    assert [name for name in files if name.startswith("/home/")] == [own]


def test_lintian_finds_nothing(deb: Path) -> None:
    strict = ["lintian", "--allow-root", "--fail-on", "error,warning", str(deb)]
    done = subprocess.run(strict, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
