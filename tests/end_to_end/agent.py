"""The running app without a display, and scripts that use it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop.ipc import client
from desktop.ipc.client import NoAnswer, NotRunning
from desktop.ipc.messages import Members, RefusedByAgent
from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.secret_service import Bus

COMMAND = [sys.executable, "-m", "desktop"]


def headless(bus: Bus) -> dict[str, str]:
    """Return the environment of an app without a display, with the keyring of `bus`."""
    return bus.environment | {"QT_QPA_PLATFORM": "offscreen", "NO_PROXY": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class Agent:
    """The running app."""

    program: Program
    environment: Mapping[str, str]

    def status(self) -> dict[str, Members]:
        """Return the status of all profiles by id; empty if the app does not answer."""
        try:
            profiles = client.send_command("status")["profiles"]
        except (NotRunning, NoAnswer, RefusedByAgent):
            return {}
        assert isinstance(profiles, list)
        return {each["id"]: each for each in profiles}

    def wait_for(self, state: str, profile: str = "soc") -> None:
        """Wait until the profile has this status."""
        wait_until(
            lambda: self.status().get(profile, {}).get("state") == state,
            f"{profile} {state}",
            self.program,
        )


@contextlib.contextmanager
def run_agent(bus: Bus, *arguments: str) -> Iterator[Agent]:
    """Run the app until the end of the block."""
    environment = headless(bus)
    with run_program([*COMMAND, *arguments], environment) as program:
        yield Agent(program, environment)


def token(
    environment: Mapping[str, str], *arguments: str, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run `xdr-login token` and return what it prints."""
    command = [*COMMAND, "token", *arguments]
    return subprocess.run(
        command,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start_token(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start `xdr-login token` without waiting for it."""
    command: Sequence[str] = [*COMMAND, "token", *arguments]
    return subprocess.Popen(
        command,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def socket_path() -> Path:
    """Return the path of the app's socket."""
    return Path(os.environ["XDG_RUNTIME_DIR"], "xdr-login", "socket")
