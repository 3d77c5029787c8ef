"""`xdr-login api`: call a route of the profile's server with its token."""

from __future__ import annotations

import errno
from pathlib import Path

import click

from desktop.cli.api.api_answers import AnswerPrinter
from desktop.cli.api.api_routes import list_routes
from desktop.cli.api.authorized_call import call_with_token, run_with_token
from desktop.cli.api.paged_answers import Stopped, print_pages
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import (
    confirm,
    print_message,
    print_result,
    wait_notice,
)
from desktop.services.configuration.load import load_configuration
from desktop.services.model.api_calls import Language
from desktop.services.model.profile import ProfileError
from desktop.services.system.files import read_file
from desktop.services.system.translation import translate
from desktop.services.token.api_call import (
    BadCall,
    Body,
    CallArguments,
    call_for,
    request_for,
)
from desktop.services.token.api_services import (
    ApiService,
    service_with_known_routes,
    services_of,
)
from desktop.services.token.call_templates import render_call
from desktop.services.token.openapi import BadDescription, load_bundled_routes, load_routes

_LARGEST_INPUT = 64_000_000  # bytes


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
    paginate: bool,
    yes: bool,
    language: str | None,
    lists: bool,
    openapi: Path | None,
    as_json: bool,
) -> int:
    if lists:
        return _list(profile, openapi, as_json=as_json)
    if openapi or as_json:
        raise click.UsageError(translate("--openapi and --json can only be used with --list."))
    if method is None or path is None:
        raise click.UsageError(translate("Missing METHOD and PATH (or use --list)."))
    arguments = CallArguments(method, path, fields, headers, input_file or "", as_form=form)
    if paginate:
        if arguments.method.upper() != "GET":
            raise click.UsageError(translate("--paginate can only be used with GET."))
        if include or language:
            raise click.UsageError(translate("--paginate cannot be used with --include or --as."))
        return _call_pages(profile, arguments)
    return _call(profile, arguments, language=language, include=include, yes=yes)


def _list(profile_name: str | None, openapi: Path | None, *, as_json: bool) -> int:
    try:
        routes = (
            load_routes(openapi, on_wait=wait_notice(openapi)) if openapi else load_bundled_routes()
        )
    except OSError as error:
        raise click.FileError(str(openapi), error.strerror) from error
    except BadDescription as error:
        raise click.BadParameter(str(error), param_hint="--openapi") from error
    services, described = _services(profile_name)
    if openapi:
        described = ""
    elif services and not described:
        routes = ()
    list_routes(routes, services, described, as_json=as_json)
    return Exit.OK


def _services(profile_name: str | None) -> tuple[tuple[ApiService, ...], str]:
    """List the services of the profile, and name the one that the bundled description is of."""
    try:
        profile = load_configuration().find(profile_name)
    except ProfileError:
        if profile_name is not None:
            raise
        return (), ""  # the known routes can be read before there is a profile
    return services_of(profile), service_with_known_routes(profile)


def _call_pages(profile_name: str | None, arguments: CallArguments) -> int:
    profile = load_configuration().find(profile_name)
    try:
        call = call_for(profile, arguments)
    except BadCall as error:
        raise click.UsageError(str(error)) from error

    def allowed(address: str) -> str:
        try:
            return call_for(profile, CallArguments("GET", address)).address
        except BadCall as error:
            message = translate("Stopped before the next page. {reason}", reason=error)
            raise Stopped(message) from error

    printer = AnswerPrinter(profile.id, include=False)
    return run_with_token(
        profile,
        lambda client: print_pages(client, request_for(call), printer, allowed=allowed),
    )


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
        call = call_for(profile, arguments)
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
