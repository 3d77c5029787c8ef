"""The world of a session, turned by hand: a server, a clock, a keyring and somebody who watches."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx

from desktop.services.keystore import KeystoreError, MemoryKeystore
from desktop.services.profiles import Profile, issued_for
from desktop.services.saved_tokens import encode_password
from desktop.services.session import Session, Surroundings
from desktop.services.states import State

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

Kind = TypeVar("Kind", bound=State)
Answer = dict[str, Any] | httpx.Response | Exception


def bound(password: str, profile: Profile) -> str:
    """A client password as `--set-client-password` saves it for `profile`."""
    return encode_password(password, issued_for=issued_for(profile))


class FakeClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.elapsed

    def utc(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.elapsed + seconds, waking))
        await waking

    async def advance(self, seconds: float) -> None:
        """Let time pass, by the second, and everything happen that then happens."""
        await settle()
        for _ in range(round(seconds)):
            self.elapsed += 1
            for due, waking in self._sleepers:
                if due <= self.elapsed and not waking.done():
                    waking.set_result(None)
            self._sleepers = [each for each in self._sleepers if not each[1].done()]
            await settle()


class HurriedClock(FakeClock):
    """A clock whose sleepers do not wait: it moves with them."""

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)


async def settle() -> None:
    """Let the loop run until nothing moves any more, as far as one can tell."""
    for _ in range(60):
        await asyncio.sleep(0)


@dataclass
class Server:
    """An authorization server. `answers` are given to questions for a token, the last for ever.

    A closed gate holds every request to its path, and sets `reached`; `slow_end` holds what is
    being cancelled.
    """

    answers: list[Answer] = field(default_factory=lambda: [PENDING])
    device_answer: Answer | None = None
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    slow_end: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: int = 0
    most_open: int = 0
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        form = dict(parse_qsl(request.content.decode()))
        self.requests.append((path, form))
        self.authorizations.append(request.headers.get("authorization", ""))
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            await asyncio.sleep(0)
            if path in self.gates:
                self.reached.set()
                await self.gates[path].wait()
            return self._response(path)
        finally:
            if self.slow_end is not None:
                await self.slow_end.wait()
            self.open -= 1

    def asked(self, path: str) -> int:
        """How often this path was asked."""
        return [each for each, _ in self.requests].count(path)

    def close(self, path: str) -> asyncio.Event:
        """Hold the requests to this path until the event is set."""
        return self.gates.setdefault(path, asyncio.Event())

    def _response(self, path: str) -> httpx.Response:
        answer: Answer
        match path:
            case "/.well-known/oauth-authorization-server":
                answer = {
                    "issuer": f"https://{HOST}",
                    "device_authorization_endpoint": f"https://{HOST}/device",
                    "token_endpoint": f"https://{HOST}/token",
                }
            case "/device":
                answer = self.device_answer or self._new_code()
            case "/token":
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            case _:
                answer = httpx.Response(404)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(400 if "error" in answer else 200, json=answer)

    def _new_code(self) -> dict[str, Any]:
        code = f"CODE-{self.asked('/device')}"
        return {
            "device_code": DEVICE_CODE,
            "user_code": code,
            "verification_uri": f"https://{HOST}/activate",
            "verification_uri_complete": f"https://{HOST}/activate?user_code={code}",
            "expires_in": 600,
            "interval": 5,
        }


class Keyring(MemoryKeystore):
    """A keystore that can be told to fail, and to hang."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, KeystoreError] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.done: list[str] = []

    async def load(self, key: str) -> str | None:
        await self._trouble("load")
        return await super().load(key)

    async def save(self, key: str, value: str) -> None:
        await self._trouble("save")
        await super().save(key, value)

    async def delete(self, key: str) -> None:
        await self._trouble("delete")
        await super().delete(key)

    @property
    def kept(self) -> dict[str, str]:
        return self._values

    async def _trouble(self, operation: str) -> None:
        await asyncio.sleep(0)
        if operation in self.gates:
            await self.gates[operation].wait()
        if operation in self.errors:
            raise self.errors[operation]
        self.done.append(operation)


class World:
    """A session and everything around it."""

    def __init__(self, profile: Profile = PROFILE, *, clock: FakeClock | None = None) -> None:
        self.server = Server()
        self.clock = clock or FakeClock()
        self.keyring = Keyring()
        self.states: list[State] = []
        self.crashes: list[dict[str, Any]] = []
        self.clients: list[httpx.AsyncClient] = []
        self.opened: asyncio.Event | None = None
        self.watch: Callable[[State], None] = lambda _state: None
        asyncio.get_running_loop().set_exception_handler(lambda _, it: self.crashes.append(it))
        self.session = self.new_session(profile)

    def new_session(self, profile: Profile = PROFILE) -> Session:
        """Another session with the same keyring: the next run of the program."""
        surroundings = Surroundings(self.keyring, self._open_http, self.clock)
        self.session = Session(profile, surroundings, observer=self._observe)
        return self.session

    @property
    def state(self) -> State:
        return self.session.state

    def expect(self, kind: type[Kind]) -> Kind:
        """The state, which is to be of this kind."""
        assert isinstance(self.state, kind)
        return self.state

    async def reached(self, kind: type[State]) -> None:
        """Wait until the state is of this kind: something waits for a thread."""
        there = asyncio.Event()
        self.watch = lambda state: there.set() if isinstance(state, kind) else None
        if not isinstance(self.state, kind):
            await there.wait()

    @property
    def kinds(self) -> list[str]:
        """The kinds of the states so far, each once until it changes."""
        names = [type(state).__name__ for state in self.states]
        return [name for n, name in enumerate(names) if not n or names[n - 1] != name]

    async def signed_in(self) -> None:
        """Sign in all the way."""
        self.server.answers = [TOKENS]
        self.session.sign_in()
        await self.clock.advance(6)

    async def waiting(self) -> None:
        """Sign in as far as the code."""
        self.session.sign_in()
        await settle()

    def _observe(self, state: State) -> None:
        self.states.append(state)
        self.watch(state)

    async def _open_http(self) -> httpx.AsyncClient:
        await asyncio.sleep(0)
        if self.opened is not None:
            await self.opened.wait()
        self.clients.append(httpx.AsyncClient(transport=httpx.MockTransport(self.server)))
        return self.clients[-1]
