"""Tests of packages, which `dev.py test --packages` builds first."""

from pathlib import Path

import pytest
from builder.processor import this_processor
from builder.product import ROOT, product

DIST = ROOT / "dist"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip these tests without `--packages`, because they require packages."""
    selected = config.getoption("--packages")
    return None if selected or collection_path.name == "conftest.py" else True


@pytest.fixture(scope="session")
def deb() -> Path:
    return _built(f"{product().package}_{product().version}_{this_processor().debian}.deb")


def _built(name: str) -> Path:
    file = DIST / name
    assert file.exists(), f"python3 dev.py package builds {name}"
    return file


@pytest.fixture(scope="session")
def rpm_file() -> Path:
    return _built(f"{product().package}-{product().version}-1.{this_processor().name}.rpm")


@pytest.fixture(scope="session")
def appimage() -> Path:
    return _built(f"XDR_Login-{product().version}-{this_processor().name}.AppImage")
