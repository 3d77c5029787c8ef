"""The command as a process without a display, against the demo server and a real keyring."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.oauth.grants.device import request_authorization
from desktop.oauth.grants.token import request_token
from desktop.services.configuration.load import load_configuration
from desktop.services.model.profile import Profile
from desktop.services.network.real_environment import real_environment
from desktop.services.secrets.token_store import TokenStore
from desktop.services.session.provider import Provider
from desktop.services.system.worker import Worker
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.secret_service import SecretStore, use_keyring_of

COMMAND = [sys.executable, "-W", "error", "-m", "desktop"]
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
Done = subprocess.CompletedProcess[str]


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """An environment without a display, and with no encoding left to chance."""
    found = {k: v for k, v in (base or dict(os.environ)).items() if k not in DISPLAYS}
    return {**found, "PYTHONUTF8": "1"}


def run(*arguments: str, base: dict[str, str] | None = None, typed: str | None = None) -> Done:
    """Run the command to its end; `typed` is its input."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(base),
        input=typed or "",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=90,
    )


@dataclass
class CommandHarness:
    """A home with profiles, a keyring and a server."""

    home: Path
    store: SecretStore
    server: DemoServer

    @property
    def file(self) -> Path:
        """The profiles of the user."""
        return self.home / "config" / "xdr-login" / "profiles.toml"

    @property
    def base(self) -> dict[str, str]:
        """The environment of every command here."""
        return self.store.environment

    def run(self, *arguments: str, typed: str | None = None, **changes: str) -> Done:
        """Run the command here."""
        return run(*arguments, base={**self.base, **changes}, typed=typed)

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever it prints
        """What the command answers with --json, which must work."""
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    def add_profile(self, id_: str, **members: str) -> None:
        """Write a profile for the demo server, as users have it."""
        self.file.parent.mkdir(exist_ok=True)
        found = {
            "issuer": self.server.url,
            "expected_issuer": "IROH Auth",
            "client_id": PUBLIC_CLIENT_ID,
            "name": id_.upper(),
            "userinfo_endpoint": f"{self.server.url}/iroh/profile/whoami",
            "client_authentication": "none",
            "scope": "casebook profile",
            **members,
        }
        lines = "".join(f'{name} = "{value}"\n' for name, value in found.items())
        with self.file.open("a") as opened:
            opened.write(f"[profiles.{id_}]\n{lines}")

    def sign_in(self, id_: str) -> None:
        """Have a token in the keyring; the demo analyst approves."""
        sign_in(self.store, id_)


@contextmanager
def run_demo_home(home: Path, store: SecretStore, options: DemoOptions) -> Iterator[CommandHarness]:
    """A place with a demo server that approves at once, unless `options` say otherwise."""
    with DemoServer(options) as server:
        yield CommandHarness(home, store, server)


def sign_in(
    store: SecretStore, id_: str, *, approve: Callable[[str], None] = lambda _code: None
) -> None:
    """Have a token of the profile in the keyring; `approve` is given the code.

    The program's own parts do it here: a process that waits before it asks would take long.
    """
    with use_keyring_of(store):
        asyncio.run(_sign_in(load_configuration().find(id_), approve))


def age(store: SecretStore, id_: str, seconds: float) -> None:
    """Let the saved token be older than it is."""
    with use_keyring_of(store):
        asyncio.run(_age(load_configuration().find(id_), timedelta(seconds=seconds)))


async def _sign_in(profile: Profile, approve: Callable[[str], None]) -> None:
    world = real_environment(Worker("loader"))
    provider = Provider(profile, world)
    store = TokenStore(profile, world.keystore, world.lock)
    try:
        connection = await provider.connect()
        metadata = await provider.discover_for_sign_in(connection)
        scope, endpoint = profile.scope, metadata.token_endpoint
        issued = await request_authorization(connection, metadata, scope=scope, extra={})
        approve(issued.user_code)
        tokens = await request_token(connection, endpoint, authorization=issued, scope=scope)
        await store.save_new(tokens, provider.known_methods)
    finally:
        await provider.close()
    assert store.save_error is None


async def _age(profile: Profile, by: timedelta) -> None:
    world = real_environment(Worker("loader"))
    store = TokenStore(profile, world.keystore, world.lock)
    saved = await store.load()
    assert saved is not None
    assert saved.tokens.expires_at is not None
    issued_at, expires_at = saved.tokens.issued_at - by, saved.tokens.expires_at - by
    older = replace(saved.tokens, issued_at=issued_at, expires_at=expires_at)
    await store.save(older, saved.known_methods)
    assert store.save_error is None
