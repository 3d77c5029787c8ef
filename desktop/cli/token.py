"""`xdr-login token`: a valid access token on stdout, and nothing else."""

from __future__ import annotations

import re

import click

from desktop.cli.scripts.token_source import fetch_formatted_token
from desktop.cli.terminal.exits import handle_errors
from desktop.cli.terminal.output import CommandWithExamples, profile_option
from desktop.cli.token_fast_path import print_token
from desktop.services.token.print_formats import PRINT_FORMATS

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class DurationType(click.ParamType[float]):
    """A length of time: 90, 90s, 5m or 1h."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Its seconds."""
        match = re.fullmatch(r"([0-9]{1,6})([smh]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is no time such as 90s, 5m or 1h.", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login token | my-program --token-stdin
curl --config <(xdr-login token --format curl) "$URL"
xdr-login token --profile northwind --min-validity 5m --format json
eval "$(xdr-login token --format env)"
""",
)
@profile_option
@click.option(
    "--min-validity",
    type=DurationType(),
    default="60s",
    show_default=True,
    help="Renew it where less is left, if that is possible.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(list(PRINT_FORMATS)),
    default="raw",
    show_default=True,
    help=(
        "raw: the token alone; header: an Authorization header; json: with type, end and scope; "
        "env: a line that exports XDR_ACCESS_TOKEN; curl: a line for curl --config."
    ),
)
@handle_errors
def token(profile: str | None, min_validity: float, shape: str) -> int:
    """Print a valid access token.

    The running program gives it; where none runs it comes from the keyring. It is renewed where too
    little is left of it.
    """
    return print_token(fetch_formatted_token(profile, min_validity=min_validity, shape=shape))
