"""Records what happens to one profile: sign-ins, renewals, and who gets its token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.oauth.errors import AccessDenied, CodeExpired, ExpiredToken, NotApprovedInTime
from desktop.services.model.audit_kinds import (
    POLICY_REFUSED,
    RENEWAL_REFUSED,
    SIGN_IN_APPROVED,
    SIGN_IN_DECLINED,
    SIGN_IN_EXPIRED,
    SIGN_IN_FAILED,
    SIGN_IN_STARTED,
    SIGNED_OUT,
    TOKEN_COPIED,
    TOKEN_HANDED_OUT,
    TOKEN_REFUSED,
    TOKEN_RENEWED,
    TOKEN_SHOWN,
    UNEXPECTED_HOST,
    EventKind,
)
from desktop.services.model.errors import ForbiddenByPolicy, PresenceNotProven
from desktop.services.model.states import (
    AwaitingApproval,
    Failed,
    Requesting,
    Revocation,
    SignedIn,
    SignedOut,
    State,
)
from desktop.services.wording.error_codes import EXPECTED_ERRORS, error_code

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.audit.audit_log import AuditLog
    from desktop.services.model.access_token import AccessToken
    from desktop.services.model.audit import AuditEvent
    from desktop.services.model.copy_formats import CopyFormat
    from desktop.services.model.profile import Profile
    from desktop.services.system.processes import Program

Observer = Callable[[State], None]

_SIGN_IN_FAILURES: tuple[tuple[EventKind, tuple[type[Exception], ...]], ...] = (
    (POLICY_REFUSED, (ForbiddenByPolicy,)),
    (SIGN_IN_DECLINED, (AccessDenied,)),
    (SIGN_IN_EXPIRED, (CodeExpired, ExpiredToken, NotApprovedInTime)),
)
_OUTCOMES = {Revocation.FAILED: "failure"}


@frozen
class Consent:
    """Whether a person `asked` allowed a use of the token, and whether they proved who they are.

    `presence` is a value of the field of that name.
    """

    asked: bool
    presence: str = "not_required"

    def members(self) -> dict[str, str]:
        """Return the fields of `AuditEvent`."""
        return {
            "consent": "granted" if self.asked else "not_required",
            "presence": self.presence,
        }


NOT_ASKED = Consent(asked=False)


class SessionAudit:
    """Writes the events of `profile` into `log`.

    Most of them are in the states, which go through `observed_by`. The other methods are called
    where something happens that no state says, or that another process may have done.
    """

    def __init__(self, profile: Profile, log: AuditLog) -> None:
        self._profile = profile
        self._is_for_client = profile.grant == "client-credentials"
        self._log = log
        self._state: State = Requesting(opening=True)
        self._issued_at: datetime | None = None
        self._account: dict[str, str] = {}

    def observed_by(self, observer: Observer) -> Observer:
        """Return an observer that records a state and passes it on to `observer`."""

        def observe(state: State) -> None:
            before, self._state = self._state, state
            self._note_state(state, before)
            observer(state)

        return observe

    def note_renewed(self, scopes: tuple[str, ...]) -> None:
        self._record(TOKEN_RENEWED, scopes=scopes, **self._account)

    def note_renewal_refused(self, error: Exception) -> None:
        self._record(RENEWAL_REFUSED, **self._account, **_members_of(error))

    def note_handed_out(
        self, token: AccessToken, program: Program, *, consent: Consent, exchange: str = ""
    ) -> None:
        """Record that `program` got `token`."""
        self._record(
            TOKEN_HANDED_OUT,
            program,
            **self._account,
            scopes=token.scope,
            token=token.kind,
            exchange=exchange,
            **consent.members(),
        )

    def note_proof(self, program: Program, *, consent: Consent) -> None:
        """Record that `program` uses the bound token, of which it gets proofs only."""
        self._record(
            TOKEN_HANDED_OUT,
            program,
            **self._account,
            token="proof",  # noqa: S106 - what kind it is
            **consent.members(),
        )

    @contextmanager
    def refusals_recorded(self, program: Program) -> Iterator[None]:
        """Record expected errors of the block: `program` gets no token."""
        try:
            yield
        except EXPECTED_ERRORS as error:
            self.note_not_handed_out(error, program)
            raise

    def note_not_handed_out(self, error: Exception, program: Program) -> None:
        kind = POLICY_REFUSED if isinstance(error, ForbiddenByPolicy) else TOKEN_REFUSED
        self._record(kind, program, **self._account, **_members_of(error))

    def note_copied(self, copy_format: CopyFormat, *, presence: str = "not_required") -> None:
        self._record(
            TOKEN_COPIED,
            **self._account,
            token_format=copy_format.name.lower(),
            presence=presence,
        )

    def note_not_copied(self, error: Exception) -> None:
        """Record that the policy does not allow a copy, or that nobody proved to be there."""
        if isinstance(error, ForbiddenByPolicy):
            self._record(POLICY_REFUSED, **self._account, **_members_of(error))
        elif isinstance(error, PresenceNotProven):
            self._record(TOKEN_REFUSED, **self._account, **_members_of(error))

    def note_shown(self) -> None:
        self._record(TOKEN_SHOWN, **self._account)

    def _note_state(self, state: State, before: State) -> None:
        match state:
            case AwaitingApproval() if state.transaction != _transaction_of(before):
                self._note_started(state)
            case Requesting(opening=False) if self._is_for_client:
                self._record(SIGN_IN_STARTED, scopes=self._profile.scope)
            case SignedIn():
                self._note_signed_in(state, before)
            case SignedOut(removed_at=at, revocation=revocation) if at is not None:
                self._note_signed_out(revocation)
            case Failed(error=error) if _is_signing_in(before):
                kinds = (kind for kind, errors in _SIGN_IN_FAILURES if isinstance(error, errors))
                self._record(
                    next(kinds, SIGN_IN_FAILED),
                    transaction=_transaction_of(before) or "",
                    **_members_of(error),
                )
            case Failed(error=error, still_saved=True):
                self._record(SIGNED_OUT, outcome="failure", **self._account, **_members_of(error))

    def _note_started(self, state: AwaitingApproval) -> None:
        scopes = self._profile.scope
        about = {"transaction": state.transaction, "host": state.host}
        self._record(SIGN_IN_STARTED, scopes=scopes, **about)
        if not state.host_is_known:
            self._record(UNEXPECTED_HOST, scopes=scopes, **about)

    def _note_signed_in(self, state: SignedIn, before: State) -> None:
        self._account = {"account": state.user, "organization": state.organization}
        is_other, self._issued_at = state.issued_at != self._issued_at, state.issued_at
        if isinstance(before, AwaitingApproval):
            is_new = before.approved  # otherwise it was canceled, and shows what was held before
        else:
            is_new = is_other and self._is_for_client and _is_signing_in(before)
        if is_new:
            self._record(
                SIGN_IN_APPROVED,
                transaction=_transaction_of(before) or "",
                scopes=state.scope,
                **self._account,
            )

    def _note_signed_out(self, revocation: Revocation) -> None:
        if revocation is not Revocation.UNDER_WAY:
            outcome = _OUTCOMES.get(revocation, "")
            name = revocation.name.lower()
            self._record(SIGNED_OUT, outcome=outcome, revocation=name, **self._account)

    def _record(
        self, kind: EventKind, program: Program | None = None, /, **members: object
    ) -> None:
        if not self._log.is_on(self._profile.policy):
            return  # not even what an event is made of is loaded
        from desktop.services.model.audit import event_of, program_members

        if program is not None:
            members |= program_members(program)
        event: AuditEvent = replace(event_of(kind, self._profile), **members)  # type: ignore[arg-type] # by name
        self._log.record(event, self._profile.policy)


def _is_signing_in(state: State) -> bool:
    return isinstance(state, AwaitingApproval) or (
        isinstance(state, Requesting) and not state.opening
    )


def _transaction_of(state: State) -> str | None:
    return state.transaction if isinstance(state, AwaitingApproval) else None


def _members_of(error: Exception) -> dict[str, str]:
    return {"error_code": error_code(error), "error_type": type(error).__name__}
