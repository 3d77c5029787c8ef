"""The wheel contains the app and all its resources."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from desktop import __version__

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    assert wheel.name == f"xdr_login-{__version__}-py3-none-any.whl"
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_every_resource_is_in_the_wheel(installed: Path) -> None:
    resources = ROOT / "resources"
    # Of the translations only those that are compiled.
    files = [each for each in resources.rglob("*") if each.suffix not in {".po", ".pot"}]
    expected = {path.relative_to(resources) for path in files if path.is_file()}
    packed = installed / "desktop" / "resources"
    assert {path.relative_to(packed) for path in packed.rglob("*") if path.is_file()} == expected


def test_the_installed_app_finds_its_resources(installed: Path) -> None:
    code = (
        "from desktop.services.system.resources import resource; print(resource('icons/app.svg'))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=installed, check=True, capture_output=True, text=True
    )
    assert Path(found.stdout.strip()) == installed / "desktop" / "resources" / "icons" / "app.svg"
    assert Path(found.stdout.strip()).is_file()


def test_the_installed_demo_server_has_its_pages(installed: Path) -> None:
    templates = ROOT / "desktop" / "demo" / "templates"
    packed = installed / "desktop" / "demo" / "templates"
    expected = {path.relative_to(templates) for path in templates.rglob("*")}
    assert {path.relative_to(packed) for path in packed.rglob("*")} == expected


def test_the_wheel_contains_nothing_else(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir()}
    assert tops == {"desktop", f"xdr_login-{__version__}.dist-info"}


def test_the_installed_command_prints_its_version(installed: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "desktop", "--version"],
        cwd=installed,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == f"xdr-login {__version__}"
