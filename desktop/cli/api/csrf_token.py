"""`xdr-login csrf-token`: print a CSRF token."""

from __future__ import annotations

import click

from desktop.cli.api.api_answers import (
    exit_code_for_status,
    json_in,
    read_beginning,
    response_error_message,
)
from desktop.cli.api.authorized_call import call_with_token
from desktop.cli.terminal.exits import Exit, report_failure
from desktop.cli.terminal.output import (
    print_json,
    print_result,
)
from desktop.oauth.errors import UnusableAnswer
from desktop.oauth.fields import seconds, text
from desktop.oauth.resource import ResourceAnswer
from desktop.services.configuration.load import load_configuration
from desktop.services.token.api_call import (
    BadCall,
    CallArguments,
    call_for,
    request_for,
)

_LARGEST = 65536  # bytes


def csrf_token(*, profile: str | None, path: str, as_json: bool) -> int:
    chosen = load_configuration().find(profile)
    try:
        call = call_for(chosen, CallArguments("GET", path))
    except BadCall as error:
        raise click.UsageError(str(error)) from error

    async def show(found: ResourceAnswer) -> int:
        body, _ = await read_beginning(found, _LARGEST)
        if found.status >= 300:
            why = response_error_message(found, body, profile_id=chosen.id)
            return report_failure(exit_code_for_status(found.status), why, as_json=as_json)
        token, lifetime = _token_in(found, body)
        if as_json:
            print_json({"csrf_token": token, "expires_in": lifetime})
        else:
            print_result(token)
        return Exit.OK

    # A rejected request had no effect, so it can be repeated.
    return call_with_token(chosen, request_for(call), show, may_repeat=True)


def _token_in(found: ResourceAnswer, body: bytes) -> tuple[str, float | None]:
    """Find the token and its seconds; the format is assumed, so a bare string counts too."""
    answer = json_in(body)
    members = answer if isinstance(answer, dict) else {"token": answer}
    token = text(members, "csrf-token", "csrf_token", "token")
    if token is None or not token.isprintable() or found.secrets.are_in(token):
        raise UnusableAnswer(found.host, detail="no CSRF token", status=found.status)
    return token, seconds(members, "expires-in", "expires_in")
