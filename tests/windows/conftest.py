"""Tests of the Windows installers, which `dev.py test --windows` builds first."""

from pathlib import Path

import pytest
from builder import windows as names
from builder.product import ROOT, product

DIST = ROOT / "dist"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip these tests without `--windows`, because they require packages."""
    selected = config.getoption("--windows")
    return None if selected or collection_path.name == "conftest.py" else True


@pytest.fixture(scope="session")
def setup() -> Path:
    return _built(f"XDR_Login-{product().version}-windows-x86_64-setup.exe")


@pytest.fixture(scope="session")
def msi() -> Path:
    return _built(f"xdr-login-{product().version}-windows-x86_64.msi")


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of an older version, with a file and folder that the new one does not have."""
    bundle = tmp_path_factory.mktemp("older") / product().package
    for name in (names.command_program(), names.window_program(), "_internal/old/gone.txt"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("not a program", "utf-8")
    return bundle


def _built(name: str) -> Path:
    file = DIST / name
    assert file.exists(), f"python3 dev.py package nsis msi builds {name}"
    return file
