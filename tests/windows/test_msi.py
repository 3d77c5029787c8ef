"""The package for fleets: install with a policy, upgrade and remove.

The tests run in order on the same system.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest
from builder import msi as builder
from builder.closure import size_in_megabytes
from builder.product import product

from tests.rigs.wine import Windows
from tests.windows.trial import source, try_out

POLICIES = r"HKLM\Software\Policies\XDRLogin"
UNINSTALL = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall"
EVENT_SOURCE = r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\XDR Login"
PROPERTIES = (
    "PROFILE=northwind",
    "PROFILE_NAME=Northwind SOC",
    "PROFILE_PRESET=xdr-eu",
    "PROFILE_CLIENT_ID=client-1",
    "OWN_PROFILES=0",
    "FORMATS_CURL=0",
    "SETTINGS_CLIPBOARD_SECONDS=15",
    "SETTINGS_THEME=dark",
)
READ = """
import json
from desktop.services.configuration.policy_reader import load_policy
read = load_policy()
print(json.dumps({
    "load_error": read.load_error,
    "own_profiles": read.own_profiles,
    "device_grant": read.device_grant,
    "forbidden": sorted(read.forbidden_formats),
    "settings": dict(read.settings),
    "profiles": {name: dict(members) for name, members in read.profiles.items()},
}))
"""

WRITE_EVENT = """
from datetime import UTC, datetime
from desktop.services.audit.record import Record
from desktop.services.audit.windows_log import EventLog
from desktop.services.model.audit import AuditEvent
from desktop.services.model.audit_kinds import TOKEN_COPIED
event = AuditEvent(TOKEN_COPIED, profile="northwind")
EventLog().write(Record(event.kind, event.members(at=datetime.now(UTC), user="ada")))
print("written")
"""


@pytest.fixture(scope="module")
def before(windows: Windows) -> set[str]:
    """The files before anything was installed."""
    return windows.files()


@pytest.fixture(scope="module")
def older_msi(older: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of an older version."""
    folder = tmp_path_factory.mktemp("older-msi")
    builder.pack(folder / "older.msi", older, folder, version="0.0.9")
    return folder / "older.msi"


def folder(windows: Windows) -> Path:
    """Return the installation folder."""
    return windows.drive / "Program Files" / "XDR Login"


def listed(windows: Windows) -> list[str]:
    """Return the versions in the list of installed programs."""
    shown = windows.run("reg", "query", UNINSTALL, "/s", "/reg:64", check=False).stdout
    ours = [block for block in re.split(r"\n(?=HKEY_)", shown) if product().name in block]
    return re.findall(r"DisplayVersion +\S+ +(\S+)", "".join(ours))


def test_the_package_is_small_enough(msi: Path) -> None:
    assert size_in_megabytes(msi) <= product().limits["msi_megabytes"]


def test_an_older_version_is_installed(windows: Windows, before: set[str], older_msi: Path) -> None:
    assert not any("XDR" in name for name in before)
    windows.run("msiexec", "/i", older_msi, "/qn")
    assert (folder(windows) / "_internal/old/gone.txt").exists()
    assert listed(windows) == ["0.0.9"]


def test_an_upgrade_leaves_only_files_of_the_new_version(windows: Windows, msi: Path) -> None:
    windows.run("msiexec", "/i", msi, "/qn", *PROPERTIES)
    assert not (folder(windows) / "_internal/old/gone.txt").exists()
    assert listed(windows) == [product().version]


def test_the_installed_app_works(windows: Windows) -> None:
    try_out(windows, folder(windows))


def test_the_source_of_the_audit_log_is_registered(windows: Windows) -> None:
    found = windows.values(EVENT_SOURCE)["EventMessageFile"]
    assert found == r"%SystemRoot%\System32\EventCreate.exe"
    assert source(windows, WRITE_EVENT).stdout.strip() == "written"


def test_the_app_reads_the_policy(windows: Windows) -> None:
    assert json.loads(source(windows, READ).stdout) == {
        "load_error": "",
        "own_profiles": False,
        "device_grant": True,
        "forbidden": ["CURL"],
        "settings": {"clipboard_seconds": 15, "theme": "dark"},
        "profiles": {
            "northwind": {"name": "Northwind SOC", "preset": "xdr-eu", "client_id": "client-1"}
        },
    }


def test_removing_leaves_nothing(windows: Windows, before: set[str], msi: Path) -> None:
    windows.run("msiexec", "/x", msi, "/qn")
    windows.wait()
    assert listed(windows) == []
    assert not windows.has_key(POLICIES)
    assert not windows.has_key(EVENT_SOURCE)
    assert not windows.has_key(r"HKLM\Software\xdr-login")
    left = {name for name in windows.files() - before if "AppData" not in name}
    assert left == set()


def test_without_properties_no_policy_is_written(windows: Windows, msi: Path) -> None:
    windows.run("msiexec", "/i", msi, "/qn")
    assert not windows.has_key(POLICIES)
    windows.run("msiexec", "/x", msi, "/qn")


def test_the_shortcut_has_the_id_of_the_app(msi: Path) -> None:
    command = ["msiinfo", "export", str(msi), "MsiShortcutProperty"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"System.AppUserModel.ID\t{product().id}" in output
