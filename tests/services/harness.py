"""A session in a fake environment: a server, a clock, a keyring and an observer."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import parse_qsl

import httpx

from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.errors import PresenceNotProven, RenewalTimedOut
from desktop.services.model.profile import Profile, client_binding
from desktop.services.model.states import State
from desktop.services.network.environment import Environment
from desktop.services.network.kept_metadata import KeptMetadata
from desktop.services.secrets.keystore import KeystoreError, MemoryKeystore
from desktop.services.secrets.secret_encoding import encode_password
from desktop.services.session.lock.presence import Purpose
from desktop.services.session.session import Session

HOST = "login.example"
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DEVICE_CODE, ACCESS_TOKEN, REFRESH_TOKEN = "device-SECRET", "access-SECRET", "refresh-SECRET"
PASSWORD = "password-SECRET"
SECRETS = (DEVICE_CODE, ACCESS_TOKEN, REFRESH_TOKEN, PASSWORD)

PROFILE = Profile(
    id="northwind",
    name="Northwind SOC",
    client_id="client-1",
    provider="Example",
    issuer=f"https://{HOST}",
    client_authentication="none",
    scope=("read", "write"),
)

PENDING = {"error": "authorization_pending"}
TOKENS = {
    "access_token": ACCESS_TOKEN,
    "refresh_token": REFRESH_TOKEN,
    "token_type": "bearer",
    "expires_in": 600,
    "scope": "read",
}

Result = TypeVar("Result")
Kind = TypeVar("Kind", bound=State)
Answer = dict[str, Any] | httpx.Response | Exception


def saved_client_secret(password: str, profile: Profile) -> str:
    """Encode a client secret as `profiles edit --client-secret-stdin` saves it for `profile`."""
    return encode_password(password, issued_for=client_binding(profile))


class FakeClock:
    """A clock that moves when a test says so; the wall clock is `ahead` seconds ahead."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.ahead = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.elapsed

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.elapsed + self.ahead)

    def set_wall_clock(self, seconds: float) -> None:
        """Set the wall clock forward or back, as sleeping also does."""
        self.ahead += seconds

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.elapsed + seconds, waking))
        await waking

    async def advance(self, seconds: float) -> None:
        """Let time pass in whole seconds, and run everything that becomes due."""
        await settle()
        end = self.elapsed + round(seconds)
        while self.elapsed < end:
            self.elapsed += self._next_step(end)
            for due, waking in self._sleepers:
                if due <= self.elapsed and not waking.done():
                    waking.set_result(None)
            await settle()

    def _next_step(self, end: float) -> int:
        """Count the seconds until the next sleeper wakes: nobody reads the clock before."""
        self._sleepers = [each for each in self._sleepers if not each[1].done()]
        due = min((due for due, _ in self._sleepers), default=end)
        return max(1, math.ceil(min(due, end) - self.elapsed))


class HurriedClock(FakeClock):
    """A clock that advances at once when somebody sleeps."""

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)


class _Loop(Protocol):
    """The part of asyncio's loop that shows which callbacks are ready."""

    _ready: deque[object]


async def settle() -> None:
    """Run the loop until no callback is ready."""
    ready = cast("_Loop", asyncio.get_running_loop())._ready
    for _ in range(60):
        await asyncio.sleep(0)
        if not ready:
            return


@dataclass
class Rotation:
    """The refresh tokens of one sign-in: each works once, and a reuse revokes them all.

    `troubles` answer the next renewals in place of tokens; "lost" renews, but the response is lost.
    """

    lifetime: float = 600
    current: str = REFRESH_TOKEN
    renewed: int = 0
    reused: int = 0
    revoked: bool = False
    rotates: bool = True
    troubles: list[Answer | str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    def answer(self, refresh_token: str) -> Answer:
        """Answer a request with `refresh_token` (RFC 9700 section 4.14.2)."""
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None and not isinstance(trouble, str):
            return trouble
        self.reused += refresh_token in self.used and self.rotates
        if self.revoked or refresh_token != self.current:
            self.revoked = True
            return {"error": "invalid_grant"}
        self.used.append(refresh_token)
        self.renewed += 1
        tokens = TOKENS | {
            "access_token": f"{ACCESS_TOKEN}-{self.renewed}",
            "expires_in": self.lifetime,
        }
        del tokens["refresh_token"]
        if self.rotates:
            self.current = f"{REFRESH_TOKEN}-{self.renewed}"
            tokens["refresh_token"] = self.current
        return httpx.ReadError("broken off") if trouble else tokens


@dataclass
class Server:
    """An authorization server. `answers` are those of the token endpoint; the last one is repeated.

    A closed gate holds requests to its path, and sets `reached`; `slow_end` holds requests that
    are being canceled. `offline` fails every request. `others` are the answers of further paths.
    `description` replaces the metadata at every well-known address. `headers` are those of answers.
    """

    answers: list[Answer] = field(default_factory=lambda: [PENDING])
    rotation: Rotation = field(default_factory=Rotation)
    offline: bool = False
    others: dict[str, Answer] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    description: httpx.Response | None = None
    device_answer: Answer | None = None
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    slow_end: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: int = 0
    most_open: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        form = dict(parse_qsl(request.content.decode()))
        self.requests.append((path, form))
        self.authorizations.append(request.headers.get("authorization", ""))
        self.proofs.append(request.headers.get("dpop", ""))
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            await asyncio.sleep(0)
            if path in self.gates:
                self.reached.set()
                await self.gates[path].wait()
            if self.offline:
                raise httpx.ConnectError("no network")
            return self._response(path, form)
        finally:
            if self.slow_end is not None:
                await self.slow_end.wait()
            self.open -= 1

    def count_requests(self, path: str) -> int:
        """Count the requests to this path."""
        return [each for each, _ in self.requests].count(path)

    def hold_requests(self, path: str) -> asyncio.Event:
        """Hold the requests to this path until the event is set."""
        return self.gates.setdefault(path, asyncio.Event())

    def count_renewals(self) -> int:
        """Count the requests with a refresh token."""
        return sum(form.get("grant_type") == "refresh_token" for _, form in self.requests)

    def _response(self, path: str, form: dict[str, str]) -> httpx.Response:
        answer: Answer
        match path:
            case _ if self.description is not None and path.startswith("/.well-known/"):
                answer = self.description
            case "/token" if form.get("grant_type") == "refresh_token":
                answer = self.rotation.answer(form["refresh_token"])
            case "/.well-known/oauth-authorization-server":
                answer = {
                    "issuer": f"https://{HOST}",
                    "device_authorization_endpoint": f"https://{HOST}/device",
                    "token_endpoint": f"https://{HOST}/token",
                    **self.metadata,
                }
            case "/device":
                answer = self.device_answer or self._new_code()
            case "/token":
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            case _:
                answer = self.others.get(path, httpx.Response(404))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(400 if "error" in answer else 200, headers=self.headers, json=answer)

    def _new_code(self) -> dict[str, Any]:
        code = f"CODE-{self.count_requests('/device')}"
        return {
            "device_code": DEVICE_CODE,
            "user_code": code,
            "verification_uri": f"https://{HOST}/activate",
            "verification_uri_complete": f"https://{HOST}/activate?user_code={code}",
            "expires_in": 600,
            "interval": 5,
        }


class FakeKeyring(MemoryKeystore):
    """A keystore that can be told to fail, and to hang."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, KeystoreError] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.operations: list[str] = []

    async def load(self, key: str) -> str | None:
        await self._wait_or_fail("load")
        return await super().load(key)

    async def save(self, key: str, value: str) -> None:
        await self._wait_or_fail("save")
        await super().save(key, value)

    async def delete(self, key: str) -> None:
        await self._wait_or_fail("delete")
        await super().delete(key)

    @property
    def entries(self) -> dict[str, str]:
        return self._values

    async def _wait_or_fail(self, operation: str) -> None:
        await asyncio.sleep(0)
        if operation in self.gates:
            await self.gates[operation].wait()
        if operation in self.errors:
            raise self.errors[operation]
        self.operations.append(operation)


class TakenLock(asyncio.Lock):
    """A lock that another program never releases."""

    async def __aenter__(self) -> None:
        raise RenewalTimedOut


class AtOnce:
    """Makes calls as `Worker` does, but not in a thread, whose time no test can know."""

    async def run(self, work: Callable[[], Result]) -> Result:
        await asyncio.sleep(0)
        return work()


class SessionHarness:
    """A session and its fake environment, shared with that of `beside`: another program."""

    def __init__(
        self,
        profile: Profile = PROFILE,
        *,
        clock: FakeClock | None = None,
        beside: "SessionHarness | None" = None,
        audit: AuditLog | None = None,
    ) -> None:
        self.server: Server = beside.server if beside else Server()
        self.clock: FakeClock = beside.clock if beside else clock or FakeClock()
        self.keyring: FakeKeyring = beside.keyring if beside else FakeKeyring()
        self.locks: dict[str, asyncio.Lock] = beside.locks if beside else {}
        self.metadata_folder: Path | None = beside.metadata_folder if beside else None
        self.jitter = 0.0
        self._sessions: list[Session] = []
        self.states: list[State] = []
        self.crashes: list[dict[str, Any]] = []
        self.clients: list[httpx.AsyncClient] = []
        self.http_gate: asyncio.Event | None = None
        self.audit = audit or AuditLog()
        self.watch: Callable[[State], None] = lambda _state: None
        asyncio.get_running_loop().set_exception_handler(lambda _, it: self.crashes.append(it))
        self.session = self.new_session(profile)

    def new_session(self, profile: Profile = PROFILE) -> Session:
        """Create another session with the same keyring, like the next run of the app."""
        environment = Environment(
            self.keyring,
            self._open_http,
            self.clock,
            self._lock,
            lambda: self.jitter,
            KeptMetadata(self.metadata_folder, AtOnce()),
            self.audit,
            AtOnce(),
        )
        self.session = Session(profile, environment, observer=self._observe)
        self._sessions.append(self.session)
        return self.session

    async def close(self) -> None:
        """Close every session that was created here."""
        for session in self._sessions:
            await session.close()

    @property
    def state(self) -> State:
        return self.session.state

    def expect(self, kind: type[Kind]) -> Kind:
        """Return the state, which must be of this kind."""
        assert isinstance(self.state, kind)
        return self.state

    async def wait_for_state(self, kind: type[State]) -> None:
        """Wait until the state is of this kind, for work in a thread."""
        there = asyncio.Event()
        self.watch = lambda state: there.set() if isinstance(state, kind) else None
        if not isinstance(self.state, kind):
            await there.wait()

    @property
    def state_names(self) -> list[str]:
        """The kinds of the states so far, without repetitions."""
        names = [type(state).__name__ for state in self.states]
        return [name for n, name in enumerate(names) if not n or names[n - 1] != name]

    async def sign_in(self) -> None:
        """Sign in completely."""
        self.server.answers = [TOKENS]
        self.session.sign_in()
        await self.clock.advance(6)

    async def start_sign_in(self) -> None:
        """Sign in until the code is shown."""
        self.session.sign_in()
        await settle()

    def _observe(self, state: State) -> None:
        self.states.append(state)
        self.watch(state)

    def _lock(self, key: str) -> asyncio.Lock:
        return self.locks.setdefault(key, asyncio.Lock())

    async def _open_http(self, _profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        await asyncio.sleep(0)
        if self.http_gate is not None:
            await self.http_gate.wait()
        self.clients.append(httpx.AsyncClient(transport=httpx.MockTransport(self.server)))
        return self.clients[-1]


@dataclass
class FakePresence:
    """Somebody who proves to be there, or `error`; `unavailable` is what is known before."""

    error: PresenceNotProven | None = None
    unavailable: PresenceNotProven | None = None
    asked: list[Purpose] = field(default_factory=list)

    async def check(self) -> None:
        if self.unavailable is not None:
            raise self.unavailable

    async def prove(self, purpose: Purpose) -> None:
        self.asked.append(purpose)
        if self.error is not None:
            raise self.error
