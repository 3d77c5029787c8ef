"""The Windows installers, built from a tiny bundle and read again."""

import re
import struct
import subprocess
from pathlib import Path

import pytest
from builder import msi, nsis, wine
from builder import windows as names
from builder.__main__ import MAKERS, WINDOWS_FORMATS
from builder.product import PACKAGING, product

from desktop import __version__
from desktop.services.audit.windows_log import SOURCE
from desktop.services.configuration.policy_sources import WINDOWS_KEY, WINDOWS_SUBKEYS
from desktop.services.system import autostart
from tests.rigs import requirements


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle with awkward file names."""
    folder = tmp_path / "bundle"
    others = ("_internal/a/b/c.dll", "_internal/a/b & c.txt", "_internal/base.zip")
    for name in (names.command_program(), names.window_program(), *others):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, "utf-8")
    return folder


def exported(file: Path, table: str) -> list[list[str]]:
    """Return the rows of a table in a package."""
    command = ["msiinfo", "export", str(file), table]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in output.splitlines()[3:]]


@pytest.fixture
def package(bundle: Path, tmp_path: Path) -> Path:
    """The package for fleets."""
    requirements.require("packaging", "wixl", "msibuild", "msiinfo", "faketime")
    msi.pack(tmp_path / "x.msi", bundle, tmp_path / "msi")
    return tmp_path / "x.msi"


def test_the_setup_compiles_without_warnings_and_has_the_version(
    bundle: Path, tmp_path: Path
) -> None:
    requirements.require("packaging", "makensis")
    for name in ("a.exe", "b.exe"):
        nsis.pack(tmp_path / name, bundle, tmp_path / "nsis")
    content = (tmp_path / "a.exe").read_bytes()
    resource = f"ProductVersion\0{__version__}\0".encode("utf-16-le")
    assert resource in content.replace(b"\0" * 4, b"\0" * 2)
    assert content == (tmp_path / "b.exe").read_bytes()


def test_the_setup_removes_what_it_installs(bundle: Path) -> None:
    folder, installed = "", set[str]()
    for line in nsis.install_list(bundle):
        kind, _, path = line.partition(" ")
        folder = path.strip('"') if kind == "SetOutPath" else folder
        if kind == "File":
            installed.add(f"{folder}\\{Path(path.strip(chr(34))).name}")
    lines = nsis.uninstall_list(bundle)
    assert {line[8:-1] for line in lines if line.startswith("Delete ")} == installed
    assert len(installed) == 5
    assert [line for line in lines if line.startswith("RMDir ")] == [
        'RMDir "$INSTDIR\\_internal\\a\\b"',
        'RMDir "$INSTDIR\\_internal\\a"',
        'RMDir "$INSTDIR\\_internal"',
    ]


def test_the_script_removes_no_whole_folder_but_the_users_own() -> None:
    script = (PACKAGING / "windows" / "installer.nsi").read_text("utf-8")
    assert re.findall(r"RMDir /r .*", script) == ['RMDir /r "$LOCALAPPDATA\\${PACKAGE}"']


def test_the_package_describes_the_product(package: Path) -> None:
    values = dict(exported(package, "Property"))
    assert values["ProductVersion"] == __version__
    assert values["ProductName"] == product().name
    assert values["UpgradeCode"] == "{F53D6E5D-7B07-4C0D-9B6A-3F6B2E1C5A94}"  # never changes
    assert values["ALLUSERS"] == "1"
    assert exported(package, "MsiShortcutProperty")[0][2:] == [
        "System.AppUserModel.ID",
        product().id,
    ]


def test_the_package_is_reproducible(package: Path, bundle: Path, tmp_path: Path) -> None:
    msi.pack(tmp_path / "again.msi", bundle, tmp_path / "again")
    assert (tmp_path / "again.msi").read_bytes() == package.read_bytes()


def test_the_package_contains_every_file(package: Path, bundle: Path) -> None:
    requirements.require("packaging", "msiextract")
    command = ["msiextract", "--list", str(package)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {line.partition("XDR Login/")[2] for line in output.splitlines() if line}
    files = {each.relative_to(bundle).as_posix() for each in bundle.rglob("*") if each.is_file()}
    assert files <= found


def test_a_policy_is_written_where_the_app_reads_it_if_its_property_is_set(package: Path) -> None:
    conditions = {row[0]: row[4] for row in exported(package, "Component")}
    written = {}
    for _, root, key, name, value, component in exported(package, "Registry"):
        if key.startswith(WINDOWS_KEY):
            assert root == "2"  # HKEY_LOCAL_MACHINE
            name_of_property = component.removeprefix("policy_")
            assert conditions[component] == f'{name_of_property} OR REMOVE="ALL"'
            written[key.removeprefix(WINDOWS_KEY).strip("\\"), name] = value
    assert {table for table, _ in written} == {"", *WINDOWS_SUBKEYS}
    assert written["", "own_profiles"] == "#[OWN_PROFILES]"
    assert written["", "proxy"] == "[PROXY]"
    assert written["formats", "curl"] == "#[FORMATS_CURL]"
    assert written["settings", "theme"] == "[SETTINGS_THEME]"
    assert written["", "profiles"].startswith("[~][\\[]profiles.[PROFILE][\\]][~]name = ")
    assert len(written) == 1 + len(list(msi.properties()))
    secure = dict(exported(package, "Property"))["SecureCustomProperties"].split(";")
    assert {*msi.PROFILE_PROPERTIES, *(name for name, _, _ in msi.properties())} < {*secure}


def test_only_the_id_of_the_product_changes_with_the_version(bundle: Path) -> None:
    one, two = (
        msi.wix_source(bundle, Path("b"), version).decode() for version in ("1.2.3", "1.2.4")
    )
    ids = [re.findall(r' (?:Guid|Id|UpgradeCode)="([^"]+)"', text) for text in (one, two)]
    differing = [pair for pair in zip(*ids, strict=True) if pair[0] != pair[1]]
    assert len(differing) == 1
    assert len(set(re.findall(r'Guid="([^"]+)"', one))) == one.count("Guid=")


def test_the_icon_contains_every_size(tmp_path: Path) -> None:
    names.write_icon(tmp_path / "app.ico")
    content = (tmp_path / "app.ico").read_bytes()
    assert struct.unpack_from("<HHH", content) == (0, 1, len(names.ICON_SIZES))
    for number, size in enumerate(names.ICON_SIZES):
        side, *_, length, start = struct.unpack_from("<BBBBHHII", content, 6 + 16 * number)
        picture = content[start : start + length]
        assert picture.startswith(b"\x89PNG")
        assert (side or 256, int.from_bytes(picture[16:20], "big")) == (size, size)


def test_only_requirements_for_windows_are_installed_there() -> None:
    lines = list(wine.pins_for_windows(wine.PINS.read_text("utf-8")))
    found = {line.partition("==")[0] for line in lines}
    assert {"pefile", "pywin32-ctypes", "pyside6-essentials", "pyinstaller"} <= found
    assert not {"secretstorage", "jeepney", "macholib"} & found
    assert all("--hash=sha256:" in line and ";" not in line for line in lines)


def test_the_names_match_those_of_the_app(tmp_path: Path) -> None:
    window = tmp_path / names.window_program()
    assert ".".join(map(str, names.version_numbers())) == f"{__version__}.0"
    assert window.stem == f"{product().package}-window"
    assert {*MAKERS} > WINDOWS_FORMATS
    script = (PACKAGING / "windows" / "installer.nsi").read_text("utf-8")
    assert f'"{autostart._RUN_KEY}"' in script


@pytest.mark.parametrize("started", ["xdr-login.exe", "xdr-login-window.exe"])
def test_login_starts_the_program_without_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: str
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    program = tmp_path / started
    assert autostart._without_console(program) == program  # a build with only one program
    (tmp_path / names.window_program()).write_text("")
    assert autostart._without_console(program) == tmp_path / names.window_program()


def test_the_package_registers_the_source_of_the_audit_log(package: Path) -> None:
    found = {row[3]: row for row in exported(package, "Registry") if row[5] == "event_source"}
    keys = {(row[1], row[2]) for row in found.values()}
    source = r"SYSTEM\CurrentControlSet\Services\EventLog\Application\XDR Login"
    assert keys == {("2", source)}, "HKEY_LOCAL_MACHINE"
    assert found["EventMessageFile"][4] == r"#%%SystemRoot%\System32\EventCreate.exe"
    assert found["TypesSupported"][4] == "#7"


def test_the_setup_for_all_users_registers_that_source_and_removes_it() -> None:
    script = (PACKAGING / "windows" / "installer.nsi").read_text("utf-8")
    assert r'EventLog\Application\${NAME}"' in script
    assert product().name == SOURCE
    commands = re.findall(r"^ +(\w+) HKLM \"\$\{SOURCE_KEY\}\"", script, re.MULTILINE)
    assert commands == ["WriteRegExpandStr", "WriteRegDWORD", "DeleteRegKey"]
