"""A shift in the tray: the memory of the program, how often it wakes, what it asks of the server.

A token lives thirty seconds here, so that an hour of six ten-minute tokens takes three minutes.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.report import Measurement
from desktop.demo import DemoOptions, DemoServer
from tests.rigs.display import run_display
from tests.rigs.process import Program, running, wait_until
from tests.rigs.secret_service import run_bus, run_keyring
from tests.rigs.tray import run_panel

_LIFETIME = 30.0  # seconds
_HOUR = 6 * _LIFETIME
_LONG = 600.0
_SETTLED = 5.0  # seconds until what comes after a start has been loaded
_WATCHED = 240.0
_SILENCE = 0.5  # seconds: what happens within one is one wake-up


def measurements(python: str, runs: int) -> list[Measurement]:
    """Medians of `runs` for the memory; the hours are lived once each."""
    with (
        run_display() as display,
        run_bus() as bus,
        run_keyring(bus) as store,
        tempfile.TemporaryDirectory() as folder,
        run_panel(display, Path(folder)),
    ):
        environment = {**display.environment, **store.changes}
        bare, real = [], []
        for _ in range(runs):
            bare.append(_bare_memory(python, environment))
            with _resident(python, environment, _LONG) as (program, _):
                real.append(memory(program))
        with _resident(python, environment, _LONG) as (program, _):
            wakes = _wake_ups(program) / (_WATCHED / 60)
        idle = _renewals(python, environment, "0")
        busy = _renewals(python, environment, str(_LIFETIME / 10))
    window, signed_in = median(bare), median(real)
    ratio = signed_in / window
    return [
        Measurement("resident memory, signed in", "MB", signed_in, window, ratio, 1.4, runs),
        Measurement("wake-ups a minute in the tray", "", wakes, None, None, 1, 1),
        Measurement("renewals in an idle hour", "", idle, None, None, 0, 1),
        Measurement("renewals in an hour of copying", "", busy, None, None, 7, 1),
    ]


@contextmanager
def _resident(
    python: str, environment: Mapping[str, str], lifetime: float, copy_every: str = "0"
) -> Iterator[tuple[Program, DemoServer]]:
    """The program, signed in and hidden in the tray since some seconds."""
    options = DemoOptions(outcome="approve", token_lifetime=lifetime, token_size=2000)
    with DemoServer(options) as server:
        command = [python, "-m", "benchmarks.resident_app", server.url, copy_every]
        with running(command, environment) as program:
            wait_until(lambda: "hidden" in program.printed(), "the tray", program)
            time.sleep(_SETTLED)
            yield program, server
        _forget(environment)


def _renewals(python: str, environment: Mapping[str, str], copy_every: str) -> float:
    """How often the token endpoint is asked for a renewal within an hour of such tokens."""
    with _resident(python, environment, _LIFETIME, copy_every) as (_, server):
        time.sleep(_HOUR)
        asked = [each.grant_type for each in server.history()]
    return asked.count("refresh_token")


def _bare_memory(python: str, environment: Mapping[str, str]) -> float:
    with running([python, "-m", "benchmarks.bare_window", "stay"], environment) as program:
        wait_until(lambda: "painted" in program.printed(), "the bare window", program)
        time.sleep(_SETTLED)
        return memory(program)


def memory(program: Program) -> float:
    """Resident memory in MB."""
    text = Path(f"/proc/{program.process.pid}/status").read_text("ascii")
    (line,) = [line for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _wake_ups(program: Program) -> int:
    """How often the program did anything at all while it was watched."""
    count = 0
    seen, last = _switches(program), -_SILENCE
    started = time.monotonic()
    while (passed := time.monotonic() - started) < _WATCHED:
        time.sleep(0.1)
        switches = _switches(program)
        if switches != seen:
            count += passed - last > _SILENCE
            seen, last = switches, passed
    return count


def _switches(program: Program) -> int:
    """How often any thread of the program has waited for something and gone on."""
    total = 0
    for file in Path(f"/proc/{program.process.pid}/task").glob("*/status"):
        for line in file.read_text("ascii").splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total


def _forget(environment: Mapping[str, str]) -> None:
    forget = (
        "import asyncio; from desktop.services.secrets.system_keystore import system_keystore;"
        "asyncio.run(system_keystore().delete('(demo)'))"
    )
    subprocess.run([sys.executable, "-c", forget], env=dict(environment), check=True)
