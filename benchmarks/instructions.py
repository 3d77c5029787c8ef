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

from benchmarks.agent import make_environment, run_app, write_command
from benchmarks.report import Measurement
from desktop.demo import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import run_bus, run_keyring

# What they took when this was written, and a tenth more. `gh auth token` 2.23 takes 12.
WITHOUT_APP = {
    "--help": (("--help",), 5.6),
    "login --help": (("login", "--help"), 5.6),
    "profiles add --help": (("profiles", "add", "--help"), 9.9),
    "profiles list": (("profiles", "list"), 10.5),
}
FROM_APP = {
    "token": (("token",), 1.35),
    "status": (("status",), 6.6),
    "second start": ((), 1.6),
}
# Python programs that use `xdr_login`, with the app.
IN_PYTHON = {
    "import xdr_login": ("import xdr_login", 1.02),
    "xdr_login.token()": ("import xdr_login; xdr_login.token()", 1.25),
}
# Up to the line of `timestamped_app` with this name: what they took, and a twentieth more.
START = {
    "start to first paint": ("painted", 1.13),
    "start to code on screen": ("code", 2.68),
}
_BARE_WINDOW = ("-m", "benchmarks.bare_window")
_PASS = ("-c", "pass")
_NO_SERVER = "https://login.example"  # it is not asked


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the instructions of commands in `environment`; `command` is `xdr-login`."""

    python: str
    command: Path
    environment: Mapping[str, str]

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
        options = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
        with tempfile.NamedTemporaryFile("r") as log:
            subprocess.run(
                ["valgrind", *options, f"--log-file={log.name}", *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )
            found = re.search(r"I\s+refs:\s+([\d,]+)", log.read())
        if found is None:
            raise RuntimeError("valgrind printed no count")
        return int(found[1].replace(",", ""))


@contextmanager
def run_counter(python: str, *, with_app: bool) -> Iterator[Counter]:
    """Set up a home with one profile; `with_app` the app runs in it and is signed in."""
    with tempfile.TemporaryDirectory() as folder:
        command = write_command(Path(folder), python)
        if not with_app:
            yield Counter(python, command, make_environment(Path(folder), {}, _NO_SERVER))
            return
        options = DemoOptions(interval=1, approve_after=0, token_lifetime=86400)
        with run_bus() as bus, run_keyring(bus), DemoServer(options) as server:
            environment = make_environment(Path(folder), bus.changes, server.url)
            counter = Counter(python, command, environment)
            with run_app(python, environment) as app:
                wait_until(counter.has_token, "a token", app)
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
    for commands, with_app in ((WITHOUT_APP, False), (FROM_APP, True)):
        with run_counter(python, with_app=with_app) as counter:
            for name, ratio in counter.ratios(commands).items():
                found.append(Measurement(name, "x", ratio, None, None, commands[name][1], 1))
            if with_app:
                for name, ratio in counter.python_ratios().items():
                    found.append(Measurement(name, "x", ratio, None, None, IN_PYTHON[name][1], 1))
    return found
