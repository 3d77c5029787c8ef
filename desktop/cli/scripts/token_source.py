"""Valid access tokens, from the running app or from the keyring, renewed if necessary.

The answer of the running app is final: if you denied a token there, it is not read from the keyring
instead.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from threading import Timer
from typing import TYPE_CHECKING

from desktop.cli.terminal.running_app import report_pending_permission
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import Members
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import (
    CannotAskForPermission,
    FormatForbidden,
    NoToken,
    TokenIsBound,
)

if TYPE_CHECKING:
    from desktop.services.model.copy_formats import CopyFormat
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State

TIMEOUT = 100.0
"""Seconds: longer than two questions for your permission, and longer than a renewal takes."""
NOTICE_DELAY = 1.0
"""Seconds after which a command says what it is waiting for."""
# Seconds. Other processes may renew it first, and an answer that got lost is waited for.
_RENEWAL_TIMEOUT = 90.0


def fetch_token(
    profile: Profile, *, min_validity: float = 60.0, id_token: bool = False
) -> AccessToken:
    """Fetch the access token or ID token of `profile`, issued for its current server and client.

    It is renewed if less than `min_validity` seconds are left, but not in the first half of its
    life. Blocks. Raises `RefusedByAgent`, `OAuthError`, `KeystoreError`,
    `SessionError` or `ProfileError`.
    """
    from desktop.services.model.profile import tokens_binding

    # The running app may have an older version of the profile, with a token for another server.
    bound = tokens_binding(profile)
    given = {"profile": profile.id, "min_validity": min_validity, "issued_for": bound}
    try:
        return _parse_answer(_request_token(id_token=id_token, **given), id_token=id_token)
    except (NotRunning, NoAnswer):
        return fetch_token_without_app(profile, min_validity, id_token=id_token)


def fetch_token_by_name(
    profile: str | None, copy_format: CopyFormat, *, id_token: bool = False
) -> AccessToken:
    """Fetch a token for use like `copy_format`; raises `FormatForbidden` too."""
    from desktop.services.configuration.load import load_configuration

    chosen = load_configuration().find(profile)
    return fetch_token_in_format(chosen, copy_format, id_token=id_token)


def fetch_token_in_format(
    profile: Profile, copy_format: CopyFormat, *, id_token: bool = False
) -> AccessToken:
    """Do the same for a profile that is loaded already; raises `TokenIsBound` too."""
    if copy_format.name in profile.policy.forbidden_formats:
        raise FormatForbidden(profile.policy.source)
    token = fetch_token(profile, id_token=id_token)
    if token.is_bound:
        raise TokenIsBound
    return token


def fetch_formatted_token(
    profile: str | None, *, min_validity: float, token_format: str, id_token: bool = False
) -> str:
    """Fetch the access token or ID token in `token_format`, one of `PRINT_FORMATS`.

    Raises `FormatForbidden` and `UnsafeForShell` too.
    """
    given = {"profile": profile, "min_validity": min_validity, "format": token_format}
    try:
        text = _request_token(id_token=id_token, **given).get("text")
        if isinstance(text, str):
            return text
    except (NotRunning, NoAnswer):
        pass
    return fetch_formatted_token_without_app(
        profile, min_validity=min_validity, token_format=token_format, id_token=id_token
    )


def fetch_formatted_token_without_app(
    profile: str | None, *, min_validity: float, token_format: str, id_token: bool = False
) -> str:
    from desktop.services.configuration.load import load_configuration
    from desktop.services.model.copy_formats import format_for_program

    chosen = load_configuration().find(profile)
    token = fetch_token_without_app(chosen, min_validity, id_token=id_token)
    return format_for_program(token_format, token, chosen)


def _request_token(*, id_token: bool, **members: object) -> Members:
    return request_from_app("id_token" if id_token else "token", **members)


def request_from_app(command: str, **members: object) -> Members:
    """Send a request to the running app; says if it is waiting for your permission.

    Raises `NotRunning`, `NoAnswer` or `RefusedByAgent`.
    """
    timer = Timer(NOTICE_DELAY, report_pending_permission)
    timer.daemon = True
    timer.start()
    try:
        return send_command(command, timeout=TIMEOUT, **members)
    finally:
        timer.cancel()


def _parse_answer(answer: Members, *, id_token: bool = False) -> AccessToken:
    """Parse the answer of the running app; raises `NoAnswer` if it is not valid."""
    kind = "id_token" if id_token else "access_token"
    try:
        ends = answer["expires_at"]
        return AccessToken(
            access_token=_require_text(answer[kind]),
            token_type=_require_text(answer["token_type"]),
            expires_at=None if ends is None else datetime.fromisoformat(_require_text(ends)),
            scope=tuple(_require_text(answer["scope"]).split()),
            kind=kind,
        )
    except (KeyError, ValueError) as error:
        raise NoAnswer("unexpected answer") from error


def _require_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - it is data
    return value


# Without the running app


def fetch_token_without_app(
    profile: Profile, min_validity: float = 0.0, *, id_token: bool = False
) -> AccessToken:
    """Fetch the saved token, renewed if it isn't valid for `min_validity` seconds. Blocks."""
    if _needs_permission(profile.policy):
        raise CannotAskForPermission
    saved = asyncio.run(_load_saved(profile, min_validity, id_token=id_token))
    return saved or asyncio.run(_renew(profile, min_validity, id_token=id_token))


def _needs_permission(policy: Policy) -> bool:
    from desktop.services.model.settings import load_settings
    from desktop.services.system.paths import settings_file

    locked = policy.settings.get("ask_for_tokens")
    return load_settings(settings_file()).ask_for_tokens if locked is None else bool(locked)


async def _load_saved(
    profile: Profile, min_validity: float, *, id_token: bool
) -> AccessToken | None:
    """Load the saved token if it is valid for long enough. This loads no HTTP client."""
    from desktop.services.model.profile import tokens_binding, tokens_key
    from desktop.services.secrets.indexed_keystore import system_keystore
    from desktop.services.secrets.secret_encoding import decode_tokens
    from desktop.services.session.schedule import expired_if_from_future, is_valid_for

    value = await system_keystore().load(tokens_key(profile))
    issued_for, must_be_bound = tokens_binding(profile), profile.dpop == "required"
    saved = decode_tokens(value or "", issued_for=issued_for, must_be_bound=must_be_bound)
    if saved is None:
        raise NoToken(profile.id)
    now = datetime.now(UTC)
    tokens = expired_if_from_future(saved.tokens, now)
    if not is_valid_for(tokens, min_validity, now, id_token=id_token):
        return None
    return AccessToken.of(tokens, id_token=id_token)


async def _renew(profile: Profile, min_validity: float, *, id_token: bool) -> AccessToken:
    """Renew the token as the window does, with the same lock."""
    from desktop.services.model.access_token import TokenRequirement
    from desktop.services.model.states import Failed, Requesting
    from desktop.services.network.real_environment import real_environment
    from desktop.services.session.session import Session
    from desktop.services.system.worker import Worker

    opened = asyncio.Event()

    def observe(state: State) -> None:
        if not (isinstance(state, Requesting) and state.opening):
            opened.set()

    session = Session(profile, real_environment(Worker("loader")), observer=observe)
    try:
        session.open(quietly=True)
        await opened.wait()
        if isinstance(session.state, Failed):
            raise session.state.error
        need = TokenRequirement(min_validity, _RENEWAL_TIMEOUT, id_token=id_token)
        return await session.fetch_token(need)
    finally:
        await session.close()
