"""Where policies are found, and whom they are believed from."""

import os
import plistlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

from desktop.services.configuration import policy_sources as module
from desktop.services.configuration.policy_reader import parse_policy
from desktop.services.configuration.policy_sources import (
    RawPolicy,
    UnusablePolicyError,
    find_policy,
    read_plist,
    read_registry,
    read_toml,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files have no owner of that kind")
ME = os.getuid() if sys.platform != "win32" else 0

Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    folder = tmp_path / "xdr-login"
    folder.mkdir(mode=0o755)

    def write_it(content: bytes) -> Path:
        file = folder / "policy"
        file.write_bytes(content)
        file.chmod(0o644)
        return file

    return write_it


def test_a_file_of_the_administrator_is_read(write: Write) -> None:
    file = write("\ufeffdevice_grant = false".encode())
    assert read_toml(file, owner=ME) == RawPolicy(str(file), {"device_grant": False})


def test_where_there_is_no_file_there_is_no_policy(tmp_path: Path) -> None:
    assert read_toml(tmp_path / "none" / "policy.toml") is None
    (tmp_path / "file").touch()
    assert read_toml(tmp_path / "file" / "policy.toml") is None


def test_a_file_of_somebody_else_is_refused_and_not_passed_over(write: Write) -> None:
    with pytest.raises(UnusablePolicyError, match="must belong to root"):
        read_toml(write(b""), owner=ME + 1)


@pytest.mark.parametrize("of_folder", [False, True])
def test_what_others_may_write_is_refused(write: Write, *, of_folder: bool) -> None:
    file = write(b"")
    (file.parent if of_folder else file).chmod(0o777)
    with pytest.raises(UnusablePolicyError, match="must be writable by root only"):
        read_toml(file, owner=ME)


@pytest.mark.skipif(ME != 0, reason="only root can give a file to another group")
def test_a_group_that_may_write_is_others_too(write: Write) -> None:
    file = write(b"")
    os.chown(file, 0, 1000)
    file.chmod(0o664)
    with pytest.raises(UnusablePolicyError, match="policy must be writable by root only"):
        read_toml(file)


def test_the_folder_that_a_link_leads_to_counts_too(write: Write, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    (elsewhere / "policy.toml").write_text("")
    (elsewhere / "policy.toml").chmod(0o644)  # whatever the umask of who runs this
    file = write(b"")
    file.unlink()
    file.symlink_to(elsewhere / "policy.toml")
    with pytest.raises(UnusablePolicyError, match="elsewhere must be writable by root only"):
        read_toml(file, owner=ME)


def test_a_link_to_nothing_is_a_policy_that_is_not_known(write: Write, tmp_path: Path) -> None:
    file = write(b"")
    file.unlink()
    file.symlink_to(tmp_path / "gone")
    with pytest.raises(UnusablePolicyError, match="broken symbolic link"):
        read_toml(file, owner=ME)


def test_a_file_that_cannot_be_read_is_a_policy_that_is_not_known(write: Write) -> None:
    file = write(b"")
    file.unlink()
    file.mkdir(mode=0o755)
    file.chmod(0o755)  # whatever the umask is
    with pytest.raises(UnusablePolicyError, match="Is a directory"):
        read_toml(file, owner=ME)


@pytest.mark.parametrize("content", [b"device_grant = ", b"\xff", b"a = " + b"[" * 5000])
def test_what_is_no_toml_is_told(write: Write, content: bytes) -> None:
    with pytest.raises(UnusablePolicyError):
        read_toml(write(content), owner=ME)


# macOS


@pytest.mark.parametrize("format", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_managed_preferences_are_read(write: Write, format: plistlib.PlistFormat) -> None:  # noqa: A002
    members = {"device_grant": False, "formats": {"curl": False}}
    file = write(plistlib.dumps({**members, "PayloadUUID": "1"}, fmt=format))
    assert read_plist(file, owner=ME) == RawPolicy(str(file), members)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"bplist00",
        b"bplist00\xff\xff",
        b"<plist><dict>",
        b"<plist><integer>x</integer></plist>",
        b"<plist><dict><true/></dict></plist>",
        plistlib.dumps(["a"]),
    ],
)
def test_what_is_no_property_list_is_told(write: Write, content: bytes) -> None:
    with pytest.raises(UnusablePolicyError):
        read_plist(write(content), owner=ME)


@pytest.mark.skipif(sys.platform == "win32", reason="made with mkfifo")
def test_a_policy_that_is_a_pipe_or_endless_is_not_known(write: Write) -> None:
    file = write(b"")
    file.unlink()
    os.mkfifo(file, 0o600)
    for read in (read_toml, read_plist):
        with pytest.raises(UnusablePolicyError, match="not a regular file"):
            read(file, owner=ME)
    file.unlink()
    os.truncate(write(b""), 2**40)
    with pytest.raises(UnusablePolicyError, match="the file is larger than"):
        read_toml(file, owner=ME)


def test_a_number_of_5000_digits_is_told(write: Write) -> None:
    digits = "0x" + "f" * 5000
    with pytest.raises(UnusablePolicyError, match="a number has too many digits"):
        read_toml(write(f"x = {digits}".encode()), owner=ME)
    plist = f"<plist><dict><key>x</key><integer>{digits}</integer></dict></plist>"
    with pytest.raises(UnusablePolicyError, match="a number has too many digits"):
        read_plist(write(plist.encode()), owner=ME)


def test_without_managed_preferences_there_is_no_policy(tmp_path: Path) -> None:
    assert read_plist(tmp_path / "none.plist") is None


# Windows


@dataclass
class FakeKey:
    values: dict[str, object]
    path: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@dataclass
class FakeRegistry:
    """What is used of winreg: keys by their path, each with its values."""

    keys: dict[str, dict[str, object]] = field(default_factory=dict)
    error: OSError | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    HKEY_LOCAL_MACHINE: int = 0x80000002
    KEY_READ: int = 0x20019
    KEY_WOW64_64KEY: int = 0x100

    def OpenKey(self, *arguments: Any) -> FakeKey:  # noqa: ANN401
        self.asked.append(arguments)
        if self.error is not None:
            raise self.error
        if arguments[1] not in self.keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return FakeKey(self.keys[arguments[1]], arguments[1])

    def QueryInfoKey(self, key: FakeKey) -> tuple[int, int, int]:
        return len(self._below(key)), len(key.values), 0

    def EnumKey(self, key: FakeKey, number: int) -> str:
        return self._below(key)[number]

    def _below(self, key: FakeKey) -> list[str]:
        paths = [each.rpartition("\\") for each in self.keys]
        return [name for path, _, name in paths if path == key.path]

    def EnumValue(self, key: FakeKey, number: int) -> tuple[str, object, int]:
        name, value = list(key.values.items())[number]
        return name, value, 1


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    fake, winreg = FakeRegistry(), ModuleType("winreg")
    names = (each for each in dir(fake) if each[0].isupper())
    vars(winreg).update({name: getattr(fake, name) for name in names})
    monkeypatch.setitem(sys.modules, "winreg", winreg)
    return fake


def test_the_key_of_windows_is_read_with_its_tables(registry: FakeRegistry) -> None:
    registry.keys = {
        r"Software\Policies\XDRLogin": {"": "", "device_grant": 0},
        r"Software\Policies\XDRLogin\settings": {"clipboard_seconds": 15},
    }
    assert read_registry() == RawPolicy(
        r"HKLM\Software\Policies\XDRLogin",
        {"device_grant": 0, "settings": {"clipboard_seconds": 15}},
        numbers_are_switches=True,
    )
    machine = FakeRegistry.HKEY_LOCAL_MACHINE
    assert {(each[0], each[3]) for each in registry.asked} == {(machine, 0x20119)}


def test_a_table_is_known_whatever_its_capitals(registry: FakeRegistry) -> None:
    registry.keys = {
        r"Software\Policies\XDRLogin": {},
        r"Software\Policies\XDRLogin\Formats": {"curl": 0},
    }
    found = read_registry()
    assert found is not None
    assert parse_policy(found).forbidden_formats == {"CURL"}


def test_a_slip_in_the_name_of_a_table_is_told(registry: FakeRegistry) -> None:
    registry.keys = {
        r"Software\Policies\XDRLogin": {"device_grant": 0},
        r"Software\Policies\XDRLogin\format": {"curl": 0},
    }
    found = read_registry()
    assert found is not None
    with pytest.raises(UnusablePolicyError, match="did you mean `formats`"):
        parse_policy(found)


def test_without_a_key_or_with_an_empty_one_there_is_no_policy(registry: FakeRegistry) -> None:
    assert read_registry() is None
    registry.keys = {r"Software\Policies\XDRLogin": {}}
    assert read_registry() is None


def test_a_key_that_cannot_be_read_is_a_policy_that_is_not_known(registry: FakeRegistry) -> None:
    registry.error = PermissionError(13, "Access is denied")
    with pytest.raises(UnusablePolicyError, match="Access is denied"):
        read_registry()


# The system


@pytest.mark.parametrize(
    ("system", "reader", "place"),
    [
        ("linux", "read_toml", ("/etc/xdg/xdr-login/policy.toml",)),
        (
            "darwin",
            "read_plist",
            ("/Library/Managed Preferences/io.github.xdr_login.XDRLogin.plist",),
        ),
        ("win32", "read_registry", ()),
    ],
)
def test_each_system_has_its_place_which_no_variable_moves(
    monkeypatch: pytest.MonkeyPatch, system: str, reader: str, place: tuple[str, ...]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", "/somewhere/else")
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(module, reader, lambda *where: asked.append(tuple(map(str, where))))
    find_policy()
    assert asked == [place]
