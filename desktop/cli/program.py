"""The command line: a table of commands, each loaded only when it runs."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from desktop import __version__
from desktop.cli.demo import lifetime_options, require_demo_server
from desktop.cli.terminal import CANCELLED, COMPLETE_VARIABLE
from desktop.cli.terminal.help import TranslatedGroup, write_examples
from desktop.cli.terminal.output import complete_profile
from desktop.cli.terminal.streams import (
    UnwrittenOutput,
    prepare_streams,
    report_unwritten_output,
)
from desktop.options import Options
from desktop.services.system.logs import keep_log_off_terminal
from desktop.services.system.translation import translate, use_for_libraries

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from desktop.demo import DemoOptions

# Name, place and summary of each command. The list in --help needs no command loaded, and the help
# of a command begins with its summary.
COMMANDS = {
    "login": ("desktop.cli.sign_in.login:login", "Sign in from the terminal."),
    "token": ("desktop.cli.token:token", "Print a valid access token."),
    "status": ("desktop.cli.sign_in.status:status", "Show who is signed in."),
    "logout": ("desktop.cli.sign_in.logout:logout", "Sign out and revoke the token."),
    "whoami": ("desktop.cli.sign_in.whoami:whoami", "Show the signed-in user."),
    "profiles": ("desktop.cli.profiles.profiles:profiles", "List, add, change and check profiles."),
    "run": ("desktop.cli.scripts.run:run", "Run a program with a token in its environment."),
    "credential": (
        "desktop.cli.scripts.credential:credential",
        "Provide tokens to kubectl, git and HTTPie.",
    ),
    "api": ("desktop.cli.api.api:api", "Call a route of the server with your token."),
    "grants": (
        "desktop.cli.sign_in.grants:grants",
        "Show or revoke the access you granted this app.",
    ),
    "csrf-token": ("desktop.cli.api.csrf_token:csrf_token", "Print a CSRF token."),
    "doctor": ("desktop.cli.doctor.doctor:doctor", "Check everything a sign-in needs."),
    "integrate": (
        "desktop.cli.integrate:integrate",
        "Add XDR Login to the applications menu, or remove it.",
    ),
    "quit": ("desktop.cli.quit:quit_program", "Quit the running app."),
    "demo": ("desktop.cli.demo:demo", "Run a demo server."),
    "completion": ("desktop.cli.completion:completion", "Generate a shell completion script."),
}

EXAMPLES = """\
xdr-login                        open the window
xdr-login --hidden               start in the tray
xdr-login login                  sign in from the terminal
xdr-login token                  print a valid access token
xdr-login --demo                 try it with a built-in demo server
xdr-login --demo --token-lifetime 40
                                 the same, with a token that expires after 40 seconds
xdr-login profiles add --help    show the help of a command, with examples
"""

_APPROVAL_DELAY = 3.0  # seconds


class LazyGroup(TranslatedGroup):
    """A group that finds its commands in `COMMANDS` and loads only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load the command called `cmd_name`, and begin its help with its summary."""
        if cmd_name not in COMMANDS:
            return None
        place, summary = COMMANDS[cmd_name]
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

            similar = get_close_matches(args[0], COMMANDS, n=1)
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
            CompletionItem(name, help=translate(text))
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading any."""
        with formatter.section(translate("Commands")):
            formatter.write_dl([(name, translate(text)) for name, (_, text) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        write_examples(EXAMPLES, formatter)


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
@click.option("--verbose", is_flag=True, help="Write more to the log file.")
@click.option("--selftest", is_flag=True, help="Check that this installation is complete.")
@click.option("--demo", is_flag=True, help="Sign in to a built-in demo server.")
@click.option("--approve", is_flag=True, help="Approve automatically at the demo server.")
@lifetime_options
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
    """Sign in to Cisco XDR, or to any OAuth 2.0 provider, with your browser.

    Without a command, XDR Login opens its window.
    """
    options = ctx.obj = Options(profile=profile, verbose=verbose, hidden=hidden)
    command = ctx.invoked_subcommand
    if hidden and command:
        raise click.UsageError(
            translate("--hidden cannot be used with {command}.", command=command)
        )
    if demo["demo"] and command not in {None, "login"}:
        message = translate(
            "--demo cannot be used with {command}. To try it, run a demo server: xdr-login demo",
            command=command,
        )
        raise click.UsageError(message)
    if command:
        windowed = False
    else:
        from desktop.cli.terminal.window import has_display

        windowed = has_display()
    if demo["demo"]:
        options.demo = _demo_options(windowed=windowed, given=demo)
    elif any(demo.values()):
        option = next(name for name, value in demo.items() if value).replace("_", "-")
        raise click.UsageError(translate("{option} needs --demo.", option=f"--{option}"))
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
        raise click.UsageError(
            translate("--hidden needs a display. To sign in here, run: xdr-login login")
        )
    from desktop.cli.sign_in.login import sign_in_without_display

    return sign_in_without_display(options)


def _demo_options(*, windowed: bool, given: dict[str, Any]) -> DemoOptions:
    require_demo_server()
    from desktop.demo import DemoOptions

    interactive = sys.stdin is not None and sys.stdin.isatty()
    is_automatic = given["approve"] or not (windowed or interactive)
    chosen = {
        "token_lifetime": given["token_lifetime"],
        "code_lifetime": given["code_lifetime"],
        "approve_after": _APPROVAL_DELAY if is_automatic else None,
    }
    return DemoOptions(**{name: value for name, value in chosen.items() if value is not None})


def run(arguments: Sequence[str]) -> int:
    """Run the command in `arguments`; gives the exit code."""
    prepare_streams()
    keep_log_off_terminal()
    use_for_libraries()  # Click's own texts
    if COMPLETE_VARIABLE in os.environ:
        # It registers the completion for PowerShell.
        import_module("desktop.cli.completion")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except UnwrittenOutput as error:
        return report_unwritten_output(error)
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        done = program.main(list(arguments), prog_name="xdr-login", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print(translate("Canceled."), file=sys.stderr)
        return CANCELLED
    return done if isinstance(done, int) else 0
