"""The texts of `--help` and of Click, as they are in the loaded commands and in its sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from babel.messages.extract import extract

from desktop.cli.program import COMMANDS, EXAMPLES, program
from desktop.cli.terminal.help import help_messages, split_example

if TYPE_CHECKING:
    from translations.catalogues import Key

_CLICK = Path(click.__file__).parent
# With texts that our commands can print.
_CLICK_FILES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")

# Of Click's errors, those about the code of a command; and "%(" is no format of ours.
_NOT_FOR_PEOPLE = ("declaration", "deprecated", "Deprecation", "defined twice", "Boolean", "%(")


def help_texts() -> Iterator[tuple[str, Key]]:
    """Yield the place and the text of everything in the help of all commands."""
    place = "desktop/cli/program.py"
    yield from ((place, summary) for _, summary in COMMANDS.values())
    yield from ((place, split_example(line)[1]) for line in EXAMPLES.splitlines())
    yield from _texts_of(program, click.Context(program))


def _texts_of(command: click.Command, ctx: click.Context) -> Iterator[tuple[str, Key]]:
    place = f"{command.callback.__module__.replace('.', '/')}.py"
    yield from ((place, message) for message in help_messages(command))
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            subcommand = command.get_command(ctx, name)
            if subcommand is not None:
                yield from _texts_of(subcommand, ctx)


def click_texts() -> Iterator[tuple[str, Key]]:
    """Yield the texts that Click marks for translation itself."""
    keywords = {"_": None, "ngettext": (1, 2)}
    for name in _CLICK_FILES:
        with (_CLICK / f"{name}.py").open("rb") as source:
            for _, message, _, _ in extract("python", source, keywords=keywords):
                key = message if isinstance(message, str) else tuple(message)
                if not any(word in str(key) for word in _NOT_FOR_PEOPLE):
                    yield f"click/{name}.py", key
