"""Renewal in the app and by several programs at once, with a real server, lock and keyring."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.commands import age, sign_in
from tests.end_to_end.conftest import Start, saved_token
from tests.end_to_end.test_sign_in import clipboard, profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore

LIFETIME = 12.0
AGE = 7.0  # seconds; a saved token of this age is renewed soon
PROGRAMS = 3
# Gets the token every second until it has been renewed twice, as scripts do.
USER = f"""
import asyncio, json
from desktop.services.system.worker import Worker
from desktop.services.network.real_environment import real_environment
from desktop.services.configuration.profile_reader import load_profile
from desktop.services.session.session import Session
from desktop.services.model.states import Failed, SignedIn

async def main():
    session = Session(load_profile(), real_environment(Worker("loader")), observer=lambda _: None)
    session.open(quietly=True)
    while not isinstance(session.state, SignedIn):
        await asyncio.sleep(0.05)
    tokens = []
    for _ in range({int(2 * LIFETIME - AGE) + 1}):
        tokens.append((await session.fetch_token()).access_token)
        await asyncio.sleep(1)
    print(json.dumps(tokens))
    await session.close()

asyncio.run(main())
"""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a server with short lifetimes; using a refresh token twice revokes everything."""
    options = DemoOptions(interval=1, approve_after=0, token_lifetime=LIFETIME)
    with DemoServer(options) as running_server:
        profile_for(running_server)
        yield running_server


@pytest.fixture
def signed_in(server: DemoServer, secret_service: SecretStore) -> DemoServer:
    """A server with a saved sign-in that is a few seconds old."""
    sign_in(secret_service, "soc")
    age(secret_service, "soc", AGE)
    return server


def renewals(server: DemoServer) -> list[int]:
    """Return the statuses of all renewals."""
    return [each.status for each in server.history() if each.grant_type == "refresh_token"]


def test_a_visible_token_is_renewed_and_the_new_one_copied(
    start: Start, signed_in: DemoServer, secret_service: SecretStore
) -> None:
    first = saved_token(secret_service)["access_token"]
    app = start(secret_service)
    app.wait_for("Copy token")
    wait_until(lambda: len(renewals(signed_in)) >= 1, "a renewal", app.program)
    app.wait_for("Renews automatically")
    app.click("Copy token")
    wait_until(lambda: clipboard(app.display) != "", "a token on the clipboard", app.program)
    assert clipboard(app.display) != first
    assert app.quit() == 0
    assert set(renewals(signed_in)) == {200}


def test_a_sign_in_ended_by_the_server_is_reported_at_once(
    start: Start, signed_in: DemoServer, secret_service: SecretStore
) -> None:
    signed_in.inject("invalid_grant", grant_type="refresh_token")
    app = start(secret_service)
    app.wait_for("The server has signed you out")
    app.click("Sign in again")
    app.wait_for("Copy token")
    assert app.quit() == 0


def test_several_programs_share_one_sign_in_and_use_no_refresh_token_twice(
    start: Start, signed_in: DemoServer, secret_service: SecretStore
) -> None:
    server = signed_in
    app = start(secret_service)
    app.wait_for("Copy token")
    command = [sys.executable, "-c", USER]
    users = [
        subprocess.Popen(command, env=secret_service.environment, stdout=subprocess.PIPE, text=True)
        for _ in range(PROGRAMS)
    ]
    taken = [json.loads(user.communicate(timeout=120)[0]) for user in users]
    assert [user.returncode for user in users] == [0] * PROGRAMS
    # Two lifetimes with one renewal each; on a slow computer a third one may start.
    assert 2 <= len(renewals(server)) <= 4
    assert set(renewals(server)) == {200}, "the server ends a sign-in whose token comes twice"
    assert len({token for each in taken for token in each}) <= len(renewals(server)) + 1
    assert app.quit() == 0
