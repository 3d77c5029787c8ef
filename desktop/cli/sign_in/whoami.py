"""`xdr-login whoami`: show the signed-in user as the server describes them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from desktop.cli.scripts.bound_token import authorizer_for
from desktop.cli.scripts.token_source import fetch_token
from desktop.cli.terminal.output import (
    print_json,
    print_message,
)
from desktop.cli.terminal.tables import print_rows
from desktop.services.configuration.load import load_configuration
from desktop.services.model.access_token import AccessToken
from desktop.services.model.profile import Profile
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.profile_secrets import load_known_secrets
from desktop.services.session.provider import Provider
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.services.token import queries
from desktop.services.token.details import flattened, flattened_for_programs


def whoami(*, profile: str | None, as_json: bool) -> int:
    chosen = load_configuration().find(profile)
    token = fetch_token(chosen)
    claims = asyncio.run(_fetch_claims(chosen, token))
    if as_json:
        print_json({"profile": chosen.id, "who": flattened_for_programs(claims)})
    elif not (rows := flattened(claims)):
        print_message(translate("This server doesn't provide user details."))
    else:
        print_rows(rows)
    return 0


async def _fetch_claims(profile: Profile, token: AccessToken) -> Mapping[str, object]:
    environment = real_environment(Worker("loader"))
    known = await load_known_secrets(environment.keystore, profile)
    provider = Provider(profile, environment, secrets=known)
    try:
        return await queries.fetch_userinfo(provider, token, authorizer_for(profile, token))
    finally:
        await provider.close()
