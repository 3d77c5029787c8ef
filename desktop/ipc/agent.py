"""What the running app does for other programs of this user: tokens, status, signing out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from desktop.ipc.messages import BadMessage, Members, RefusedByAgent
from desktop.services.configuration.profile_names import find_named
from desktop.services.model.access_token import TokenRequirement
from desktop.services.model.copy_formats import PRINT_FORMATS, format_for_program
from desktop.services.model.errors import NoToken, UnknownExchange
from desktop.services.model.exchanges import find_exchange
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import tokens_binding
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Locked,
    Requesting,
    SignedIn,
    SignedOut,
)
from desktop.services.secrets.keystore import KeystoreError
from desktop.services.session.audit.session_audit import NOT_ASKED, Consent
from desktop.services.session.lock.app_lock import LockReason
from desktop.services.session.token_permission import PermissionRequest
from desktop.services.session.token_recipients import TokenRecipient, TokenRecipients
from desktop.services.system.worker import Worker
from desktop.services.wording.error_codes import EXPECTED_ERRORS, error_code
from desktop.services.wording.sign_out_texts import sign_out_report

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from desktop.ipc.server import Handler
    from desktop.services.model.access_token import AccessToken
    from desktop.services.model.exchanges import Exchange
    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.services.session.lock.app_lock import AppLock
    from desktop.services.session.session import Session
    from desktop.services.session.sessions import ProfileStatus, Sessions
    from desktop.services.session.token_permission import TokenPermission
    from desktop.services.system.processes import Program

T = TypeVar("T")

_RENEWAL_TIMEOUT = 30.0  # seconds
_PROCESS_LOOKUP_TIMEOUT = 3.0  # seconds
_LONGEST_VALIDITY = 86400.0  # seconds
_SAME_USE = timedelta(minutes=1)  # in which a program that got the token needs no new permission
_LONGEST_NAME = 200  # characters

ReloadProfile = Callable[[str], Awaitable["Profile"]]
"""Reloads the profiles and returns the one with that name or id, or the first.

Raises `ProfileError`.
"""

ReloadProfiles = Callable[[], Awaitable[None]]
"""Reloads the profiles and shows what has changed."""

SignOut = Callable[["Session"], "asyncio.Task[None] | None"]
"""Signs out; the task ends when that is done."""


class Agent:
    """Serves the tokens of `sessions`.

    `reload_profile` is called for an unknown profile, `reload_profiles` when another program has
    changed the file. `needs_permission` says whether to ask for `permission` first. `ready` is set
    once the app knows which profiles it starts with.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        reload_profile: ReloadProfile,
        reload_profiles: ReloadProfiles,
        permission: TokenPermission,
        needs_permission: Callable[[], bool],
        start_sign_out: SignOut,
        ready: asyncio.Event,
    ) -> None:
        self.recipients = TokenRecipients()
        self._sessions = sessions
        self._reload_profiles = reload_profiles
        self._permission = permission
        sessions.lock.watch(permission.forget_allowed)
        sessions.lock.watch(self.recipients.end_uses)
        self._finder = _Finder(sessions, reload_profile, reload_profiles)
        self._gate = _Gate(permission, needs_permission, self.recipients, lock=sessions.lock)
        self._start_sign_out = start_sign_out
        self._ready = ready

    @property
    def handlers(self) -> dict[str, Handler]:
        commands: dict[str, Handler] = {
            "token": self._token,
            # Commands of their own: an older app would answer with the access token.
            "id_token": partial(self._token, id_token=True),
            "proof": self._proof,
            "services": self._services,
            "exchanged_token": partial(self._token, is_exchanged=True),
            "questions": self._questions,
            "status": self._status,
            "sign_out": self._sign_out,
            "saved": self._saved,
            "profiles_changed": self._profiles_changed,
            "lock": self._lock,
        }
        return {name: self._with_refusals(command) for name, command in commands.items()}

    def _with_refusals(self, command: Handler) -> Handler:
        """Wrap `command` so that expected errors are answered as refusals."""

        @wraps(command)
        async def guarded(members: Members, process: int | None) -> Members:
            await self._ready.wait()
            try:
                return await command(members, process)
            except EXPECTED_ERRORS as error:
                from desktop.services.wording.messages import Surface, advice_for

                advice = advice_for(error, surface=Surface.TERMINAL)
                raise RefusedByAgent(error_code(error), advice.title, advice.text) from error

        return guarded

    async def _token(
        self,
        members: Members,
        process: int | None,
        *,
        id_token: bool = False,
        is_exchanged: bool = False,
    ) -> Members:
        validity, token_format = _parse_validity(members), _parse_format(members)
        session = await self._finder.open_bound(members)
        name = _parse_exchange(members) if is_exchanged else ""
        program = await self._gate.find_program(process)
        with session.audit.refusals_recorded(program):
            exchange = await self._finder.find_exchange(session, name) if is_exchanged else None
            required = TokenRequirement(
                validity, _RENEWAL_TIMEOUT, id_token=id_token, refused=_parse_refused(members)
            )

            async def fetch() -> tuple[AccessToken, Consent]:
                consent = await self._gate.obtain_permission(session, program, name)
                if exchange is not None:
                    return await session.exchanged.fetch(exchange, validity), consent
                return await session.fetch_token(required), consent

            token, consent = await self._run_unlocked(session, fetch())
            answer = _token_members(token, session.profile, token_format)
        session.audit.note_handed_out(token, program, consent=consent, exchange=name)
        self.recipients.add(TokenRecipient(datetime.now(UTC), program, session.profile.id, name))
        return answer

    async def _proof(self, members: Members, process: int | None) -> Members:
        """Make the headers of one request with a bound token, whose key stays here."""
        from desktop.services.token.bound_request import (  # not needed for a bearer token
            BoundRequest,
            bound_headers,
            require_own_server,
        )

        request = BoundRequest.parse(*map(members.get, ("method", "url", "nonce")))
        if request is None:
            raise BadMessage("invalid request")
        session = await self._finder.open_bound(members)
        require_own_server(session.profile, request.address)
        program = await self._gate.find_program(process)
        is_known = self._gate.is_known(session, program)
        with session.audit.refusals_recorded(program):

            async def sign() -> tuple[Mapping[str, str], Consent]:
                consent = NOT_ASKED
                if not is_known:
                    consent = await self._gate.obtain_permission(session, program)
                return await session.query(partial(bound_headers, request=request)), consent

            headers, consent = await self._run_unlocked(session, sign())
        if not is_known:
            session.audit.note_proof(program, consent=consent)
            self.recipients.add(TokenRecipient(datetime.now(UTC), program, session.profile.id))
        return {name.lower(): value for name, value in headers.items()}

    async def _run_unlocked(self, session: Session, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` unless the app is locked, from which unattended profiles are exempt."""
        if session.profile.unattended:
            return await work
        return await self._sessions.lock.run_unlocked(work)

    async def _services(self, members: Members, _process: int | None) -> Members:
        """List the only servers that may get the token: no secret, so no permission is needed."""
        from desktop.services.token.api_services import (  # not before a code
            find_in_other_region,
            service_addresses,
        )

        session = await self._finder.open(members)
        profile, state = session.profile, session.state
        answer = {
            "profile": profile.id,
            "services": service_addresses(profile),
            "issued_for": tokens_binding(profile),
            "bound": isinstance(state, SignedIn) and state.is_bound,
        }
        foreign = members.get("foreign")  # an address that is on none of them
        if isinstance(foreign, str):
            found = await asyncio.to_thread(find_in_other_region, profile, foreign)
            answer["elsewhere"] = None if found is None else list(found)
        return answer

    async def _questions(self, _members: Members, _process: int | None) -> Members:
        return {"asking": self._permission.is_asking}

    async def _status(self, _members: Members, _process: int | None) -> Members:
        for each in self._sessions.statuses:
            await self._sessions.open_session(each.profile.id)
        return {
            "locked": self._sessions.lock.is_locked,
            "profiles": [
                _status_members(each if each.profile.unattended else self._sessions.masked(each))
                for each in self._sessions.statuses
            ],
            "hand_outs": [_recipient_members(each) for each in self.recipients.all()],
        }

    async def _lock(self, _members: Members, _process: int | None) -> Members:
        self._sessions.lock.lock(LockReason.COMMAND)
        return {}

    async def _sign_out(self, members: Members, _process: int | None) -> Members:
        if members.get("all") is True:
            ids = [each.profile.id for each in self._sessions.statuses]
            sessions = [await self._sessions.open_session(id_) for id_ in ids]
        else:
            sessions = [await self._finder.open(members)]
        affected = [each for each in sessions if each is not None and _has_token(each.state)]
        tasks = {task for each in affected if (task := self._start_sign_out(each)) is not None}
        if tasks:
            await asyncio.wait(tasks)
        for session in affected:
            if isinstance(session.state, Failed):
                raise session.state.error
        return {"signed_out": [_sign_out_members(each) for each in affected]}

    async def _saved(self, members: Members, _process: int | None) -> Members:
        session = await self._finder.open(members)
        session.reload()
        return {"profile": session.profile.id}

    async def _profiles_changed(self, _members: Members, _process: int | None) -> Members:
        await self._reload_profiles()
        return {}


class _Finder:
    """Finds the sessions that callers name, in the file as well where the app knows none."""

    def __init__(
        self, sessions: Sessions, reload_profile: ReloadProfile, reload_profiles: ReloadProfiles
    ) -> None:
        self._sessions = sessions
        self._reload_profile = reload_profile
        self._reload_profiles = reload_profiles

    async def open(self, members: Members) -> Session:
        """Open the session of the profile in `members`; raises `ProfileError`."""
        name = members.get("profile")
        if name is not None and (not isinstance(name, str) or len(name) > _LONGEST_NAME):
            raise BadMessage("invalid profile name")
        session = await self._sessions.open_session(self._id_of(name or ""))
        if session is None:  # the profile may be new in the file
            session = await self._sessions.open_session((await self._reload_profile(name or "")).id)
        if session is None:  # the app is quitting
            raise NoToken
        return session

    async def open_bound(self, members: Members) -> Session:
        """Open the session if its tokens are for the server and client that the caller expects.

        The caller sends the token to the server in its copy of the profile, which may be outdated.
        Raises `NoToken`.
        """
        session = await self.open(members)
        expected = members.get("issued_for")
        if expected is not None and expected != tokens_binding(session.profile):
            await self._reload_profiles()
            session = await self.open(members)
            if expected != tokens_binding(session.profile):
                raise NoToken
        return session

    def _id_of(self, name: str) -> str:
        """Find the id of the profile with this id or name, or of the first; empty if unknown."""
        if self._sessions.status(name) is not None:
            return name
        profiles = [each.profile for each in self._sessions.statuses]
        found = find_named(profiles, name) if name else profiles[:1]
        # The name of several profiles is refused where the profiles are read again.
        return found[0].id if len(found) == 1 else ""

    async def find_exchange(self, session: Session, name: str) -> Exchange:
        """Find the exchange; raises `UnknownExchange` or `ExchangeForbidden`."""
        try:
            return find_exchange(session.profile, name)
        except UnknownExchange:
            await self._reload_profiles()  # it may be new in the file
            return find_exchange(session.profile, name)


class _Gate:
    """Finds out which program asks, and whether it may have the token."""

    def __init__(
        self,
        permission: TokenPermission,
        needs_permission: Callable[[], bool],
        recipients: TokenRecipients,
        *,
        lock: AppLock,
    ) -> None:
        self._permission = permission
        self._lock = lock
        self._needs_permission = needs_permission
        self._recipients = recipients
        self._worker = Worker("programs")

    def is_known(self, session: Session, program: Program) -> bool:
        """Tell whether that process has just got the token: each request needs its own proof."""
        since = datetime.now(UTC) - _SAME_USE
        return self._recipients.has_recent(program, session.profile.id, since=since)

    async def obtain_permission(
        self, session: Session, program: Program, exchange: str = ""
    ) -> Consent:
        """Return who allowed it; raises why `program` may not have the token.

        While XDR Login is locked nobody is asked, not even about an unattended profile.
        """
        _require_token(session)
        profile = session.profile
        if not (profile.demands_presence or self._needs_permission()):
            return NOT_ASKED
        program = await self._find_terminal(program)
        question = PermissionRequest(
            program, profile.id, profile.name, exchange, presence=profile.presence
        )
        is_new = await self._lock.run_unlocked(self._permission.obtain(question))
        if not profile.demands_presence:
            return Consent(asked=True)
        return Consent(asked=True, presence="proved" if is_new else "proved_earlier")

    async def find_program(self, process: int | None) -> Program:
        """Look up the caller, but not for long: its file may be on a mount that hangs."""
        try:
            async with asyncio.timeout(_PROCESS_LOOKUP_TIMEOUT):
                return await self._worker.run(lambda: _look_up_program(process))
        except TimeoutError:
            from desktop.services.system.processes import UNKNOWN_PROGRAM  # loaded already

            return UNKNOWN_PROGRAM

    async def _find_terminal(self, program: Program) -> Program:
        """Look up the terminal in which `program` asks, for an answer that applies to it."""
        from desktop.services.system.processes import with_terminal  # loaded already

        try:
            async with asyncio.timeout(_PROCESS_LOOKUP_TIMEOUT):
                return await self._worker.run(lambda: with_terminal(program))
        except TimeoutError:
            return program


def _token_members(token: AccessToken, profile: Profile, token_format: str | None) -> Members:
    if token_format is not None:
        return {"text": format_for_program(token_format, token, profile)}
    return {
        token.kind: token.access_token,
        "token_type": token.token_type,
        "expires_at": format_instant(token.expires_at),
        "scope": " ".join(token.scope),
        "profile": profile.id,
    }


def _look_up_program(process: int | None) -> Program:
    # Loaded in the thread, and not before a sign-in code is on screen.
    from desktop.services.system.processes import find_program

    return find_program(process)


def _parse_format(members: Members) -> str | None:
    value = members.get("format")
    if value is None or (isinstance(value, str) and value in PRINT_FORMATS):
        return value
    raise BadMessage("unknown format")


def _parse_exchange(members: Members) -> str:
    name = members.get("for")
    if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME:
        return name
    raise BadMessage("invalid name of an exchange")


def _parse_validity(members: Members) -> float:
    value = members.get("min_validity", 0.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadMessage("min_validity must be a number")
    return float(min(max(0.0, value), _LONGEST_VALIDITY))  # an int can be too large for a float


def _parse_refused(members: Members) -> str:
    value = members.get("refused", "")
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise BadMessage("refused must be the SHA-256 of a token")
    return value


def _require_token(session: Session) -> None:
    """Raise the error that says why the session has no token, before asking for permission."""
    state = session.state
    if isinstance(state, Failed) and isinstance(state.error, KeystoreError):
        raise state.error
    if not isinstance(state, SignedIn) or state.signing_out:
        raise NoToken(session.profile.id)


def _has_token(state: State) -> bool:
    return isinstance(state, SignedIn) or (isinstance(state, Failed) and state.still_saved)


def _sign_out_members(session: Session) -> Members:
    state = session.state
    return sign_out_report(
        session.profile.id, state if isinstance(state, SignedOut) else SignedOut()
    )


def _status_members(status: ProfileStatus) -> Members:
    state = status.state
    held = state if isinstance(state, SignedIn) else None
    return {
        "id": status.profile.id,
        "name": status.profile.name,
        "state": _STATES[type(state)],
        "scope": " ".join(held.scope) if held else "",
        "expires_at": format_instant(held.expires_at) if held else None,
        "renewable": held is not None and held.renewable and not held.is_renewal_refused,
        "renewing": held is not None and held.renewing,
        "bound": held is not None and held.is_bound,
        "user": held.user if held else "",
        "organization": held.organization if held else "",
        "error": error_code(state.error) if isinstance(state, Failed) else None,
        "exchanged": [
            {"name": each.name, "expires_at": format_instant(each.expires_at)}
            for each in (held.exchanged if held else ())
        ],
    }


_STATES = {
    SignedIn: "signed_in",
    SignedOut: "signed_out",
    AwaitingApproval: "awaiting_approval",
    Requesting: "requesting",
    Failed: "failed",
    Locked: "locked",
}


def _recipient_members(recipient: TokenRecipient) -> Members:
    program = recipient.program
    return {
        "at": format_instant(recipient.at),
        "program": program.name,
        "path": program.path,
        "pid": program.pid,
        "profile": recipient.profile,
        "for": recipient.exchange or None,
    }
