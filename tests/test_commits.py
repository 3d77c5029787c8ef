"""The subjects of commits follow CONTRIBUTING.md."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FIRST = "Name functions, classes and tests in the terms of the field"
"""The subject of the first commit that has to follow the rules."""

LONGEST = 72
NOT_A_VERB = {
    *("a", "all", "also", "an", "and", "as", "at", "for", "from", "how", "if", "in", "it", "its"),
    *("more", "new", "no", "not", "now", "of", "on", "some", "that", "the", "there", "these"),
    *("they", "this", "those", "to", "what", "when", "where", "who", "why", "wip", "with"),
}
VERBS = {"bring", "embed", "feed", "need", "speed", "string"}
"""Imperative verbs that end like a participle."""


def git(*arguments: str) -> str:
    """Run git in the repository; skip the test where there is no history."""
    program = shutil.which("git")
    if program is None:
        pytest.skip("git is not installed")
    command = [program, "-C", str(ROOT), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no git history: {done.stderr.strip()}")
    return done.stdout.strip()


def faults(subject: str) -> list[str]:
    """What is wrong with a subject."""
    if subject.startswith("Merge "):
        return []
    verb = subject.partition(" ")[0].rstrip(",")
    lower = verb.lower()
    participle = lower.endswith(("ed", "ing")) and lower not in VERBS
    third_person = lower.endswith("s") and not lower.endswith("ss")
    checks = {
        f"longer than {LONGEST} characters": len(subject) > LONGEST,
        "does not start with a capital letter": not verb[:1].isupper(),
        "ends with a period": subject.endswith("."),
        "does not start with a verb": not re.fullmatch("[A-Za-z-]+", verb) or lower in NOT_A_VERB,
        "is not imperative": participle or third_person,
    }
    return [fault for fault, found in checks.items() if found]


def test_every_subject_follows_the_rules() -> None:
    if Path(git("rev-parse", "--show-toplevel")).resolve() != ROOT:
        pytest.skip("these sources are not a git repository")
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone has no history")
    first = git("log", "--format=%H", "--fixed-strings", f"--grep={FIRST}").split()[-1]
    subjects = git("log", "--format=%s", f"{first}..HEAD").splitlines()
    assert {each: found for each in subjects if (found := faults(each))} == {}


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        (f"Limit {'x' * 67}", "longer than 72 characters"),
        ("limit indentation", "does not start with a capital letter"),
        ("Limit indentation.", "ends with a period"),
        ("The margins make no flood", "does not start with a verb"),
        ("Fixup! Limit indentation", "does not start with a verb"),
        ("Limited indentation", "is not imperative"),
        ("Limiting indentation", "is not imperative"),
        ("Limits indentation", "is not imperative"),
    ],
)
def test_a_fault_in_a_subject_is_found(subject: str, fault: str) -> None:
    assert faults(subject) == [fault]


@pytest.mark.parametrize(
    "subject",
    [f"Limit {'x' * 66}", "Pass the profile on", "Embed the font", f"Merge {'x' * 90}"],
)
def test_a_good_subject_has_no_fault(subject: str) -> None:
    assert faults(subject) == []
