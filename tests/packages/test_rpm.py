"""The rpm package, installed and removed with rpm on a minimal Debian.

test_dnf_repository.py resolves its dependencies.
"""

import subprocess
from pathlib import Path

from builder.processor import this_processor

from desktop import __version__
from tests.packages.trial import install_libraries, try_out
from tests.rigs.chroot import Chroot


def rpm(chroot: Chroot, *arguments: str) -> str:
    """Run rpm of this computer on the other system."""
    command = ["rpm", "--root", str(chroot.root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def query(*arguments: str) -> list[str]:
    done = subprocess.run(["rpm", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_the_package_requires_only_libraries_of_the_system(rpm_file: Path) -> None:
    needs = query("--query", "--package", "--requires", str(rpm_file))
    newest = "2.35" if this_processor().name == "x86_64" else "2.38"
    assert f"libc.so.6(GLIBC_{newest})(64bit)" in needs
    assert "libxcb-cursor.so.0()(64bit)" in needs
    assert not [each for each in needs if "Qt6" in each or "python3" in each or "icu" in each]
    gives = query("--query", "--package", "--provides", str(rpm_file))
    assert not [each for each in gives if ".so" in each]


def test_libraries_are_executable_and_nothing_else_is(rpm_file: Path) -> None:
    form = "[%{FILENAMES} %{FILEMODES:perms}\n]"
    files = query("--query", "--package", "--queryformat", form, str(rpm_file))
    modes = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in files}
    assert modes["/usr/lib/xdr-login/_internal/libcrypto.so.3"] == "-rwxr-xr-x"
    executable = {name for name, mode in modes.items() if mode == "-rwxr-xr-x"}
    assert {name for name in executable if ".so" not in name} == {"/usr/lib/xdr-login/xdr-login"}


def test_the_package_recommends_a_keyring(rpm_file: Path) -> None:
    recommended = query("--query", "--package", "--recommends", str(rpm_file))
    assert any("gnome-keyring or kf6-kwallet" in each for each in recommended)


def test_the_package_is_installed_works_and_is_removed(chroot: Chroot, rpm_file: Path) -> None:
    install_libraries(chroot)
    before = chroot.files()
    rpm(chroot, "--initdb")
    rpm(chroot, "--nodeps", "--install", str(rpm_file))
    name = this_processor().name
    assert rpm(chroot, "--query", "xdr-login") == f"xdr-login-{__version__}-1.{name}\n"
    try_out(chroot, "xdr-login")
    assert rpm(chroot, "--verify", "--nodeps", "xdr-login") == ""
    rpm(chroot, "--erase", "xdr-login")
    left = {name for name in chroot.files() - before if not name.startswith(("/home/", "/var/"))}
    assert {name for name in left if "xdr" in name.lower()} == set()
