"""What is wrong with a command line, in whole sentences of the language.

Click puts its own together from parts in the order of English.
"""

from __future__ import annotations

import re
from gettext import ngettext  # finds our catalogs, as it does for Click

import click

from desktop.cli.terminal.output import print_message
from desktop.services.system.translation import translatable, translate, without_isolates
from desktop.services.wording.formats import format_values, join_sentences

_ERROR = translatable("Error: {message}")
# The options of the program that a command has itself, or has no use for.
_NOT_BEFORE_COMMANDS = {"--profile", "--selftest", "--version"}
_QUOTED = re.compile(r"(?<!\w)'([^'\n]+)'(?!\w)")


def report_usage_error(error: click.ClickException) -> None:
    """Print how the command is called, how to get help, and what is wrong."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print_message(error.format_message())
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        help_ = translate(
            "Try '{command} {option}' for help.", command=error.ctx.command_path, option="--help"
        )
        print_message(f"{error.ctx.get_usage()}\n{_with_own_quotes(help_)}\n")
    template = without_isolates(translate(_ERROR))
    print_message(template.format(message=_with_own_quotes(_message(error))))


def _message(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption(ctx=click.Context() as context) if hint := _order_hint(
            error.option_name, context
        ):
            return join_sentences(error.message, hint)
        case click.NoSuchOption() | click.exceptions.NoSuchCommand():
            return join_sentences(error.message, _suggestion(error.possibilities or []))
        case click.MissingParameter(param=click.Argument() as argument):
            name = argument.get_error_hint(error.ctx)
            return translate("Missing argument {name}.", name=name)
        case click.MissingParameter(param=click.Option() as option):
            return translate("Missing option {name}.", name=option.get_error_hint(error.ctx))
    return error.format_message()


def _order_hint(option: str, context: click.Context) -> str:
    """Say how a command is called with an option of the program, if `option` is one."""
    program = context.find_root()
    found = next((each for each in program.command.params if option in each.opts), None)
    if found is None or context is program or option in _NOT_BEFORE_COMMANDS:
        return ""
    command = context.command_path.removeprefix(program.command_path).lstrip()
    if why := why_not_with(option, command.partition(" ")[0]):
        return why
    value = getattr(found, "metavar", None)
    words = (program.command_path, option, value, command)
    return translate(
        "Write {option} before the command: {example}",
        option=option,
        example=" ".join(filter(None, words)),
    )


def why_not_with(option: str, command: str) -> str:
    """Say why an option of the program cannot be used with `command`; empty if it can."""
    match option:
        case "--hidden":
            return translate("--hidden cannot be used with {command}.", command=command)
        case "--demo" if command != "login":
            return translate(
                "--demo cannot be used with {command}. To try the command, run a demo server: "
                "xdr-login demo",
                command=command,
            )
    return ""


def _suggestion(similar: list[str]) -> str:
    if not similar:
        return ""
    names = format_values(f"'{each}'" for each in similar)
    template = ngettext(
        "Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", len(similar)
    )
    return template.format(possibility=names, possibilities=names)


def _with_own_quotes(text: str) -> str:
    """Replace the quotation marks around names by those of the language."""
    return _QUOTED.sub(
        lambda found: translate("'{literal}'", literal=without_isolates(found[1])), text
    )
