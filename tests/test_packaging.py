"""The metadata of packages, checked with the validators of desktops and stores."""

import platform
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from builder import bundle, closure, elf, linux
from builder import product as module
from builder.manual import man_page
from builder.product import PACKAGING, ROOT, fill_template, product
from translations import catalogues

from desktop import __version__
from desktop.services.session.lock import polkit
from desktop.services.session.lock.presence import Purpose
from desktop.services.system import autostart
from desktop.ui.app.app import APPLICATION_ID
from tests.rigs import requirements

LINUX = PACKAGING / "linux"


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files below share/ that all Linux packages contain."""
    requirements.require_linux("packaging")
    folder = tmp_path_factory.mktemp("share")
    linux.add_share(folder)
    return folder


def check(program: str, *arguments: str) -> str:
    """Run a validator and return its output; fail if it reports an error."""
    if shutil.which(program) is None:
        requirements.skip_or_fail(f"{program} is not installed")
    done = subprocess.run(
        [program, *arguments],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class PyInstallerRuns(Exception):
    """Raised instead of building."""


def test_a_bundle_compiles_the_translations_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "de" / "LC_MESSAGES" / "xdr-login.po"
    file.parent.mkdir(parents=True)
    file.write_text('msgid ""\nmsgstr ""\n\nmsgid "Copy"\nmsgstr "Kopieren"\n', "utf-8")
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)

    def run(command: list[str], **_options: object) -> None:
        assert "PyInstaller" in command
        assert b"Kopieren" in file.with_suffix(".mo").read_bytes()
        raise PyInstallerRuns

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(PyInstallerRuns):
        bundle.make_bundle(tmp_path / "work")


def test_the_environment_that_builds_has_babel_pinned_with_hashes() -> None:
    pins = (PACKAGING / "requirements" / "package.txt").read_text("utf-8")
    assert re.search(r"^babel==[0-9.]+ \\\n +--hash=sha256:[0-9a-f]{64}", pins, re.MULTILINE)
    assert "://" not in pins


def test_the_time_of_files_is_that_of_the_last_commit_or_source_date_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements.require("packaging", "git")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1700000000 +0900")
    for command in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "Begin"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)  # noqa: S607
    assert module.last_change() == 1767225600  # tests/conftest.py
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert module.last_change() == 1700000000


def test_the_desktop_file_is_valid_and_has_the_id(share: Path) -> None:
    file = share / "applications" / f"{product().id}.desktop"
    assert check("desktop-file-validate", str(file)) == ""
    assert f"\nIcon={product().id}\n" in file.read_text("utf-8")


def test_polkit_gets_exactly_the_actions_that_are_asked_for(share: Path, tmp_path: Path) -> None:
    found = ET.fromstring(linux.polkit_actions())  # noqa: S314 - our own
    actions = {each.attrib["id"]: each for each in found.iter("action")}
    assert set(actions) == {f"{polkit.ACTIONS}.{each.value}" for each in Purpose}
    for action in actions.values():
        defaults = {each.tag: each.text for each in action.iterfind("defaults/*")}
        assert defaults == {
            "allow_any": "no",
            "allow_inactive": "no",
            "allow_active": "auth_self",
        }
    assert not (share / "polkit-1").exists()  # an AppImage has only what is below share/
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "xdr-login").touch()
    linux.make_tree(tmp_path / "tree", tmp_path / "bundle")
    place = tmp_path / "tree/usr/share/polkit-1/actions" / f"{polkit.ACTIONS}.policy"
    assert place.read_text("utf-8") == linux.polkit_actions()


def test_the_manual_is_valid_and_lists_options(share: Path) -> None:
    page = share / "man" / "man1" / "xdr-login.1.gz"
    assert check("man", "--warnings", "--local-file", str(page)).count("--selftest") == 1
    assert "\\-\\-client\\-secret\\-stdin" in man_page()


def test_completion_is_where_each_shell_looks(share: Path) -> None:
    check("bash", "-n", str(share / "bash-completion" / "completions" / "xdr-login"))
    fish = share / "fish" / "vendor_completions.d" / "xdr-login.fish"
    assert "complete " in fish.read_text()
    zsh = share / "zsh" / "site-functions" / "_xdr-login"
    assert zsh.read_text().startswith("#compdef xdr-login\n"), "compinit ignores it otherwise"


def test_the_icons_have_the_sizes_of_their_folders(share: Path) -> None:
    found = {path.parents[1].name for path in share.rglob("*.png")}
    assert found == {f"{size}x{size}" for size in product().icon_sizes}
    for path in share.rglob("*.png"):
        width = int.from_bytes(path.read_bytes()[16:20], "big")  # width in PNG's first chunk
        assert path.parents[1].name == f"{width}x{width}"


def test_the_names_match_those_of_the_app() -> None:
    assert product().id == APPLICATION_ID == autostart.ID
    assert product().name == autostart.NAME
    assert product().version == __version__
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (product().package, product().license) == (wheel["name"], wheel["license"])


def test_an_unknown_name_in_a_template_is_an_error(tmp_path: Path) -> None:
    template = tmp_path / "x.in"
    template.write_text("$unknown", "utf-8")
    with pytest.raises(KeyError):
        fill_template(str(template))


def test_every_rule_of_pruning_has_a_reason() -> None:
    rules = tomllib.loads((PACKAGING / "prune.toml").read_text("utf-8"))
    for rule in (*rules["modules"], *rules["files"]):
        assert len(rule["reason"]) > 20


def test_packaging_contains_no_address_but_the_homepage() -> None:
    # Licenses contain addresses of their authors, policy templates those of Microsoft and Apple.
    excluded = {"licenses", "policies"}
    files = [
        path for path in PACKAGING.rglob("*") if path.is_file() and not excluded & {*path.parts}
    ]
    allowed = (
        product().homepage,  # of which all others in product.toml are pages
        product().repository.address,
        "https://www.debian.org/doc/packaging-manuals/",
        "http://schemas.microsoft.com/wix/2006/wi",  # only a name
        "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd",  # the same
        "https://www.python.org/downloads/",  # where dev.py says Python is
        "https://docs.astral.sh/uv/",
        "https://aka.ms/winget-manifest.",  # of schemas, for editors
    )
    for path in files:
        if "__pycache__" not in path.parts:
            for address in re.findall(r"https?://[^\s\"'<>]+", path.read_text("utf-8")):
                assert address.startswith(allowed), f"{path.name}: {address}"


def test_versions_are_compared_as_numbers() -> None:
    assert elf.parse_version("GLIBC_2.4") < elf.parse_version("GLIBC_2.35")
    assert elf.parse_version("GLIBCXX_3.4.9") < elf.parse_version("3.4.30")


def test_faults_of_a_bundle_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libgtk-3.so.0").write_bytes(b"")
    (tmp_path / "libx.so").symlink_to("gone")
    (tmp_path / "notes").write_text(f"built in {tmp_path}", "utf-8")
    odd = elf.Binary(
        tmp_path / "libodd.so",
        platform.machine(),
        needed={"libc.so.6", "libforeign.so.1", "libgtk-3.so.0"},
        run_paths=["$ORIGIN/../lib", "/home/somebody/lib"],
        versions={"GLIBC_2.2.5", "GLIBC_2.99", "GLIBCXX_3.4.1"},
    )
    monkeypatch.setattr(closure, "binaries_in", lambda _: [odd])
    assert closure.find_faults(tmp_path, (tmp_path,)) == [
        "libforeign.so.1 is neither in the bundle nor on the list of system libraries",
        "libgtk-3.so.0 must not be in the bundle",
        "libodd.so requires GLIBC_2.99",
        "libodd.so searches for libraries in '/home/somebody/lib'",
        "libx.so is a broken link",
        f"notes contains the path {tmp_path}",
    ]


def test_the_dependencies_of_a_library_are_read() -> None:
    requirements.require_linux("packaging")
    if shutil.which("readelf") is None:
        requirements.skip_or_fail("readelf is not installed")
    (library, *_) = Path("/lib").glob("*/libexpat.so.1")
    assert "libc.so.6" in elf.read(library.resolve()).needed
