"""The rpm package, installed and removed with rpm on a minimal Debian.

This does not test that dnf finds the dependencies, because there is no Fedora repository.
"""

import subprocess
from pathlib import Path

from builder.processor import this_processor

from desktop import __version__
from tests.packages.trial import try_out
from tests.rigs.chroot import Chroot

# apt installs the libraries, because rpm has no packages with them on Debian.
LIBRARIES = Path(__file__).parents[2] / "packaging" / "requirements" / "debian-run.txt"


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


def test_the_package_is_installed_works_and_is_removed(chroot: Chroot, rpm_file: Path) -> None:
    lines = LIBRARIES.read_text("utf-8").splitlines()
    libraries = [line for line in lines if not line.startswith("#")]
    install = ("apt-get", "install", "--yes", "--no-install-recommends")
    chroot.run(*install, "ca-certificates", *libraries)
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
