"""`xdr-login api`: any route of the profile's own server, with its token."""

from __future__ import annotations

from pathlib import Path

import click

from desktop.cli.api.api_answers import AnswerPrinter
from desktop.cli.api.api_routes import list_routes
from desktop.cli.api.authorized_call import call_with_token
from desktop.cli.terminal.exits import Exit, handle_errors
from desktop.cli.terminal.output import (
    CommandWithExamples,
    confirm,
    global_options,
    json_option,
    print_message,
    print_result,
    profile_option,
    yes_option,
)
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

_LARGEST_INPUT = 64 * 1024 * 1024  # bytes


def _complete_path(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return sorted({each.path for each in load_bundled_routes() if each.path.startswith(incomplete)})


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login api --list                                    show the routes that are known
xdr-login api GET /iroh/profile/whoami                  ask who you are
xdr-login api GET /iroh/oauth2/grant-status -f client_id=client-0a6e...
                                                        the same with a query
xdr-login api POST /iroh/example -f name=x              send {"name": "x"}
xdr-login api POST /iroh/example --input body.json      send a file
xdr-login api GET /iroh/profile/whoami --as curl        print a command in place of calling
""",
)
@click.argument("method", required=False, type=click.Choice(METHODS, case_sensitive=False))
@click.argument("path", required=False, shell_complete=_complete_path)
@profile_option
@click.option(
    "--field",
    "-f",
    "fields",
    multiple=True,
    metavar="KEY=VALUE",
    help="In the query of GET and HEAD, else a member of the body; once more makes a list.",
)
@click.option("--form", is_flag=True, help="Send a form in place of JSON.")
@click.option("--header", "-H", "headers", multiple=True, metavar="NAME: VALUE", help="Send it.")
@click.option(
    "--input",
    "input_file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="The body; - reads it from stdin. Fields then go into the query.",
)
@click.option("--include", "-i", is_flag=True, help="Print the status and the headers too.")
@yes_option
@click.option(
    "--as",
    "language",
    type=click.Choice([each.value for each in Language]),
    help="Print code in place of calling.",
)
@click.option("--list", "lists", is_flag=True, help="List the routes that are known.")
@click.option(
    "--openapi",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --list: those of another OpenAPI description, in JSON.",
)
@json_option
@handle_errors
def api(  # noqa: PLR0913 - one a parameter of the command
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
    """Call a route of the server that you sign in to, with your token.

    PATH is one of that server, such as /iroh/profile/whoami: no other one is ever asked, and no
    redirect followed. The token is renewed where it is due. What is not GET or HEAD may change
    something, so it asks first; without a terminal it needs --yes.

    The answer goes to stdout: readable on a terminal, as it came into a pipe. An answer that is an
    error goes there too, and what it means to stderr.
    """
    if lists:
        return _list(openapi, as_json=as_json)
    if openapi or as_json:
        raise click.UsageError("--openapi and --json go with --list.")
    if method is None or path is None:
        raise click.UsageError("Say METHOD and PATH, or --list.")
    wish = CallArguments(method, path, fields, headers, input_file or "", as_form=form)
    return _call(profile, wish, language=language, include=include, yes=yes)


def _list(openapi: Path | None, *, as_json: bool) -> int:
    try:
        routes = load_routes(openapi) if openapi else load_bundled_routes()
    except OSError as error:
        raise click.FileError(str(openapi), error.strerror) from error
    except BadDescription as error:
        raise click.BadParameter(str(error), param_hint="--openapi") from error
    list_routes(routes, as_json=as_json)
    return Exit.OK


def _call(
    profile_name: str | None, wish: CallArguments, *, language: str | None, include: bool, yes: bool
) -> int:
    options = global_options()
    options.profile = profile_name
    profile = options.load_profile()
    home = server_origin(profile)
    try:
        call = make_call(home, wish)
    except BadCall as error:
        raise click.UsageError(str(error)) from error
    if language is not None:
        if wish.input_file == "-":
            raise click.UsageError("Code cannot hold what comes from stdin: name a file.")
        print_result(render_call(Language(language), call, profile_id=profile.id).rstrip("\n"))
        return Exit.OK
    question = f"{call.method} {call.address} as {profile.name}?"
    if not confirm(question, yes=yes or call.is_safe):
        print_message("Nothing was sent.")
        return Exit.FORBIDDEN
    content = _content(call.body) if call.body is not None else None
    answers = AnswerPrinter(profile.id, include=include or call.method == "HEAD")
    return call_with_token(
        profile, request_for(call, content), answers.show, may_repeat=call.is_safe
    )


def _content(body: Body) -> bytes:
    if not body.file:
        return body.text.encode()
    with click.open_file(body.file, "rb") as opened:
        content: bytes = opened.read(_LARGEST_INPUT + 1)
    if len(content) > _LARGEST_INPUT:
        raise click.BadParameter("It is larger than 64 MB.", param_hint="--input")
    return content
