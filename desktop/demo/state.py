"""Everything that one running server knows; nothing is kept in modules."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from desktop.demo.clients import Client, registered_clients
from desktop.demo.codes import Codes
from desktop.demo.csrf import CsrfTokens
from desktop.demo.device import DeviceGrants
from desktop.demo.faults import Faults
from desktop.demo.options import DemoOptions
from desktop.demo.quota import Quota
from desktop.demo.sessions import Sessions
from desktop.demo.signing import Signer
from desktop.demo.tokens import TokenStore

MOST_HISTORY: Final = 1000


@dataclass(frozen=True, slots=True)
class Answered:
    """One line of the history: what was asked for, and the status of the answer.

    `grant_type` is that of a token request, empty for others.
    """

    method: str
    path: str
    status: int
    grant_type: str = ""


@dataclass(frozen=True, slots=True)
class DemoState:
    """The collaborators of the endpoints; only the event loop's thread touches them."""

    options: DemoOptions
    clock: Callable[[], float]
    clients: Mapping[str, Client]
    devices: DeviceGrants
    codes: Codes
    signer: Signer
    tokens: TokenStore
    sessions: Sessions
    csrf: CsrfTokens
    quota: Quota
    faults: Faults
    history: deque[Answered]
    closing: asyncio.Event


def new_state(
    options: DemoOptions, clock: Callable[[], float], *, signer: Signer | None = None
) -> DemoState:
    """Put a server's state together; `clock` gives epoch seconds, from which its own is set off."""
    signer = signer or Signer()

    def skewed() -> float:
        return clock() + options.clock_skew

    return DemoState(
        options=options,
        clock=skewed,
        clients=registered_clients(),
        devices=DeviceGrants(options, skewed),
        codes=Codes(skewed),
        signer=signer,
        tokens=TokenStore(options, skewed, signer),
        sessions=Sessions(skewed),
        csrf=CsrfTokens(skewed),
        quota=Quota(options, skewed),
        faults=Faults(options),
        history=deque(maxlen=MOST_HISTORY),
        closing=asyncio.Event(),
    )
