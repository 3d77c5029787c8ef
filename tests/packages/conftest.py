"""What was built, to be tried. Only with `--packages`: `dev.py test --packages` builds it first."""

from pathlib import Path

import pytest
from builder.product import ROOT, product

DIST = ROOT / "dist"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out unless they are asked for: they need what takes minutes to build."""
    asked = config.getoption("--packages")
    return None if asked or collection_path.name == "conftest.py" else True


@pytest.fixture(scope="session")
def deb() -> Path:
    return _built(f"{product().package}_{product().version}_amd64.deb")


def _built(name: str) -> Path:
    file = DIST / name
    assert file.exists(), f"python3 dev.py package makes {name}"
    return file


@pytest.fixture(scope="session")
def rpm_file() -> Path:
    return _built(f"{product().package}-{product().version}-1.x86_64.rpm")


@pytest.fixture(scope="session")
def appimage() -> Path:
    return _built(f"XDR_Login-{product().version}-x86_64.AppImage")
