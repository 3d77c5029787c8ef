"""`xdr-login quit`: quit the running app, as an installer does before it replaces it."""

import click

from desktop.cli.terminal.help import TranslatedCommand
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.services.system.translation import translate


@click.command(cls=TranslatedCommand)
def quit_program() -> int:
    """Pending requests end first. If XDR Login isn't running, nothing happens."""
    try:
        send_command("quit")
    except NotRunning:
        click.echo(translate("XDR Login is not running."), err=True)
    except NoAnswer as error:
        message = translate(
            "XDR Login is running but does not respond: {reason}. Try again, or end its process.",
            reason=error,
        )
        raise click.ClickException(message) from error
    return 0
