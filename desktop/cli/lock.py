"""`xdr-login lock`: lock the running app."""

import click

from desktop.cli.terminal.exits import Exit, command
from desktop.cli.terminal.output import print_message
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.services.system.translation import translate


@command("""\
xdr-login lock                             hide and keep back all tokens until you unlock
""")
def lock() -> int:
    """XDR Login shows no tokens and gives programs none until you unlock it in its window.

    Profiles with `unattended = true` are exempt. There is no command that unlocks.
    """
    try:
        send_command("lock")
    except NotRunning:
        print_message(
            translate(
                "XDR Login is not running, so there is nothing to lock. Commands still read your "
                "tokens from the keyring."
            )
        )
        return Exit.FAILURE
    except NoAnswer as error:
        message = translate(
            "XDR Login is running but does not respond: {reason}. Try again, or end its process.",
            reason=error,
        )
        raise click.ClickException(message) from error
    return Exit.OK
