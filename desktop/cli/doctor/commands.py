"""The command `doctor`: its options and help."""

from __future__ import annotations

from typing import Any

from desktop.cli.terminal.exits import command
from desktop.cli.terminal.output import json_option


@command("""\
xdr-login doctor                           one line per check, with what to do next
xdr-login doctor --json > report.json      the same as JSON, for support
""")
@json_option
def doctor(**given: Any) -> int:  # noqa: ANN401 - its options
    """Checks the keyring, network, TLS, proxy, clock and more, one line each with what to do next.

    The report contains no secrets, user name or home folder, so it is safe to share. The exit code
    is 1 if a check fails.
    """
    from desktop.cli.doctor.doctor import doctor as work

    return work(**given)
