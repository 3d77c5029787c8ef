"""Everything that one running server knows; nothing is kept in modules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from desktop.demo.authorization_codes import AuthorizationCodes
from desktop.demo.device_codes import DeviceCodes
from desktop.demo.options import DemoOptions
from desktop.demo.store import ExpiringStore
from desktop.demo.tokens import Signer, TokenIssuer

SESSION_LIFETIME: Final = 3600.0  # seconds
FORM_LIFETIME: Final = 600.0
CSRF_LIFETIME: Final = 60.0  # "short-lived", says the documentation of Cisco


@dataclass(frozen=True, slots=True)
class DemoState:
    """What the endpoints work with; only the thread of the event loop touches it."""

    options: DemoOptions
    clock: Callable[[], float]
    signer: Signer
    tokens: TokenIssuer
    device_codes: DeviceCodes
    codes: AuthorizationCodes
    sessions: ExpiringStore[str]
    """Browsers that are signed in, and as which user."""
    form_tokens: ExpiringStore[tuple[str, str]]
    """Against forged forms: which session each was made for, and which form."""
    csrf_tokens: ExpiringStore[str]
    """The same for programs: who asked for each."""


def make_state(
    options: DemoOptions, clock: Callable[[], float], *, signer: Signer | None = None
) -> DemoState:
    """Start with an empty state; `clock` gives epoch seconds."""
    signer = signer or Signer()
    return DemoState(
        options=options,
        clock=clock,
        signer=signer,
        tokens=TokenIssuer(options, clock, signer),
        device_codes=DeviceCodes(options, clock),
        codes=AuthorizationCodes(clock),
        sessions=ExpiringStore(clock, lifetime=SESSION_LIFETIME),
        form_tokens=ExpiringStore(clock, lifetime=FORM_LIFETIME),
        csrf_tokens=ExpiringStore(clock, lifetime=CSRF_LIFETIME),
    )


def state_of(request: Request) -> DemoState:
    """Return the state of the server that got a request."""
    state: DemoState = request.app.state.demo
    return state
