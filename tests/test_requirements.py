"""The requirement table: every test in it exists, and nothing is without a test or a reason."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "security" / "requirements.md"
REASONS = ("Server: ", "Not used: ", "Not met: ", "Not applicable: ", "Documented: ")
# The requirements in each section of OWASP ASVS 5.0, chapter V10.
ASVS = {1: 2, 2: 3, 3: 5, 4: 16, 5: 5, 6: 2, 7: 3}
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in TABLE.read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| section ")
]
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TABLE.read_text("utf-8"))))


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {
        each.name
        for each in tree.body
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
        and each.name.startswith("test_")
    }


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_a_test_that_shows_a_requirement_exists(file: str, name: str) -> None:
    assert name in names_in(file)


def test_every_requirement_has_a_test_or_a_reason() -> None:
    assert len(ROWS) > 80
    for section, requirement, shown in ROWS:
        assert section
        assert requirement
        assert shown.startswith(("`tests/", *REASONS)), section


def test_a_reason_says_more_than_its_kind() -> None:
    reasons = [shown for *_, shown in ROWS if not shown.startswith("`")]
    assert all(len(each.partition(": ")[2]) > 20 for each in reasons)


def test_no_requirement_of_asvs_v10_is_left_out() -> None:
    _, _, chapter = TABLE.read_text("utf-8").partition("## OWASP ASVS")
    found = re.findall(r"\b10\.\d+\.\d+\b", "".join(re.findall(r"(?m)^\| ([^|]*)", chapter)))
    expected = [f"10.{section}.{n}" for section, count in ASVS.items() for n in range(1, count + 1)]
    assert sorted(found) == sorted(expected)


def test_the_sections_of_the_device_grant_are_all_there() -> None:
    text = TABLE.read_text("utf-8").partition("## RFC 8628")[2].partition("## RFC 8252")[0]
    for section in ("3.1", "3.2", "3.3", "3.3.1", "3.4", "3.5", *(f"5.{n}" for n in range(1, 8))):
        assert f"\n| {section} | " in text
