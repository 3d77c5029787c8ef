"""dnf of this computer, on another root: install from the repository, upgrade and remove.

The tests run in order on the same system. It is a Debian, where apt has installed the libraries,
and one package stands for all that Fedora would install.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder.product import product

from tests.packages.trial import install_libraries, try_out
from tests.rigs import requirements
from tests.rigs.chroot import Chroot
from tests.rigs.repository import PublishedRepository, serve_repository
from tests.rigs.tiny_packages import make_key, tiny_deb, tiny_rpm

OLDER, NEWER = "0.0.9", "99.0"
PACKAGES = "dnf/x86_64/Packages"
# Debian's rpm has its database in the home folder, below the other root.
ENVIRONMENT = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
FEDORA = """\
[fedora]
name=What Fedora would provide
baseurl=file://{folder}
gpgcheck=0
"""


@pytest.fixture(scope="module")
def key() -> str:
    requirements.require("dnf", "dnf", "createrepo_c", "rpmsign")
    return make_key()


@pytest.fixture(scope="module")
def repository(key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublishedRepository]:
    """Serve a repository with an older version."""
    with serve_repository(tmp_path_factory.mktemp("repository") / "published") as served:
        served.publish(tiny_packages(tmp_path_factory.mktemp("older"), OLDER), key)
        yield served


@pytest.fixture(scope="module")
def system(
    chroot: Chroot,
    repository: PublishedRepository,
    rpm_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Chroot:
    """Provide a system that knows the repository."""
    install_libraries(chroot)
    fedora = tmp_path_factory.mktemp("fedora")
    tiny_rpm(fedora, "1", name="fedora", provides=requirements_of(rpm_file))
    run("createrepo_c", "--quiet", str(fedora))
    folder = chroot.root / "etc" / "yum.repos.d"
    folder.mkdir()
    shutil.copy(repository.folder / "dnf" / "xdr-login.repo", folder)
    (folder / "fedora.repo").write_text(FEDORA.format(folder=fedora), "utf-8")
    return chroot


def tiny_packages(folder: Path, version: str) -> Path:
    tiny_deb(folder, version)
    tiny_rpm(folder, version)
    return folder


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def requirements_of(rpm: Path) -> list[str]:
    lines = run("rpm", "--query", "--package", "--requires", str(rpm)).splitlines()
    return [each for each in lines if not each.startswith("rpmlib(")]


def dnf(system: Chroot, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dnf with fresh lists; the test is whether it succeeds."""
    options = (f"--installroot={system.root}", "--releasever=42", "--assumeyes", "--noplugins")
    return subprocess.run(
        ["dnf", *options, "--refresh", *arguments],
        env=ENVIRONMENT,
        check=False,
        capture_output=True,
        text=True,
    )


def installed(system: Chroot) -> str:
    command = ["rpm", "--root", str(system.root), "--query", "xdr-login"]
    done = subprocess.run(command, env=ENVIRONMENT, check=False, capture_output=True, text=True)
    return done.stdout.strip()


def test_dnf_installs_from_the_repository(system: Chroot) -> None:
    done = dnf(system, "install", "xdr-login")
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(system) == f"xdr-login-{OLDER}-1.x86_64"


def test_dnf_upgrades_to_what_was_published_later(
    system: Chroot,
    repository: PublishedRepository,
    key: str,
    deb: Path,
    rpm_file: Path,
    tmp_path: Path,
) -> None:
    for file in (deb, rpm_file):
        shutil.copy(file, tmp_path)
    repository.publish(tmp_path, key)
    done = dnf(system, "upgrade")
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed(system) == f"xdr-login-{product().version}-1.x86_64"
    assert not (system.root / "usr/lib/xdr-login/version.txt").exists()
    try_out(system, "xdr-login")


def test_altered_lists_are_refused(
    system: Chroot, repository: PublishedRepository, key: str, tmp_path: Path
) -> None:
    repository.publish(tiny_packages(tmp_path, NEWER), key)
    with repository.alter("dnf/x86_64/repodata/repomd.xml"):
        done = dnf(system, "upgrade")
    assert "repomd.xml GPG signature verification error" in done.stdout + done.stderr
    assert installed(system) == f"xdr-login-{product().version}-1.x86_64"


def test_an_altered_package_is_refused(system: Chroot, repository: PublishedRepository) -> None:
    with repository.alter(f"{PACKAGES}/xdr-login-{NEWER}-1.x86_64.rpm"):
        done = dnf(system, "upgrade")
    assert done.returncode != 0
    assert installed(system) == f"xdr-login-{product().version}-1.x86_64"


def test_a_package_without_a_signature_is_refused(
    system: Chroot, repository: PublishedRepository, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    tiny_rpm(other, NEWER)
    run("createrepo_c", "--quiet", str(other))
    key = f"{repository.address}/{product().keyring}.asc"
    checks = ("--setopt=other.gpgcheck=1", f"--setopt=other.gpgkey={key}")
    options = ("--disablerepo=xdr-login", f"--repofrompath=other,file://{other}", *checks)
    done = dnf(system, *options, "upgrade")
    assert done.returncode != 0
    assert "is not signed" in done.stdout + done.stderr
    assert installed(system) == f"xdr-login-{product().version}-1.x86_64"


def test_dnf_removes_the_package(system: Chroot) -> None:
    done = dnf(system, "remove", "xdr-login")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (system.root / "usr/lib/xdr-login").exists()
    assert not (system.root / "usr/bin/xdr-login").exists()
