"""The running app locks with a screensaver on the real session bus, and on command."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.commands import sign_in
from tests.end_to_end.agent import COMMAND, Agent, run_agent, token
from tests.end_to_end.conftest import saved_token
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs import login_manager
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import Bus, SecretStore

LOCKED = "XDR Login is locked. Unlock the XDR Login window, then try again.\n"


@pytest.fixture
def agent(secret_service: SecretStore) -> Iterator[Agent]:
    """Run the app, signed in."""
    with DemoServer(DemoOptions(approve_after=0)) as server:
        profile_for(server)
        sign_in(secret_service, "soc")
        with run_agent(secret_service) as made:
            made.wait_for("signed_in")
            yield made


@contextmanager
def screensavers(bus: Bus) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, login_manager.__file__, bus.address]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as services:
        say(services, "")
        yield services
        services.kill()


def say(services: subprocess.Popen[str], word: str) -> None:
    """Send the signal that `word` names, and wait until it is sent; nothing waits for the start."""
    assert services.stdin is not None
    assert services.stdout is not None
    if word:
        services.stdin.write(f"{word}\n")
        services.stdin.flush()
    assert services.stdout.readline()


def lock_screen(agent: Agent, services: subprocess.Popen[str]) -> None:
    """Send the signal until it is noticed: the app watches a moment after its first view."""

    def is_locked() -> bool:
        say(services, "org.gnome.ScreenSaver on")
        return agent.status()["soc"]["state"] == "locked"

    wait_until(is_locked, "locked", agent.program)


def test_the_app_locks_and_unlocks_with_the_screen(
    agent: Agent, secret_service: SecretStore
) -> None:
    with screensavers(secret_service) as services:
        lock_screen(agent, services)
        done = token(agent.environment)
        assert (done.returncode, done.stdout, done.stderr) == (4, "", LOCKED)
        say(services, "org.gnome.ScreenSaver off")
        agent.wait_for("signed_in")
        done = token(agent.environment)
        assert done.stdout == f"{saved_token(secret_service)['access_token']}\n"


def test_what_a_command_locks_stays_locked_when_the_screen_unlocks(
    agent: Agent, secret_service: SecretStore
) -> None:
    subprocess.run([*COMMAND, "lock"], env=agent.environment, check=True)
    with screensavers(secret_service) as services:
        say(services, "org.gnome.ScreenSaver on")
        say(services, "org.gnome.ScreenSaver off")
        assert token(agent.environment).returncode == 4
    agent.wait_for("locked")
