"""`xdr-login whoami`: what the server says of who signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import click

from desktop.cli.scripts.token_source import fetch_token
from desktop.cli.terminal.exits import handle_errors
from desktop.cli.terminal.output import (
    CommandWithExamples,
    json_option,
    print_json,
    print_message,
    print_result,
    profile_option,
)
from desktop.services.configuration.load import load_configuration
from desktop.services.model.access_token import AccessToken
from desktop.services.model.profile import Profile
from desktop.services.network.real_environment import real_environment
from desktop.services.session.provider import Provider
from desktop.services.system.worker import Worker
from desktop.services.token.details import flattened


@click.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login whoami                           what the server knows, a line each
xdr-login whoami --json                    the same as names and values, for a script
""",
)
@profile_option
@json_option
@handle_errors
def whoami(*, profile: str | None, as_json: bool) -> int:
    """Say what the server knows of who signed in.

    The token is renewed first where it has run out. What looks like a secret is not shown.
    """
    chosen = load_configuration().find(profile)
    held = fetch_token(chosen)
    said = asyncio.run(_fetch_claims(chosen, held))
    rows = flattened(said, is_secret=lambda text: held.access_token in text)
    if as_json:
        print_json({"profile": chosen.id, "who": dict(rows)})
    elif not rows:
        print_message("The server tells nothing: it has no such endpoint.")
    else:
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            print_result(f"{name.ljust(width)}  {value}")
    return 0


async def _fetch_claims(profile: Profile, held: AccessToken) -> Mapping[str, object]:
    provider = Provider(profile, real_environment(Worker("loader")))
    try:
        return await provider.fetch_userinfo(held.access_token)
    finally:
        await provider.close()
