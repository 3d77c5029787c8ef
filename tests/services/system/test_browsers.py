import os
import sys
from pathlib import Path

import pytest

from desktop.oauth.errors import UnsafeAddress
from desktop.services.system import browsers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="desktop entries are of Linux")
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
    link = "https://login.example/device?a=1&b=$(touch%20x);c"
    assert browsers.open_in("fox.desktop", link)
    assert noted.read_text().splitlines() == ["--new-window", link]


def test_a_missing_browser_is_reported(applications: Path) -> None:
    assert applications.is_dir()
    assert not browsers.open_in("fox.desktop", "https://login.example/")


@pytest.mark.parametrize("link", ["--help", "file:///etc/passwd", "http://login.example/"])
def test_only_a_safe_address_reaches_a_browser(applications: Path, link: str) -> None:
    add(applications, "Fox")
    with pytest.raises(UnsafeAddress):
        browsers.open_in("fox.desktop", link)
