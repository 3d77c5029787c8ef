"""The command line: one table of commands, each loaded when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from desktop import __version__
from desktop.cli.terminal import CANCELLED, COMPLETE_VARIABLE
from desktop.cli.terminal.output import complete_profile, write_examples
from desktop.options import Options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from desktop.demo import DemoOptions

# What each is called, where it is, and what it does. What `--help` lists needs no command loaded.
COMMANDS = {
    "login": ("desktop.cli.sign_in.login:login", "Sign in, here in the terminal."),
    "token": ("desktop.cli.token:token", "Print a valid access token."),
    "status": ("desktop.cli.sign_in.status:status", "Say who is signed in, and for how long."),
    "logout": ("desktop.cli.sign_in.logout:logout", "Sign out, and take the token back."),
    "whoami": ("desktop.cli.sign_in.whoami:whoami", "Say what the server knows of who signed in."),
    "profiles": ("desktop.cli.profiles.profiles:profiles", "List, add, change and check profiles."),
    "run": ("desktop.cli.scripts.run:run", "Give one program a token."),
    "credential": ("desktop.cli.scripts.credential:credential", "Answer kubectl, git and HTTPie."),
    "api": ("desktop.cli.api.api:api", "Call the server's own routes."),
    "grants": ("desktop.cli.sign_in.grants:grants", "Show or revoke what this app was granted."),
    "csrf-token": (
        "desktop.cli.api.csrf_token:csrf_token",
        "Print a token against forged requests.",
    ),
    "doctor": ("desktop.cli.doctor.doctor:doctor", "Check everything that a sign-in needs."),
    "quit": ("desktop.cli.quit:quit_program", "End the program that runs."),
    "demo": ("desktop.cli.demo:demo", "Run a server to try things on."),
    "completion": ("desktop.cli.completion:completion", "Complete commands in your shell."),
}

EXAMPLES = """\
xdr-login                        open the window
xdr-login --hidden               start in the tray, as at login
xdr-login login                  sign in here, without a window
xdr-login token                  print a valid token, for a script
xdr-login --demo                 try it against a server that runs inside the program
xdr-login --demo --token-lifetime 40
                                 the same, with a token that lives forty seconds
xdr-login profiles add --help    say what a command does, with examples
"""

_APPROVAL_DELAY = 3.0  # seconds


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with; for a slip of the hand its likes are named."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            alike = get_close_matches(args[0], COMMANDS)
            if not alike:
                raise
            meant = " or ".join(map(repr, alike))
            raise click.UsageError(f"{error.message} Did you mean {meant}?", ctx) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, without loading any; and the options."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List them without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The examples, as they stand."""
        write_examples(EXAMPLES, formatter)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 86400:  # nor is it "nan"
        raise click.BadParameter("from 1 to 86400 seconds")
    return seconds


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="xdr-login %(version)s")
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_profile,
    help="The profile to sign in with, by id or name.",
)
@click.option("--hidden", is_flag=True, help="Start in the tray, without the window.")
@click.option("--verbose", is_flag=True, help="Write more into the log file.")
@click.option("--selftest", is_flag=True, help="Check that this installation is whole, and end.")
@click.option("--demo", is_flag=True, help="Sign in to a server inside the program.")
@click.option("--approve", is_flag=True, help="Let the demo analyst approve after a few seconds.")
@click.option("--token-lifetime", type=_seconds, metavar="SECONDS", help="Of the demo server.")
@click.option("--code-lifetime", type=_seconds, metavar="SECONDS", help="Of the demo server.")
@click.pass_context
def program(
    ctx: click.Context,
    /,
    *,
    profile: str | None,
    hidden: bool,
    verbose: bool,
    selftest: bool,
    **demo: Any,  # noqa: ANN401 - the options of the demo server
) -> int:
    """Sign in to Cisco XDR, or any RFC 8628 provider, with a code and a browser.

    Without a command it opens the window.
    """
    options = ctx.obj = Options(profile=profile, verbose=verbose, hidden=hidden)
    command = ctx.invoked_subcommand
    if hidden and command:
        raise click.UsageError("--hidden goes without a command.")
    if demo["demo"] and command not in {None, "login"}:
        raise click.UsageError(f"--demo does not go with the command {command}.")
    if command:
        windowed = False
    else:
        from desktop.cli.terminal.window import has_display

        windowed = has_display()
    if demo["demo"]:
        options.demo = _demo_options(windowed=windowed, given=demo)
    elif any(demo.values()):
        raise click.UsageError("The options of the demo server need --demo.")
    if command:
        return 0
    if selftest:
        from desktop.selftest import run as run_selftest

        return run_selftest()
    return _open_window_or_sign_in(options, windowed=windowed)


def _open_window_or_sign_in(options: Options, *, windowed: bool) -> int:
    if windowed:
        from desktop.cli.terminal.window import open_window

        return open_window(options)
    if options.hidden:
        raise click.UsageError("--hidden needs a display.")
    from desktop.cli.sign_in.login import sign_in_without_display

    return sign_in_without_display(options)


def _demo_options(*, windowed: bool, given: dict[str, Any]) -> DemoOptions:
    from desktop.services.system.paths import demo_is_installed

    if not demo_is_installed():
        raise click.ClickException(
            "The demo server is not installed: pip install 'xdr-login[demo]'"
        )
    from desktop.demo import DemoOptions

    interactive = sys.stdin is not None and sys.stdin.isatty()
    by_itself = given["approve"] or not (windowed or interactive)
    chosen = {
        "token_lifetime": given["token_lifetime"],
        "code_lifetime": given["code_lifetime"],
        "approve_after": _APPROVAL_DELAY if by_itself else None,
    }
    return DemoOptions(**{name: value for name, value in chosen.items() if value is not None})


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` ask for; gives the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the terminal's encoding lacks must end nothing.
            stream.reconfigure(errors="replace")
    if COMPLETE_VARIABLE in os.environ:
        # What completes for PowerShell is known once this is loaded.
        import_module("desktop.cli.completion")
    try:
        done = program.main(list(arguments), prog_name="xdr-login", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("Cancelled.", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:  # who reads has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return done if isinstance(done, int) else 0
