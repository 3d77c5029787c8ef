"""`xdr-login demo`: the demo server alone, to try commands and scripts with."""

from __future__ import annotations

import click

from desktop.cli.terminal.help import CommandWithExamples
from desktop.services.system.translation import translate


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
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on. Default: a free one.",
)
@click.option(
    "--token-lifetime",
    type=click.FloatRange(1, 86400),
    metavar="SECONDS",
    help="Token lifetime.",
)
@click.option(
    "--code-lifetime", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Code lifetime."
)
@click.option(
    "--approve-after",
    type=click.FloatRange(0, 86400),
    metavar="SECONDS",
    help="Let the demo analyst approve automatically after this time.",
)
def demo(port: int, **given: float | None) -> int:
    """Runs until Ctrl-C. Nothing on it is real, and only this computer can reach it."""
    require_demo_server()
    from desktop.demo.__main__ import main

    arguments = [f"--port={port}"]
    for name, value in given.items():
        if value is not None:
            arguments.append(f"--{name.replace('_', '-')}={value}")
    return main(arguments)


def require_demo_server() -> None:
    """Raise `ClickException` if this installation has no demo server."""
    from desktop.services.system.paths import demo_is_installed

    if not demo_is_installed():
        message = translate(
            "The demo server is not installed. Install it: {command}",
            command="pip install 'xdr-login[demo]'",
        )
        raise click.ClickException(message)
