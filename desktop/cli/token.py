"""`xdr-login token`: print a valid access token and nothing else."""

from __future__ import annotations

from typing import Any

import click

from desktop.cli.terminal.exits import command
from desktop.cli.terminal.output import Function, exchange_option, profile_option
from desktop.cli.token_fast_path import parse_seconds, print_token
from desktop.services.model.copy_formats import PRINT_FORMATS
from desktop.services.system.translation import translate


class DurationType(click.ParamType[float]):
    """A duration: 90, 90s, 5m or 1h."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = parse_seconds(str(value))
        if seconds is None:
            message = translate("Invalid duration '{value}'. Use 90s, 5m or 1h.", value=value)
            self.fail(message, param, ctx)
        return float(seconds)


BOUND_FORMAT = "dpop"


def _request_options(command: Function) -> Function:
    """Add the options for the request that the headers are for."""
    method = click.option("--method", metavar="METHOD", help="With dpop: the method.")
    url = click.option("--url", metavar="URL", help="With dpop: the address.")
    nonce = click.option(
        "--nonce", metavar="TEXT", help="With dpop: the DPoP-Nonce that the server requires."
    )
    return method(url(nonce(command)))


@command("""\
xdr-login token | my-program --token-stdin
curl --config <(xdr-login token --format curl) "$URL"
xdr-login token --profile northwind --min-validity 5m --format json
eval "$(xdr-login token --format env)"
xdr-login token --format dpop --method GET --url "$URL" | curl -H @- "$URL"
xdr-login token --for secure-endpoint
""")
@profile_option
@click.option(
    "--min-validity",
    type=DurationType(),
    default="60s",
    show_default=True,
    help="Renew the token if less is left, such as 90s, 5m or 1h.",
)
@click.option(
    "--format",
    "token_format",
    type=click.Choice([*PRINT_FORMATS, BOUND_FORMAT]),
    default="raw",
    show_default=True,
    help=(
        "raw: only the token; header: a complete Authorization header; json: with type, expiry and "
        "scope; env: a line that exports XDR_ACCESS_TOKEN; curl: a line for curl --config; dpop: "
        "the headers of one request with a bound token."
    ),
)
@click.option(
    "--id-token",
    is_flag=True,
    help="Print the ID token instead (OpenID Connect; needs the scope openid).",
)
@_request_options
@exchange_option("Print the token of another service instead, such as secure-endpoint (Cisco XDR).")
def token(
    *,
    profile: str | None,
    min_validity: float,
    token_format: str,
    id_token: bool,
    exchange: str,
    **request: Any,  # noqa: ANN401 - the options above
) -> int:
    """Renews the token first if it expires soon.

    The token comes from XDR Login if it is running, otherwise from the keyring.
    """
    if token_format == BOUND_FORMAT:
        if id_token:
            raise click.UsageError(translate("--id-token cannot be used with --format dpop."))
        if exchange:
            raise click.UsageError(translate("--for cannot be used with --format dpop."))
        return print_token(_bound_headers(profile, **request))
    if any(value is not None for value in request.values()):
        message = translate("--method, --url and --nonce can only be used with --format dpop.")
        raise click.UsageError(message)
    from desktop.cli.scripts.token_source import fetch_formatted_token  # slow to load

    if exchange and id_token:
        raise click.UsageError(translate("--for cannot be used with --id-token."))
    return print_token(
        fetch_formatted_token(
            profile,
            min_validity=min_validity,
            token_format=token_format,
            id_token=id_token,
            exchange=exchange,
        )
    )


def _bound_headers(
    profile: str | None, *, method: str | None, url: str | None, nonce: str | None
) -> str:
    from desktop.cli.scripts.bound_token import bound_header_lines  # slow to load
    from desktop.services.configuration.load import load_configuration
    from desktop.services.token.bound_request import BoundRequest

    if method is None or url is None:
        raise click.UsageError(translate("--format dpop needs --method and --url."))
    request = BoundRequest.parse(method, url, nonce)
    if request is None:
        raise click.UsageError(translate("Invalid --method or --nonce."))
    return bound_header_lines(load_configuration().find(profile), request)
