"""A clock that tests control, a server made of small callables, and builders of its answers."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

import httpx
from hypothesis import settings
from hypothesis import strategies as st

from desktop.oauth.client import Client, ClientConnection
from desktop.oauth.clock import Moment, now
from desktop.oauth.grants.device import DeviceAuthorization, request_authorization
from desktop.oauth.grants.polling import Progress, poll
from desktop.oauth.grants.token import request_token
from desktop.oauth.http import Answer
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import Account, TokenSet

START = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)
HOST = "login.example"
DEVICE_ENDPOINT = f"https://{HOST}/device"
TOKEN_ENDPOINT = f"https://{HOST}/token"
REVOCATION_ENDPOINT = f"https://{HOST}/revoke"
USERINFO_ENDPOINT = f"https://{HOST}/userinfo"
ENDPOINTS = ServerMetadata(
    issuer=f"https://{HOST}",
    device_authorization_endpoint=DEVICE_ENDPOINT,
    token_endpoint=TOKEN_ENDPOINT,
)
PUBLIC = Client("client-1")
CONFIDENTIAL = Client("client-1", "pass-word")

CODE: dict[str, object] = {
    "device_code": "dev-ice-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": f"https://{HOST}/activate",
    "expires_in": 600,
    "interval": 5,
}
TOKENS: dict[str, object] = {
    "access_token": "acc-ess-token",
    "refresh_token": "ref-resh-token",
    "token_type": "bearer",
    "expires_in": 600,
}
# What a careless representation would show.
SECRETS = ("dev-ice-code", "acc-ess-token", "ref-resh-token", "pass-word", "veri-fier")

# Half surrogates too: JSON can hold them.
any_text = st.text(st.characters(exclude_categories=()))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=8,
)
fuzzed = settings(database=None, max_examples=100)


def members_named(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with any of `names`, holding anything."""
    return st.dictionaries(st.sampled_from(names), any_json | st.sampled_from(_EDGE_VALUES))


_EDGE_VALUES = (
    "600",
    5,
    1e309,
    -1,
    "bearer",
    f"https://{HOST}/x",
    "slow_down",
    "10" * 200,
    10**400,
)


class ManualClock:
    """A clock whose time passes only in a sleep or when a test advances it."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._ahead = timedelta()
        self._plans: list[tuple[float, Callable[[], object]]] = []

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.passed) + self._ahead

    async def sleep(self, seconds: float) -> None:
        until = self.passed + max(seconds, 1e-6)
        await _let_others_run()
        while self.passed < until:
            self._advance_to(until)
            await _let_others_run()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.passed += seconds

    def set_wall_clock(self, seconds: float) -> None:
        """Move only the wall clock, as when it is set or the computer sleeps."""
        self._ahead += timedelta(seconds=seconds)

    def schedule(self, at: float, action: Callable[[], object]) -> None:
        """Do `action` when a sleep reaches `at`, in seconds since the start."""
        self._plans.append((at, action))
        self._plans.sort(key=lambda plan: plan[0])

    def _advance_to(self, until: float) -> None:
        if self._plans and self._plans[0][0] <= until:
            at, action = self._plans.pop(0)
            self.passed = max(self.passed, at)
            action()
        else:
            self.passed = until


async def _let_others_run() -> None:
    # Whoever is waked may cancel the sleep: that takes some rounds of the loop.
    for _ in range(5):
        await asyncio.sleep(0)


Reply = Callable[[httpx.Request], httpx.Response]


def json_reply(
    members: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """A reply with `members` as JSON."""
    return lambda _: httpx.Response(status, json=members, headers=headers)


def raw_reply(body: bytes | str, status: int = 200, content_type: str = "text/html") -> Reply:
    """A reply with `body` as it is."""
    headers = {"content-type": content_type}
    return lambda _: httpx.Response(status, content=body, headers=headers)


def error_reply(error: str, status: int = 400, **more: object) -> Reply:
    """An OAuth error."""
    return json_reply({"error": error, **more}, status)


def failing_reply(error: Exception) -> Reply:
    """No answer at all."""

    def reply(_: httpx.Request) -> httpx.Response:
        raise error

    return reply


PENDING = error_reply("authorization_pending")
NOT_FOUND = raw_reply("", 404)


class ClientHarness:
    """A client connected to a server that gives `replies` in turn, the last one for ever."""

    def __init__(self, *replies: Reply, client: Client = PUBLIC) -> None:
        self.clock = ManualClock()
        self.requests: list[httpx.Request] = []
        self.asked_at: list[float] = []
        self.offsets: list[float] = []
        self.on_request: Callable[[], object] = lambda: None
        self._replies = list(replies)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.connection = ClientConnection(http, self.clock, client, note_clock=self.offsets.append)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked_at.append(self.clock.passed)
        self.on_request()
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return reply(request)

    @property
    def forms(self) -> list[dict[str, str]]:
        """The form of each request."""
        return [dict(parse_qsl(request.content.decode())) for request in self.requests]

    @property
    def addresses(self) -> list[str]:
        """The address of each request."""
        return [str(request.url) for request in self.requests]

    @property
    def pauses(self) -> list[float]:
        """The seconds between the requests."""
        return [later - earlier for earlier, later in pairwise(self.asked_at)]

    async def request_code(
        self,
        metadata: ServerMetadata = ENDPOINTS,
        *,
        scope: tuple[str, ...] = ("profile", "inspect"),
        extra: Mapping[str, str] | None = None,
    ) -> DeviceAuthorization:
        """Ask for a code."""
        return await request_authorization(
            self.connection, metadata, scope=scope, extra=extra or {}
        )

    async def sign_in(
        self,
        metadata: ServerMetadata = ENDPOINTS,
        *,
        scope: tuple[str, ...] = ("profile", "inspect"),
        extra: Mapping[str, str] | None = None,
    ) -> TokenSet:
        """The whole grant, from code to tokens."""
        authorization = await self.request_code(metadata, scope=scope, extra=extra)
        return await poll(
            lambda: request_token(
                self.connection, metadata.token_endpoint, authorization=authorization, scope=scope
            ),
            authorization,
            clock=self.clock,
            nudge=asyncio.Event(),
            report=lambda _: None,
        )


HELD = TokenSet(
    access_token="acc-ess-token",
    refresh_token="ref-resh-token",
    token_type="Bearer",
    scope=("inspect",),
    requested_scope=("profile", "inspect"),
    issued_at=START - timedelta(seconds=600),
    expires_at=START,
    account=Account("dana@northwind.example", "Northwind SOC"),
)


class PollHarness:
    """A poll whose requests have the given outcomes in turn, the last one for ever."""

    def __init__(self, *outcomes: TokenSet | Exception) -> None:
        self.clock = ManualClock()
        self.nudge = asyncio.Event()
        self.asked_at: list[float] = []
        self.progress: list[Progress] = []
        self._outcomes = list(outcomes)

    async def ask(self) -> TokenSet:
        """Answer one request."""
        self.asked_at.append(self.clock.passed)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def run(
        self,
        *,
        interval: float = 5.0,
        lifetime: float = 600.0,
        ask: Callable[[], Awaitable[TokenSet]] | None = None,
    ) -> TokenSet:
        """Poll until it ends."""
        return await poll(
            ask or self.ask,
            authorization(interval=interval, lifetime=lifetime, requested=now(self.clock)),
            clock=self.clock,
            nudge=self.nudge,
            report=self.progress.append,
        )


def authorization(
    *, interval: float = 5.0, lifetime: float = 600.0, requested: Moment | None = None
) -> DeviceAuthorization:
    """A code that waits for approval."""
    return DeviceAuthorization(
        device_code="dev-ice-code",
        user_code="WDJB-MJHT",
        verification_uri=f"https://{HOST}/activate",
        verification_uri_complete=None,
        lifetime=lifetime,
        interval=interval,
        requested=requested or Moment(1000.0, START),
        code_verifier="veri-fier",
    )


def make_answer(
    body: bytes | str | Mapping[str, object] | Sequence[object],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An answer of the token endpoint; anything but text and bytes becomes JSON."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    content = body.encode() if isinstance(body, str) else body
    return Answer(TOKEN_ENDPOINT, status, httpx.Headers(headers), content)


def unsigned_jwt(claims: object, header: object = None) -> str:
    """An unsigned JWT."""
    parts = (header or {"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts]
    return ".".join([*encoded, ""])
