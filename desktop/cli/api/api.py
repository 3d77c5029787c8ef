"""`xdr-login api`: call a route of the profile's server with its token."""

from __future__ import annotations

import errno
from pathlib import Path

import click

from desktop.cli.api.api_answers import AnswerPrinter
from desktop.cli.api.api_routes import list_routes
from desktop.cli.api.authorized_call import call_with_token
from desktop.cli.terminal.exits import Exit, command
from desktop.cli.terminal.output import (
    confirm,
    json_option,
    print_message,
    print_result,
    profile_option,
    wait_notice,
    yes_option,
)
from desktop.services.configuration.load import load_configuration
from desktop.services.system.files import read_file
from desktop.services.system.translation import translate
from desktop.services.token.api_call import (
    METHODS,
    BadCall,
    Body,
    CallArguments,
    make_call,
    request_for,
    server_origin,
)
from desktop.services.token.call_templates import Language, render_call
from desktop.services.token.openapi import BadDescription, load_bundled_routes, load_routes

_LARGEST_INPUT = 64_000_000  # bytes


def _complete_path(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return sorted({each.path for each in load_bundled_routes() if each.path.startswith(incomplete)})


@command("""\
xdr-login api --list                                    list the known routes
xdr-login api GET /iroh/profile/whoami                  show who you are
xdr-login api GET /iroh/oauth2/grant-status -f client_id=client-0a6e...
                                                        call with a query
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
@yes_option
@click.option(
    "--as",
    "language",
    type=click.Choice([each.value for each in Language]),
    help="Print code instead of calling.",
)
@click.option("--list", "lists", is_flag=True, help="List the known routes.")
@click.option(
    "--openapi",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --list: the routes of another OpenAPI description, in JSON.",
)
@json_option
def api(  # noqa: PLR0913 - one for each option
    *,
    method: str | None,
    path: str | None,
    profile: str | None,
    fields: tuple[str, ...],
    form: bool,
    headers: tuple[str, ...],
    input_file: str | None,
    include: bool,
    yes: bool,
    language: str | None,
    lists: bool,
    openapi: Path | None,
    as_json: bool,
) -> int:
    """PATH is a path of the profile's server, such as /iroh/profile/whoami.

    Other hosts are rejected, and redirects are not followed. Methods other than GET and HEAD may
    change something, so they ask for confirmation; without a terminal, pass --yes.

    The response goes to stdout: formatted on a terminal, unchanged into a pipe. If it is an error,
    stderr says what it means.
    """
    if lists:
        return _list(openapi, as_json=as_json)
    if openapi or as_json:
        raise click.UsageError(translate("--openapi and --json can only be used with --list."))
    if method is None or path is None:
        raise click.UsageError(translate("Missing METHOD and PATH (or use --list)."))
    arguments = CallArguments(method, path, fields, headers, input_file or "", as_form=form)
    return _call(profile, arguments, language=language, include=include, yes=yes)


def _list(openapi: Path | None, *, as_json: bool) -> int:
    try:
        routes = (
            load_routes(openapi, on_wait=wait_notice(openapi)) if openapi else load_bundled_routes()
        )
    except OSError as error:
        raise click.FileError(str(openapi), error.strerror) from error
    except BadDescription as error:
        raise click.BadParameter(str(error), param_hint="--openapi") from error
    list_routes(routes, as_json=as_json)
    return Exit.OK


def _call(
    profile_name: str | None,
    arguments: CallArguments,
    *,
    language: str | None,
    include: bool,
    yes: bool,
) -> int:
    profile = load_configuration().find(profile_name)
    try:
        call = make_call(server_origin(profile), arguments)
    except BadCall as error:
        raise click.UsageError(str(error)) from error
    if language is not None:
        if arguments.input_file == "-":
            raise click.UsageError(
                translate("--as cannot be used with stdin. Pass a file to --input.")
            )
        print_result(render_call(Language(language), call, profile_id=profile.id).rstrip("\n"))
        return Exit.OK
    question = translate(
        "Send {method} {address} as {profile}?",
        method=call.method,
        address=call.address,
        profile=profile.name,
    )
    if not confirm(question, yes=yes or call.is_safe):
        print_message(translate("Nothing was sent."))
        return Exit.FORBIDDEN
    content = _content(call.body) if call.body is not None else None
    answers = AnswerPrinter(profile.id, include=include or call.method == "HEAD")
    return call_with_token(
        profile, request_for(call, content), answers.show, may_repeat=call.is_safe
    )


def _content(body: Body) -> bytes:
    if not body.file:
        return body.text.encode()
    too_large = click.BadParameter(
        translate("The file is larger than 64 MB."), param_hint="--input"
    )
    if body.file == "-":
        with click.open_file("-", "rb") as opened:
            content: bytes = opened.read(_LARGEST_INPUT + 1)
        if len(content) > _LARGEST_INPUT:
            raise too_large
        return content
    try:
        file = Path(body.file)
        return read_file(file, limit=_LARGEST_INPUT, on_wait=wait_notice(file))
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise too_large from error
        raise click.FileError(body.file, error.strerror) from error
