"""Many desktops of one organization on one request quota, in virtual time.

Real are the sessions with everything in them: when to renew, pauses after failures, the token store
and the requests up to the HTTP transport. Models are the people, the server, the keyring and the
clock. Each desktop signed in yesterday: its keyring has a refresh token and an expired token.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from urllib.parse import parse_qsl

import httpx

from desktop.oauth.errors import OAuthError
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.model.access_token import ANY_VALID_TOKEN
from desktop.services.model.errors import SessionError
from desktop.services.model.profile import Profile
from desktop.services.network.environment import Environment
from desktop.services.secrets.keystore import MemoryKeystore
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.session import Session
from tests.services.harness import HOST, PROFILE
from tests.simulation.virtual_time import VirtualClock, VirtualLoop

MINUTE, HOUR = 60.0, 3600.0
_BY_PERSON: ContextVar[bool] = ContextVar("_BY_PERSON", default=False)
LIMIT = 8000  # requests an hour, of Cisco XDR
_LIFETIME = 600.0
_METADATA = {
    "issuer": f"https://{HOST}",
    "device_authorization_endpoint": f"https://{HOST}/device",
    "token_endpoint": f"https://{HOST}/token",
}


@dataclass(frozen=True)
class Shift:
    """What people do. Times are seconds since the shift began.

    Everyone comes within `arrival`. A person copies every `copy_every` on average, and on a share
    of the desktops a script does every `script_every`. Who gets no token tries again after
    `patience`. `in_sight` is the share of people whose window stays visible, and who touch it every
    `touch_every` on average; the others hide it after a minute or two.
    """

    desktops: int = 1000
    hours: float = 8.0
    patience: tuple[float, float] = (2 * MINUTE, 10 * MINUTE)
    arrival: float = 15 * MINUTE
    copy_every: float = 30 * MINUTE
    touch_every: float = 20 * MINUTE
    in_sight: float = 0.4
    scripts: float = 0.05
    script_every: float = 10 * MINUTE
    lunch: tuple[float, float] | None = (3.5 * HOUR, 4.5 * HOUR)  # when it begins
    lunch_length: float = 45 * MINUTE
    outage: tuple[float, float] | None = (6 * HOUR, 6.5 * HOUR)
    limit: int = LIMIT


@dataclass
class Record:
    """What happened; instants are seconds since the shift began.

    `automatic` are those of the `requests` that nobody waited for. The anonymous requests for
    metadata belong to no organization and are in neither.
    """

    requests: list[float] = field(default_factory=list)
    automatic: list[float] = field(default_factory=list)
    anonymous: int = 0
    refused: int = 0
    reused: int = 0
    most_in_an_hour: int = 0
    copies: int = 0
    without_token: list[float] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    def per_minute(self, instants: list[float], begin: float, end: float) -> list[int]:
        """Count the `instants` in each whole minute between two of them."""
        counts = [0] * round((end - begin) / MINUTE)
        for each in instants:
            if begin <= each < end:
                counts[int((each - begin) / MINUTE)] += 1
        return counts


def simulate_fleet(shift: Shift, *, seed: int = 8628) -> Record:
    """Let a shift pass; the same seed gives the same shift."""
    loop = VirtualLoop()
    record = Record()
    loop.set_exception_handler(lambda _, context: record.crashes.append(str(context)))
    try:
        random = Random(seed)  # noqa: S311 - the same each time
        loop.run_until_complete(_Fleet(shift, random, record, loop).run())
    finally:
        loop.close()
    return record


class _Server:
    """A server with rotating refresh tokens and the quota of an organization.

    Requests that it refuses for the quota do not count towards it.
    """

    def __init__(self, shift: Shift, clock: VirtualClock, record: Record) -> None:
        self._shift = shift
        self._clock = clock
        self._record = record
        self._recent: deque[float] = deque()
        self._newest: dict[str, int] = {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request after a tenth of a second."""
        await asyncio.sleep(0.1)
        at = self._clock.world()
        if request.url.path == "/token":
            self._record.requests.append(at)
            if not _BY_PERSON.get():
                self._record.automatic.append(at)
        if is_within(self._shift.outage, at):
            raise httpx.ConnectError("down")
        if request.url.path != "/token":
            self._record.anonymous += 1
            return httpx.Response(200, json=_METADATA)
        while self._recent and self._recent[0] <= at - HOUR:
            self._recent.popleft()
        if len(self._recent) >= self._shift.limit:
            self._record.refused += 1
            pause = self._recent[0] + HOUR - at
            return httpx.Response(
                429, headers={**self._quota(), "Retry-After": f"{pause:.0f}s"}, json={}
            )
        self._recent.append(at)
        self._record.most_in_an_hour = max(self._record.most_in_an_hour, len(self._recent))
        status, members = self._respond(request)
        return httpx.Response(status, headers=self._quota(), json=members)

    def _quota(self) -> dict[str, str]:
        limit = self._shift.limit
        return {
            "X-Ratelimit-Org-Limit": str(limit),
            "X-Ratelimit-Org-Remaining": str(limit - len(self._recent)),
        }

    def _respond(self, request: httpx.Request) -> tuple[int, dict[str, object]]:
        refresh = dict(parse_qsl(request.content.decode()))["refresh_token"]
        desktop, _, number = refresh.partition(".")
        if int(number) != self._newest.get(desktop, 0):
            self._record.reused += 1
            return 400, {"error": "invalid_grant"}
        self._newest[desktop] = int(number) + 1
        return 200, {
            "access_token": f"access-{desktop}.{int(number) + 1}",
            "refresh_token": f"{desktop}.{int(number) + 1}",
            "token_type": "bearer",
            "expires_in": _LIFETIME,
        }


class _Desktop:
    """A computer: a real session, and a person or a script who uses it."""

    def __init__(self, number: int, fleet: _Fleet) -> None:
        self._number = number
        self._fleet = fleet
        self._shift = fleet.shift
        self._random = Random(fleet.random.random())  # noqa: S311 - the same each time
        self._environment = Environment(
            MemoryKeystore(), self._open_http, fleet.clock, _free_lock, self._random.random
        )
        self.session = Session(PROFILE, self._environment, observer=lambda _: None)
        self._stays_in_sight = self._random.random() < self._shift.in_sight
        lunch = self._shift.lunch
        begin = self._random.uniform(*lunch) if lunch else 0.0
        self._lunch = (begin, begin + self._shift.lunch_length) if lunch else None

    async def run(self) -> None:
        """Come, work until the end of the shift, and go."""
        await self._save_expired_token()
        await asyncio.sleep(self._random.uniform(0, self._shift.arrival))
        self.session.open(quietly=True)
        self.session.set_visible(visible=True)
        works = [self._copy_now_and_then(self._shift.copy_every)]
        if self._random.random() < self._shift.scripts:
            works.append(self._copy_now_and_then(self._shift.script_every))
        works.append(self._look() if self._stays_in_sight else self._hide())
        tasks = [asyncio.ensure_future(each) for each in works]
        await asyncio.sleep(self._shift.hours * HOUR - self._fleet.clock.world())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.session.close()

    async def _hide(self) -> None:
        await asyncio.sleep(self._random.uniform(MINUTE, 2 * MINUTE))
        self.session.set_visible(visible=False)

    async def _look(self) -> None:
        while True:
            await self._wait(self._shift.touch_every)
            self.session.set_visible(visible=True)

    async def _copy_now_and_then(self, every: float) -> None:
        _BY_PERSON.set(True)
        while True:
            await self._wait(every)
            while not await self._copy():  # noqa: ASYNC110 - a person tries again
                await asyncio.sleep(self._random.uniform(*self._shift.patience))

    async def _wait(self, mean: float) -> None:
        await asyncio.sleep(self._random.expovariate(1 / mean))
        if is_within(self._lunch, self._fleet.clock.world()):
            await asyncio.sleep(self._lunch[1] - self._fleet.clock.world() if self._lunch else 0)
            await asyncio.sleep(self._random.expovariate(1 / mean))

    async def _copy(self) -> bool:
        """Copy the token; whether there was a valid one."""
        record, clock = self._fleet.record, self._fleet.clock
        record.copies += 1
        begun = clock.world()
        if self._stays_in_sight:
            self.session.set_visible(visible=True)
        try:
            token = await self.session.fetch_token(ANY_VALID_TOKEN)
            if token.expires_at is not None and token.expires_at > clock.utc():
                return True
        except (OAuthError, SessionError):
            pass
        record.without_token.append(begun)
        return False

    async def _save_expired_token(self) -> None:
        store = TokenStore(PROFILE, self._environment.keystore, _free_lock)
        issued_at = self._fleet.clock.utc() - timedelta(hours=16)
        tokens = TokenSet(
            access_token=f"access-{self._number}",
            refresh_token=f"{self._number}.0",
            token_type="bearer",
            scope=(),
            requested_scope=(),
            issued_at=issued_at,
            expires_at=issued_at + timedelta(seconds=_LIFETIME),
            account=Account(),
        )
        await store.save_new(tokens, {})

    async def _open_http(self, _profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        transport = httpx.MockTransport(self._fleet.server.answer)
        return httpx.AsyncClient(transport=transport, trust_env=False)


class _Fleet:
    """The desktops and their server."""

    def __init__(self, shift: Shift, random: Random, record: Record, loop: VirtualLoop) -> None:
        self.shift = shift
        self.random = random
        self.record = record
        self.clock = VirtualClock(loop)
        self.server = _Server(shift, self.clock, record)

    async def run(self) -> None:
        """Let the shift pass."""
        desktops = [_Desktop(number, self) for number in range(self.shift.desktops)]
        ticking = asyncio.ensure_future(self._tick(desktops))
        await asyncio.gather(*(each.run() for each in desktops))
        ticking.cancel()
        await asyncio.wait({ticking})

    async def _tick(self, desktops: list[_Desktop]) -> None:
        """Look at the clock once a minute, as the tray does."""
        while True:
            await asyncio.sleep(MINUTE)
            for each in desktops:
                each.session.check_clock()


def is_within(span: tuple[float, float] | None, at: float) -> bool:
    """Whether an instant lies in `span`."""
    return span is not None and span[0] <= at < span[1]


@asynccontextmanager
async def _free_lock(_key: str) -> AsyncIterator[None]:
    yield
