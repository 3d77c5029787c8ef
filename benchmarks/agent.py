"""Tokens for scripts: latency, and how memory and descriptors grow over a thousand calls.

The command is the one that pip creates. `gh auth token` is measured too if it is installed.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.all_day import resident_memory
from benchmarks.report import Measurement
from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions, DemoServer
from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.python_package import lay_out_package
from tests.rigs.secret_service import run_bus, run_keyring

_CALLS = 1000
_WARM_UP = 100  # calls
_PYTHON_GOAL = 5  # ms
_COMMAND = """\
#!{python}
import sys
from desktop.__main__ import main
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(main())
"""
# With the last one, modules would be compiled each time; shipped ones are compiled.
_NOT_INHERITED = {"GH_TOKEN", "DISPLAY", "PYTHONDONTWRITEBYTECODE"}
_HOSTS = "github.com:\n    oauth_token: made-up\n    user: nobody\n    git_protocol: https\n"


def measure(python: str, runs: int) -> list[Measurement]:
    """Return the medians of at least 20 runs; growth is measured once."""
    runs = max(runs, 20)  # a few milliseconds vary too much for fewer
    with (
        tempfile.TemporaryDirectory() as folder,
        run_bus() as bus,
        run_keyring(bus),
        DemoServer(DemoOptions(interval=1, approve_after=0, token_lifetime=86400)) as server,
    ):
        environment = make_environment(Path(folder), bus.changes, server.url)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # shipped modules are compiled
        command = write_command(Path(folder), python)
        token = [str(command), "token"]
        with run_app(python, environment) as program:
            wait_until(lambda: run_command(token, environment) == 0, "a token", program)
            quick = measure_in_turn(
                {
                    "pass": [python, "-c", "pass"],
                    "token": token,
                    "in Python": [python, "-c", "import xdr_login; xdr_login.token()"],
                    **_gh(),
                },
                environment,
                runs,
            )
            growth = _measure_growth(program, token, environment)
        alone = measure_in_turn({"token": token}, environment, runs)["token"]
    return [
        *_latency_measurements(quick, runs),
        Measurement("token, without the app", "ms", alone, None, None, 300, runs),
    ] + [
        Measurement(f"{name} in 1,000 calls", unit, grown, None, None, goal, 1)
        for (name, unit, goal), grown in zip(_GROWTH_GOALS, growth, strict=True)
    ]


# Half a megabyte is what the allocator may keep in reserve.
_GROWTH_GOALS = (("growth of memory", "MB", 0.5), ("growth of descriptors", "", 0))


def _latency_measurements(took: Mapping[str, float], runs: int) -> list[Measurement]:
    token, base, more = took["token"], took["pass"], took["in Python"] - took["pass"]
    found = [
        Measurement("token, from the running app", "ms", token, base, token / base, 2.0, runs),
        Measurement(
            "xdr_login.token(), besides Python", "ms", more, None, None, _PYTHON_GOAL, runs
        ),
    ]
    if "gh" in took:
        ratio = token / took["gh"]
        name = "token, compared with gh auth token"
        found.append(Measurement(name, "ms", token, took["gh"], ratio, 1.0, runs))
    return found


def _gh() -> dict[str, list[str]]:
    return {"gh": ["gh", "auth", "token"]} if shutil.which("gh") else {}


def write_command(folder: Path, python: str) -> Path:
    """Write the command as pip does."""
    command = folder / "xdr-login"
    command.write_text(_COMMAND.format(python=python))
    command.chmod(0o755)
    return command


def make_environment(folder: Path, bus: Mapping[str, str], issuer: str) -> dict[str, str]:
    """Return an environment with its own folders, one profile and a token for gh."""
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME")
    places = {name: str(folder / name.lower()) for name in names}
    for place in places.values():
        Path(place).mkdir(mode=0o700)
    profiles = folder / "xdg_config_home" / "xdr-login" / "profiles.toml"
    profiles.parent.mkdir()
    profiles.write_text(
        f'[profiles.soc]\nissuer = "{issuer}"\nexpected_issuer = "IROH Auth"\n'
        f'client_id = "{PUBLIC_CLIENT_ID}"\n'
    )
    hosts = folder / "gh"
    hosts.mkdir()
    (hosts / "hosts.yml").write_text(_HOSTS)
    site = lay_out_package(folder / "site")
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {
        **inherited,
        **bus,
        **places,
        "GH_CONFIG_DIR": str(hosts),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[1]), str(site))),
    }


@contextmanager
def run_app(python: str, environment: Mapping[str, str]) -> Iterator[Program]:
    with run_program([python, "-m", "desktop"], environment) as program:
        yield program


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return the exit code."""
    done = subprocess.run(
        command,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode


def measure_in_turn(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], runs: int
) -> dict[str, float]:
    """Return the median of each command in milliseconds; the commands take turns."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):  # the first run fills caches
        for name, command in commands.items():
            started = time.perf_counter()
            if run_command(command, environment) != 0:
                raise RuntimeError(f"{name} failed")
            if number:
                took[name].append((time.perf_counter() - started) * 1000)
    return {name: median(each) for name, each in took.items()}


def _measure_growth(
    program: Program, token: Sequence[str], environment: Mapping[str, str]
) -> tuple[float, float]:
    """Return how much memory and descriptors have grown after many calls."""
    for _ in range(_WARM_UP):
        run_command(token, environment)
    before = resident_memory(program), _count_descriptors(program)
    for _ in range(_CALLS):
        run_command(token, environment)
    wait_until(
        lambda: _count_descriptors(program) <= before[1], "the end of all connections", program
    )
    return resident_memory(program) - before[0], float(_count_descriptors(program) - before[1])


def _count_descriptors(program: Program) -> int:
    return sum(1 for _ in Path(f"/proc/{program.process.pid}/fd").iterdir())
