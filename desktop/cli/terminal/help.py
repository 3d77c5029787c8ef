"""The help of commands in the language of the user: it is translated when it is printed."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import click

from desktop.cli.terminal.columns import terminal_width
from desktop.cli.terminal.help_formatter import ColumnFormatter
from desktop.services.system.translation import translate

_NARROWEST, _WIDEST, _MARGIN = 50, 100, 2  # columns, as Click has them
_Command = TypeVar("_Command", bound=click.Command)
# A command, or nothing where the line above was too long, and what it does.
_EXAMPLE = re.compile(r"(.*?\S {2,}| {4,})(\S.*)")


class _Context(click.Context):
    """The context of a command, whose help is laid out by columns."""

    formatter_class = ColumnFormatter


class TranslatedCommand(click.Command):
    """A command that translates its help."""

    context_class = _Context

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super(TranslatedCommand, _translated(self)).format_help(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return super(TranslatedCommand, _translated(self)).get_short_help_str(limit)


class CommandWithExamples(TranslatedCommand):
    """A command whose help ends with examples, one per line with what it does."""

    def __init__(self, *args: Any, examples: str = "", **given: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **given)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples after the options."""
        write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


class TranslatedGroup(TranslatedCommand, click.Group):
    """A group of commands that translates its help."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the first paragraph of their help, which Click would cut."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [
            (name, translate(paragraphs(each.help or "")[0]))
            for name, each in commands.items()
            if each is not None
        ]
        with formatter.section(translate("Commands")):
            formatter.write_dl(rows)


def help_width() -> int:
    """Return the width of help texts: that of the terminal, within limits."""
    return max(_NARROWEST, min(terminal_width(), _WIDEST) - _MARGIN)


def write_examples(examples: str, formatter: click.HelpFormatter) -> None:
    """Write `examples` below a heading, with commands in one line, so that they can be copied."""
    if not examples or not isinstance(formatter, ColumnFormatter):
        return
    with formatter.section(translate("Examples")):
        for line in examples.strip("\n").splitlines():
            command, about = split_example(line)
            formatter.write_beside(command, translate(about))


def split_example(line: str) -> tuple[str, str]:
    """Split a line of examples into the command, with the spaces after it, and what it does."""
    parts = _EXAMPLE.fullmatch(line)
    return (parts[1], parts[2]) if parts else (line, "")


def paragraphs(text: str) -> list[str]:
    """Split a help text into its paragraphs, which are the messages to translate."""
    return [" ".join(each.split()) for each in inspect.cleandoc(text).split("\n\n") if each]


def help_messages(command: click.Command) -> Iterator[str]:
    """Yield the texts of the help of `command` that are translated."""
    yield from paragraphs(command.help or "")
    yield from (
        each.help for each in command.params if isinstance(each, click.Option) and each.help
    )
    for line in getattr(command, "examples", "").splitlines():
        if about := split_example(line)[1]:
            yield about


def _translated(command: _Command) -> _Command:
    """Copy `command` with its help translated."""
    copied = copy.copy(command)
    copied.help = "\n\n".join(map(translate, paragraphs(command.help or ""))) or None
    copied.params = [_with_translated_help(each) for each in command.params]
    copied._help_option = None  # noqa: SLF001 - made before `--lang` was read
    return copied


def _with_translated_help(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter, click.Option) or not parameter.help:
        return parameter
    copied = copy.copy(parameter)
    copied.help = translate(parameter.help)
    return copied
