"""From the double-click to the token: the real app with a demo server.

A bare window and the app take turns, so that other load affects both. They run on a virtual
display with a real Secret Service that is empty at every start. A server far away is reached with
and without the metadata that an earlier sign-in has kept.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.distant_server import HANDSHAKES, ROUND_TRIP, run_distant_server
from benchmarks.report import Measurement
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import run_display
from tests.rigs.secret_service import run_bus, run_keyring

_TIMEOUT = 30.0


def measure(python: str, runs: int) -> list[Measurement]:
    """Return the medians of `runs`; the first run of each is not counted."""
    # Approved at once, so the first poll gets the token.
    options = DemoOptions(approve_after=0.2, token_size=2000)
    with (
        run_display() as display,
        run_bus() as bus,
        run_keyring(bus) as store,
        DemoServer(options) as server,
        run_distant_server(options) as distant,
        TemporaryDirectory(prefix="run-") as folder,  # so that no running app is found
    ):
        own = {"XDG_RUNTIME_DIR": folder, "XDG_STATE_HOME": folder}
        environment = {**display.environment, **store.changes, **own}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # shipped modules are compiled
        app = [python, "-m", "benchmarks.timestamped_app", server.url]
        window = [python, "-m", "benchmarks.bare_window"]
        far = [*app[:-1], distant.url, str(distant.ca_file)]
        bare, real, beating, first, again = [], [], [], [], []
        for _ in range(runs + 1):
            bare.append(run_once(window, environment))
            real.append(_run_app(app, environment))
            beating.append(_run_app([*app, "beat"], environment))
            first.append(_run_app(far, environment))
            again.append(_run_app(far, environment, with_kept_metadata=True))
    return [
        *_summary(bare[1:], real[1:], beating[1:]),
        *_summary_of_distant_server(real[1:], first[1:], again[1:]),
    ]


def _run_app(
    command: list[str], environment: Mapping[str, str], *, with_kept_metadata: bool = False
) -> dict[str, float]:
    """Run the app without a saved token; returns what it reported."""
    if not with_kept_metadata:
        shutil.rmtree(
            Path(environment["XDG_STATE_HOME"], "xdr-login", "metadata"), ignore_errors=True
        )
    try:
        return run_once(command, environment)
    finally:
        delete_saved_token(environment)


def run_once(command: list[str], environment: Mapping[str, str]) -> dict[str, float]:
    """Return what the app reported, in seconds since its start; "longest" is unchanged."""
    started_at = time.monotonic()
    done = subprocess.run(
        command,
        env=dict(environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
    )
    if done.returncode:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    reported = dict(line.split() for line in done.stdout.splitlines())
    return {k: float(v) - (0 if k == "longest" else started_at) for k, v in reported.items()}


def delete_saved_token(environment: Mapping[str, str]) -> None:
    """Remove the saved token with the code of the app."""
    code = (
        "import asyncio; from desktop.services.secrets.indexed_keystore import system_keystore;"
        "asyncio.run(system_keystore().delete('(demo)'))"
    )
    subprocess.run([sys.executable, "-c", code], env=dict(environment), check=True)


def _summary(
    bare: list[dict[str, float]], real: list[dict[str, float]], beating: list[dict[str, float]]
) -> list[Measurement]:
    window = median(run["painted"] for run in bare) * 1000
    painted = median(run["painted"] for run in real) * 1000
    code = median(run["code"] for run in real) * 1000
    token = median(run["signed_in"] - run["approved"] for run in real) * 1000
    longest = median(run["longest"] for run in beating) * 1000
    count = len(real)
    return [
        Measurement("start to first paint", "ms", painted, window, painted / window, 1.15, count),
        Measurement("double-click to code on screen", "ms", code, window, code / window, 2, count),
        Measurement("approval to token saved and on screen", "ms", token, None, None, 150, count),
        Measurement("longest block after first paint", "ms", longest, None, None, 16, count),
    ]


def _summary_of_distant_server(
    near: list[dict[str, float]], first: list[dict[str, float]], again: list[dict[str, float]]
) -> list[Measurement]:
    """Compare the code of a server far away with that of one on this computer.

    The ratio leaves out the round trips that no client can avoid: the handshakes and one request.
    """
    here = median(run["code"] for run in near) * 1000
    unavoidable = (HANDSHAKES + 1) * ROUND_TRIP * 1000
    rows = []
    for name, runs, goal in (
        ("80 ms away, first sign-in: code", first, 1.6),
        ("80 ms away, kept metadata: code", again, 1.3),
    ):
        code = median(run["code"] for run in runs) * 1000
        ratio = (code - unavoidable) / here
        rows.append(Measurement(name, "ms", code, here, ratio, goal, len(runs)))
    return rows
