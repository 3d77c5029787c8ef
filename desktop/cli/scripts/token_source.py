"""A valid access token: from the running program, or else from the keyring, renewed if need be.

What the running program answers is its last word: where the person has refused there, nothing here
looks into the keyring instead.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Timer
from typing import TYPE_CHECKING

from desktop.cli.terminal.running_app import tell_question
from desktop.ipc.client import NoAnswer, NotRunning, ask
from desktop.ipc.messages import Members, RefusedByAgent
from desktop.services.model.errors import FormatForbidden, NobodyToAsk, NoToken

if TYPE_CHECKING:
    from desktop.services.model.copy_formats import CopyFormat, TokenValues
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State

__all__ = ["Access", "RefusedByAgent", "access", "handed", "handed_of", "printed_token"]

PATIENCE = 100.0
"""Seconds: longer than a person is asked, who may be asked about another program first, and than a
renewal takes."""
SOON = 1.0
"""Seconds that a command waits without a word."""
_RENEWAL = 60.0  # seconds; others may renew the same token, one at a time


@dataclass(frozen=True, slots=True)
class Access:
    """A token for use. `expires_at` is aware UTC, `None` if it never expires."""

    access_token: str = field(repr=False)
    token_type: str
    expires_at: datetime | None
    scope: tuple[str, ...]
    profile: str


def access(profile: Profile, *, min_validity: float = 60.0) -> Access:
    """A token of `profile`, issued for its server and client as they are now.

    Where less than `min_validity` seconds are left it is renewed, if that is possible; but not in
    the first half of its life. Blocks. Raises `RefusedByAgent`, `OAuthError`, `KeystoreError`,
    `SessionError` or `ProfileError`.
    """
    from desktop.services.model.profile import tokens_bound

    # The running program may know the profile as it was: another server's token goes nowhere else.
    bound = tokens_bound(profile)
    given = {"profile": profile.id, "min_validity": min_validity, "issued_for": bound}
    try:
        return _access_in(_asked(**given))
    except (NotRunning, NoAnswer):
        return _by_itself(profile, min_validity)


def handed(profile: str | None, shape: CopyFormat) -> Access:
    """The same for another program, in a shape like `shape`; raises `FormatForbidden` besides."""
    from desktop.services.configuration.load import load_configuration

    return handed_of(load_configuration().named(profile), shape)


def handed_of(profile: Profile, shape: CopyFormat) -> Access:
    """The same for a profile that was looked up already."""
    if shape.name in profile.policy.forbidden_formats:
        raise FormatForbidden(profile.policy.source)
    return access(profile)


def printed_token(profile: str | None, *, min_validity: float, shape: str) -> str:
    """The same token in the shape `shape`, one of `token_output.FORMATS`.

    Raises `FormatForbidden` and `NotForShell` besides.
    """
    given = {"profile": profile, "min_validity": min_validity, "format": shape}
    try:
        text = _asked(**given).get("text")
        if isinstance(text, str):
            return text
    except (NotRunning, NoAnswer):
        pass
    return printed_by_itself(profile, min_validity=min_validity, shape=shape)


def printed_by_itself(profile: str | None, *, min_validity: float, shape: str) -> str:
    """The same where the running program has been asked already, in vain."""
    from desktop.services.configuration.load import load_configuration
    from desktop.services.token.print_formats import printed

    chosen = load_configuration().named(profile)
    return printed(shape, _by_itself(chosen, min_validity), chosen)


def _asked(**members: object) -> Members:
    """What the running program answers; says so where it waits for the person."""
    telling = Timer(SOON, tell_question)
    telling.daemon = True
    telling.start()
    try:
        return ask("token", patience=PATIENCE, **members)
    finally:
        telling.cancel()


def _access_in(answer: Members) -> Access:
    """What the running program has given; raises `NoAnswer` where it is none."""
    try:
        ends = answer["expires_at"]
        return Access(
            access_token=_text(answer["access_token"]),
            token_type=_text(answer["token_type"]),
            expires_at=None if ends is None else datetime.fromisoformat(_text(ends)),
            scope=tuple(_text(answer["scope"]).split()),
            profile=_text(answer["profile"]),
        )
    except (KeyError, ValueError) as error:
        raise NoAnswer("another answer than was asked for") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - it is data
    return value


# Without a running program


def _by_itself(profile: Profile, min_validity: float) -> Access:
    if _must_ask(profile.policy):
        raise NobodyToAsk
    token = asyncio.run(_saved(profile, min_validity))
    if token is None:
        token = asyncio.run(_renewed(profile, min_validity))
    return replace(token, profile=profile.id)


def _must_ask(policy: Policy) -> bool:
    from desktop.services.model.settings import load_settings
    from desktop.services.system.paths import settings_file

    locked = policy.settings.get("ask_for_tokens")
    return load_settings(settings_file()).ask_for_tokens if locked is None else bool(locked)


async def _saved(profile: Profile, min_validity: float) -> Access | None:
    """The token that is saved, if enough is left of it: no HTTP client is loaded for that."""
    from desktop.services.model.profile import tokens_bound, tokens_key
    from desktop.services.secrets.secret_encoding import decode
    from desktop.services.secrets.system_keystore import system_keystore
    from desktop.services.session.schedule import believable

    value = await system_keystore().load(tokens_key(profile))
    saved = decode(value, issued_for=tokens_bound(profile)) if value else None
    if saved is None:
        raise NoToken(profile.id)
    now = datetime.now(UTC)
    tokens = believable(saved.tokens, now)
    ends = tokens.expires_at
    if ends is not None:
        enough = min(min_validity, (ends - tokens.issued_at).total_seconds() / 2)
        if (ends - now).total_seconds() <= enough:
            return None
    return _access_of(tokens)


async def _renewed(profile: Profile, min_validity: float) -> Access:
    """The token that a renewal brings, as in the window and under the same lock."""
    from desktop.services.model.states import Failed, Requesting
    from desktop.services.network.real_environment import surroundings
    from desktop.services.session.renewer import Need
    from desktop.services.session.session import Session
    from desktop.services.system.worker import Worker

    opened = asyncio.Event()

    def observe(state: State) -> None:
        if not (isinstance(state, Requesting) and state.opening):
            opened.set()

    session = Session(profile, surroundings(Worker("loader")), observer=observe)
    try:
        session.open(quietly=True)
        await opened.wait()
        if isinstance(session.state, Failed):
            raise session.state.error
        need = Need(validity=min_validity, patience=_RENEWAL)
        return _access_of(await session.fresh_token(need))
    finally:
        await session.close()


def _access_of(token: TokenValues) -> Access:
    return Access(token.access_token, token.token_type, token.expires_at, token.scope, "")
