"""`xdr-login integrate`: what it adds to a Linux desktop, and that it takes exactly that away."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.__main__ import main
from desktop.services.system import autostart
from desktop.services.system.files import parse_desktop_entry
from desktop.services.system.menu import menu_entry
from desktop.services.system.paths import data_folder
from tests.rigs import requirements

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files of Linux desktops")

ODD = ['/opt/My "Apps"/dänä\'s $x`y\\z/100%/xdr-login', "-P", "/opt/50% off/__main__.py"]


@pytest.fixture(autouse=True)
def system_folders(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a system without XDR Login; return its data folder."""
    monkeypatch.setenv("XDG_DATA_DIRS", str(own_folders / "usr"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(own_folders / "etc"))
    return own_folders / "usr"


@pytest.fixture
def program(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the script of a virtual environment, which can be moved away."""
    script = own_folders / "venv" / "bin" / "xdr-login"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    monkeypatch.setattr(autostart, "program_command", lambda: [str(script)])
    return script


def files_below(folder: Path) -> dict[str, bytes]:
    found = (each for each in sorted(folder.rglob("*")) if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_the_menu_entry_starts_this_installation(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["integrate"]) == 0
    assert capsys.readouterr().err == "XDR Login is now in the menu.\n"
    entry = parse_desktop_entry(menu_entry.entry_file().read_text())
    assert (entry["Exec"], entry["TryExec"]) == (str(program), str(program))
    assert menu_entry.entry_file().stat().st_mode & 0o777 == 0o644
    assert not autostart.is_on()


def test_a_second_run_changes_nothing(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del program
    main(["integrate"])
    before = menu_entry.entry_file().stat().st_mtime_ns
    capsys.readouterr()
    assert main(["integrate"]) == 0
    assert capsys.readouterr().err == "XDR Login is already in the menu.\n"
    assert menu_entry.entry_file().stat().st_mtime_ns == before


def test_removing_takes_exactly_that_away(
    program: Path, own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del program
    data, config = own_folders / "data", own_folders / "config"
    write(data / "applications" / "other.desktop", "[Desktop Entry]\n")
    write(data / "icons" / "hicolor" / "48x48" / "apps" / "other.png", "")
    write(config / "autostart" / "other.desktop", "[Desktop Entry]\n")
    before = files_below(own_folders)
    assert main(["integrate", "--start-at-login"]) == 0
    assert len(files_below(own_folders)) == len(before) + 3
    capsys.readouterr()
    assert main(["integrate", "--remove"]) == 0
    assert files_below(own_folders) == before
    assert not (data / "icons" / "hicolor" / "scalable").exists()
    assert capsys.readouterr().err == (
        "XDR Login is no longer in the menu.\nXDR Login no longer starts when you log in.\n"
    )
    assert main(["integrate", "--remove"]) == 0
    assert capsys.readouterr().err == "There is nothing to remove.\n"


def test_json_lists_the_files(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del program
    assert main(["integrate", "--start-at-login", "--json"]) == 0
    added = json.loads(capsys.readouterr().out)
    assert added["start_at_login"] is True
    assert str(menu_entry.entry_file()) in added["changed"]
    assert main(["integrate", "--remove", "--json"]) == 0
    removed = json.loads(capsys.readouterr().out)
    assert sorted(removed["removed"]) == sorted(added["changed"])
    assert removed["start_at_login"] is False


@pytest.mark.parametrize(
    ("setting", "arguments"), [("", " --hidden"), ("start_hidden = false\n", "")]
)
def test_starting_at_login_follows_the_setting(
    program: Path, own_folders: Path, setting: str, arguments: str
) -> None:
    write(own_folders / "config" / "xdr-login" / "settings.toml", setting)
    main(["integrate", "--start-at-login"])
    entry = parse_desktop_entry(autostart.own_entry_file().read_text())
    assert entry["Exec"] == f"{program}{arguments}"


def test_starting_at_login_with_a_profile_stays_as_it_is(program: Path) -> None:
    del program
    autostart.set_on(True, hidden=True, profile="soc")
    before = autostart.own_entry_file().read_text()
    main(["integrate", "--start-at-login"])
    assert autostart.own_entry_file().read_text() == before


def test_another_installation_goes_on_starting_at_login(program: Path, own_folders: Path) -> None:
    other = own_folders / "other" / "xdr-login"
    write(other, "")
    write(autostart.own_entry_file(), autostart.desktop_entry([str(other), "--hidden"]))
    main(["integrate"])
    main(["integrate", "--remove"])
    assert autostart.is_on()
    assert program.exists()


def test_the_menu_entry_of_another_installation_stays(
    program: Path,
    own_folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["integrate"])
    entry = menu_entry.entry_file().read_text()
    other = own_folders / "other" / "xdr-login"
    write(other, "")
    monkeypatch.setattr(autostart, "program_command", lambda: [str(other)])
    capsys.readouterr()
    assert main(["integrate", "--remove"]) == 0
    assert menu_entry.entry_file().read_text() == entry
    assert capsys.readouterr().err == (
        f"The menu entry starts another installation: {program}. To remove it, run that program "
        "with “integrate --remove”.\n"
    )
    program.unlink()  # nobody could remove it there
    assert main(["integrate", "--remove"]) == 0
    assert not menu_entry.entry_file().exists()


def test_an_entry_of_somebody_else_is_left_alone(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del program
    file = menu_entry.entry_file()
    write(file, "[Desktop Entry]\nExec=xdr-login\n")
    for arguments in (["integrate"], ["integrate", "--remove"]):
        assert main(arguments) == 1
        said = f"{file} was not created by xdr-login integrate. Remove it first, then try again.\n"
        assert capsys.readouterr().err == said
    assert file.read_text() == "[Desktop Entry]\nExec=xdr-login\n"


def test_a_package_of_the_system_comes_first(
    program: Path, system_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del program
    main(["integrate"])
    capsys.readouterr()
    file = system_folders / "applications" / menu_entry.entry_file().name
    write(file, "[Desktop Entry]\nExec=xdr-login\n")
    assert main(["integrate", "--json"]) == 1
    event = json.loads(capsys.readouterr().out)
    assert event["code"] == "failure"
    assert event["message"] == (
        f"A package on this computer already adds XDR Login to the menu: {file}. "
        "Uninstall the package first."
    )
    assert main(["integrate", "--remove"]) == 0
    assert not menu_entry.entry_file().exists()


@pytest.mark.parametrize("option", [[], ["--remove"], ["--start-at-login"]])
def test_a_bundle_refuses(
    option: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert main(["integrate", *option]) == 1
    assert capsys.readouterr().err.startswith("XDR Login was installed from a package")


def test_an_appimage_is_added_by_its_own_path(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/run/mount/XDR/usr/bin/xdr-login")
    monkeypatch.setenv("APPDIR", "/run/mount/XDR")
    monkeypatch.setenv("APPIMAGE", str(own_folders / "XDR Login.AppImage"))
    assert main(["integrate"]) == 0
    entry = parse_desktop_entry(menu_entry.entry_file().read_text())
    assert entry["Exec"] == f'"{own_folders / "XDR Login.AppImage"}"'


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_elsewhere_it_says_what_there_is(
    system: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert not menu_entry.is_supported()
    monkeypatch.undo()
    monkeypatch.setattr(menu_entry, "is_supported", lambda: False)
    assert main(["integrate"]) == 1
    assert capsys.readouterr().err == (
        "On Windows and macOS, only --start-at-login is available. The installers add XDR Login "
        "to the menu.\n"
    )


def test_remove_and_start_at_login_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["integrate", "--remove", "--start-at-login"]) == 2
    assert "--remove cannot be used with --start-at-login." in capsys.readouterr().err


def test_a_file_in_the_place_of_a_folder_is_explained(
    program: Path, own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del program
    write(own_folders / "data" / "icons", "")
    assert main(["integrate"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Can't change the menu: Not a directory (")
    assert not menu_entry.entry_file().exists()


def test_a_temporary_file_is_not_named(
    program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del program

    def refuse(file: Path, content: str | None) -> None:
        del content
        raise PermissionError(13, "Permission denied", str(file.with_name(".entry.x1y2")))

    monkeypatch.setattr(autostart, "replace_file", refuse)
    assert main(["integrate"]) == 1
    folder = data_folder() / "icons" / "hicolor" / "scalable" / "apps"
    said = f"Can't change the menu: Permission denied ({folder}).\n"
    assert capsys.readouterr().err == said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_explained(
    program: Path, own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del program
    (own_folders / "data").mkdir(exist_ok=True)
    (own_folders / "data").chmod(0o500)
    assert main(["integrate"]) == 1
    assert "Can't change the menu: Permission denied" in capsys.readouterr().err


def test_a_path_that_is_not_utf_8_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(autostart, "program_command", lambda: ["/opt/\udcff/xdr-login"])
    assert main(["integrate"]) == 1
    assert "Can't change the menu: " in capsys.readouterr().err
    assert not menu_entry.entry_file().exists()


# The entry


def test_the_entry_agrees_with_that_of_the_packages(program: Path) -> None:
    from builder.linux import desktop_entry

    del program
    packaged = parse_desktop_entry(desktop_entry())
    # An entry of ours is in the user's language only.
    packaged = {key: value for key, value in packaged.items() if not key.endswith("]")}
    ours = parse_desktop_entry(menu_entry.menu_entry())
    different = {"Comment", "Exec", "TryExec", "X-XDRLogin-Integrated"}
    assert {k: v for k, v in packaged.items() if k not in different} == {
        k: v for k, v in ours.items() if k not in different
    }


def test_special_characters_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autostart, "program_command", lambda: ODD)
    value = parse_desktop_entry(menu_entry.menu_entry())["Exec"]
    assert menu_entry.parse_command(value) == ODD


@pytest.mark.parametrize("command", [["/usr/bin/xdr-login"], ODD], ids=["usual", "odd"])
def test_desktop_file_validate_accepts_it(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements.require_linux("desktop file")
    requirements.require("desktop file", "desktop-file-validate")
    monkeypatch.setattr(autostart, "program_command", lambda: command)
    file = tmp_path / menu_entry.entry_file().name
    file.write_text(menu_entry.menu_entry(), "utf-8")
    tool = str(shutil.which("desktop-file-validate"))
    done = subprocess.run([tool, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", ["plain", 'My "Apps" $x `y` 100% dänä', "it's; a & b"])
def test_a_desktop_starts_the_program(
    name: str, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements.require("desktop file", "gio")
    gio = str(shutil.which("gio"))
    script, proof = own_folders / name / "xdr-login", own_folders / "started"
    write(script, f'#!/bin/sh\nprintf "%s" "$0" >{shlex.quote(str(proof))}\n')
    script.chmod(0o755)
    monkeypatch.setattr(autostart, "program_command", lambda: [str(script)])
    assert main(["integrate"]) == 0
    done = subprocess.run(
        [gio, "launch", str(menu_entry.entry_file())], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for _ in range(100):
        if proof.exists() and proof.read_text():
            break
        time.sleep(0.02)
    assert proof.read_text() == str(script)


# What is out of date


def test_a_program_that_was_moved_is_noticed_and_mended(program: Path) -> None:
    main(["integrate", "--start-at-login"])
    assert [each.missing for each in menu_entry.find_own_entries()] == ["", ""]
    moved = program.with_name("moved")
    program.rename(moved)
    gone = [str(program)] * 2
    assert [each.missing for each in menu_entry.find_own_entries()] == gone
    write(program, "")  # installed again, and elsewhere
    assert [each.missing for each in menu_entry.find_own_entries()] == ["", ""]


def test_an_entry_of_a_moved_installation_is_updated(
    program: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["integrate", "--start-at-login"])
    moved = own_folders / "new" / "xdr-login"
    moved.parent.mkdir()
    program.rename(moved)
    monkeypatch.setattr(autostart, "program_command", lambda: [str(moved)])
    assert main(["integrate", "--start-at-login"]) == 0
    assert [each.missing for each in menu_entry.find_own_entries()] == ["", ""]
    assert str(moved) in autostart.own_entry_file().read_text()


def test_login_of_a_program_that_is_gone_is_turned_off(program: Path) -> None:
    main(["integrate", "--start-at-login"])
    program.unlink()
    assert main(["integrate", "--remove"]) == 0
    assert not autostart.own_entry_file().exists()


# Which command is started


@pytest.fixture
def wheel(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run from a wheel in a virtual environment; return its script."""
    app = own_folders / "venv" / "lib" / "xdr_login" / "_app"
    script = own_folders / "venv" / "bin" / "xdr-login"
    write(script, "#!/bin/sh\n")
    monkeypatch.setattr(autostart, "_module_folder", lambda: app)
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    monkeypatch.setattr(sys, "prefix", str(own_folders / "venv"))
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    return script


def test_the_script_of_a_virtual_environment_is_started(wheel: Path) -> None:
    assert autostart.start_command(hidden=True) == [str(wheel), "--hidden"]


def test_a_script_starts_in_no_folder_of_one_version_of_python(wheel: Path) -> None:
    del wheel
    autostart.set_on(True, hidden=True)
    assert "Path" not in parse_desktop_entry(autostart.own_entry_file().read_text())


def test_outside_of_a_virtual_environment_the_script_beside_python_is_another_one(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    assert str(wheel) not in autostart.program_command()
