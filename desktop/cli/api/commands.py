"""The commands `api` and `csrf-token`: their options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from desktop.cli.terminal.exits import command
from desktop.cli.terminal.output import json_option, profile_option, yes_option
from desktop.services.model.api_calls import METHODS, Language

CSRF_ROUTE = "/iroh/oauth2/csrf-token"  # assumed: see resources/openapi/iroh-oauth2.json


def _complete_path(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """List what the paths of services begin with, "/" for the server itself, or its routes."""
    from desktop.oauth.errors import UnsafeAddress
    from desktop.services.configuration.load import load_configuration
    from desktop.services.model.profile import ProfileError
    from desktop.services.token.api_services import service_with_known_routes, services_of

    try:
        profile = load_configuration().find(ctx.params.get("profile"))
        services, has_known_routes = services_of(profile), bool(service_with_known_routes(profile))
    except (ProfileError, UnsafeAddress):
        services, has_known_routes = (), True  # as in the list
    if not incomplete.startswith("/"):
        prefixes = ("/", *(f"{each.name}:/" for each in services))
        return [each for each in prefixes if each.startswith(incomplete)]
    if not has_known_routes:
        return []
    from desktop.services.token.openapi import load_bundled_routes

    return sorted({each.path for each in load_bundled_routes() if each.path.startswith(incomplete)})


@command("""\
xdr-login api --list                                    list API services and known routes
xdr-login api GET /iroh/profile/whoami                  show who you are
xdr-login api GET /iroh/oauth2/grant-status -f client_id=client-0a6e...
                                                        call with a query
xdr-login api POST conure:/v2/incident/search --input query.json
                                                        call another API service
xdr-login api GET private-intel:/incident/search --paginate | jq '.[].title'
                                                        get all pages, pick values with jq
xdr-login api POST /iroh/example -f name=x              send {"name": "x"}
xdr-login api POST /iroh/example --input body.json      send a file
xdr-login api GET /iroh/profile/whoami --as curl        print a command instead of calling
""")
@click.argument("method", required=False, type=click.Choice(METHODS, case_sensitive=False))
@click.argument("path", required=False, shell_complete=_complete_path)
@profile_option
@click.option(
    "--field",
    "-f",
    "fields",
    multiple=True,
    metavar="KEY=VALUE",
    help="In the query for GET and HEAD, otherwise a member of the body. Repeat for a list.",
)
@click.option("--form", is_flag=True, help="Send a form instead of JSON.")
@click.option(
    "--header", "-H", "headers", multiple=True, metavar="NAME: VALUE", help="A header to send."
)
@click.option(
    "--input",
    "input_file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file to send as the body; - is stdin. Fields then go into the query.",
)
@click.option("--include", "-i", is_flag=True, help="Print the status and headers too.")
@click.option(
    "--paginate",
    is_flag=True,
    help="Get all pages of a GET, at most 1,000. JSON arrays become one array.",
)
@yes_option
@click.option(
    "--as",
    "language",
    type=click.Choice([each.value for each in Language]),
    help="Print code instead of calling.",
)
@click.option("--list", "lists", is_flag=True, help="List the API services and known routes.")
@click.option(
    "--openapi",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --list: the routes of another OpenAPI description, in JSON.",
)
@json_option
def api(**given: Any) -> int:  # noqa: ANN401 - its options
    """PATH is a path of the server you sign in to, such as /iroh/profile/whoami.

    PATH can also be a path of another API service of the profile, such as
    conure:/v2/incident/search, or the full address of one. Other hosts are rejected, and redirects
    are not followed. Methods other than GET and HEAD may change something, so they ask for
    confirmation; without a terminal, pass --yes.

    The response goes to stdout: formatted on a terminal, unchanged into a pipe. If it is an error,
    stderr says what it means.

    --paginate follows the header Link, and X-Next of Cisco's private-intel and intel, to pages on
    the profile's services only.
    """
    from desktop.cli.api.api import api as work

    return work(**given)


@command("""\
xdr-login csrf-token                       print a token
xdr-login csrf-token --json                print it with its lifetime, for a script
xdr-login csrf-token --path /iroh/x        use a different route on the server
""")
@profile_option
@click.option(
    "--path", default=CSRF_ROUTE, show_default=True, help="The server's route for CSRF tokens."
)
@json_option
def csrf_token(**given: Any) -> int:  # noqa: ANN401 - its options
    """For Cisco XDR. The token is valid for one use and for a short time."""
    from desktop.cli.api.csrf_token import csrf_token as work

    return work(**given)
