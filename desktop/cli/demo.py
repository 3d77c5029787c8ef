"""`xdr-login demo`: the demo server alone, to try commands and scripts with."""

from __future__ import annotations

from typing import Any

import click

from desktop.cli.terminal.help import CommandWithExamples
from desktop.cli.terminal.output import Function
from desktop.services.system.translation import translate


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86400:  # not "nan" either
        raise click.BadParameter(translate("Use a number of seconds from 1 to 86400."))
    return seconds


def lifetime_options(command: Function) -> Function:
    """Add the options for how long the tokens and codes of the demo server are valid."""
    seconds: Any = {"type": _seconds, "metavar": "SECONDS"}
    token = click.option(
        "--token-lifetime", **seconds, help="How long tokens of the demo server are valid."
    )
    code = click.option(
        "--code-lifetime", **seconds, help="How long codes of the demo server are valid."
    )
    return token(code(command))


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login demo                             on a free port; prints how to sign in to it
xdr-login demo --port 8400 --approve-after 3
xdr-login demo --token-lifetime 40         to see tokens being renewed
""",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65530),
    metavar="PORT",
    default=0,
    help="Port to listen on. Its services use the next five. Default: free ports.",
)
@lifetime_options
@click.option(
    "--approve-after",
    type=click.FloatRange(0, 86400),
    metavar="SECONDS",
    help="Let the demo analyst approve automatically after this time.",
)
@click.option(
    "--dpop",
    type=click.Choice(["off", "on", "required", "nonce"]),
    help="Whether to bind tokens to a key (DPoP); nonce also requires the server's nonce.",
)
def demo(**given: Any) -> int:  # noqa: ANN401 - the options above
    """Runs until Ctrl+C. Nothing on it is real, and only this computer can reach it."""
    require_demo_server()
    from desktop.demo import DemoOptions, DemoServer
    from desktop.demo.console import serve_until_interrupted

    options = DemoOptions(**{name: value for name, value in given.items() if value is not None})
    server = DemoServer(options)
    try:
        serve_until_interrupted(server)
    except OSError as error:
        message = translate(
            "Can't listen on 127.0.0.1:{port}: {reason}.",
            port=error.filename,
            reason=error.strerror,
        )
        raise click.ClickException(message) from error
    if server.ended.exception() is None:
        return 0
    from desktop.cli.terminal.error_reports import report_demo_failure
    from desktop.services.system.logs import start_logging
    from desktop.services.system.paths import log_folder

    start_logging(log_folder())
    return report_demo_failure(server.ended.exception())


def require_demo_server() -> None:
    """Raise `ClickException` if this installation has no demo server."""
    from desktop.services.system.paths import demo_is_installed

    if not demo_is_installed():
        from desktop.services.system.about import command_to_install

        message = translate(
            "The demo server is not installed. Install it: {command}",
            command=command_to_install("demo"),
        )
        raise click.ClickException(message)
