"""A day in the tray: memory, wake-ups and renewals.

Tokens live 30 seconds here, so an hour with six ten-minute tokens takes three minutes.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.report import Measurement
from benchmarks.start import delete_saved_token
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import run_display
from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.secret_service import run_bus, run_keyring
from tests.rigs.tray import run_panel

_LIFETIME = 30.0  # seconds
_HOUR = 6 * _LIFETIME
_LONG_LIFETIME = 600.0
_SETTLING_TIME = 5.0  # seconds until everything is loaded
_OBSERVATION_TIME = 240.0
_CALM_TIME = 30.0  # seconds after which nothing that follows hiding is left to do
_SHORT_LIFETIME = 4.0  # expires before it is observed
_WAKE_UP_GAP = 0.5  # seconds; activity with shorter gaps is one wake-up


def measure(python: str, runs: int) -> list[Measurement]:
    """Return the median memory of `runs`, and the other figures of one run."""
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
            wakes = _count_wake_ups(program)
        # Without a refresh token: there is nothing left to do.
        expired = _run_resident_app(python, environment, _SHORT_LIFETIME, refresh="none")
        with expired as (program, _):
            expired_wakes = _count_wake_ups(program)
        signed_out = _run_resident_app(python, environment, _LONG_LIFETIME, more=["sign-out"])
        with signed_out as (program, _):
            signed_out_wakes = _count_wake_ups(program)
        idle = _count_renewals(python, environment, "0")
        busy = _count_renewals(python, environment, str(_LIFETIME / 10))
    window, signed_in = median(bare), median(real)
    ratio = signed_in / window
    return [
        Measurement("resident memory, signed in", "MB", signed_in, window, ratio, 1.4, runs),
        Measurement("wake-ups a minute in the tray", "", wakes, None, None, 1, 1),
        Measurement("wake-ups a minute, token expired", "", expired_wakes, None, None, 0, 1),
        Measurement("wake-ups a minute, signed out", "", signed_out_wakes, None, None, 0, 1),
        Measurement("renewals in an idle hour", "", idle, None, None, 0, 1),
        Measurement("renewals in an hour of copying", "", busy, None, None, 7, 1),
    ]


@contextmanager
def _run_resident_app(
    python: str,
    environment: Mapping[str, str],
    lifetime: float,
    *,
    copy_every: str = "0",
    refresh: str = "rotate",
    more: Sequence[str] = (),
) -> Iterator[tuple[Program, DemoServer]]:
    """Run the app, which has been hidden in the tray for a few seconds."""
    options = DemoOptions(
        approve_after=0, token_lifetime=lifetime, token_size=2000, refresh=refresh
    )
    with DemoServer(options) as server:
        command = [python, "-m", "benchmarks.resident_app", server.url, copy_every, *more]
        with run_program(command, environment) as program:
            wait_until(lambda: "hidden" in program.read_output(), "the tray", program)
            time.sleep(_SETTLING_TIME)
            yield program, server
        delete_saved_token(environment)


def _count_renewals(python: str, environment: Mapping[str, str], copy_every: str) -> float:
    """Return how many renewals the server saw in an hour of such tokens."""
    with _run_resident_app(python, environment, _LIFETIME, copy_every=copy_every) as (_, server):
        time.sleep(_HOUR)
        grants = [each.grant_type for each in server.history()]
    return grants.count("refresh_token")


def _measure_bare_memory(python: str, environment: Mapping[str, str]) -> float:
    with run_program([python, "-m", "benchmarks.bare_window", "stay"], environment) as program:
        wait_until(lambda: "painted" in program.read_output(), "the bare window", program)
        time.sleep(_SETTLING_TIME)
        return resident_memory(program)


def resident_memory(program: Program) -> float:
    """Return the resident memory in MB."""
    text = Path(f"/proc/{program.process.pid}/status").read_text("ascii")
    (line,) = [line for line in text.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _count_wake_ups(program: Program) -> float:
    """Return how often a minute the app was active while it was observed."""
    time.sleep(_CALM_TIME)
    count = 0
    seen, last = _count_context_switches(program), -_WAKE_UP_GAP
    started_at = time.monotonic()
    while (passed := time.monotonic() - started_at) < _OBSERVATION_TIME:
        time.sleep(0.1)
        switches = _count_context_switches(program)
        if switches != seen:
            count += passed - last > _WAKE_UP_GAP
            seen, last = switches, passed
    return count / (_OBSERVATION_TIME / 60)


def _count_context_switches(program: Program) -> int:
    """Return how often threads of the app have resumed after waiting."""
    total = 0
    for file in Path(f"/proc/{program.process.pid}/task").glob("*/status"):
        for line in file.read_text("ascii").splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                total += int(line.split()[1])
    return total
