"""Everything that one running server knows; nothing is kept in modules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from desktop.demo.authorization_codes import PAGE_LIFETIME, AuthorizationCodes
from desktop.demo.binding.proofs import ProofChecker
from desktop.demo.device_codes import DeviceCodes
from desktop.demo.options import DemoOptions
from desktop.demo.store import ExpiringStore
from desktop.demo.tokens import Signer, TokenIssuer

CSRF_LIFETIME: Final = 60.0  # seconds; "short-lived", says the documentation of Cisco


@dataclass(frozen=True, slots=True)
class DemoState:
    """What the endpoints work with; only the thread of the event loop touches it."""

    options: DemoOptions
    clock: Callable[[], float]
    signer: Signer
    tokens: TokenIssuer
    device_codes: DeviceCodes
    codes: AuthorizationCodes
    proofs: ProofChecker
    approval_pages: ExpiringStore[str]
    """The user code that each page is about, by the key in its form."""
    csrf_tokens: ExpiringStore[str]
    """Who requested each CSRF token."""
    endpoint_tokens: ExpiringStore[str]
    """Who has each token of Secure Endpoint."""


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
        proofs=ProofChecker(options, clock),
        approval_pages=ExpiringStore(clock, lifetime=PAGE_LIFETIME),
        csrf_tokens=ExpiringStore(clock, lifetime=CSRF_LIFETIME),
        endpoint_tokens=ExpiringStore(clock, lifetime=options.token_lifetime),
    )


def state_of(request: Request) -> DemoState:
    state: DemoState = request.app.state.demo
    return state
