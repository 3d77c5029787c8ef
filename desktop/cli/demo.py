"""`xdr-login demo`: the demo server alone, to try commands and scripts on."""

from __future__ import annotations

import click

from desktop.cli.terminal.output import CommandWithExamples


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login demo                             on a free port; it says what to sign in with
xdr-login demo --port 8400 --approve-after 3
xdr-login demo --token-lifetime 40         to see tokens being renewed
""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Else a free one.")
@click.option(
    "--token-lifetime", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Of a token."
)
@click.option(
    "--code-lifetime", type=click.FloatRange(1, 86400), metavar="SECONDS", help="Of a code."
)
@click.option(
    "--approve-after",
    type=click.FloatRange(0, 86400),
    metavar="SECONDS",
    help="Let the demo analyst approve by itself.",
)
def demo(port: int, **given: float | None) -> int:
    """Run a server to try things on, until Ctrl-C. Nothing there is real.

    Only this computer can reach it.
    """
    from desktop.services.system.paths import demo_is_installed

    if not demo_is_installed():
        raise click.ClickException(
            "The demo server is not installed: pip install 'xdr-login[demo]'"
        )
    from desktop.demo.__main__ import main

    arguments = [f"--port={port}"]
    for name, value in given.items():
        if value is not None:
            arguments.append(f"--{name.replace('_', '-')}={value}")
    return main(arguments)
