"""Starting at login: on Linux, and the files and commands for macOS and Windows."""

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.services.system import autostart
from tests.rigs import requirements

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="a file of Linux desktops")

OWN_FILE = str(Path(autostart.__file__).parents[2] / "__main__.py")
NAME = "io.github.xdr_login.XDRLogin.desktop"
ODD = ['/opt/My "Apps"/$x`y`\\z/100%/xdr-login', "--hidden", "", "a;b", "tab\there"]


def own_file(folders: Path) -> Path:
    return folders / "config" / "autostart" / NAME


def values(entry: str) -> dict[str, str]:
    lines = entry.splitlines()
    assert lines[0] == "[Desktop Entry]"
    return dict(line.split("=", 1) for line in lines[1:])


def run_by_a_desktop(entry: str) -> list[str]:
    """The arguments that a desktop would start: first the string's escapes, then the quoting."""
    text = values(entry)["Exec"]
    for escape, meant in ((r"\\", "\0"), (r"\t", "\t"), (r"\n", "\n"), ("\0", "\\")):
        text = text.replace(escape, meant)
    # Within double quotes a shell knows the same four escapes.
    command = ["sh", "-c", f"printf '%s\\0' {text}"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return printed.replace("%%", "%").split("\0")[:-1]


# Linux


@pytest.fixture(autouse=True)
def system_folder(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a system whose own folder is empty."""
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(own_folders / "etc"))
    return own_folders / "etc" / "autostart"


@linux_only
def test_at_first_it_is_off() -> None:
    assert not autostart.is_on()


@linux_only
def test_starting_at_login_stays_on_until_it_is_switched_off(own_folders: Path) -> None:
    autostart.set_on(True, hidden=True)
    assert autostart.is_on()
    autostart.set_on(False, hidden=True)
    assert not autostart.is_on()
    assert list(own_file(own_folders).parent.iterdir()) == []


@linux_only
def test_a_hidden_start_runs_this_program_in_the_tray(own_folders: Path) -> None:
    autostart.set_on(True, hidden=True)
    entry = own_file(own_folders).read_text()
    assert run_by_a_desktop(entry) == [sys.executable, "-P", OWN_FILE, "--hidden"]
    assert (Path(values(entry)["Path"]) / "desktop" / "__main__.py").exists()


@linux_only
def test_a_start_that_is_not_hidden_opens_the_window(own_folders: Path) -> None:
    autostart.set_on(True, hidden=False)
    assert run_by_a_desktop(own_file(own_folders).read_text())[-1] == OWN_FILE


@linux_only
def test_the_file_can_be_read_by_the_desktop(own_folders: Path) -> None:
    autostart.set_on(True, hidden=True)
    assert own_file(own_folders).stat().st_mode & 0o777 == 0o644


@linux_only
@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false", "Exec="])
def test_an_entry_that_the_desktop_disabled_is_off(own_folders: Path, line: str) -> None:
    autostart.set_on(True, hidden=True)
    file = own_file(own_folders)
    key = line.partition("=")[0]
    kept = [each for each in file.read_text().splitlines() if not each.startswith(f"{key}=")]
    file.write_text("\n".join([*kept, line]))
    assert not autostart.is_on()


@linux_only
def test_other_groups_of_the_file_are_ignored(own_folders: Path) -> None:
    autostart.set_on(True, hidden=True)
    with own_file(own_folders).open("a") as file:
        file.write("# Hidden=true\n[Desktop Action other]\nHidden=true\n")
    assert autostart.is_on()


@linux_only
def test_switching_off_overrules_the_systems_entry(own_folders: Path, system_folder: Path) -> None:
    system_folder.mkdir(parents=True)
    (system_folder / NAME).write_text(autostart.desktop_entry(["/usr/bin/xdr-login"]))
    assert autostart.is_on()
    autostart.set_on(False, hidden=True)
    assert not autostart.is_on()
    assert values(own_file(own_folders).read_text())["Hidden"] == "true"


@linux_only
def test_without_xdg_config_home_the_entry_is_below_the_home_folder(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    autostart.set_on(True, hidden=True)
    assert (own_folders / "home" / ".config" / "autostart" / NAME).exists()


@linux_only
def test_a_failed_write_is_an_error_and_leaves_no_file(
    own_folders: Path,
) -> None:
    own_file(own_folders).mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        autostart.set_on(True, hidden=True)
    assert [each.name for each in own_file(own_folders).parent.iterdir()] == [NAME]


@linux_only
def test_special_characters_in_the_command_survive() -> None:
    assert run_by_a_desktop(autostart.desktop_entry(ODD)) == ["env", *ODD]


def test_a_line_break_in_the_path_does_not_add_a_line() -> None:
    entry = autostart.desktop_entry(["/opt/a\nHidden=true"], folder=Path("/opt/a\nHidden=true"))
    assert "Hidden" not in values(entry)


@pytest.mark.parametrize(
    "entry",
    [
        autostart.desktop_entry(["/usr/bin/python3", "-m", "desktop"], folder=Path("/opt/x")),
        autostart.desktop_entry(ODD),
        autostart.hidden_entry(),
    ],
    ids=["usual", "odd", "hidden"],
)
def test_desktop_file_validate_accepts_the_entry(entry: str, tmp_path: Path) -> None:
    requirements.require_linux("desktop file")
    requirements.require("desktop file", "desktop-file-validate")
    file = tmp_path / NAME
    file.write_text(entry)
    tool = str(shutil.which("desktop-file-validate"))
    done = subprocess.run([tool, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


# What is started


def test_a_bundle_is_started_by_its_executable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/xdr-login/xdr-login")
    assert autostart.start_command(hidden=True) == ["/opt/xdr-login/xdr-login", "--hidden"]
    assert autostart.start_command(hidden=False) == ["/opt/xdr-login/xdr-login"]


def test_an_appimage_is_started_by_its_own_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/run/mount/XDR/usr/bin/xdr-login")
    monkeypatch.setenv("APPDIR", "/run/mount/XDR")
    monkeypatch.setenv("APPIMAGE", "/home/dana/XDR Login.AppImage")
    assert autostart.start_command(hidden=False) == ["/home/dana/XDR Login.AppImage"]


@pytest.mark.parametrize("mounted", ["/run/mount/Editor", "/opt/xdr", ""])
def test_the_appimage_of_another_program_is_not_started(
    mounted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/xdr-login/xdr-login")
    monkeypatch.setenv("APPDIR", mounted)
    monkeypatch.setenv("APPIMAGE", "/home/dana/Editor.AppImage")
    assert autostart.start_command(hidden=False) == ["/opt/xdr-login/xdr-login"]


@linux_only
def test_it_starts_with_the_profile_that_was_asked_for(own_folders: Path) -> None:
    autostart.set_on(True, hidden=True, profile="north wind")
    entry = own_file(own_folders).read_text()
    assert run_by_a_desktop(entry)[2:] == [OWN_FILE, "--profile=north wind", "--hidden"]


def test_on_windows_no_console_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pythonw.exe").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python.exe"))
    assert autostart.start_command(hidden=False)[0] == str(tmp_path / "pythonw.exe")


# Other systems


def test_the_command_line_for_windows_is_quoted_as_windows_reads_it() -> None:
    value = autostart.run_key_command([r"C:\Program Files\XDR Login\xdr-login.exe", "--hidden"])
    assert value == r'"C:\Program Files\XDR Login\xdr-login.exe" --hidden'


def test_the_launch_agent_of_macos_starts_it_at_login() -> None:
    agent = plistlib.loads(autostart.launch_agent(["/x & y/xdr-login"], folder=Path("/x")).encode())
    assert agent == {
        "Label": "io.github.xdr_login.XDRLogin",
        "ProgramArguments": ["/x & y/xdr-login"],
        "RunAtLoad": True,
        "ProcessType": "Interactive",
        "WorkingDirectory": "/x",
    }


def test_on_macos_it_is_on_if_the_launch_agent_exists(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not autostart.is_on()
    autostart.set_on(True, hidden=True)
    assert autostart.is_on()
    agents = own_folders / "home" / "Library" / "LaunchAgents"
    assert [each.name for each in agents.iterdir()] == ["io.github.xdr_login.XDRLogin.plist"]
    autostart.set_on(False, hidden=True)
    assert not autostart.is_on()
