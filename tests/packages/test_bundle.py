"""The bundle itself: whole, as small as promised, the same each time, at home on a real desktop."""

import hashlib
import json
import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from builder import closure
from builder.product import ROOT, product

from tests.rigs.display import Display
from tests.rigs.secret_service import SecretStore

BUNDLE = ROOT / ".cache" / "build" / "bundle" / product().package
PYTHON = ROOT / ".cache" / "package" / "bin" / "python"
AGAIN = "import sys; from pathlib import Path; from builder.__main__ import build; "
AGAIN += "print(build(['deb', 'rpm', 'appimage', 'sbom'], Path(sys.argv[1]), Path(sys.argv[2])))"


def sums(file: Path) -> dict[str, str]:
    """What SHA256SUMS says: name to sum."""
    return {line.split()[1]: line.split()[0] for line in file.read_text("utf-8").splitlines()}


def test_it_is_whole_and_within_its_limits() -> None:
    assert closure.faults(BUNDLE, (ROOT,)) == []


def test_it_works_on_a_real_desktop_with_a_real_keyring(
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


def test_the_sums_are_those_of_the_files() -> None:
    for name, told in sums(ROOT / "dist" / "SHA256SUMS").items():
        assert hashlib.sha256((ROOT / "dist" / name).read_bytes()).hexdigest() == told


def bill() -> dict[str, Any]:
    """The bill of materials, read."""
    (file,) = (ROOT / "dist").glob("*.cdx.json")
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def test_the_bill_names_what_no_wheel_tells_of() -> None:
    names = {each["name"] for each in bill()["components"]}
    assert {"Qt", "ICU", "OpenSSL", "CPython", "PyInstaller boot loader", "httpx"} <= names
    assert "pip" not in names


def test_another_build_elsewhere_has_the_same_bytes(tmp_path: Path) -> None:
    where = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": where, "PYTHONHASHSEED": "0"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    built_at = datetime.fromisoformat(bill()["metadata"]["timestamp"])
    environment["SOURCE_DATE_EPOCH"] = str(int(built_at.timestamp()))
    command = [str(PYTHON), "-c", AGAIN, str(tmp_path / "dist"), str(tmp_path / "work")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    first = sums(ROOT / "dist" / "SHA256SUMS")
    again = sums(tmp_path / "dist" / "SHA256SUMS")
    assert len(again) == 4
    assert {name: first[name] for name in again} == again


@pytest.mark.parametrize("name", ["SHA256SUMS", "SIZES.txt"])
def test_what_was_built_is_told(name: str) -> None:
    assert "xdr-login" in (ROOT / "dist" / name).read_text("utf-8")
