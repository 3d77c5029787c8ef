"""The command line: a table of commands, each loaded only when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from desktop import __version__
from desktop.cli.demo import lifetime_options, require_demo_server
from desktop.cli.terminal import CANCELLED, COMPLETE_VARIABLE
from desktop.cli.terminal.help import help_width, write_examples
from desktop.cli.terminal.lazy_group import LazyGroup
from desktop.cli.terminal.output import complete_profile, print_message
from desktop.cli.terminal.streams import (
    UnwrittenOutput,
    keep_log_off_terminal,
    prepare_streams,
    report_unwritten_output,
)
from desktop.options import Options
from desktop.services.system.language import list_languages, match_language, use_language
from desktop.services.system.translation import translate, use_for_libraries
from desktop.services.wording.formats import format_values

if TYPE_CHECKING:
    from desktop.demo import DemoOptions

# Name, place and summary of each command. The list in --help needs no command loaded, and the help
# of a command begins with its summary.
COMMANDS = {
    "login": ("desktop.cli.sign_in.commands:login", "Sign in from the terminal."),
    "token": ("desktop.cli.token:token", "Print a valid access token."),
    "status": ("desktop.cli.sign_in.commands:status", "Show who is signed in."),
    "logout": ("desktop.cli.sign_in.commands:logout", "Sign out and revoke the token."),
    "whoami": ("desktop.cli.sign_in.commands:whoami", "Show the signed-in user."),
    "profiles": ("desktop.cli.profiles.commands:profiles", "List, add, change and check profiles."),
    "run": ("desktop.cli.scripts.commands:run", "Run a program with a token in its environment."),
    "foreach": (
        "desktop.cli.scripts.commands:foreach",
        "Run a program once for each profile.",
    ),
    "credential": (
        "desktop.cli.scripts.commands:credential",
        "Provide tokens to kubectl, git and HTTPie.",
    ),
    "api": ("desktop.cli.api.commands:api", "Call a route of the server with your token."),
    "grants": (
        "desktop.cli.sign_in.commands:grants",
        "Show or revoke the access you granted this app.",
    ),
    "csrf-token": ("desktop.cli.api.commands:csrf_token", "Print a CSRF token."),
    "doctor": ("desktop.cli.doctor.commands:doctor", "Check everything a sign-in needs."),
    "integrate": (
        "desktop.cli.integrate:integrate",
        "Add XDR Login to the applications menu, or remove it.",
    ),
    "lock": ("desktop.cli.lock:lock", "Lock the running app."),
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
_LONGEST_LANGUAGE = 40  # characters of a name that is not known


def _use_language(ctx: click.Context, _parameter: click.Parameter, name: str | None) -> None:
    """Use the language `name`, before any help is printed."""
    if not name or ctx.resilient_parsing:
        return
    language = match_language(name)
    if language:
        use_language(language)
        return
    use_language("en")
    from desktop.oauth.errors import printable  # slow to load

    languages = format_values(sorted(["en", *list_languages()]))
    message = translate(
        "Language '{name}' is not available, using English. Available: {languages}",
        name=printable(name, _LONGEST_LANGUAGE),
        languages=languages,
    )
    print_message(message)


class _Program(LazyGroup):
    """The program: its help ends with examples."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        write_examples(EXAMPLES, formatter)


@click.group(
    cls=_Program,
    places=COMMANDS,
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
@click.option(
    "--lang",
    metavar="LANGUAGE",
    is_eager=True,
    expose_value=False,
    callback=_use_language,
    help="The language of all texts, such as de. Pass it before a command.",
)
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
    if command and (hidden or demo["demo"]):
        from desktop.cli.terminal.usage_errors import why_not_with

        if why := why_not_with("--hidden" if hidden else "--demo", command):
            raise click.UsageError(why)
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
    keep_log_off_terminal()
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
    use_for_libraries()  # Click's own texts
    if COMPLETE_VARIABLE in os.environ:
        keep_log_off_terminal()
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
        done = program.main(
            list(arguments),
            prog_name="xdr-login",
            standalone_mode=False,
            terminal_width=help_width(),
        )
    except click.ClickException as error:
        from desktop.cli.terminal.usage_errors import report_usage_error

        report_usage_error(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print(translate("Canceled."), file=sys.stderr)
        return CANCELLED
    return done if isinstance(done, int) else 0
