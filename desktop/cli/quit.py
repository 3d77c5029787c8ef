"""`xdr-login quit`: end the program that runs, as an installer does before it replaces it."""

import click

from desktop.ipc.client import NoAnswer, NotRunning, send_command


@click.command()
def quit_program() -> int:
    """End the program that runs.

    It ends in order: requests under way are ended first. Where none runs there is nothing to do.
    """
    try:
        send_command("quit")
    except NotRunning:
        click.echo("XDR Login is not running.", err=True)
    except NoAnswer as error:
        raise click.ClickException(f"XDR Login runs and does not answer: {error}") from error
    return 0
