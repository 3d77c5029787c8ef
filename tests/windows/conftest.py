"""The installers of Windows, to be tried. Only with `--windows`: `dev.py test --windows` builds."""

from pathlib import Path

import pytest
from builder import windows as names
from builder.product import ROOT, product

DIST = ROOT / "dist"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out unless they are asked for: they need what takes minutes to build."""
    asked = config.getoption("--windows")
    return None if asked or collection_path.name == "conftest.py" else True


@pytest.fixture(scope="session")
def setup() -> Path:
    return _built(f"XDR_Login-{product().version}-windows-x86_64-setup.exe")


@pytest.fixture(scope="session")
def msi() -> Path:
    return _built(f"xdr-login-{product().version}-windows-x86_64.msi")


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a version before could have been made of: a file has gone since, with its folder."""
    bundle = tmp_path_factory.mktemp("older") / product().package
    for name in (names.command_program(), names.window_program(), "_internal/old/gone.txt"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("no program", "utf-8")
    return bundle


def _built(name: str) -> Path:
    file = DIST / name
    assert file.exists(), f"python3 dev.py package nsis msi makes {name}"
    return file
