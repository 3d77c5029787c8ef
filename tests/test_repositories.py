"""The apt and dnf repositories, made of small packages; tests/packages installs from them."""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from builder import __main__ as command
from builder.product import ROOT, product
from builder.repository import make
from builder.repository.dnf import signing_keys
from builder.repository.make import make_repositories
from builder.repository.signing import (
    KEY,
    PASSPHRASE,
    RepositoryError,
    SecretKey,
    open_signer,
    take_key,
)

from tests.rigs import requirements
from tests.rigs.tiny_packages import make_key, tiny_deb, tiny_rpm

WORD = "correct horse"
PROGRAMS = ("apt-ftparchive", "createrepo_c", "dpkg-deb", "gpg", "rpmbuild", "rpmsign")
POOL = "apt/pool/main/x/xdr-login"
RPMS = "dnf/x86_64/Packages"


@pytest.fixture(scope="module")
def key() -> str:
    requirements.require_linux("repository")
    requirements.require("repository", *PROGRAMS)
    return make_key(WORD)


@pytest.fixture(scope="module")
def built(key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a folder with a .deb and an .rpm of the versions 1.0 and 1.1."""
    del key  # checks what is installed
    folder = tmp_path_factory.mktemp("built")
    for version in ("1.0", "1.1"):
        tiny_deb(folder, version)
        tiny_rpm(folder, version)
    return folder


@pytest.fixture(scope="module")
def signed_once(built: Path, key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signed")
    return sign(copy_version("1.0", built, folder / "dist"), folder / "repository", key)


@pytest.fixture
def packages(built: Path, tmp_path: Path) -> Path:
    """Provide a folder with a .deb and an .rpm of version 1.0."""
    return copy_version("1.0", built, tmp_path / "dist")


@pytest.fixture
def signed(signed_once: Path, tmp_path: Path) -> Path:
    """Provide signed repositories with version 1.0."""
    return shutil.copytree(signed_once, tmp_path / "repository")


def copy_version(version: str, built: Path, folder: Path) -> Path:
    """Copy the packages of one version to a folder that may exist."""
    folder.mkdir(exist_ok=True)
    for file in built.glob(f"*[_-]{version}[_-]*"):
        shutil.copy(file, folder)
    return folder


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Provide the folder for temporary files, with a short path."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def sign(packages: Path, folder: Path, key: str) -> Path:
    said = make_repositories(packages, folder, key=SecretKey(key, WORD))
    assert said.startswith("Signed with ")
    return folder


def verify(folder: Path, *files: str, keys_of: Path | None = None) -> None:
    """Check signatures with the keys that are published in the folder, or in another one."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        ring = f"{home}/key.gpg"
        armored = str((keys_of or folder) / "xdr-login-archive-keyring.asc")
        dearmor = ["gpg", "--homedir", home, "--output", ring, "--dearmor", armored]
        subprocess.run(dearmor, check=True, capture_output=True)
        command = ["gpgv", "--homedir", home, "--keyring", ring, *files]
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run(*command: str) -> str:
    """Run a program, which must succeed, and return its output."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sums(folder: Path, *patterns: str) -> dict[str, str]:
    """Return the checksums of files by name."""
    files = [path for pattern in patterns for path in folder.rglob(pattern)]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file()
    }


def test_without_a_key_it_says_that_nothing_is_signed(packages: Path, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    said = make_repositories(packages, folder, key=None)
    assert said == make.UNSIGNED + "\n"
    assert "REPOSITORY_KEY is not set" in said
    apt = (folder / "apt" / "xdr-login.sources").read_text("utf-8")
    assert "Trusted: yes" in apt
    assert "Signed-By" not in apt
    dnf = (folder / "dnf" / "xdr-login.repo").read_text("utf-8")
    assert "gpgcheck=0\nrepo_gpgcheck=0\n" in dnf
    assert "gpgkey" not in dnf
    assert sums(folder, "InRelease", "*.gpg", "*.asc", "*keyring*") == {}


def test_all_lists_are_signed_with_the_published_key(signed: Path) -> None:
    suite = "apt/dists/stable"
    verify(signed, f"{suite}/InRelease")
    verify(signed, f"{suite}/Release.gpg", f"{suite}/Release")
    repodata = "dnf/x86_64/repodata"
    verify(signed, f"{repodata}/repomd.xml.asc", f"{repodata}/repomd.xml")
    dnf = (signed / "dnf" / "xdr-login.repo").read_text("utf-8")
    assert "gpgcheck=1\nrepo_gpgcheck=1\n" in dnf
    assert f"gpgkey={product().repository.address}/xdr-login-archive-keyring.asc\n" in dnf


def test_every_rpm_is_signed_with_the_published_key(signed: Path, tmp_path: Path) -> None:
    database = ("--dbpath", str(tmp_path / "rpm"))
    key = str(signed / "xdr-login-archive-keyring.asc")
    run("rpmkeys", *database, "--import", key)
    files = sorted(str(path) for path in signed.rglob("*.rpm"))
    checked = run("rpmkeys", *database, "--checksig", "--define", "_pkgverify_level all", *files)
    assert checked == f"{files[0]}: digests signatures OK\n"


def test_apt_gets_lists_by_checksum_for_a_limited_time(signed: Path) -> None:
    suite = signed / "apt" / "dists" / "stable"
    release = (suite / "Release").read_text("utf-8")
    assert "Acquire-By-Hash: yes\n" in release
    assert not re.search(r"(?m)^(MD5Sum|SHA1):", release)
    made_at, until = (
        datetime.strptime(value, "%a, %d %b %Y %H:%M:%S %z")
        for value in re.findall(r"(?m)^(?:Date|Valid-Until): (.+)$", release)
    )
    assert until - made_at == timedelta(days=product().repository.valid_days)
    lists = suite / "main" / "binary-amd64"
    for name in ("Packages", "Packages.gz", "Packages.xz"):
        content = (lists / name).read_bytes()
        by_hash = lists / "by-hash" / "SHA256" / hashlib.sha256(content).hexdigest()
        assert by_hash.read_bytes() == content


def test_the_keyring_package_contains_the_address_and_the_key(signed: Path, tmp_path: Path) -> None:
    (pooled,) = (signed / f"{POOL}-archive-keyring").iterdir()
    package = signed / "xdr-login-archive-keyring.deb"
    assert package.read_bytes() == pooled.read_bytes()
    tree = tmp_path / "keyring"
    run("dpkg-deb", "--raw-extract", str(package), str(tree))
    sources = (tree / "etc/apt/sources.list.d/xdr-login.sources").read_text("utf-8")
    assert f"URIs: {product().repository.address}/apt\nSuites: stable\n" in sources
    ring = "usr/share/keyrings/xdr-login-archive-keyring.gpg"
    assert f"Signed-By: /{ring}\n" in sources
    assert "Trusted" not in sources
    release = str(signed / "apt" / "dists" / "stable" / "InRelease")
    run("gpgv", "--keyring", str(tree / ring), release)
    assert (tree / "DEBIAN/conffiles").read_text() == "/etc/apt/sources.list.d/xdr-login.sources\n"


def test_the_keyring_package_can_be_checked_before_it_is_installed(signed: Path, key: str) -> None:
    text = (ROOT / "docs" / "install.md").read_text("utf-8")
    (commands,) = re.findall(r"```sh\n(dpkg-deb --info .*?)```", text, re.DOTALL)
    done = subprocess.run(["sh", "-ec", commands], cwd=signed, check=True, capture_output=True)  # noqa: S607
    members = re.findall(r"(?m)^ +\d+ bytes, +\d+ lines +\*? +(\S+)", done.stdout.decode())
    assert members == ["conffiles", "control", "md5sums"]
    with open_signer(SecretKey(key, WORD)) as signer:
        assert signer.fingerprint in done.stdout.decode()


def test_nothing_of_the_secret_key_stays(
    packages: Path, key: str, tmp_path: Path, temporary: Path
) -> None:
    folder = sign(packages, tmp_path / "repository", key)
    assert list(temporary.iterdir()) == []
    for path in folder.rglob("*"):
        assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()
    assert str(temporary).encode() not in running_commands()


def running_commands() -> bytes:
    """Return the command lines of all processes."""
    found = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes() + b"\n"
        except OSError:  # it has ended
            continue
    return found


def test_no_program_that_builds_gets_the_key(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited: list[str] = []

    def build(*_: object) -> str:
        inherited.append(run("env"))
        return ""

    monkeypatch.setenv(KEY, "a key")
    monkeypatch.setenv(PASSPHRASE, WORD)
    monkeypatch.setattr(command, "ROOT", packages.parent)
    monkeypatch.setattr(command, "build", build)
    command.main(["deb", "repo"])
    assert len(inherited) == 1
    assert "REPOSITORY_KEY" not in inherited[0]


def test_the_key_is_in_no_environment_and_no_text_about_it(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, key)
    monkeypatch.setenv(PASSPHRASE, WORD)
    taken = take_key()
    assert taken == SecretKey(key, WORD)
    assert repr(taken) == "SecretKey()"
    with open_signer(taken) as signer:
        assert not {KEY, PASSPHRASE} & signer.environment.keys()


@pytest.mark.parametrize(
    ("text", "passphrase", "expected", "message"),
    [
        ("", "wrong", "", "gpg could not use the key"),
        ("not a key", WORD, "", "gpg could not use the key"),
        ("", WORD, "0" * 40, r"has the fingerprint [0-9A-F]{40}. product.toml requires 0{40}"),
    ],
)
def test_a_key_that_cannot_sign_is_an_error(
    key: str, temporary: Path, text: str, passphrase: str, expected: str, message: str
) -> None:
    given = SecretKey(text or key, passphrase)
    with pytest.raises(RepositoryError, match=message), open_signer(given, expected):
        pass
    assert list(temporary.iterdir()) == []


def test_a_new_version_is_added_and_the_older_one_stays(
    signed: Path, built: Path, key: str, tmp_path: Path
) -> None:
    before = sums(signed, "*.deb", "*.rpm")
    sign(copy_version("1.1", built, tmp_path / "dist"), signed, key)
    after = sums(signed, "*.deb", "*.rpm")
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {
        f"{POOL}/xdr-login_1.1_amd64.deb",
        f"{RPMS}/xdr-login-1.1-1.x86_64.rpm",
    }
    lists = (signed / "apt/dists/stable/main/binary-amd64/Packages").read_text("utf-8")
    assert {"Version: 1.0", "Version: 1.1"} <= set(lists.splitlines())


def test_the_same_files_and_key_give_the_same_packages(
    signed: Path, packages: Path, key: str, tmp_path: Path
) -> None:
    again = sign(packages, tmp_path / "again", key)
    assert sums(again, "*.deb", "*.rpm") == sums(signed, "*.deb", "*.rpm")


def test_another_key_follows_without_a_break(packages: Path, key: str, tmp_path: Path) -> None:
    later = make_key(WORD)
    old, new = public_part(key), public_part(later)
    before = sign(packages, tmp_path / "before", f"{key}\n{new}")
    after = sign(packages, tmp_path / "after", f"{later}\n{old}")
    for one, other in ((before, after), (after, before)):
        verify(one, "apt/dists/stable/InRelease", keys_of=other)
    database = ("--dbpath", str(tmp_path / "rpm"))
    run("rpmkeys", *database, "--import", str(before / "xdr-login-archive-keyring.asc"))
    strict = ("--define", "_pkgverify_level all")
    for file in (*before.rglob("*.rpm"), *after.rglob("*.rpm")):
        checked = run("rpmkeys", *database, "--checksig", *strict, str(file))
        assert checked == f"{file}: digests signatures OK\n"


def public_part(key: str) -> str:
    """Return the public key of a secret one."""
    with open_signer(SecretKey(key, WORD)) as signer:
        return signer.public_keys(armored=True).decode("ascii")


def test_a_published_package_is_never_replaced(signed: Path, packages: Path, key: str) -> None:
    deb = packages / "xdr-login_1.0_amd64.deb"
    deb.write_bytes(deb.read_bytes() + b"\n")
    before = sums(signed, "*.deb")
    with pytest.raises(
        RepositoryError, match=r"different xdr-login_1.0_amd64.deb.*Raise the version"
    ):
        make_repositories(packages, signed, key=SecretKey(key, WORD))
    assert sums(signed, "*.deb") == before


def test_signed_repositories_do_not_become_unsigned(signed: Path, packages: Path) -> None:
    before = sums(signed, "*")
    with pytest.raises(RepositoryError, match=r"repository/ is signed. Set REPOSITORY_KEY"):
        make_repositories(packages, signed, key=None)
    assert sums(signed, "*") == before


def test_an_unsigned_repository_can_be_signed_later(
    packages: Path, key: str, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    make_repositories(packages, folder, key=None)
    sign(packages, folder, key)
    assert not (folder / "apt" / "xdr-login.sources").exists()
    (rpm,) = folder.rglob("*.rpm")
    assert signing_keys(rpm)


def test_the_command_says_what_to_build_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert command.main(["repo"]) == 1
    said = capsys.readouterr().err
    assert said == "dist/ has no .deb or no .rpm. Run: python3 dev.py package deb rpm repo\n"


def test_the_command_makes_the_repositories_of_what_was_built(
    packages: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "ROOT", packages.parent)
    assert command.main(["repo"]) == 0
    assert capsys.readouterr().out == f"repo ...\n{make.UNSIGNED}\n"
    assert (packages.parent / "repository" / POOL / "xdr-login_1.0_amd64.deb").exists()
    assert (packages / "xdr-login_1.0_amd64.deb").exists()
