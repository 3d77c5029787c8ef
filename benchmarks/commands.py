"""Commands, compared with those of gh by CPU time and by instructions.

gh and XDR Login take turns, so that other load affects both. `gh auth status` asks a server, so
`status` is compared with `gh config list`, which prints what is saved too.
"""

import resource
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.agent import make_environment, run_command, write_command
from benchmarks.instructions import App, Counter, run_counter
from benchmarks.many_profiles import write_profiles
from benchmarks.report import Measurement

# Each command, and the one of gh that it is compared with.
_WITHOUT_APP = {
    ("--help",): ("--help",),
    ("login", "--help"): ("auth", "login", "--help"),
    ("profiles", "list"): ("alias", "list"),
}
_FROM_KEYRING: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("token",): ("auth", "token"),
    ("status",): ("config", "list"),
}
_FROM_APP = {
    ("token",): ("auth", "token"),
    ("status",): ("config", "list"),
    (): ("--version",),  # a second start
}
_GOAL = 1.5
_MANY = 200
# A profile costs a line of the file to parse and one to print.
_MANY_GOAL = 2.0


def measure(python: str, runs: int) -> list[Measurement]:
    """Return the medians of `runs`, and instructions, which are counted once."""
    found = _compare_profiles(python, runs)
    if shutil.which("gh") is None:
        return found
    states: tuple[tuple[App, Mapping[tuple[str, ...], tuple[str, ...]]], ...] = (
        ("never started", _WITHOUT_APP),
        ("ended", _FROM_KEYRING),
        ("running", _FROM_APP),
    )
    for app, pairs in states:
        with run_counter(python, app=app) as counter:
            for own, other in pairs.items():
                found += _compare(counter, own, other, runs=runs, app=app)
    return found


def _compare(
    counter: Counter, own: Sequence[str], other: Sequence[str], *, runs: int, app: App
) -> list[Measurement]:
    alone = " without the app" if app == "ended" else ""
    name = f"{' '.join(own) or 'second start'}{alone} / gh {' '.join(other)}"
    ours, theirs = [str(counter.command), *own], [str(shutil.which("gh")), *other]
    took, base = measure_cpu_times([ours, theirs], counter.environment, runs)
    found = [Measurement(name, "ms", took, base, took / base, _GOAL, runs)]
    if shutil.which("valgrind"):
        count, base = counter.count((counter.python, *ours)), counter.count(theirs)
        instructions = (count / 1e6, base / 1e6, count / base)
        found.append(Measurement(name, "M", *instructions, _GOAL, 1))
    return found


def _compare_profiles(python: str, runs: int) -> list[Measurement]:
    """Measure commands that list all profiles, with one profile and with many."""
    found = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        environments = []
        for folder, number in ((Path(one), 1), (Path(many), _MANY)):
            environment = make_environment(folder, {}, "https://login.example")
            environments.append(environment)
            file = Path(environment["XDG_CONFIG_HOME"], "xdr-login", "profiles.toml")
            write_profiles(number, file)
        for own in (("profiles", "list"), ("status",)):
            command = [str(write_command(Path(one), python)), *own]
            base, took = (measure_cpu_times([command], each, runs)[0] for each in environments)
            name = f"{' '.join(own)}, {_MANY} profiles"
            found.append(Measurement(name, "ms", took, base, took / base, _MANY_GOAL, runs))
    return found


def measure_cpu_times(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], runs: int
) -> list[float]:
    """Return the median CPU time of each command in milliseconds; the commands take turns."""
    took: list[list[float]] = [[] for _ in commands]
    for number in range(runs + 1):  # the first run fills caches
        for command, times in zip(commands, took, strict=True):
            before = _children_cpu_time()
            if run_command(command, environment) != 0:
                raise RuntimeError(f"{command[0]} failed")
            if number:
                times.append((_children_cpu_time() - before) * 1000)
    return [median(times) for times in took]


def _children_cpu_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
