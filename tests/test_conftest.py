"""tests/conftest.py enforces its rules for all tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

TESTS = """
import logging, os, socket, warnings
import pytest

def test_another_host():
    with pytest.raises(AssertionError):
        socket.create_connection(("192.0.2.1", 443), 1)

def test_another_name():
    try:
        socket.getaddrinfo("example.com", 443)
    except Exception:
        pass

def test_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()

def test_a_warning_in_the_log():
    logging.getLogger("app").warning("the token expired")

def test_an_expected_warning(expect_log):
    expect_log("token expired")
    logging.getLogger("app").warning("the token expired")

def test_an_expected_warning_that_never_comes(expect_log):
    expect_log("token expired")

def test_a_python_warning():
    warnings.warn("old")

def test_a_qt_warning(qtbot):
    from PySide6.QtCore import qWarning
    qWarning("no such slot")

def test_own_folders(own_folders):
    assert os.environ["HOME"].startswith(str(own_folders))
    assert os.environ["XDG_RUNTIME_DIR"].startswith(str(own_folders))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run the tests above in a separate pytest."""
    path = tmp_path_factory.mktemp("inner") / "test_inner.py"
    path.write_text(TESTS)
    options = ["-p", "tests.conftest", "-c", "pyproject.toml", "-p", "no:cacheprovider", "-rA"]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), check=False, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize("name", ["this_machine", "an_expected_warning", "own_folders"])
def test_a_clean_test_passes(outcomes: str, name: str) -> None:
    assert summaries(outcomes, name) == ["PASSED"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("another_host", "reached for the network: ['192.0.2.1']"),
        ("another_name", "reached for the network: ['example.com']"),
        ("a_warning_in_the_log", "unexpected in the log: ['app: the token expired']"),
        (
            "an_expected_warning_that_never_comes",
            "expected in the log and not found: ['token expired']",
        ),
        ("a_python_warning", "UserWarning: old"),
        ("a_qt_warning", "no such slot"),
    ],
)
def test_a_violation_fails_the_test(outcomes: str, name: str, message: str) -> None:
    assert summaries(outcomes, name)[-1] in {"ERROR", "FAILED"}
    assert message in outcomes


def test_hypothesis_has_no_deadlines() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def summaries(outcomes: str, name: str) -> list[str]:
    """Return the outcomes of an inner test, including setup and teardown."""
    named = re.findall(
        rf"^(PASSED|ERROR|FAILED) \S*::test_{name}(?: - .*)?$", outcomes, re.MULTILINE
    )
    return sorted(set(named), key=["PASSED", "FAILED", "ERROR"].index)
