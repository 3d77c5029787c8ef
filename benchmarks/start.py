"""From the double-click to the token: the real app with a demo server.

A bare window and the app take turns, so that other load affects both. They run on a virtual
display with a real Secret Service that is empty at every start.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from statistics import median
from tempfile import TemporaryDirectory

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
        TemporaryDirectory(prefix="run-") as folder,  # so that no running app is found
    ):
        environment = {**display.environment, **store.changes, "XDG_RUNTIME_DIR": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # shipped modules are compiled
        app = [python, "-m", "benchmarks.timestamped_app", server.url]
        window = [python, "-m", "benchmarks.bare_window"]
        bare, real, beating = [], [], []
        for _ in range(runs + 1):
            bare.append(run_once(window, environment))
            real.append(run_once(app, environment))
            delete_saved_token(environment)
            beating.append(run_once([*app, "beat"], environment))
            delete_saved_token(environment)
    return _summary(bare[1:], real[1:], beating[1:])


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
