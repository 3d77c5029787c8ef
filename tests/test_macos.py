"""Parts of the .app that can be tested without a Mac: property lists, icon, layout."""

import plistlib
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from builder import icns, macho, macos
from builder.product import product

from desktop import __version__
from desktop.services.system.components import COMPONENTS_FILE

ARM, INTEL = 0x0100000C, 0x01000007


def thin(processor: int, major: int, minor: int) -> bytes:
    """Build a macOS program that contains only its minimum version."""
    command = struct.pack("<6I", 0x32, 24, 1, major << 16 | minor << 8, 0, 0)
    return struct.pack("<8I", 0xFEEDFACF, processor, 0, 2, 1, len(command), 0, 0) + command


def fat(*parts: tuple[int, bytes]) -> bytes:
    """Build a universal binary."""
    at, heads, bodies = 8 + 20 * len(parts), b"", b""
    for processor, data in parts:
        heads += struct.pack(">5I", processor, 0, at + len(bodies), len(data), 0)
        bodies += data
    return struct.pack(">2I", 0xCAFEBABE, len(parts)) + heads + bodies


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An .app without faults."""
    contents = tmp_path / macos.app_name() / "Contents"
    parts = tmp_path / "parts"
    icon = macos.write_parts(parts)
    (contents / "MacOS").mkdir(parents=True)
    (contents / "MacOS" / product().package).write_bytes(thin(ARM, 11, 0))
    (contents / "Frameworks").mkdir()
    both = fat((INTEL, thin(INTEL, 13, 0)), (ARM, thin(ARM, 13, 0)))
    (contents / "Frameworks" / "QtCore").write_bytes(both)
    (contents / "Resources" / "licenses").mkdir(parents=True)
    (contents / "Resources" / "licenses" / COMPONENTS_FILE).write_text("[]", "utf-8")
    shutil.copy(icon, contents / "Resources")
    shutil.copy(parts / "Info.plist", contents)
    return contents.parent


def test_the_plist_describes_the_product() -> None:
    values = plistlib.loads(plistlib.dumps(macos.info_plist()))
    assert values["CFBundleIdentifier"] == "io.github.xdr-login.XDRLogin"
    assert values["CFBundleShortVersionString"] == values["CFBundleVersion"] == __version__
    assert values["CFBundleExecutable"] == product().package
    assert tuple(map(int, values["LSMinimumSystemVersion"].split("."))) >= (14, 0)
    assert values["LSUIElement"] is False


def test_a_newer_qt_for_python_raises_the_minimum_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "QtCore.abi3.so").write_bytes(thin(ARM, 15, 0))
    monkeypatch.setattr(macos, "bindings", lambda: [tmp_path / "QtCore.abi3.so"])
    assert macos.oldest_system() == "15.0"
    (tmp_path / "QtCore.abi3.so").write_bytes(thin(ARM, 13, 0))
    assert macos.oldest_system() == "14.0"


def test_the_entitlements_are_the_expected_ones() -> None:
    values = plistlib.loads(macos.ENTITLEMENTS.read_bytes())
    assert values == {
        "com.apple.security.cs.disable-library-validation": True,
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
    }


def test_the_icon_contains_every_size() -> None:
    parts = icns.unpack(icns.make_icns())
    assert parts.keys() == icns.PICTURES.keys()
    for type_, picture in parts.items():
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20], "big") == icns.PICTURES[type_]


def test_the_icon_is_reproducible() -> None:
    assert icns.make_icns() == icns.make_icns()


@pytest.mark.parametrize(
    "data", [b"icns\0\0\0\x20", b"junk\0\0\0\x08", icns.pack({"ic07": b""})[:-1]]
)
def test_a_damaged_icon_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not an icns file|truncated"):
        icns.unpack(data)


def test_processors_and_versions_of_a_program_are_read(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(fat((INTEL, thin(INTEL, 13, 4)), (ARM, thin(ARM, 14, 0))))
    assert macho.read(file) == (macho.Slice("x86_64", (13, 4)), macho.Slice("arm64", (14, 0)))
    file.write_bytes(thin(ARM, 15, 1))
    assert macho.read(file) == (macho.Slice("arm64", (15, 1)),)
    for other in (
        b"",
        b"#!/bin/sh",
        b"\x7fELF" * 9,
        b"\xca\xfe\xba\xbe\0\0\0\x34",
    ):  # a Java class file
        file.write_bytes(other)
        assert macho.read(file) == ()


def test_a_good_app_has_no_faults(app: Path) -> None:
    assert macos.find_faults(app) == []


def test_every_fault_of_an_app_is_found(app: Path) -> None:
    contents = app / "Contents"
    (contents / "Resources" / "app.icns").unlink()
    (contents / "MacOS" / "notes.txt").write_text("x", "utf-8")
    (contents / "Frameworks" / "libnew.dylib").write_bytes(thin(ARM, 99, 0))
    (contents / "Frameworks" / "libintel.dylib").write_bytes(thin(INTEL, 13, 0))
    changed = macos.info_plist() | {"CFBundleVersion": "0"}
    (contents / "Info.plist").write_bytes(plistlib.dumps(changed))
    oldest = macos.oldest_system()
    assert macos.find_faults(app) == [
        "Contents/MacOS contains notes.txt, xdr-login",
        "Contents/Resources/app.icns is missing",
        f"Info.plist: CFBundleVersion is '0', not '{__version__}'",
        "libintel.dylib is not for arm64",
        f"libnew.dylib requires macOS 99.0, not {oldest}",
    ]
    (contents / "Info.plist").unlink()
    assert macos.find_faults(app) == ["Info.plist is missing"]


def test_other_systems_write_only_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    folder = macos.make_dmg(tmp_path, tmp_path, tmp_path)
    assert "only on a Mac" in capsys.readouterr().out
    assert {each.name for each in folder.iterdir()} == {
        "Info.plist",
        "app.icns",
        "entitlements.plist",
    }


def test_without_keys_signing_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_options: ran.append(command))
    for name in ("MACOS_IDENTITY", "NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    macos.sign_and_notarize(tmp_path / "x.dmg")
    assert ran == []
    assert "SKIPPED signing and notarizing" in capsys.readouterr().out
    monkeypatch.setenv("MACOS_IDENTITY", "Developer ID Application: Example")
    macos.sign_and_notarize(tmp_path / "x.dmg")
    assert [each[0] for each in ran] == ["codesign"]
    assert "SKIPPED notarizing" in capsys.readouterr().out


def test_with_all_keys_the_image_is_signed_notarized_and_stapled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_options: ran.append(command))
    for name in ("MACOS_IDENTITY", "NOTARY_KEY", "NOTARY_KEY_ID", "NOTARY_ISSUER"):
        monkeypatch.setenv(name, f"the {name}")
    macos.sign_and_notarize(tmp_path / "x.dmg")
    assert [each[:3] for each in ran] == [
        ["codesign", "--sign", "the MACOS_IDENTITY"],
        ["xcrun", "notarytool", "submit"],
        ["xcrun", "stapler", "staple"],
    ]
