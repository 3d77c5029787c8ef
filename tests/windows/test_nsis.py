"""The setup: install, upgrade and uninstall.

The tests run in order on the same system.
"""

import shutil
from pathlib import Path

import pytest
from builder import nsis
from builder import windows as names
from builder.closure import size_in_megabytes
from builder.product import product

from tests.rigs.process import wait_until
from tests.rigs.wine import Windows
from tests.windows.trial import start_source, started, try_out

UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall\xdr-login"
APP_PATHS = r"Software\Microsoft\Windows\CurrentVersion\App Paths\xdr-login.exe"
EVENT_SOURCE = r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\XDR Login"
RUN = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
SHORTCUT = "Microsoft/Windows/Start Menu/Programs/XDR Login.lnk"
IN_USE = 3


@pytest.fixture(scope="module")
def before(windows: Windows) -> set[str]:
    """The files before anything was installed."""
    return windows.files()


@pytest.fixture(scope="module")
def older_setup(older: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The setup of an older version, which waits only a second for the app to quit."""
    folder = tmp_path_factory.mktemp("older-setup")
    nsis.pack(folder / "older.exe", older, folder, version="0.0.9", quit_timeout=1)
    return folder / "older.exe"


def own_folder(windows: Windows) -> Path:
    """Return the installation folder for one user."""
    return windows.local / "Programs" / "XDR Login"


def test_the_setup_is_small_enough(setup: Path) -> None:
    assert size_in_megabytes(setup) <= product().limits["windows_megabytes"]


def test_an_older_version_is_installed_for_one_user(
    windows: Windows, before: set[str], older_setup: Path
) -> None:
    assert not any("XDR" in name for name in before)
    windows.run(older_setup, "/S")
    assert (own_folder(windows) / "_internal/old/gone.txt").exists()
    assert windows.values(rf"HKCU\{UNINSTALL}")["DisplayVersion"] == "0.0.9"
    assert not windows.has_key(rf"HKLM\{UNINSTALL}")


def test_an_upgrade_leaves_only_files_of_the_new_version(windows: Windows, setup: Path) -> None:
    windows.run("reg", "add", RUN, "/v", product().name, "/d", "started at login", "/f")
    windows.run(setup, "/S")
    assert not (own_folder(windows) / "_internal/old").exists()
    values = windows.values(rf"HKCU\{UNINSTALL}")
    assert values["DisplayName"] == product().name
    assert values["DisplayVersion"] == product().version
    assert values["Publisher"] == product().vendor
    assert values["QuietUninstallString"].endswith('\\uninstall.exe" /S')
    assert windows.values(rf"HKCU\{APP_PATHS}")["(Default)"].endswith("\\xdr-login.exe")
    assert windows.values(RUN)[product().name] == "started at login"


def test_the_installed_app_works(windows: Windows) -> None:
    try_out(windows, own_folder(windows))


def test_the_start_menu_starts_the_program_without_a_terminal(windows: Windows) -> None:
    shortcut = windows.home / "AppData/Roaming" / SHORTCUT
    assert names.window_program().encode("utf-16-le") in shortcut.read_bytes()


def test_an_upgrade_quits_the_running_app(windows: Windows, setup: Path) -> None:
    program = started(windows, own_folder(windows))
    windows.run(setup, "/S")
    assert program.wait(30) == 0
    assert windows.values(rf"HKCU\{UNINSTALL}")["DisplayVersion"] == product().version


def test_uninstalling_quits_the_app_and_leaves_user_data(
    windows: Windows, before: set[str]
) -> None:
    program = started(windows, own_folder(windows))
    profiles = windows.local / "xdr-login" / "profiles.toml"
    profiles.write_text("[profiles.a]\n", "utf-8")
    windows.uninstall(own_folder(windows))
    assert program.wait(30) == 0
    assert profiles.exists()
    own = profiles.parent.relative_to(windows.drive).as_posix()
    left = windows.files() - before
    assert {name for name in left if not name.startswith(own)} == set()
    assert not windows.has_key(rf"HKCU\{UNINSTALL}")
    assert not windows.has_key(rf"HKCU\{APP_PATHS}")
    assert product().name not in windows.values(RUN)


def test_uninstalling_removes_user_data_on_request(
    windows: Windows, before: set[str], older_setup: Path
) -> None:
    windows.run(older_setup, "/S")
    (windows.local / "xdr-login" / "profiles.toml").write_text("[profiles.a]\n", "utf-8")
    windows.uninstall(own_folder(windows), "/RemoveUserData")
    assert windows.files() - before == set()


def test_an_app_that_does_not_quit_is_not_overwritten(
    windows: Windows, before: set[str], older_setup: Path, tmp_path: Path
) -> None:
    windows.run(older_setup, "/S")
    file = own_folder(windows) / names.window_program()
    ready = tmp_path / "ready"
    hold = (
        "import ctypes, pathlib, sys, time\n"
        f"path = r'Z:{file}'; ready = pathlib.Path(r'Z:{ready}')\n"
        "read, nobody, existing = 0x80000000, 0, 3\n"
        "held = ctypes.windll.kernel32.CreateFileW(path, read, nobody, None, existing, 0, None)\n"
        "ready.write_text(str(held))\n"
        "while ready.exists():\n    time.sleep(0.05)\n"
    )
    holding = start_source(windows, hold)
    wait_until(ready.exists, "the file in use")
    assert windows.run(older_setup, "/S", check=False).returncode == IN_USE
    assert windows.has_key(rf"HKCU\{UNINSTALL}")
    ready.unlink()
    assert holding.wait(30) == 0
    windows.uninstall(own_folder(windows))
    assert windows.files() - before == set()


def test_the_app_is_installed_for_all_users(
    windows: Windows, setup: Path, before: set[str]
) -> None:
    folder = windows.drive / "Program Files" / "XDR Login"
    windows.run(setup, "/S", "/AllUsers")
    values = windows.values(rf"HKLM\{UNINSTALL}")
    assert values["InstallLocation"] == r"C:\Program Files\XDR Login"
    assert values["UninstallString"].endswith("/AllUsers")
    event_file = windows.values(EVENT_SOURCE)["EventMessageFile"]
    assert event_file == r"%SystemRoot%\System32\EventCreate.exe"
    assert not windows.has_key(rf"HKCU\{UNINSTALL}")
    assert (windows.drive / "ProgramData" / SHORTCUT).exists()
    try_out(windows, folder)
    windows.uninstall(folder, "/AllUsers", "/RemoveUserData")
    assert not windows.has_key(rf"HKLM\{UNINSTALL}")
    assert not windows.has_key(EVENT_SOURCE)
    assert not (windows.drive / "ProgramData" / SHORTCUT).exists()
    own = windows.local / "xdr-login"  # administrators remove no user data
    assert own.is_dir()
    shutil.rmtree(own)
    assert windows.files() - before == set()
