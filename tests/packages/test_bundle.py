"""The bundle: complete, small enough, reproducible, and working on a real desktop."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from builder import closure
from builder.product import ROOT, product

from tests.cli.commands import environment, run_demo_home
from tests.rigs.demo_server import DemoOptions
from tests.rigs.display import Display
from tests.rigs.mutter import Mutter
from tests.rigs.secret_service import SecretStore

BUNDLE = ROOT / ".cache" / "build" / "bundle" / product().package
PYTHON = ROOT / ".cache" / "package" / "bin" / "python"
BUILD = "import sys; from pathlib import Path; from builder.__main__ import build; "
BUILD += "print(build(['deb', 'rpm', 'appimage', 'sbom'], Path(sys.argv[1]), Path(sys.argv[2])))"
# Everything for which Qt uses ICU: sorting, character sets, case and names of time zones.
ASK_ICU = r"""
import sys
from PySide6.QtCore import QCollator, QDateTime, QLocale, QStringConverter, QTimeZone
for name in ("sv", "de", "cs", "es", "ja", "zh", "lt", "da", "tr", "ar"):
    collator = QCollator(QLocale(name))
    words = "zebra öl ähre cz chata y i ñu n aa å 漢 仮 \u0628 \u0627".split()
    print(name, [collator.compare(a, b) for a in words for b in words])
    print(QLocale(name).toUpper("i\u0131ß straße"), QLocale(name).toLower("IİΣ ΑΣ"))
    zone = QTimeZone(b"Europe/Stockholm")
    for kind in (QTimeZone.NameType.LongName, QTimeZone.NameType.ShortName):
        print(zone.displayName(QTimeZone.TimeType.DaylightTime, kind, QLocale(name)))
    print(QLocale(name).toString(QDateTime.fromSecsSinceEpoch(10**9)))
for codec in QStringConverter.availableCodecs():
    print(codec)
maps = open("/proc/self/maps", encoding="utf-8").read()
print(f"{sys.argv[1]}/libicudata" in maps)
"""
# Prints the environment and the loaded files, including a library that the bundle has too.
SHOW = """
import json, os, ssl
print(json.dumps([dict(os.environ), open("/proc/self/maps", encoding="utf-8").read()]))
"""


def sums(file: Path) -> dict[str, str]:
    """Read SHA256SUMS: name to checksum."""
    return {line.split()[1]: line.split()[0] for line in file.read_text("utf-8").splitlines()}


def test_the_bundle_is_complete_and_small_enough() -> None:
    assert closure.find_faults(BUNDLE, (ROOT,)) == []


def test_the_bundle_works_on_x11_with_a_real_keyring(
    display: Display, secret_service: SecretStore
) -> None:
    environment = display.environment | secret_service.changes
    done = subprocess.run(
        [BUNDLE / product().package, "--selftest"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "keyring: keyring.backends.SecretService" in done.stdout
    assert " on xcb, " in done.stdout


def test_the_bundle_works_on_wayland(mutter: Mutter) -> None:
    done = subprocess.run(
        [BUNDLE / product().package, "--selftest"],
        env=mutter.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert " on wayland, " in done.stdout


def test_a_started_program_loads_its_own_libraries(
    secret_service: SecretStore, own_folders: Path, tmp_path: Path
) -> None:
    with run_demo_home(own_folders, secret_service, DemoOptions(approve_after=0)) as home:
        home.add_profile("soc")
        home.sign_in("soc")
        given = {**environment(home.base), "LD_LIBRARY_PATH": str(tmp_path)}
        program = str(BUNDLE / product().package)
        shown, again = (
            subprocess.run(
                [program, "run", "--", *command, sys.executable, "-c", SHOW],
                env=given,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for command in ([], [program, "run", "--"])  # the bundle can start itself
        )
    left, loaded = json.loads(shown)
    added = {name: left.pop(name) for name in left.keys() - given.keys()}
    assert left == given
    assert added.keys() == {
        "XDR_ACCESS_TOKEN",
        "XDR_LOGIN_PROFILE",
        "XDR_PROFILE",
        "XDR_SERVER_URL",
    }
    assert added["XDR_PROFILE"] == "soc"
    assert str(BUNDLE) not in loaded
    assert json.loads(again)[0].keys() == given.keys() | added.keys()


def test_the_trimmed_icu_gives_the_same_results() -> None:
    libraries = BUNDLE / "_internal" / "PySide6" / "Qt" / "lib"
    answers = [
        subprocess.run(
            [PYTHON, "-c", ASK_ICU, str(libraries)],
            env=os.environ | environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for environment in ({}, {"LD_LIBRARY_PATH": str(libraries)})
    ]
    whole, cut = (text.splitlines() for text in answers)
    assert (whole[-1], cut[-1]) == ("False", "True")  # whether the ICU of the bundle was used
    assert len(whole) > 60
    assert cut[:-1] == whole[:-1]


def test_the_checksums_match_the_files() -> None:
    for name, expected in sums(ROOT / "dist" / "SHA256SUMS").items():
        assert hashlib.sha256((ROOT / "dist" / name).read_bytes()).hexdigest() == expected


def bill() -> dict[str, Any]:
    """Read the bill of materials."""
    (file,) = (ROOT / "dist").glob("*.cdx.json")
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def test_the_bill_of_materials_lists_components_without_a_wheel() -> None:
    names = {each["name"] for each in bill()["components"]}
    assert {"Qt", "ICU", "OpenSSL", "CPython", "PyInstaller boot loader", "httpx"} <= names
    assert "pip" not in names


def test_another_build_has_the_same_bytes(tmp_path: Path) -> None:
    python_path = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": python_path, "PYTHONHASHSEED": "0"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    built_at = datetime.fromisoformat(bill()["metadata"]["timestamp"])
    environment["SOURCE_DATE_EPOCH"] = str(int(built_at.timestamp()))
    command = [str(PYTHON), "-c", BUILD, str(tmp_path / "dist"), str(tmp_path / "work")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    first = sums(ROOT / "dist" / "SHA256SUMS")
    again = sums(tmp_path / "dist" / "SHA256SUMS")
    assert len(again) == 4
    assert {name: first[name] for name in again} == again


@pytest.mark.parametrize("name", ["SHA256SUMS", "SIZES.txt"])
def test_checksums_and_sizes_are_written(name: str) -> None:
    assert "xdr-login" in (ROOT / "dist" / name).read_text("utf-8")
