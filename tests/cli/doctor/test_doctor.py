"""`xdr-login doctor`: what it finds here, and that nothing about the user is in it."""

import errno
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from desktop.cli.doctor import doctor, doctor_checks
from desktop.cli.doctor.doctor_checks import Outcome, name_has_owner
from desktop.ipc.client import NoAnswer
from desktop.services.audit import lost_events
from desktop.services.audit.unix_logs import Journal, Syslog
from desktop.services.model.errors import NoAuthenticationAgent
from desktop.services.model.settings import Settings, save_settings
from desktop.services.system import autostart
from desktop.services.system.menu import menu_entry
from desktop.services.system.paths import (
    keystore_index_folder,
    log_folder,
    profiles_file,
    settings_file,
)
from tests.cli.commands import CommandHarness, Done, run, run_demo_home
from tests.rigs.demo_server import DemoOptions
from tests.rigs.secret_service import SecretStore
from tests.services.harness import FakePresence


def checks_in(done: Done) -> dict[str, dict[str, Any]]:
    """The checks of a report, by name."""
    return {each["name"]: each for each in json.loads(done.stdout)["checks"]}


def test_a_working_setup_passes_all_checks(home: CommandHarness) -> None:
    home.add_profile("soc")
    done = home.run("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["works"] is True
    found = checks_in(done)
    outcomes = {name: check["outcome"] for name, check in found.items()}
    for name in ("program", "configuration", "keyring", "agent", "log"):
        assert outcomes[name] == "ok"
    for name in ("network", "TLS", "proxy", "clock"):
        assert outcomes[f"{name} (127.0.0.1)"] == "ok"
    assert found["keyring"]["text"] == "available (Secret Service)"
    assert {"tray", "clipboard", "display", "browser"} <= set(outcomes)


def test_each_check_is_one_line_with_the_next_step(home: CommandHarness) -> None:
    done = home.run("doctor")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "warning  profiles and settings: no profiles yet" in lines
    assert "         Add a profile: xdr-login profiles add --help" in lines
    assert re.fullmatch(r"\nAll checks passed, with \d+ warnings?\.\n", done.stderr)


def test_checks_of_a_server_name_its_profiles_and_its_port(home: CommandHarness) -> None:
    for id_ in ("soc", "lab"):
        home.add_profile(id_)
    host = urlsplit(home.server.url).netloc
    lines = home.run("doctor").stdout.splitlines()
    assert f"ok       proxy (soc and 1 other, {host}): not used" in lines
    tls = checks_in(home.run("doctor", "--json"))["TLS (127.0.0.1)"]
    assert (tls["address"], tls["profiles"]) == (host, "soc and 1 other")


def test_a_missing_keyring_fails() -> None:
    done = run("doctor", "--json")
    assert done.returncode == 1
    assert checks_in(done)["keyring"]["outcome"] == "fail"
    assert "never in a file" in checks_in(done)["keyring"]["remedy"]


def test_a_folder_for_the_socket_that_cannot_be_made_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> Path:
        raise PermissionError(errno.EACCES, "Permission denied", "/home/dana")

    monkeypatch.setattr("desktop.ipc.address.lock_path", refuse)
    check = doctor_checks._check_running_app()
    assert check.outcome is Outcome.FAIL
    assert check.text == "no private folder for the socket: Permission denied"


def test_an_unreachable_server_fails(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.server.stop()
    done = home.run("doctor")
    assert done.returncode == 1
    address = urlsplit(home.server.url).netloc
    assert f"fail     network (soc, {address}): Can't reach the server" in done.stdout
    assert done.stderr.endswith("checks failed. Fix it, then run xdr-login doctor again.\n")


def test_a_wrong_clock_is_a_warning(secret_service: SecretStore, own_folders: Path) -> None:
    with run_demo_home(own_folders, secret_service, DemoOptions(clock_skew=7300)) as here:
        here.add_profile("soc")
        clock = checks_in(here.run("doctor", "--json"))["clock (127.0.0.1)"]
    assert clock["outcome"] == "warning"
    assert clock["text"] == "your clock is 2 hours slow"


def test_an_invalid_proxy_address_fails(home: CommandHarness) -> None:
    home.file.parent.mkdir()
    home.file.write_text('[profiles.x]\nissuer = "https://login.invalid"\nclient_id = "c"\n')
    done = home.run("doctor", "--json", https_proxy="http://dana:SECRET@[x")
    assert done.stderr == ""
    assert "SECRET" not in done.stdout
    assert checks_in(done)["proxy (login.invalid)"]["outcome"] == "fail"


def test_an_unreachable_proxy_fails_without_naming_its_user(home: CommandHarness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file = home.file
    file.parent.mkdir()
    file.write_text('[profiles.x]\nissuer = "https://login.invalid"\nclient_id = "c"\n')
    done = home.run("doctor", "--json", https_proxy=f"http://dana:SECRET@127.0.0.1:{port}")
    assert done.returncode == 1
    assert checks_in(done)["proxy (login.invalid)"]["outcome"] == "fail"
    assert checks_in(done)["configuration"]["text"] == "1 profile"
    assert "SECRET" not in done.stdout


def test_a_server_on_this_computer_needs_no_proxy(home: CommandHarness) -> None:
    home.add_profile("soc")
    found = checks_in(home.run("doctor", "--json", http_proxy="http://127.0.0.1:9"))
    assert found["proxy (127.0.0.1)"]["text"] == "not used"


def test_an_unreadable_ca_file_fails(home: CommandHarness) -> None:
    home.add_profile("soc", ca_file="/nowhere.pem")
    assert checks_in(home.run("doctor", "--json"))["TLS (127.0.0.1)"]["outcome"] == "fail"


def test_a_broken_file_is_reported_without_the_home_folder(home: CommandHarness) -> None:
    folder = home.home / "home" / ".config"
    (folder / "xdr-login").mkdir(parents=True)
    (folder / "xdr-login" / "profiles.toml").write_text("[profiles")
    done = home.run("doctor", "--json", XDG_CONFIG_HOME=str(folder))
    assert done.returncode == 1
    check = checks_in(done)["configuration"]
    assert check["outcome"] == "fail"
    assert check["remedy"].startswith("There's a problem with ~/.config/xdr-login/profiles.toml: ")


def test_a_broken_profile_and_settings_are_warnings(home: CommandHarness) -> None:
    home.add_profile("soc")
    with home.file.open("a") as opened:
        opened.write("[profiles.bad]\n")
    (home.file.parent / "settings.toml").write_text("x = [")
    done = home.run("doctor")
    assert done.returncode == 0
    assert "warning  profiles and settings: a profile can't be used: " in done.stdout
    assert "warning  profiles and settings: the settings can't be read: " in done.stdout


def test_the_report_does_not_name_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "dana"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", "dana")
    text = f"{home}/x of dana, not of danaides; token eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x"
    assert doctor.without_personal_data(text) == "~/x of [user], not of danaides; token [redacted]"


def test_the_report_names_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root")
    monkeypatch.setenv("LOGNAME", "root")
    text = "Polkit doesn't ask root. /root/x"
    assert doctor.without_personal_data(text) == "Polkit doesn't ask root. ~/x"


def test_an_app_that_does_not_respond_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_command: str, **_: object) -> None:
        raise NoAnswer("timed out")

    monkeypatch.setattr(doctor_checks, "send_command", ask)
    assert doctor_checks._check_running_app().outcome is Outcome.FAIL
    monkeypatch.setattr(doctor_checks, "send_command", lambda _command, **_: {})
    assert doctor_checks._check_running_app().outcome is Outcome.OK


def test_a_missing_private_folder_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> None:
        raise PermissionError("not ours")

    monkeypatch.setattr("desktop.ipc.address.lock_path", nobody)
    assert doctor_checks._check_running_app().outcome is Outcome.FAIL


def test_owners_of_bus_names_are_found(
    secret_service: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert name_has_owner("org.freedesktop.secrets") is None, "the tests have no bus"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", secret_service.address)
    assert name_has_owner("org.freedesktop.secrets") is True
    assert name_has_owner("org.kde.StatusNotifierWatcher") is False


@pytest.mark.parametrize(
    ("owner", "outcome"), [(True, "ok"), (False, "warning"), (None, "warning")]
)
def test_the_tray_is_found_on_the_bus(
    monkeypatch: pytest.MonkeyPatch, *, owner: bool | None, outcome: str
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(doctor_checks, "name_has_owner", lambda _name: owner)
    assert doctor_checks._check_tray().outcome.value == outcome
    assert doctor_checks._check_clipboard().outcome is Outcome.OK
    assert doctor_checks._check_display().outcome is Outcome.OK


@pytest.mark.parametrize(
    ("owner", "remedy", "other"),
    [
        (False, "install the AppIndicator extension", "DBUS_SESSION_BUS_ADDRESS"),
        (None, "which sets DBUS_SESSION_BUS_ADDRESS", "AppIndicator"),
    ],
)
def test_without_a_tray_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, *, owner: bool | None, remedy: str, other: str
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(doctor_checks, "name_has_owner", lambda _name: owner)
    found = doctor_checks._check_tray().remedy
    assert remedy in found
    assert other not in found


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_have_a_tray(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert doctor_checks._check_tray().outcome is Outcome.OK
    assert doctor_checks._check_display().outcome is Outcome.OK


def test_an_unwritable_log_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    log_folder().mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert doctor_checks._check_log().outcome is Outcome.WARNING


def test_an_unwritable_state_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_checks._check_state().outcome is Outcome.OK

    def refuse(**_: object) -> object:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    found = doctor_checks._check_state()
    assert found.outcome is Outcome.WARNING
    assert "Read-only file system" in found.text
    assert str(keystore_index_folder().parent) in found.text


def test_doctor_loads_no_qt() -> None:
    code = (
        "import sys, desktop.cli.doctor.doctor; print([x for x in sys.modules if 'PySide6' in x])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="files of Linux desktops")
def test_an_entry_whose_program_is_gone_is_a_warning(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_DIRS", str(own_folders / "usr"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(own_folders / "etc"))
    (none,) = doctor_checks._check_entries()
    assert (none.outcome, none.text) == (Outcome.OK, "not installed")
    assert none.remedy == "Add XDR Login to the menu: xdr-login integrate"
    script = own_folders / "xdr-login"
    script.touch()
    monkeypatch.setattr(autostart, "program_command", lambda: [str(script)])
    menu_entry.add()
    autostart.set_on(True, hidden=True)
    (works,) = doctor_checks._check_entries()
    assert (works.outcome, works.text) == (Outcome.OK, "installed")
    script.unlink()
    menu, login = doctor_checks._check_entries()
    assert {menu.outcome, login.outcome} == {Outcome.WARNING}
    assert menu.text == f"{menu_entry.entry_file()} starts {script}, which no longer exists"
    assert menu.remedy == "Update the menu entry: xdr-login integrate"
    assert login.remedy == "Update the autostart entry: xdr-login integrate --start-at-login"


def test_a_package_has_no_row_for_the_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert doctor_checks._check_entries() == []


async def test_the_password_prompt_is_checked_where_a_profile_demands_it() -> None:
    presence = FakePresence(unavailable=NoAuthenticationAgent())
    write_profile("ask")
    (check,) = await doctor_checks.check_presence(FakePresence())
    assert check.outcome is Outcome.OK
    (check,) = await doctor_checks.check_presence(presence)
    assert (check.outcome, check.text) == (Outcome.FAIL, "Can't ask you to confirm that it's you")
    write_profile("never")
    assert await doctor_checks.check_presence(presence) == []


def write_profile(presence: str) -> None:
    profiles_file().parent.mkdir(parents=True, exist_ok=True)
    lines = ("[profiles.soc]", 'client_id = "c"', 'issuer = "https://login.example"')
    text = "\n".join((*lines, f'presence = "{presence}"'))
    profiles_file().write_text(text, "utf-8")


def test_the_audit_log_is_checked_where_it_is_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert doctor_checks._check_audit() == []
    save_settings(Settings(audit="system"), settings_file())
    logs = [Journal(tmp_path / "journal"), Syslog(tmp_path / "log")]
    monkeypatch.setattr(doctor_checks, "system_logs", lambda: logs)
    (check,) = doctor_checks._check_audit()
    assert check.outcome is Outcome.WARNING
    assert check.text == "this system has neither systemd's journal nor syslog"
    (tmp_path / "log").touch()
    (check,) = doctor_checks._check_audit()
    assert (check.outcome, check.text) == (Outcome.OK, "on (syslog)")
    (tmp_path / "journal").touch()
    lost_events.add(12)
    (check,) = doctor_checks._check_audit()
    assert check.outcome is Outcome.WARNING
    assert check.text == "12 events couldn't be written to the systemd journal"
