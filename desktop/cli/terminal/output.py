"""Output of all commands: messages on stderr, results on stdout, colors on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import click

from desktop.cli.terminal import PROFILE_VARIABLE
from desktop.cli.terminal.columns import display_width, terminal_width, wrap
from desktop.options import Options
from desktop.services.system.translation import for_terminal, translate, without_isolates

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

Function = TypeVar("Function", bound=Callable[..., Any])


def print_message(text: str, *, color: str = "", bold: bool = False) -> None:
    """Print a message on stderr: on a terminal wrapped, and in `color` and `bold`."""
    if sys.stderr is not None and sys.stderr.isatty():
        text = _wrapped(text, terminal_width(2))
    _print(text, err=True, color=color, bold=bold)


def _wrapped(text: str, width: int) -> str:
    """Wrap the lines that are too wide, where a terminal would break words."""
    lines = (
        (line,) if display_width(line) <= width else wrap(line, width) for line in text.split("\n")
    )
    return "\n".join(chain.from_iterable(lines))


def print_result(text: str, *, color: str = "") -> None:
    _print(text, err=False, color=color)


def wait_notice(file: Path) -> Callable[[], None]:
    """Return a function that says that `file`, a pipe, is still empty."""
    text = translate("Waiting for data from {file}. Press Ctrl+C to cancel.", file=file)
    return partial(print_message, text)


def print_json(members: object) -> None:
    click.echo(json.dumps(_for_programs(members), indent=2))


def print_event(name: str, **members: object) -> None:
    """Print an event as one line of JSON on stdout."""
    click.echo(json.dumps(_for_programs({"event": name, **members})))


def _for_programs(value: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    """Remove the marks from texts for people."""
    match value:
        case str():
            return without_isolates(value)
        case dict():
            return {name: _for_programs(each) for name, each in value.items()}
        case list() | tuple():
            return [_for_programs(each) for each in value]
    return value


def _print(text: str, *, err: bool, color: str, bold: bool = False) -> None:
    shown = for_terminal(text)
    styled = click.style(shown, fg=color or None, bold=bold or None) if color or bold else shown
    # https://no-color.org; `None` leaves it to whether the stream is a terminal.
    click.echo(styled, err=err, color=False if os.environ.get("NO_COLOR") else None)


def is_interactive() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def global_options() -> Options:
    """Find the options before the command."""
    found = click.get_current_context().find_object(Options)
    return Options() if found is None else found


def confirm(question: str, *, yes: bool) -> bool:
    """Ask `question`, unless `yes`; raises `UsageError` if nobody can answer here."""
    if yes:
        return True
    if not is_interactive():
        raise click.UsageError(translate("Cannot prompt here. Pass --yes."))
    return click.confirm(for_terminal(question), err=True)


def resolve_profile_option(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Choose the profile: the option of the command, the one before it, or the environment."""
    source = ctx.get_parameter_source(parameter.name or "")
    if source is click.core.ParameterSource.COMMANDLINE:
        return value
    return global_options().profile or value


def complete_profile(
    _ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from desktop.services.configuration.load import load_configuration
    from desktop.services.model.profile import ProfileError

    try:
        found = load_configuration().good
    except ProfileError:
        return []
    return [
        CompletionItem(id_, help=profile.name)
        for id_, profile in found.items()
        if id_.startswith(incomplete)
    ]


def complete_exchange(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """List the exchanges of the profile that is chosen so far."""
    from click.shell_completion import CompletionItem

    from desktop.services.configuration.load import load_configuration
    from desktop.services.model.exchanges import exchanges_of
    from desktop.services.model.profile import ProfileError

    try:
        found = exchanges_of(load_configuration().find(ctx.params.get("profile")))
    except ProfileError:
        return []
    return [
        CompletionItem(name, help=each.url or None)
        for name, each in found.items()
        if name.startswith(incomplete)
    ]


def exchange_option(help_text: str) -> Callable[[Function], Function]:
    """Make the option --for, as `exchange`, which is empty without it."""
    return click.option(
        "--for",
        "exchange",
        metavar="NAME",
        callback=_require_exchange_name,
        shell_complete=complete_exchange,
        help=help_text,
    )


def _require_exchange_name(_ctx: object, _parameter: object, name: str | None) -> str:
    if name == "":  # such as an unset variable: another token must not take its place
        raise click.UsageError(translate("Missing NAME for --for."))
    return name or ""


def profile_option(command: Function) -> Function:
    """Add the option --profile to `command`."""
    return click.option(
        "--profile",
        metavar="NAME",
        envvar=PROFILE_VARIABLE,
        callback=resolve_profile_option,
        shell_complete=complete_profile,
        help=f"The profile, by id or name. Default: ${PROFILE_VARIABLE}, or the first profile.",
    )(command)


def json_option(command: Function) -> Function:
    """Add the option --json, as `as_json`, to `command`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def yes_option(command: Function) -> Function:
    """Add the option --yes to `command`."""
    return click.option("--yes", "-y", is_flag=True, help="Don't ask for confirmation.")(command)
