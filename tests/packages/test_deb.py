"""The package of Debian, on a bare one: from nothing to an upgrade, and away without a trace.

The tests follow one another on the same system.
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
    """What was there before anything was installed."""
    return chroot.files()


@pytest.fixture(scope="module")
def older(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package as a version before, with a file that has gone since."""
    tree = tmp_path_factory.mktemp("older") / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", str(deb), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    text = re.sub(r"(?m)^Version: .*$", "Version: 0.0.9", control.read_text("utf-8"))
    control.write_text(text, "utf-8")
    (tree / "usr" / "lib" / "xdr-login" / "gone.txt").write_text("gone", "utf-8")
    file = tree.with_name("older.deb")
    how = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(file)]
    subprocess.run(how, check=True, capture_output=True)
    shutil.rmtree(tree)
    return file


def test_the_version_before_is_installed_from_nothing(
    chroot: Chroot, before: set[str], older: Path
) -> None:
    assert not any("xdr" in name for name in before)
    chroot.run(*INSTALL, chroot.copy_in(older))
    assert (chroot.root / "usr/lib/xdr-login/gone.txt").exists()


def test_an_upgrade_leaves_what_the_new_version_brings(chroot: Chroot, deb: Path) -> None:
    chroot.run(*INSTALL, chroot.copy_in(deb))
    told = chroot.run("dpkg-query", "--show", "--showformat=${Version}", "xdr-login").stdout
    assert told == product().version
    assert not (chroot.root / "usr/lib/xdr-login/gone.txt").exists()


def test_it_works_for_a_person_who_is_not_root(chroot: Chroot) -> None:
    told = try_out(chroot, "xdr-login")
    assert "/usr/lib/xdr-login/_internal" in told


def test_its_window_is_painted_on_a_real_display(chroot: Chroot, display: Display) -> None:
    shown = {"DISPLAY": display.name, "QT_QPA_PLATFORM": "xcb"}
    done = chroot.run_as_user("xdr-login --selftest", **shown)
    assert done.returncode == 0, done.stdout
    assert " on xcb, " in done.stdout


def test_every_library_finds_what_it_needs(chroot: Chroot) -> None:
    assert missing_libraries(chroot, "/usr/lib/xdr-login") == []


def test_nothing_was_changed_by_running_it(chroot: Chroot) -> None:
    assert chroot.run("dpkg", "--verify", "xdr-login").stdout == ""


def test_a_purge_leaves_nothing(chroot: Chroot, before: set[str]) -> None:
    chroot.run("apt-get", "purge", "--yes", "xdr-login")
    left = {name for name in chroot.files() - before if "xdr" in name.lower()}
    assert {name for name in left if not name.startswith(("/home/", "/srv/"))} == set()
    # What the person has: the lock of the sign-in, empty. It is theirs, and no package removes it.
    files = [name for name in left if (chroot.root / name[1:]).is_file()]
    own = f"/home/{USER}/.local/state/xdr-login/locks/(demo).lock"
    assert [name for name in files if name.startswith("/home/")] == [own]


def test_lintian_finds_no_fault(deb: Path) -> None:
    strict = ["lintian", "--allow-root", "--fail-on", "error,warning", str(deb)]
    done = subprocess.run(strict, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
