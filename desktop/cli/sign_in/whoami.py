"""`xdr-login whoami`: what the server says of who signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import click

from desktop.cli.scripts.token_source import Access, access
from desktop.cli.terminal.exits import reporting
from desktop.cli.terminal.output import (
    Examples,
    answer,
    answer_json,
    json_option,
    profile_option,
    say,
)
from desktop.services.configuration.load import load_configuration
from desktop.services.model.profile import Profile
from desktop.services.network.real_environment import surroundings
from desktop.services.session.provider import Provider
from desktop.services.system.worker import Worker
from desktop.services.token.details import flattened


@click.command(
    cls=Examples,
    examples="""\
xdr-login whoami                           what the server knows, a line each
xdr-login whoami --json                    the same as names and values, for a script
""",
)
@profile_option
@json_option
@reporting
def whoami(*, profile: str | None, as_json: bool) -> int:
    """Say what the server knows of who signed in.

    The token is renewed first where it has run out. What looks like a secret is not shown.
    """
    chosen = load_configuration().named(profile)
    held = access(chosen)
    said = asyncio.run(_asked(chosen, held))
    rows = flattened(said, is_secret=lambda text: held.access_token in text)
    if as_json:
        answer_json({"profile": chosen.id, "who": dict(rows)})
    elif not rows:
        say("The server tells nothing: it has no such endpoint.")
    else:
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            answer(f"{name.ljust(width)}  {value}")
    return 0


async def _asked(profile: Profile, held: Access) -> Mapping[str, object]:
    provider = Provider(profile, surroundings(Worker("loader")))
    try:
        return await provider.who_am_i(held.access_token)
    finally:
        await provider.close()
