"""apt on a minimal Debian: install from the repository, upgrade and remove.

The tests run in order on the same system, for each version of Debian.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder.product import product

from tests.packages.trial import try_out
from tests.rigs import chroot as rig
from tests.rigs.chroot import Chroot
from tests.rigs.repository import PublishedRepository, serve_repository
from tests.rigs.tiny_packages import make_key, tiny_deb, tiny_rpm

OLDER, NEWER = "0.0.9", "99.0"
POOL = "apt/pool/main/x/xdr-login"
LISTS = "apt/dists/stable"
# Without it, apt keeps the lists it has and succeeds.
STRICT = ("-o", "APT::Update::Error-Mode=any")


@pytest.fixture(scope="module", params=["bookworm", "trixie", "sid"])
def system(request: pytest.FixtureRequest) -> Iterator[Chroot]:
    rig.require_root()
    with rig.bare_system(request.param) as bare:
        yield bare


@pytest.fixture(scope="module")
def key() -> str:
    return make_key()


@pytest.fixture(scope="module")
def repository(
    system: Chroot, key: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PublishedRepository]:
    """Serve a repository with an older version."""
    with serve_repository(tmp_path_factory.mktemp("repository") / system.root.name) as served:
        served.publish(tiny_packages(tmp_path_factory.mktemp("older"), OLDER), key)
        yield served


@pytest.fixture(scope="module")
def before(system: Chroot) -> set[str]:
    """The files before anything was installed."""
    return system.files()


def tiny_packages(folder: Path, version: str) -> Path:
    tiny_deb(folder, version)
    tiny_rpm(folder, version)
    return folder


def installed_version(system: Chroot) -> str:
    query = ("dpkg-query", "--show", "--showformat=${Version}", "xdr-login")
    return system.run(*query).stdout


def test_apt_installs_from_the_repository(
    system: Chroot, repository: PublishedRepository, before: set[str]
) -> None:
    assert not any("xdr" in name for name in before)
    keyring = system.copy_in(repository.folder / "xdr-login-archive-keyring.deb")
    system.run("apt", "install", "--yes", keyring)
    system.run("apt", "update", *STRICT)
    system.run("apt", "install", "--yes", "xdr-login")
    assert installed_version(system) == OLDER
    assert any("/by-hash/" in path for path in repository.requests)


def test_apt_upgrades_to_what_was_published_later(
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
    system.run("apt", "update", *STRICT)
    system.run("apt", "upgrade", "--yes", "--no-install-recommends")
    assert installed_version(system) == product().version
    try_out(system, "xdr-login")


def test_the_older_version_can_still_be_installed(system: Chroot) -> None:
    listed = system.run("apt-cache", "madison", "xdr-login").stdout.splitlines()
    versions = [line.split("|")[1].strip() for line in listed]
    assert versions == [product().version, OLDER]


def test_an_altered_list_is_refused(
    system: Chroot, repository: PublishedRepository, key: str, tmp_path: Path
) -> None:
    repository.publish(tiny_packages(tmp_path, NEWER), key)
    with repository.alter(f"{LISTS}/InRelease"):
        done = system.run("apt", "update", *STRICT, check=False)
    assert done.returncode != 0
    assert "InRelease" in done.stdout + done.stderr
    assert NEWER not in system.run("apt-cache", "madison", "xdr-login").stdout


def test_a_list_with_the_signature_of_another_key_is_refused(
    system: Chroot, repository: PublishedRepository, tmp_path: Path
) -> None:
    with serve_repository(tmp_path / "other") as other:
        folder = tmp_path / "packages"
        folder.mkdir()
        other.publish(tiny_packages(folder, NEWER), make_key())
        release = (other.folder / LISTS / "InRelease").read_bytes()
    repository.altered[f"/{LISTS}/InRelease"] = release
    done = system.run("apt", "update", *STRICT, check=False)
    repository.altered.clear()
    assert done.returncode != 0
    assert NEWER not in system.run("apt-cache", "madison", "xdr-login").stdout


def test_an_altered_package_is_refused(system: Chroot, repository: PublishedRepository) -> None:
    system.run("apt", "update", *STRICT)
    with repository.alter(f"{POOL}/xdr-login_{NEWER}_amd64.deb"):
        done = system.run("apt", "upgrade", "--yes", check=False)
    assert done.returncode != 0
    assert "Hash Sum mismatch" in done.stdout + done.stderr
    assert installed_version(system) == product().version


def test_lintian_finds_nothing_in_the_keyring_package(repository: PublishedRepository) -> None:
    package = repository.folder / f"{product().keyring}.deb"
    strict = ["lintian", "--allow-root", "--fail-on", "error,warning", str(package)]
    done = subprocess.run(strict, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_purge_leaves_nothing(system: Chroot, before: set[str]) -> None:
    system.run("apt", "purge", "--yes", "xdr-login", product().keyring)
    left = {name for name in system.files() - before if "xdr" in name.lower()}
    assert {name for name in left if not name.startswith(("/home/", "/srv/"))} == set()
    system.run("apt", "update", *STRICT)
