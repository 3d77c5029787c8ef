"""The manual page, generated from the same texts as `--help`."""

import inspect
import re
from collections.abc import Iterator

import click

from builder.product import fill_template, product
from desktop.cli.program import COMMANDS, EXAMPLES, program
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.help import CommandWithExamples

_EXIT_STATUS = {
    Exit.OK: "Success.",
    Exit.FAILURE: "The command failed.",
    Exit.USAGE: "Invalid arguments or options.",
    Exit.SIGN_IN_NEEDED: "Not signed in. Run xdr-login login.",
    Exit.FORBIDDEN: "Declined, locked, or turned off by your administrator.",
    Exit.NETWORK: "The server can't be reached.",
    Exit.KEYRING: "The keyring can't be used.",
    Exit.CANCELLED: "Interrupted.",
}


def man_page() -> str:
    """Return the manual page in the macros of man(7)."""
    root = click.Context(program, info_name=product().package)
    commands = [line for path, ctx in every_command(root) for line in _command_section(path, ctx)]
    status = [
        line for code, text in _EXIT_STATUS.items() for line in (".TP", str(int(code)), _roff(text))
    ]
    return fill_template(
        "linux/man.1.in",
        paragraphs="\n.PP\n".join(map(_roff, product().description)),
        options="\n".join(_options(root)),
        commands="\n".join(commands),
        status="\n".join(status),
        examples="\n".join(_examples(EXAMPLES)[1:]),
    )


def every_command(root: click.Context) -> Iterator[tuple[str, click.Context]]:
    """Yield all commands with their full names, in the order of the help."""
    for name in COMMANDS:
        yield from _walk_commands(name, root)


def _walk_commands(path: str, parent: click.Context) -> Iterator[tuple[str, click.Context]]:
    assert isinstance(parent.command, click.Group)  # noqa: S101 - only groups have subcommands
    name = path.rpartition(" ")[2]
    command = parent.command.get_command(parent, name)
    if command is None:
        raise LookupError(path)
    ctx = click.Context(command, info_name=name, parent=parent)
    yield path, ctx
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            yield from _walk_commands(f"{path} {each}", ctx)


def _command_section(path: str, ctx: click.Context) -> list[str]:
    command = ctx.command
    pieces = " ".join(command.collect_usage_pieces(ctx))
    lines = [f".SS {_roff(path)}", f".B {_roff(path)}", _roff(pieces)]
    lines += [line for text in _paragraphs(command.help) for line in (".PP", _roff(text))]
    lines += _options(ctx)
    return lines + (_examples(command.examples) if isinstance(command, CommandWithExamples) else [])


def _paragraphs(text: str | None) -> list[str]:
    cleaned = inspect.cleandoc(text or "")
    return [" ".join(each.split()) for each in cleaned.split("\n\n") if each]


def _options(ctx: click.Context) -> list[str]:
    lines = []
    for parameter in ctx.command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None and "--help" not in parameter.opts:
            lines += [".TP", f".B {_roff(record[0])}", _roff(record[1])]
    return lines


def _examples(text: str) -> list[str]:
    if not text:
        return []
    return [".PP", ".nf", *map(_roff, text.rstrip("\n").splitlines()), ".fi"]


def _roff(text: str) -> str:
    """Escape what the macros would interpret."""
    escaped = re.sub(r"-", r"\\-", text.replace("\\", r"\e"))
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped
