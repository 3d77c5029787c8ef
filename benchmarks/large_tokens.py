"""A token of 100 kB, and 1,000 scopes: from the code to the copy, compared with the usual size.

The apps take turns, so that other load affects all of them. The keyring is empty at every start.
"""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.agent import make_environment, measure_in_turn, run_app, run_command, write_command
from benchmarks.report import Measurement
from benchmarks.start import delete_saved_token, run_once
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import run_display
from tests.rigs.process import wait_until
from tests.rigs.secret_service import run_bus, run_keyring

_USUAL, _LARGE = 2_000, 100_000  # characters of each token
_MOST_RUNS = 5
_FIGURES = {
    "start to code": ("code", None),
    "approval to token": ("signed_in", "approved"),
    "copy": ("copied", "copying"),
}
_NAMES = {"large": "a token of 100 kB", "scopes": "1,000 scopes"}


def measure(python: str, runs: int) -> list[Measurement]:
    """Return the medians of up to five runs."""
    runs = min(runs, _MOST_RUNS)
    with run_display() as display, run_bus() as bus, run_keyring(bus) as store:
        environment = {**display.environment, **store.changes}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # shipped modules are compiled
        return [
            *_measure_window(python, environment, runs),
            *_measure_command(python, environment, runs),
        ]


def _measure_window(python: str, environment: Mapping[str, str], runs: int) -> list[Measurement]:
    found: dict[str, list[dict[str, float]]] = {"usual": [], "large": [], "scopes": []}
    with ExitStack() as stack:
        usual, large = (stack.enter_context(_server(size)) for size in (_USUAL, _LARGE))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        arguments = {"usual": [usual.url], "large": [large.url], "scopes": [usual.url, "scopes"]}
        for _ in range(runs + 1):  # the first run fills caches
            for name, own in arguments.items():
                command = [python, "-m", "benchmarks.timestamped_app", *own, "copy"]
                found[name].append(run_once(command, {**environment, "XDG_RUNTIME_DIR": folder}))
                delete_saved_token(environment)
    return [
        _compared(f"{figure}, {title}", found[name][1:], found["usual"][1:], span)
        for name, title in _NAMES.items()
        for figure, span in _FIGURES.items()
    ]


def _compared(
    name: str,
    many: list[dict[str, float]],
    usual: list[dict[str, float]],
    span: tuple[str, str | None],
) -> Measurement:
    end, begin = span
    values = [
        median(run[end] - (run[begin] if begin else 0) for run in reports) * 1000
        for reports in (many, usual)
    ]
    if end == "copied":  # too short for a ratio
        return Measurement(name, "ms", values[0], None, None, 50, len(many))
    return Measurement(name, "ms", values[0], values[1], values[0] / values[1], 1.5, len(many))


def _measure_command(python: str, environment: Mapping[str, str], runs: int) -> list[Measurement]:
    """Measure `token` of the running app."""
    took = {}
    for size in (_USUAL, _LARGE):
        with tempfile.TemporaryDirectory() as folder, _server(size) as server:
            own = make_environment(Path(folder), environment, server.url)
            token = [str(write_command(Path(folder), python)), "token"]
            with run_app(python, own) as program:
                wait_until(lambda: run_command(token, own) == 0, "a token", program)  # noqa: B023
                took[size] = measure_in_turn({"token": token}, own, max(runs, 20))["token"]
    ratio = took[_LARGE] / took[_USUAL]
    name = "token, a token of 100 kB"
    return [Measurement(name, "ms", took[_LARGE], took[_USUAL], ratio, 1.5, max(runs, 20))]


def _server(size: int) -> DemoServer:
    return DemoServer(
        DemoOptions(approve_after=0.2, token_size=size, refresh_size=size, token_lifetime=86400.0)
    )
