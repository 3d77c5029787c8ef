"""dev.py: supported Python versions and checks before anything is installed."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[1]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls with which dev.py would change this computer."""
    made: list[str] = []
    for name in (
        "install_system_packages",
        "install_requirements",
        "exec_command",
        "pip",
        "make_venv",
    ):
        monkeypatch.setattr(dev, name, lambda *_, name=name, **__: made.append(name))
    monkeypatch.setattr(dev.Checks, "run", lambda *_: made.append("a check"))
    return made


@pytest.fixture
def unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this Python, the one in .venv and all on PATH too old."""
    monkeypatch.setattr(dev, "OLDEST", (3, 98))
    monkeypatch.setattr(dev, "NEWEST", (3, 99))


def start(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run dev.py and return its exit code, or the message that it exits with."""
    monkeypatch.setattr(sys, "argv", ["dev.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        sys.exit(dev.main())
    return ended.value.code


def test_the_versions_match_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    after = (dev.NEWEST[0], dev.NEWEST[1] + 1)
    wanted = ">={}.{},<{}.{}".format(*dev.OLDEST, *after)
    assert project["requires-python"] == wanted


def test_the_readme_names_the_same_versions() -> None:
    found = re.findall(r"You need Python (\S+) to (\S+),", (ROOT / "README.md").read_text("utf-8"))
    assert found == [("{}.{}".format(*dev.OLDEST), "{}.{}".format(*dev.NEWEST))]


@pytest.mark.usefixtures("unsupported")
@pytest.mark.parametrize("command", ["run", "test", "bench", "shots out", "policies", "package"])
def test_an_unsupported_python_stops_before_anything_is_installed(
    command: str, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = str(start(monkeypatch, *command.split()))
    assert message.startswith("XDR Login requires Python 3.98 to 3.99. This is Python ")
    assert calls == []


def test_a_python_on_path_replaces_an_unsupported_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "python{}.{}".format(*sys.version_info)
    monkeypatch.setattr(dev, "is_supported", lambda: False)
    monkeypatch.setattr("shutil.which", lambda wanted: sys.executable if wanted == name else None)
    assert dev.find_python() == sys.executable


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no root")
def test_another_python_requires_root_before_anything_is_installed(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    message = start(monkeypatch, "test", "--python", "3.14")
    assert message == "--python requires root. Run: sudo python3 dev.py test --python 3.14"
    assert calls == []


def test_another_python_requires_debian_before_anything_is_installed(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    message = start(monkeypatch, "test", "--python", "3.14")
    assert message == "--python requires Debian with debootstrap."
    assert calls == []


def test_another_python_must_be_supported(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(monkeypatch, "test", "--python", "3.10") == 2
    assert "invalid choice: '3.10'" in capsys.readouterr().err
    assert calls == []
