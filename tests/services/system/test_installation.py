"""How XDR Login was installed: real marks of pipx, uv and pip in a folder."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from desktop.services.system import about
from desktop.services.system.about import command_to_install, installer

MARKS = {
    "pipx": ("pipx_metadata.json", "{}"),
    "uv tool": ("uv-receipt.toml", '[tool]\nrequirements = [{ name = "xdr-login" }]\n'),
    "uv": ("pyvenv.cfg", "home = /usr/bin\nimplementation = CPython\nuv = 0.9.2\n"),
    "pip": ("pyvenv.cfg", "home = /usr/bin\ncommand = /usr/bin/python3 -m venv /tmp/uv = 1\n"),
}


def install(folder: Path, by: str, monkeypatch: pytest.MonkeyPatch, **origin: object) -> None:
    """Make an environment in `folder`, where XDR Login came from `origin`."""
    name, text = MARKS[by]
    (folder / name).write_text(text)
    monkeypatch.setattr(sys, "prefix", str(folder))
    found = SimpleNamespace(read_text=lambda _: json.dumps(origin) if origin else None)
    monkeypatch.setattr(about, "distribution", lambda _: found)


@pytest.mark.parametrize("name", MARKS)
def test_the_program_that_installed_it_is_recognized(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, name, monkeypatch)
    assert installer() == name


@pytest.mark.skipif(sys.platform == "win32", reason="quotes as POSIX shells do")
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("pipx", "pipx install --force 'xdr-login[demo]'"),
        ("uv tool", "uv tool install --force 'xdr-login[demo]'"),
        ("uv", "uv pip install 'xdr-login[demo]'"),
        ("pip", "pip install 'xdr-login[demo]'"),
    ],
)
def test_an_extra_is_installed_the_way_xdr_login_was(
    name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, name, monkeypatch)
    assert command_to_install("demo") == command


@pytest.mark.skipif(sys.platform == "win32", reason="a path of POSIX")
def test_an_extra_of_a_checkout_comes_from_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "pipx", monkeypatch, url="file:///srv/my%20xdr", dir_info={})
    assert command_to_install("demo") == "pipx install --force '/srv/my xdr[demo]'"


def test_in_the_project_of_uv_an_extra_is_synchronized(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "uv", monkeypatch, url="file:///srv/x", dir_info={"editable": True})
    assert command_to_install("demo") == "uv sync --extra demo"


def test_a_distribution_with_unreadable_records_is_named_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "pip", monkeypatch, url=1, dir_info=[])
    assert command_to_install("demo").startswith("pip install ")
    assert "xdr-login[demo]" in command_to_install("demo")
