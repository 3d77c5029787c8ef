"""The help and the errors of commands in another language."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from builder.manual import every_command
from translations import catalogues, command_help

from desktop.cli.program import COMMANDS, program
from desktop.cli.terminal.help import help_messages, split_example
from tests.pseudo_language import MARK, pseudo_language

ROOT = click.Context(program, info_name="xdr-login")
COMMAND_CONTEXTS = {"": ROOT, **dict(every_command(ROOT))}
RUN = """
import sys
from pathlib import Path
from desktop.services.system import resources
folder, *arguments = sys.argv[1:]
resources.resource = lambda name: Path(folder)
from desktop.cli.program import run
sys.exit(run(arguments))
"""


@pytest.fixture(scope="module", autouse=True)
def _translated() -> Iterator[None]:
    with pseudo_language():
        yield


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("path", COMMAND_CONTEXTS)
def test_no_help_is_left_in_english(path: str) -> None:
    ctx = COMMAND_CONTEXTS[path]
    shown = words(ctx.command.get_help(ctx))
    texts = [*help_messages(ctx.command), "Examples:", "Commands:"]
    assert MARK in shown
    assert not [text for text in texts if text in shown]


def test_every_summary_is_translated() -> None:
    shown = words(program.get_help(ROOT))
    assert not [summary for _, summary in COMMANDS.values() if summary in shown]


def test_a_command_has_its_english_help_again() -> None:
    ctx = COMMAND_CONTEXTS["profiles"]
    ctx.command.get_help(ctx)
    assert MARK not in "".join(help_messages(ctx.command))


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "xdr-login --hidden     start in the tray",
            ("xdr-login --hidden     ", "start in the tray"),
        ),
        ("          the same, with a token", ("          ", "the same, with a token")),
        ("  --scope openid < password.txt", ("  --scope openid < password.txt", "")),
        ("xdr-login token | program", ("xdr-login token | program", "")),
    ],
)
def test_an_example_is_a_command_and_what_it_does(line: str, parts: tuple[str, str]) -> None:
    assert split_example(line) == parts


def test_errors_of_click_are_translated(tmp_path: Path) -> None:
    catalogues.write_pseudo_language(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path), "token", "--nothing"],
        env=os.environ | {"LANGUAGE": catalogues.PSEUDO_LANGUAGE, "PYTHONIOENCODING": "utf-8"},
        cwd=catalogues.ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2
    for text in ("No such option", "Usage", "Error", "Try "):
        assert text not in done.stderr
    assert "Ñô sûçh ôptîôñ" in done.stderr
    assert "'--nothing'" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--lang", "qps", "--help"), ("--lang", "qps", "token", "-h")]
)
def test_a_language_on_the_command_line_is_that_of_the_whole_help(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    catalogues.write_pseudo_language(tmp_path)
    done = run_command(tmp_path, arguments, LANGUAGE="en")
    assert done.returncode == 0, done.stderr
    for text in ("Usage", "Show this message", "Print a valid"):
        assert text not in done.stdout


def test_an_unknown_language_says_what_there_is_and_goes_on_in_english(tmp_path: Path) -> None:
    catalogues.write_pseudo_language(tmp_path)
    done = run_command(tmp_path, ("--lang", "xx", "--help"), LANGUAGE=catalogues.PSEUDO_LANGUAGE)
    assert done.returncode == 0
    assert "Usage: xdr-login" in done.stdout
    available = "Language 'xx' is not available, using English. Available: en, qps\n"
    assert done.stderr == available


def test_the_name_of_a_language_does_not_control_the_terminal(tmp_path: Path) -> None:
    catalogues.write_pseudo_language(tmp_path)
    done = run_command(tmp_path, ("--lang", f"\x1b[2J\u202e{'x' * 99}", "--help"), LANGUAGE="en")
    assert done.stderr.startswith(f"Language '[2J {'x' * 35}…' is not available")


def run_command(
    folder: Path, arguments: tuple[str, ...], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that finds its languages in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", RUN, str(folder), *arguments],
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
        cwd=catalogues.ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def test_click_texts_are_in_the_catalogue_without_those_for_developers() -> None:
    texts = [text for _, text in command_help.click_texts()]
    assert "Missing argument" in texts
    assert not [text for text in texts if "declaration" in str(text)]
