"""Instructions of commands and of the start, counted by cachegrind.

What else the computer does changes nothing. The budget of a command is a multiple of what `python
-c pass` takes, that of the start a multiple of a bare window of PySide6, so another processor or
Python changes little. The tests fail where a budget is passed. Raise one only with its reason in
the commit.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.agent import make_environment, run_app, write_command
from benchmarks.report import Measurement
from desktop.demo import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import run_bus, run_keyring

# What they took when this was written, and a twentieth more. `gh auth token` 2.23 takes 12.
WITHOUT_APP = {
    "--help": (("--help",), 5.3),
    "login --help": (("login", "--help"), 5.3),
    "profiles add --help": (("profiles", "add", "--help"), 8.1),
    "profiles list": (("profiles", "list"), 8.3),
}
# With a saved token, which is read from the keyring.
FROM_KEYRING = {
    "token, without the app": (("token",), 17.5),
    "status, without the app": (("status",), 18.4),
}
FROM_APP = {
    "token": (("token",), 1.3),
    "status": (("status",), 6.0),
    "second start": ((), 1.6),
}
# Python programs that use `xdr_login`, with the app.
IN_PYTHON = {
    "import xdr_login": ("import xdr_login", 1.02),
    "xdr_login.token()": ("import xdr_login; xdr_login.token()", 1.25),
}
# Up to the line of `timestamped_app` with this name: what they took, and a fiftieth more.
START = {
    "start to first paint": ("painted", 1.12),
    "start to code on screen": ("code", 2.36),
}
App = Literal["never started", "ended", "running"]
_BARE_WINDOW = ("-m", "benchmarks.bare_window")
_PASS = ("-c", "pass")
_NO_SERVER = "https://login.example"  # it is not asked


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the instructions of commands in `environment`; `command` is `xdr-login`.

    A bundle starts itself once more, which is followed.
    """

    python: str
    command: Path
    environment: Mapping[str, str]
    is_bundle: bool = False

    def ratios(self, commands: Mapping[str, tuple[Sequence[str], float]]) -> dict[str, float]:
        """Count each of `commands`, as multiples of `python -c pass`."""
        base = self.count((self.python, *_PASS))
        return {
            name: self.count((self.python, str(self.command), *arguments)) / base
            for name, (arguments, _) in commands.items()
        }

    def python_ratios(self) -> dict[str, float]:
        """Count the Python programs, as multiples of `python -c pass`."""
        base = self.count((self.python, *_PASS))
        return {
            name: self.count((self.python, "-c", code)) / base
            for name, (code, _) in IN_PYTHON.items()
        }

    def start_ratios(self, address: str) -> dict[str, float]:
        """Count the start with the demo server at `address`, as multiples of a bare window."""
        base = self.count((self.python, *_BARE_WINDOW))
        return {
            name: self.count((self.python, "-m", "benchmarks.timestamped_app", address, last))
            / base
            for name, (last, _) in START.items()
        }

    def has_token(self) -> bool:
        """Tell whether the app is signed in."""
        done = subprocess.run(
            [self.python, str(self.command), "token"],
            env=dict(self.environment),
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def count(self, command: Sequence[str]) -> int:
        """Count the instructions of `command` once; raises `CalledProcessError` if it fails."""
        environment = {**self.environment, "PYTHONHASHSEED": "0"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # it would compile each time
        subprocess.run(  # compiles its modules
            command, env=environment, capture_output=True, check=True
        )
        options = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        if self.is_bundle:
            options.append("--trace-children=yes")
        with tempfile.NamedTemporaryFile("r") as log:
            subprocess.run(
                ["valgrind", *options, f"--log-file={log.name}", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )
            found = re.findall(r"I\s+refs:\s+([\d,]+)", log.read())
        if not found:
            raise RuntimeError("valgrind printed no count")
        return int(found[-1].replace(",", ""))


@contextmanager
def run_counter(python: str, *, app: App) -> Iterator[Counter]:
    """Set up a home with one profile. Once the app has run in it, the profile is signed in."""
    with tempfile.TemporaryDirectory() as folder:
        command = write_command(Path(folder), python)
        if app == "never started":
            yield Counter(python, command, make_environment(Path(folder), {}, _NO_SERVER))
            return
        options = DemoOptions(interval=1, approve_after=0, token_lifetime=86400)
        with run_bus() as bus, run_keyring(bus), DemoServer(options) as server:
            environment = make_environment(Path(folder), bus.changes, server.url)
            counter = Counter(python, command, environment)
            with run_app(python, environment) as running:
                wait_until(counter.has_token, "a token", running)
                if app == "running":
                    yield counter
                    return
            yield counter


def start_ratios(python: str) -> dict[str, float]:
    """Count the start without a saved token, off screen."""
    with (
        tempfile.TemporaryDirectory() as folder,
        run_bus() as bus,
        run_keyring(bus),
        DemoServer(DemoOptions()) as server,
    ):
        environment = make_environment(Path(folder), bus.changes, server.url)
        return Counter(python, Path(), environment).start_ratios(server.url)


def measure(python: str, _runs: int) -> list[Measurement]:
    """Count once: the figures repeat within one per cent."""
    found = [
        Measurement(name, "x", ratio, None, None, START[name][1], 1)
        for name, ratio in start_ratios(python).items()
    ]
    states: tuple[tuple[App, Mapping[str, tuple[Sequence[str], float]]], ...] = (
        ("never started", WITHOUT_APP),
        ("ended", FROM_KEYRING),
        ("running", FROM_APP),
    )
    for app, commands in states:
        with run_counter(python, app=app) as counter:
            for name, ratio in counter.ratios(commands).items():
                found.append(Measurement(name, "x", ratio, None, None, commands[name][1], 1))
            if app == "running":
                for name, ratio in counter.python_ratios().items():
                    found.append(Measurement(name, "x", ratio, None, None, IN_PYTHON[name][1], 1))
    return found
