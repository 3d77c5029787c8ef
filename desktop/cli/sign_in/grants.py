"""`xdr-login grants`: show or revoke the access granted to this app."""

from __future__ import annotations

import asyncio

from desktop.cli.scripts.bound_token import authorizer_for
from desktop.cli.scripts.token_source import fetch_token
from desktop.cli.sign_in.logout import sign_out_exit_code, sign_out_profile, sign_out_revokes_grant
from desktop.cli.terminal.exits import Exit, report_failure
from desktop.cli.terminal.output import (
    confirm,
    print_json,
    print_message,
)
from desktop.cli.terminal.running_app import notify_tokens_changed, sign_out_in_app
from desktop.cli.terminal.tables import print_rows
from desktop.oauth.grants.app_grant import AppGrant
from desktop.services.configuration.load import load_configuration
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import NoToken
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.profile_secrets import load_known_secrets
from desktop.services.session.provider import Provider
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.services.token import queries
from desktop.services.wording.formats import format_exact_time, format_pasted, with_label
from desktop.services.wording.sign_out_texts import sign_out_report


def status(*, profile: str | None, as_json: bool) -> int:
    chosen = load_configuration().find(profile)
    if not sign_out_revokes_grant(chosen):
        return report_failure(Exit.FAILURE, _no_grants_message(chosen), as_json=as_json)
    found = asyncio.run(_fetch_status(chosen, fetch_token(chosen)))
    if as_json:
        print_json(
            {
                "profile": chosen.id,
                "client_id": chosen.client_id,
                "granted": found.granted,
                "scope": " ".join(found.scope),
                "since": format_instant(found.since),
            }
        )
    else:
        print_rows(_rows(chosen, found))
    return Exit.OK


def revoke(*, profile: str | None, yes: bool) -> int:
    chosen = load_configuration().find(profile)
    if not sign_out_revokes_grant(chosen):
        return report_failure(Exit.FAILURE, _no_grants_message(chosen), as_json=False)
    question = translate(
        "This ends this app's access on all your computers ({profile}). Revoke it?",
        profile=chosen.name,
    )
    if not confirm(question, yes=yes):
        print_message(translate("Nothing was revoked."))
        return Exit.FORBIDDEN
    by_app = sign_out_in_app(chosen.id)
    if by_app is None:
        fetch_token(chosen)  # raises `NoToken` if not signed in
        state = asyncio.run(sign_out_profile(chosen, real_environment(Worker("loader"))))
        notify_tokens_changed(chosen.id)
        by_app = (sign_out_report(chosen.id, state),)
    if not by_app:
        raise NoToken(chosen.id)
    print_message(with_label(chosen.name, str(by_app[0]["text"])))
    return sign_out_exit_code(by_app)


def _no_grants_message(profile: Profile) -> str:
    return translate(
        "The server of {profile} doesn't keep track of granted access. "
        "To end this sign-in, run: xdr-login logout --profile {id}",
        profile=profile.name,
        id=profile.id,
    )


async def _fetch_status(profile: Profile, token: AccessToken) -> AppGrant:
    environment = real_environment(Worker("loader"))
    known = await load_known_secrets(environment.keystore, profile)
    provider = Provider(profile, environment, secrets=known)
    try:
        found = await queries.fetch_app_grant(provider, token, authorizer_for(profile, token))
    finally:
        await provider.close()
    return found or AppGrant(granted=False, scope=(), since=None)


def _rows(profile: Profile, found: AppGrant) -> tuple[tuple[str, str], ...]:
    app = (translate("Client ID"), profile.client_id)
    if not found.granted:
        return (app, (translate("Granted"), translate("nothing")))
    unknown = translate("not reported by the server")
    return (
        app,
        (translate("Granted"), format_pasted(found.scope) or unknown),
        (translate("Since"), unknown if found.since is None else format_exact_time(found.since)),
    )
