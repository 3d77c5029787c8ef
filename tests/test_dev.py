"""dev.py: supported Python versions and checks before anything is installed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from builder.repository.signing import KEY, PASSPHRASE
from checkout import folder, places, python_versions, virtual_environment

import dev
from tests.rigs.process import wait_until

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
    monkeypatch.setattr("translations.compiled.compile_outdated", list)
    monkeypatch.setattr(dev.Checks, "run", lambda *_: made.append("a check"))
    return made


@pytest.fixture
def unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this Python, the one in .venv and all on PATH too old."""
    monkeypatch.setattr(python_versions, "OLDEST", (3, 98))
    monkeypatch.setattr(python_versions, "NEWEST", (3, 99))


def start(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run dev.py and return its exit code, or the message that it exits with."""
    monkeypatch.setattr(sys, "argv", ["dev.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        sys.exit(dev.main())
    return ended.value.code


def test_the_versions_match_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    after = (python_versions.NEWEST[0], python_versions.NEWEST[1] + 1)
    wanted = ">={}.{},<{}.{}".format(*python_versions.OLDEST, *after)
    assert project["requires-python"] == wanted


def test_the_readme_names_the_same_versions() -> None:
    found = re.findall(
        r"You need Python (\S+) to (\S+)\. ", (ROOT / "README.md").read_text("utf-8")
    )
    assert found == [
        ("{}.{}".format(*python_versions.OLDEST), "{}.{}".format(*python_versions.NEWEST))
    ]


@pytest.mark.usefixtures("unsupported")
def test_an_unsupported_python_stops_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        python_versions.require_supported_python()
    assert str(ended.value.code).startswith(
        "XDR Login requires Python 3.98 to 3.99. This is Python "
    )


def test_a_venv_of_an_upgraded_python_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[str] = []
    for name in ("make_venv", "pip"):
        monkeypatch.setattr(virtual_environment, name, lambda *_, name=name: calls.append(name))
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "CACHE", tmp_path / ".cache")
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    folder.put_stamp(venv / ".dev-installed", (places.REQUIREMENTS / "dev.txt").read_bytes())
    virtual_environment.install_requirements(
        "dev", venv
    )  # its python finds no pip: that is in another folder
    assert calls == ["make_venv", "pip"]


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


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root can give files away"
)
def test_what_sudo_made_for_another_python_belongs_to_the_user(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache, venv = tmp_path / ".cache", tmp_path / ".venv"
    for name, path in (("ROOT", tmp_path), ("CACHE", cache), ("VENV", venv)):
        monkeypatch.setattr(places, name, path)
    monkeypatch.setattr(dev, "install_system_packages", lambda *_, **__: [])
    package = tmp_path / "dist" / "xdr-login.deb"  # from an earlier `sudo dev.py package`
    made = [package, cache / "debian-chroot-installed", venv / "bin", cache / "chroot" / "sid.tar"]
    for each in made:
        each.mkdir(parents=True)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "12346")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    start(monkeypatch, "test", "--python", "3.14")
    assert calls == ["install_requirements", "exec_command"]
    assert [each.stat().st_uid for each in (cache, venv, *made)] == [12345] * 5 + [0]
    assert venv.stat().st_gid == 12346


def test_after_sudo_a_command_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "is_sudo", lambda: True)
    assert dev.exec_command("/bin/sh", "-c", "exit 3") == 3  # a replaced process would end here


def test_another_python_requires_debian_before_anything_is_installed(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    message = start(monkeypatch, "test", "--python", "3.14")
    assert message == "--python requires Debian with debootstrap."
    assert calls == []


def test_another_python_gets_the_option_for_fast_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr(dev, "set_up", lambda *_: [])
    monkeypatch.setattr(dev, "exec_command", lambda *command: started.extend(command))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    start(monkeypatch, "test", "--python", "3.14", "--fast", "-k", "slow_down")
    assert started[-4:] == ["3.14", "--fast", "-k", "slow_down"]


def test_another_python_must_be_supported(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(monkeypatch, "test", "--python", "3.10") == 2
    assert "invalid choice: '3.10'" in capsys.readouterr().err
    assert calls == []


# Instead of the Python in .venv: notes what it is started for, and cleans up slowly.
SLOW_PYTHON = """#!{python}
import sys, time
def note(text):
    with open({notes!r}, "a") as file:
        file.write(text + " " + sys.argv[2] + "\\n")
try:
    note("started")
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    note("ended")
    sys.exit(2)
"""
TEST_ALL = """
import sys
from pathlib import Path
import dev
dev.CACHE = Path(sys.argv.pop(1))
dev.python_in = lambda _: dev.CACHE / "python"
dev.set_up = lambda *_, **__: []
try:
    sys.exit(dev.main())
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="uses signals of POSIX")
def test_an_interrupt_ends_after_the_running_checks_and_starts_no_others(tmp_path: Path) -> None:
    notes, python = tmp_path / "notes", tmp_path / "python"
    notes.touch()
    python.write_text(SLOW_PYTHON.format(python=sys.executable, notes=str(notes)))
    python.chmod(0o755)
    command = [sys.executable, "-c", TEST_ALL, str(tmp_path), "test", "--fast"]
    with subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            wait_until(lambda: notes.read_text().count("started") == 2, "two checks at once")
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert sorted(notes.read_text().splitlines()) == [
        "ended pytest",
        "ended ruff",
        "started pytest",
        "started ruff",
    ]
    assert (process.returncode, errors) == (130, b"")


def test_full_coverage_counts_all_modules_of_folders_that_exist() -> None:
    folders = [pattern.removesuffix("/**") for pattern in dev.FULLY_COVERED]
    assert all(list((ROOT / folder).glob("*.py")) for folder in folders)  # or nothing is measured
    assert folders == [f"desktop/{path.removeprefix('tests/')}" for path in dev.COVERED_TESTS]


def test_what_is_installed_for_packages_does_not_get_the_signing_key(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    for name in ("install_system_packages", "install_requirements", "exec_command"):
        monkeypatch.setattr(dev, name, lambda *_, **__: seen.append(os.environ.get(KEY)))
    monkeypatch.setenv(KEY, "a key")
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONHASHSEED", "")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")
    start(monkeypatch, "package", "repo")
    assert seen == [None, None, "a key"]
    assert calls == []
    assert set(dev.SIGNING_KEY) == {KEY, PASSPHRASE}
