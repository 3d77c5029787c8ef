"""docs/command-line.md and the command line name the same commands and options."""

import json
import re
from pathlib import Path

import click
import pytest
from builder.manual import every_command

from desktop.cli.program import COMMANDS, program
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.help import CommandWithExamples

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
ROOT = click.Context(program, info_name="xdr-login", **program.context_settings)
TREE = dict(every_command(ROOT))
SECTIONS = {
    found[1]: found[2]
    for found in re.finditer(
        r"^##+ (xdr-login[^\n]*)\n(.*?)(?=^##+ |\Z)", PAGE, re.MULTILINE | re.DOTALL
    )
}
# What add, edit and import have in common stands with add.
SHARED = ("profiles edit", "profiles import")


def options_of(ctx: click.Context) -> set[str]:
    """The options of a command, by their long names, and the short ones."""
    options = (each for each in ctx.command.params if isinstance(each, click.Option))
    return {name for each in options for name in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize("path", TREE)
def test_every_command_and_option_is_on_the_page(path: str) -> None:
    text = SECTIONS[f"xdr-login {path}"]
    if path in SHARED:
        text += SECTIONS["xdr-login profiles add"]
    missing = {name for name in options_of(TREE[path]) if f"`{name}`" not in text}
    assert not missing


def test_the_options_before_a_command_are_on_the_page() -> None:
    assert not {name for name in options_of(ROOT) if f"`{name}`" not in SECTIONS["xdr-login"]}


def test_the_page_has_no_unknown_options() -> None:
    assert set(SECTIONS) == {"xdr-login", *(f"xdr-login {path}" for path in TREE)}
    known = {name for ctx in (ROOT, *TREE.values()) for name in options_of(ctx)}
    others = {"--help", "--config", "--global", "--raw"} | {
        *("--exec-api-version", "--exec-interactive-mode", "--exec-command", "--exec-arg")
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known | others


@pytest.mark.parametrize("code", Exit)
def test_every_exit_code_is_on_the_page(code: Exit) -> None:
    name = "" if code is Exit.OK else f"`{code.name.lower()}`"
    assert re.search(rf"^\| {int(code)} \|.*{name}", PAGE, re.MULTILINE)


@pytest.mark.parametrize(
    "path", [p for p, ctx in TREE.items() if isinstance(ctx.command, CommandWithExamples)]
)
def test_examples_use_existing_options(path: str) -> None:
    command = TREE[path].command
    assert isinstance(command, CommandWithExamples)
    lines = command.examples.splitlines()
    assert any(f"xdr-login {path}" in line or path.rsplit(maxsplit=1)[-1] in line for line in lines)
    known = {name for ctx in (ROOT, *TREE.values()) for name in options_of(ctx)}
    own = [line for line in lines if line.startswith("xdr-login")]
    named = {name for line in own for name in re.findall(r"(?<![\w-])--[a-z-]+", line)}
    assert named <= known | {"--config", "--token-stdin"}
    assert "--help" in command.get_help(TREE[path])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_begins_with_its_line_in_the_list(name: str) -> None:
    _, summary = COMMANDS[name]
    assert summary.endswith(".")
    assert (TREE[name].command.help or "").split("\n\n")[0] == summary


@pytest.mark.parametrize("path", [path for path in TREE if " " in path])
def test_the_list_of_subcommands_shows_whole_sentences(path: str) -> None:
    assert not TREE[path].command.get_short_help_str(60).endswith("...")


def test_json_on_the_page_is_json() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        json.loads(block)
