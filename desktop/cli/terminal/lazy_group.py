"""Groups of commands that load only the command that runs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from desktop.cli.terminal.help import TranslatedGroup
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(TranslatedGroup):
    """A group that knows the place and the summary of its commands.

    A place is `module:function`. The list in --help needs no command loaded, and the help of a
    command begins with its summary.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - what `click.Group` takes
        places: Mapping[str, tuple[str, str]],
        **given: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **given)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load the command called `cmd_name`, and begin its help with its summary."""
        if cmd_name not in self.places:
            return None
        place, summary = self.places[cmd_name]
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        details = inspect.getdoc(command.callback)
        command.help = f"{summary}\n\n{details}" if details else summary
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` begin with; suggest similar names for a typo."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            similar = get_close_matches(args[0], self.places, n=1)
            if not similar:
                raise
            message = translate(
                "No such command '{name}'. Did you mean '{similar}'?",
                name=args[0],
                similar=similar[0],
            )
            raise click.UsageError(message, ctx) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands, without loading any, and options."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=translate(summary))
            for name, (_, summary) in self.places.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading any."""
        rows = [(name, translate(summary)) for name, (_, summary) in self.places.items()]
        with formatter.section(translate("Commands")):
            formatter.write_dl(rows)
