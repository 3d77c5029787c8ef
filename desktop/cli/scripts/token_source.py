"""Valid access tokens, from the running app or from the keyring, renewed if necessary.

The answer of the running app is final: if you denied a token there, it is not read from the keyring
instead.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Timer
from typing import TYPE_CHECKING, Any

from desktop.cli.terminal.running_app import report_pending_permission
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import Members
from desktop.ipc.token_message import TIMEOUT
from desktop.services.model.access_token import AccessToken, TokenRequirement
from desktop.services.model.errors import (
    CannotAskForPermission,
    FormatForbidden,
    NoToken,
    PresenceNeedsApp,
    TokenIsBound,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from desktop.services.model.copy_formats import CopyFormat
    from desktop.services.model.exchanges import Exchange
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.services.network.environment import Environment
    from desktop.services.session.session import Session
    from desktop.services.system.worker import Worker

NOTICE_DELAY = 1.0
"""Seconds after which a command says what it is waiting for."""
_MIN_VALIDITY = 60.0  # seconds
# Seconds. Other processes may renew it first, and an answer that got lost is waited for.
_RENEWAL_TIMEOUT = 90.0


def fetch_token(
    profile: Profile,
    *,
    min_validity: float = _MIN_VALIDITY,
    id_token: bool = False,
    exchange: str = "",
) -> AccessToken:
    """Fetch the access token or ID token of `profile`, issued for its current server and client.

    With `exchange` it is the token of that exchange.

    It is renewed if less than `min_validity` seconds are left, but not in the first half of its
    life. Blocks. Raises `RefusedByAgent`, `OAuthError`, `KeystoreError`,
    `SessionError` or `ProfileError`.
    """
    given = _members_for(profile, min_validity)
    try:
        answer = _request_token(id_token=id_token, exchange=exchange, **given)
        return _parse_answer(answer, id_token=id_token)
    except (NotRunning, NoAnswer):
        if exchange:
            return asyncio.run(_exchange_saved(SavedTokens(), profile, exchange, min_validity))
        return fetch_token_without_app(profile, min_validity, id_token=id_token)


def fetch_token_by_name(
    profile: str | None, copy_format: CopyFormat, *, id_token: bool = False
) -> AccessToken:
    """Fetch a token for use like `copy_format`; raises `FormatForbidden` too."""
    from desktop.services.configuration.load import load_configuration

    chosen = load_configuration().find(profile)
    return fetch_token_in_format(chosen, copy_format, id_token=id_token)


def fetch_token_in_format(
    profile: Profile, copy_format: CopyFormat, *, id_token: bool = False, exchange: str = ""
) -> AccessToken:
    """Do the same for a profile that is loaded already; raises `TokenIsBound` too."""
    _require_format(profile, copy_format)
    token = fetch_token(profile, id_token=id_token, exchange=exchange)
    if token.is_bound:
        raise TokenIsBound
    return token


def _require_format(profile: Profile, copy_format: CopyFormat) -> None:
    if copy_format.name in profile.policy.forbidden_formats:
        error = FormatForbidden(profile.policy.source)
        _record(profile, error)
        raise error


def fetch_formatted_token(
    profile: str | None,
    *,
    min_validity: float,
    token_format: str,
    id_token: bool = False,
    exchange: str = "",
) -> str:
    """Fetch the access token or ID token in `token_format`, one of `PRINT_FORMATS`.

    With `exchange` it is the token of that exchange. Raises `FormatForbidden` and `UnsafeForShell`
    too.
    """
    given: dict[str, Any] = {
        "profile": profile,
        "min_validity": min_validity,
        "format": token_format,
    }
    try:
        text = _request_token(id_token=id_token, exchange=exchange, **given).get("text")
        if isinstance(text, str):
            return text
    except (NotRunning, NoAnswer):
        pass
    if exchange:
        return _fetch_exchanged_without_app(profile, exchange, min_validity, token_format)
    return fetch_formatted_token_without_app(
        profile, min_validity=min_validity, token_format=token_format, id_token=id_token
    )


def fetch_formatted_token_without_app(
    profile: str | None, *, min_validity: float, token_format: str, id_token: bool = False
) -> str:
    from desktop.services.configuration.load import load_configuration
    from desktop.services.model.copy_formats import PRINT_FORMATS, format_for_program

    chosen = load_configuration().find(profile)
    _require_format(chosen, PRINT_FORMATS[token_format])
    token = fetch_token_without_app(chosen, min_validity, id_token=id_token)
    return format_for_program(token_format, token, chosen)


def _members_for(profile: Profile, min_validity: float) -> dict[str, Any]:
    from desktop.services.model.profile import tokens_binding

    # The running app may have an older version of the profile, with a token for another server.
    bound = tokens_binding(profile)
    return {"profile": profile.id, "min_validity": min_validity, "issued_for": bound}


def _request_token(*, id_token: bool, exchange: str = "", **members: object) -> Members:
    if exchange:
        members["for"] = exchange
    command = "exchanged_token" if exchange else "id_token" if id_token else "token"
    return request_from_app(command, **members)


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
    return asyncio.run(SavedTokens().fetch(profile, min_validity, id_token=id_token))


def _record(profile: Profile, outcome: AccessToken | Exception, *, exchange: str = "") -> None:
    """Record that the program that started this command got a token, or why not. Blocks."""
    from desktop.services.audit.audit_log import user_audit_log

    log = user_audit_log()
    if log.is_on(profile.policy):
        from desktop.cli.scripts.token_audit import record

        record(profile, outcome, log, exchange=exchange)


def _require_no_question(profile: Profile) -> None:
    """Raise why nobody can be asked, where somebody must be."""
    if profile.demands_presence:
        raise PresenceNeedsApp
    if _needs_permission(profile.policy):
        raise CannotAskForPermission


def _needs_permission(policy: Policy) -> bool:
    from desktop.services.model.settings import load_settings
    from desktop.services.system.paths import settings_file

    locked = policy.settings.get("ask_for_tokens")
    return load_settings(settings_file()).ask_for_tokens if locked is None else bool(locked)


class SavedTokens:
    """The saved tokens of any number of profiles; keyring and network are opened once."""

    def __init__(self) -> None:
        from desktop.services.secrets.indexed_keystore import system_keystore

        self._keystore = system_keystore()
        self._environment: Environment | None = None

    async def fetch(
        self, profile: Profile, min_validity: float, *, id_token: bool = False
    ) -> AccessToken:
        """Load the token, and renew it if necessary; raises what `fetch_token` does."""
        return await self._recorded(profile, self._fetch(profile, min_validity, id_token=id_token))

    async def fetch_exchanged(
        self, profile: Profile, exchange: Exchange, min_validity: float
    ) -> AccessToken:
        """Exchange the saved token, which is renewed first if necessary."""
        work = self._fetch_exchanged(profile, exchange, min_validity)
        return await self._recorded(profile, work, exchange=exchange.name)

    async def _recorded(
        self, profile: Profile, work: Awaitable[AccessToken], *, exchange: str = ""
    ) -> AccessToken:
        """Record who gets what `work` brings."""
        try:
            token = await work
        except Exception as error:
            await asyncio.to_thread(_record, profile, error, exchange=exchange)
            raise
        await asyncio.to_thread(_record, profile, token, exchange=exchange)
        return token

    async def _fetch(self, profile: Profile, min_validity: float, *, id_token: bool) -> AccessToken:
        _require_no_question(profile)
        saved = await self._load(profile, min_validity, id_token=id_token)
        return saved or await self._renew(profile, min_validity, id_token=id_token)

    async def _fetch_exchanged(
        self, profile: Profile, exchange: Exchange, min_validity: float
    ) -> AccessToken:
        _require_no_question(profile)
        async with self._open(profile) as session:
            await session.fetch_token(TokenRequirement(timeout=_RENEWAL_TIMEOUT))
            return await session.exchanged.fetch(exchange, min_validity)

    async def _load(
        self, profile: Profile, min_validity: float, *, id_token: bool
    ) -> AccessToken | None:
        """Load the saved token if it is valid for long enough. This loads no HTTP client."""
        from desktop.services.model.profile import tokens_binding, tokens_key
        from desktop.services.secrets.secret_encoding import decode_tokens
        from desktop.services.session.schedule import expired_if_from_future, is_valid_for

        value = await self._keystore.load(tokens_key(profile))
        issued_for, must_be_bound = tokens_binding(profile), profile.dpop == "required"
        saved = decode_tokens(value or "", issued_for=issued_for, must_be_bound=must_be_bound)
        if saved is None:
            raise NoToken(profile.id)
        now = datetime.now(UTC)
        tokens = expired_if_from_future(saved.tokens, now)
        if not is_valid_for(tokens, min_validity, now, id_token=id_token):
            return None
        return AccessToken.of(tokens, id_token=id_token)

    async def _renew(self, profile: Profile, min_validity: float, *, id_token: bool) -> AccessToken:
        """Renew the token as the window does, with the same lock."""
        need = TokenRequirement(min_validity, _RENEWAL_TIMEOUT, id_token=id_token)
        async with self._open(profile) as session:
            return await session.fetch_token(need)

    @asynccontextmanager
    async def _open(self, profile: Profile) -> AsyncIterator[Session]:
        from desktop.services.model.states import Failed, Requesting
        from desktop.services.network.real_environment import real_environment
        from desktop.services.session.session import Session
        from desktop.services.system.worker import Worker

        opened = asyncio.Event()

        def observe(state: State) -> None:
            if not (isinstance(state, Requesting) and state.opening):
                opened.set()

        if self._environment is None:
            found = real_environment(Worker("loader"))
            self._environment = replace(found, keystore=self._keystore)
        session = Session(profile, self._environment, observer=observe)
        try:
            session.open(quietly=True)
            await opened.wait()
            if isinstance(session.state, Failed):
                raise session.state.error
            yield session
        finally:
            await session.close()
            # What runs next may replace this process.
            await asyncio.to_thread(self._environment.audit.wait)


def _fetch_exchanged_without_app(
    profile: str | None, exchange: str, min_validity: float, token_format: str
) -> str:
    from desktop.services.configuration.load import load_configuration
    from desktop.services.model.copy_formats import format_for_program

    chosen = load_configuration().find(profile)
    token = asyncio.run(_exchange_saved(SavedTokens(), chosen, exchange, min_validity))
    return format_for_program(token_format, token, chosen)


async def _exchange_saved(
    saved: SavedTokens, profile: Profile, exchange: str, min_validity: float
) -> AccessToken:
    """Exchange the saved token; nothing but the running app keeps what it brings."""
    from desktop.services.model.exchanges import find_exchange

    return await saved.fetch_exchanged(profile, find_exchange(profile, exchange), min_validity)


async def fetch_token_beside_others(
    profile: Profile,
    copy_format: CopyFormat,
    *,
    saved: SavedTokens,
    worker: Worker,
    exchange: str = "",
) -> AccessToken:
    """Fetch a token as `fetch_token_in_format` does, without blocking: `worker` waits instead."""
    _require_format(profile, copy_format)
    given = _members_for(profile, _MIN_VALIDITY)
    request = partial(_request_token, id_token=False, exchange=exchange, **given)
    try:
        token = _parse_answer(await worker.run(request))
    except (NotRunning, NoAnswer):
        if exchange:
            token = await _exchange_saved(saved, profile, exchange, _MIN_VALIDITY)
        else:
            token = await saved.fetch(profile, _MIN_VALIDITY)
    if token.is_bound:
        raise TokenIsBound
    return token
