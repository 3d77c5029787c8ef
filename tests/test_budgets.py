"""Budgets of instructions: a command or a start that loads more than it needs fails here."""

import shutil
import sys

import pytest

from benchmarks.instructions import (
    FROM_APP,
    FROM_KEYRING,
    IN_PYTHON,
    START,
    WITHOUT_APP,
    run_counter,
    start_ratios,
)

pytestmark = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind counts them")


def test_commands_without_the_app_stay_in_their_budgets() -> None:
    with run_counter(sys.executable, app="never started") as counter:
        ratios = counter.ratios(WITHOUT_APP)
    assert {name: each for name, each in ratios.items() if each > WITHOUT_APP[name][1]} == {}


def test_commands_that_read_the_keyring_stay_in_their_budgets() -> None:
    with run_counter(sys.executable, app="ended") as counter:
        ratios = counter.ratios(FROM_KEYRING)
    assert {name: each for name, each in ratios.items() if each > FROM_KEYRING[name][1]} == {}


def test_commands_that_ask_the_app_stay_in_their_budgets() -> None:
    with run_counter(sys.executable, app="running") as counter:
        ratios = counter.ratios(FROM_APP)
        in_python = counter.python_ratios()
    assert {name: each for name, each in ratios.items() if each > FROM_APP[name][1]} == {}
    assert {name: each for name, each in in_python.items() if each > IN_PYTHON[name][1]} == {}


def test_the_start_stays_in_its_budgets() -> None:
    ratios = start_ratios(sys.executable)
    assert {name: each for name, each in ratios.items() if each > START[name][1]} == {}
