"""dev.py: which Pythons it takes, and that it says so before it installs anything."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[1]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What dev.py would have done to this machine."""
    calls: list[str] = []
    for name in (
        "install_system_packages",
        "install_requirements",
        "exec_command",
        "pip",
        "make_venv",
    ):
        monkeypatch.setattr(dev, name, lambda *_, name=name, **__: calls.append(name))
    monkeypatch.setattr(dev.Checks, "run", lambda *_: calls.append("a check"))
    return calls


@pytest.fixture
def unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this Python, the one in .venv and all on PATH be too old."""
    monkeypatch.setattr(dev, "OLDEST", (3, 98))
    monkeypatch.setattr(dev, "NEWEST", (3, 99))


def start(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Give what dev.py ends with: a code, or the words that it prints."""
    monkeypatch.setattr(sys, "argv", ["dev.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        sys.exit(dev.main())
    return ended.value.code


def test_the_versions_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    after = (dev.NEWEST[0], dev.NEWEST[1] + 1)
    wanted = ">={}.{},<{}.{}".format(*dev.OLDEST, *after)
    assert project["requires-python"] == wanted


def test_the_readme_names_the_same_versions() -> None:
    found = re.findall(r"You need Python (\S+) to (\S+),", (ROOT / "README.md").read_text("utf-8"))
    assert found == [("{}.{}".format(*dev.OLDEST), "{}.{}".format(*dev.NEWEST))]


@pytest.mark.usefixtures("unsupported")
@pytest.mark.parametrize("command", ["run", "test", "bench", "shots out", "policies", "package"])
def test_an_unsupported_python_is_told_before_anything_is_installed(
    command: str, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = str(start(monkeypatch, *command.split()))
    assert told.startswith("XDR Login needs Python 3.98 to 3.99. This is Python ")
    assert done == []


def test_a_python_on_path_takes_the_place_of_an_unsupported_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "python{}.{}".format(*sys.version_info)
    monkeypatch.setattr(dev, "is_supported", lambda: False)
    monkeypatch.setattr("shutil.which", lambda asked: sys.executable if asked == name else None)
    assert dev.find_python() == sys.executable


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is root there")
def test_another_python_needs_root_and_that_is_said_before_anything_is_installed(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    told = start(monkeypatch, "test", "--python", "3.14")
    assert told == "--python needs root. Run: sudo python3 dev.py test --python 3.14"
    assert done == []


def test_another_python_needs_debian_and_that_is_said_before_anything_is_installed(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    told = start(monkeypatch, "test", "--python", "3.14")
    assert told == "--python needs Debian, with debootstrap."
    assert done == []


def test_another_python_must_be_one_that_the_app_supports(
    done: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(monkeypatch, "test", "--python", "3.10") == 2
    assert "invalid choice: '3.10'" in capsys.readouterr().err
    assert done == []
