import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop.oauth.errors import UnsafeAddress
from desktop.services.system import browsers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="desktop entries are of Linux")
LINK = "https://login.example/device?a=1&b=$(touch%20x);c"
ENTRY = "[Desktop Entry]\nName={name}\nExec={command} %U\nMimeType={kinds}\n{more}"
HTTPS = "text/html;x-scheme-handler/https;"


@pytest.fixture
def applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    folder = tmp_path / "own" / "applications"
    folder.mkdir(parents=True)
    (tmp_path / "shared" / "applications").mkdir(parents=True)
    return folder


def add(
    folder: Path, name: str, command: str = "/bin/true", kinds: str = HTTPS, more: str = ""
) -> None:
    text = ENTRY.format(name=name, command=command, kinds=kinds, more=more)
    (folder / f"{name.lower()}.desktop").write_text(text)


def test_browsers_are_the_entries_that_open_https(applications: Path) -> None:
    add(applications, "Fox")
    add(applications, "Editor", kinds="text/plain;")
    add(applications, "Gone", command="/nowhere/at/all")
    add(applications, "Veiled", more="NoDisplay=true\n")
    (applications / "broken.desktop").write_text("no entry at all")
    (applications / "bytes.desktop").write_bytes(b"\xff\xfe")
    found = browsers.find_browsers()
    assert [(each.id, each.name, each.command) for each in found] == [
        ("fox.desktop", "Fox", ("/bin/true",))
    ]


def test_the_users_entry_hides_the_systems_entry(applications: Path, tmp_path: Path) -> None:
    add(tmp_path / "shared" / "applications", "Fox")
    add(applications, "Fox", more="Hidden=true\n")
    assert browsers.find_browsers() == ()


def test_a_link_is_passed_to_the_browser_as_one_argument(
    applications: Path, tmp_path: Path
) -> None:
    noted, script = tmp_path / "noted", tmp_path / "browser"
    os.mkfifo(noted)  # to read it is to wait for who writes it
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{noted}"\n')
    script.chmod(0o755)
    add(applications, "Fox", command=f'"{script}" --new-window')
    assert browsers.open_in("fox.desktop", LINK)
    assert noted.read_text().splitlines() == ["--new-window", LINK]


def test_a_missing_browser_is_reported(applications: Path) -> None:
    assert applications.is_dir()
    assert not browsers.open_in("fox.desktop", "https://login.example/")


@pytest.mark.parametrize("link", ["--help", "file:///etc/passwd", "http://login.example/"])
def test_only_a_safe_address_reaches_a_browser(applications: Path, link: str) -> None:
    add(applications, "Fox")
    with pytest.raises(UnsafeAddress):
        browsers.open_in("fox.desktop", link)


# The default browser


@pytest.fixture
def programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], list[list[str]]]:
    """Install a program, which notes its arguments and then does what it should."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setattr(browsers, "FAILURE_DELAY", 0.3)
    calls: list[list[str]] = []
    start = subprocess.Popen

    def note(command: list[str], **options: Any) -> Any:  # noqa: ANN401 - as `Popen`
        calls.append([Path(command[0]).name, *command[1:]])
        return start(command, **options)

    monkeypatch.setattr(subprocess, "Popen", note)

    def install(name: str, does: str) -> list[list[str]]:
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
        return calls

    return install


Install = Callable[[str, str], list[list[str]]]


@pytest.mark.parametrize("code", [1, 2, 3, 4, 127])
def test_an_opener_that_fails_is_noticed(programs: Install, code: int) -> None:
    calls = programs("xdg-open", f"exit {code}")
    assert not browsers.open_default(LINK)
    assert calls == [["xdg-open", LINK]]


@pytest.mark.parametrize("does", ["exit 0", "exec /bin/sleep 0.5"])
def test_an_opener_that_ends_well_or_stays_has_opened_it(programs: Install, does: str) -> None:
    programs("xdg-open", does)
    assert browsers.open_default(LINK)


def test_no_opener_and_no_browser_is_noticed(programs: Install) -> None:
    assert programs("other", "exit 0") == []
    assert not browsers.open_default(LINK)


@pytest.mark.parametrize(
    ("variable", "command"),
    [
        ("fox", ["fox", LINK]),
        ("fox --new-window", ["fox", "--new-window", LINK]),
        ("fox --open=%s --title=100%%%c", ["fox", f"--open={LINK}", "--title=100%:"]),
        ("fox '%s' x", ["fox", LINK, "x"]),
        ("gone:broken 'x:fox", ["fox", LINK]),
        ("bad:fox", ["fox", LINK]),
        (":fox:other", ["fox", LINK]),
    ],
)
def test_the_variable_browser_is_tried_in_its_order(
    programs: Install, monkeypatch: pytest.MonkeyPatch, variable: str, command: list[str]
) -> None:
    programs("xdg-open", "exit 3")
    programs("bad", "exit 1")
    calls = programs("fox", "exit 0")
    monkeypatch.setenv("BROWSER", variable)
    assert browsers.open_default(LINK)
    assert calls[-1] == command
