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
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import run_display
from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.secret_service import run_bus, run_keyring
from tests.rigs.tray import run_panel

_LIFETIME = 30.0  # seconds
_HOUR = 6 * _LIFETIME
_LONG_LIFETIME = 600.0
_SETTLING_TIME = 5.0  # seconds until what comes after a start has been loaded
_OBSERVATION_TIME = 240.0
_WAKE_UP_GAP = 0.5  # seconds: what happens within one is one wake-up


def measure(python: str, runs: int) -> list[Measurement]:
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
            bare.append(_measure_bare_memory(python, environment))
            with _run_resident_app(python, environment, _LONG_LIFETIME) as (program, _):
                real.append(resident_memory(program))
        with _run_resident_app(python, environment, _LONG_LIFETIME) as (program, _):
            wakes = _count_wake_ups(program) / (_OBSERVATION_TIME / 60)
        idle = _count_renewals(python, environment, "0")
        busy = _count_renewals(python, environment, str(_LIFETIME / 10))
    window, signed_in = median(bare), median(real)
    ratio = signed_in / window
    return [
        Measurement("resident memory, signed in", "MB", signed_in, window, ratio, 1.4, runs),
        Measurement("wake-ups a minute in the tray", "", wakes, None, None, 1, 1),
        Measurement("renewals in an idle hour", "", idle, None, None, 0, 1),
        Measurement("renewals in an hour of copying", "", busy, None, None, 7, 1),
    ]


@contextmanager
def _run_resident_app(
    python: str, environment: Mapping[str, str], lifetime: float, copy_every: str = "0"
) -> Iterator[tuple[Program, DemoServer]]:
    """The program, signed in and hidden in the tray since some seconds."""
    options = DemoOptions(outcome="approve", token_lifetime=lifetime, token_size=2000)
    with DemoServer(options) as server:
        command = [python, "-m", "benchmarks.resident_app", server.url, copy_every]
        with run_program(command, environment) as program:
            wait_until(lambda: "hidden" in program.read_output(), "the tray", program)
            time.sleep(_SETTLING_TIME)
            yield program, server
        _delete_saved_token(environment)


def _count_renewals(python: str, environment: Mapping[str, str], copy_every: str) -> float:
    """How often the token endpoint is asked for a renewal within an hour of such tokens."""
    with _run_resident_app(python, environment, _LIFETIME, copy_every) as (_, server):
        time.sleep(_HOUR)
        asked = [each.grant_type for each in server.history()]
    return asked.count("refresh_token")


def _measure_bare_memory(python: str, environment: Mapping[str, str]) -> float:
    with run_program([python, "-m", "benchmarks.bare_window", "stay"], environment) as program:
        wait_until(lambda: "painted" in program.read_output(), "the bare window", program)
        time.sleep(_SETTLING_TIME)
        return resident_memory(program)


def resident_memory(program: Program) -> float:
    """Resident memory in MB."""
    text = Path(f"/proc/{program.process.pid}/status").read_text("ascii")
    (line,) = [line for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _count_wake_ups(program: Program) -> int:
    """How often the program did anything at all while it was watched."""
    count = 0
    seen, last = _count_context_switches(program), -_WAKE_UP_GAP
    started = time.monotonic()
    while (passed := time.monotonic() - started) < _OBSERVATION_TIME:
        time.sleep(0.1)
        switches = _count_context_switches(program)
        if switches != seen:
            count += passed - last > _WAKE_UP_GAP
            seen, last = switches, passed
    return count


def _count_context_switches(program: Program) -> int:
    """How often any thread of the program has waited for something and gone on."""
    total = 0
    for file in Path(f"/proc/{program.process.pid}/task").glob("*/status"):
        for line in file.read_text("ascii").splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total


def _delete_saved_token(environment: Mapping[str, str]) -> None:
    forget = (
        "import asyncio; from desktop.services.secrets.system_keystore import system_keystore;"
        "asyncio.run(system_keystore().delete('(demo)'))"
    )
    subprocess.run([sys.executable, "-c", forget], env=dict(environment), check=True)
