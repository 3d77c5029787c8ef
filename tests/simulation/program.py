"""One process of XDR Login: the real sessions on the model's keyring, network and clock."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from desktop.oauth.errors import OAuthError
from desktop.services.model.errors import SessionError
from desktop.services.model.profile import Profile
from desktop.services.model.states import Requesting, SignedIn, SignedOut, State
from desktop.services.network.environment import Environment
from desktop.services.network.http_client import make_http_client
from desktop.services.network.kept_metadata import KeptMetadata
from desktop.services.secrets.indexed_keystore import IndexedKeystore
from desktop.services.secrets.keyring_vault import KeyringVault
from desktop.services.secrets.keystore import KeystoreError, VaultKeystore
from desktop.services.secrets.shared_lock import shared_lock
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus, Sessions
from tests.services.harness import PROFILE
from tests.simulation.keyring import SteppedBackend, SteppedWorker
from tests.simulation.network import Transport

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

Result = TypeVar("Result")
OWNER: contextvars.ContextVar[Program] = contextvars.ContextVar("OWNER")
TIMEOUT = make_http_client().timeout  # of real clients, which the model's network obeys
EXPECTED = (OAuthError, KeystoreError, SessionError)


class Program:
    """A process, from its start to its end: it quits, or is killed between any two steps.

    `steps_left` counts down to such a kill. `windowed` tells the app from a command.
    """

    def __init__(self, simulation: Simulation, name: str, *, windowed: bool) -> None:
        self.simulation = simulation
        self.name = name
        self.windowed = windowed
        self.is_alive = True
        self.is_ending = False
        self.was_killed = False
        self.steps_left: int | None = None
        self.connections = 0
        self.tasks: set[asyncio.Task[Any]] = set()
        self._context = contextvars.copy_context()
        self._context.run(OWNER.set, self)
        backend = SteppedBackend(simulation.keyring)
        vault = KeyringVault(backend, longest=simulation.longest_entry)
        keystore = VaultKeystore(lambda: vault)
        self._worker = SteppedWorker(self, simulation.keyring, backend)
        keystore._worker = self._worker  # type: ignore[assignment]
        self.environment = Environment(
            IndexedKeystore(keystore, simulation.folder / "index"),
            self._open_http,
            simulation.clock,
            partial(shared_lock, simulation.folder / "locks", clock=simulation.clock),
            simulation.random.random,
            KeptMetadata(simulation.folder / "metadata", self._worker),
        )
        self._sessions = Sessions(self._make_session, self._observe)
        self._ticking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start: load the profiles and the saved tokens; an app looks at the clock from then on."""
        self.simulation.note(self.name, "starts")
        await self.do(self._sessions.update_profiles({PROFILE.id: PROFILE}))
        self.session = self.run(lambda: self._sessions.switch(PROFILE.id, quietly=True))
        if self.windowed:
            self._ticking = self.do(self._tick())

    @property
    def state(self) -> State:
        """The state of the session."""
        return self.session.state

    @property
    def refresh_token(self) -> str | None:
        """The refresh token that is held in memory."""
        held = self.session._store.held
        return held.refresh_token if held else None

    @property
    def is_busy(self) -> bool:
        """Whether what the program has received may not have reached its place yet."""
        store, renewing = self.session._store, self.session._renewer.status().renewing
        is_waiting = not isinstance(self.state, (SignedIn, SignedOut)) and self._is_working()
        return store.is_saving or renewing or is_waiting or self.is_ending

    def run(self, call: Callable[[], Result]) -> Result:
        """Call something as this process."""
        return self._context.copy().run(call)

    def do(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a task of this process."""
        return self.simulation.loop.create_task(work, context=self._context.copy())

    async def fetch_token(self) -> str | None:
        """Request a token as a copy, the agent or `xdr-login token` do; `None` if refused."""
        await self._sessions.wait_until(
            self.session, lambda state: not (isinstance(state, Requesting) and state.opening)
        )
        try:
            return (await self.session.fetch_token()).access_token
        except EXPECTED as error:
            self.simulation.note(self.name, f"no token: {type(error).__name__}")
            self.simulation.invariants.check_words_of_error(error)
            return None

    async def quit(self) -> None:
        """End in good order."""
        self.is_ending = True
        self.simulation.note(self.name, "quits")
        await self.do(self._sessions.close())
        self._end()
        if self._ticking is not None:
            await asyncio.wait({self._ticking})

    async def kill(self) -> None:
        """End between any two steps: the system frees the locks, everything else just stops."""
        if not self.is_alive:
            return
        self.simulation.note(self.name, "is killed")
        self.was_killed = True
        self._end()
        while self.tasks:
            for task in self.tasks:
                task.cancel()
            await asyncio.sleep(0)

    def take_step(self) -> None:
        """Count a step of the keyring or an answer, and be killed by the last one."""
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left <= 0:
                self.steps_left = None
                self.simulation.start(self.kill())

    def _end(self) -> None:
        self.is_alive = False
        self._worker.stop()
        if self._ticking is not None:
            self._ticking.cancel()

    def _make_session(self, profile: Profile, observer: Callable[[State], None]) -> Session:
        return Session(profile, self.environment, observer=observer)

    async def _tick(self) -> None:
        while True:
            await self.simulation.clock.sleep(60)
            self._sessions.check_clock()

    async def _open_http(self, _profile: Profile, /, **_given: object) -> httpx.AsyncClient:
        await asyncio.sleep(0.01)  # in a thread, since it loads the certificates
        transport = Transport(self)
        return httpx.AsyncClient(transport=transport, timeout=TIMEOUT, trust_env=False)

    def _observe(self, status: ProfileStatus) -> None:
        if self.is_alive:
            self.simulation.invariants.on_state(self, status)

    def _is_working(self) -> bool:
        task = self.session._task._task._task
        return task is not None and not task.done()
