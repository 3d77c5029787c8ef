"""The command line: one table of commands, each loaded when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from desktop import __version__

# What each is called, where it is, and what it does. What `--help` lists needs no command loaded.
COMMANDS = {
    "login": ("desktop.cli.login:login", "Sign in, here in the terminal."),
    "token": ("desktop.cli.token:token", "Print a valid access token."),
    "status": ("desktop.cli.status:status", "Say who is signed in, and for how long."),
    "logout": ("desktop.cli.logout:logout", "Sign out, and take the token back."),
    "whoami": ("desktop.cli.whoami:whoami", "Say what the server knows of who signed in."),
    "profiles": ("desktop.cli.profiles:profiles", "List, add, change and check profiles."),
    "run": ("desktop.cli.run:run", "Give one program a token."),
    "credential": ("desktop.cli.credential:credential", "Answer kubectl, git and others."),
    "api": ("desktop.cli.api:api", "Call the server's own routes."),
    "grants": ("desktop.cli.grants:grants", "Show or revoke what this app was granted."),
    "csrf-token": ("desktop.cli.csrf_token:csrf_token", "Print a token against forged requests."),
    "doctor": ("desktop.cli.doctor:doctor", "Check everything that a sign-in needs."),
    "quit": ("desktop.cli.quit:quit_program", "End the program that runs."),
    "demo": ("desktop.cli.demo:demo", "Run a server to try things on."),
    "completion": ("desktop.cli.completion:completion", "Complete commands in your shell."),
}


class LazyGroup(click.Group):
    """Finds its commands in `COMMANDS`, and loads the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="xdr-login %(version)s")
def program() -> None:
    """Sign in to Cisco XDR, or any RFC 8628 provider, with a code and a browser."""


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` ask for; gives the exit code."""
    try:
        return int(program.main(list(arguments), prog_name="xdr-login", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("Cancelled.", file=sys.stderr)
        return 130
