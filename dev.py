#!/usr/bin/env python3
"""Set up XDR Login for development, run it, and check it. Needs nothing but Python.

Everything it installs goes into .venv and .cache in this folder. On Debian and Ubuntu it also
installs the system packages that are missing; elsewhere, what is missing is named and skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "packaging" / "requirements"
OLDEST, NEWEST = (3, 11), (3, 15)

# Every branch of these is run by the tests below: they hold the protocol and the secrets. Only
# those tests run under coverage, which doubles their time on Python 3.11.
FULLY_COVERED = (
    "desktop/oauth/**",
    "desktop/services/secrets/*",
    "desktop/services/session/*",
)
COVERING_TESTS = ("tests/oauth", "tests/services/secrets", "tests/services/session")

RUN_EPILOG = "Other arguments go to the app: `dev.py run --approve`, `dev.py run -- --help`."
TEST_EPILOG = """Other arguments go to pytest: `dev.py test tests/oauth -k slow_down`.
All tests run in several processes; chosen ones run in one, without coverage."""
SLOWEST = ("--durations=10", "--durations-min=1")
TEST_PACKAGES_HELP = "build the packages, install them on a bare system and remove them, instead"
TEST_PYTHON = "run the fast tests and a sign-in with this Python of Debian sid, instead"
TEST_WINDOWS_HELP = "the same with the installers of Windows, on Linux by wine, instead"
PACKAGE_EPILOG = (
    "On Linux: deb, rpm, appimage, sbom, and for Windows, by wine if need be, nsis and msi. "
    "On a Mac: macos, sbom; elsewhere macos writes what can be looked at. On Windows: zip, sbom. "
    "SOURCE_DATE_EPOCH sets the time of all files."
)


def main() -> int:
    """Do what the command line asks for; give the exit code."""
    parser = make_parser()
    options, rest = parser.parse_known_args()
    if rest and options.command not in {"run", "test"}:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    check_python()
    commands = {"run": run, "test": test, "bench": bench, "shots": shots, "lock": lock}
    commands["policies"] = policies
    commands["package"] = package
    return commands[options.command](options, [each for each in rest if each != "--"])


def make_parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, about: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=f"{about}.", epilog=more)

    add("run", "Start the app and sign in to a demo server on this machine", RUN_EPILOG)
    testing = add("test", "Run every check and every test", TEST_EPILOG)
    testing.add_argument("--fast", action="store_true", help="leave out what starts real programs")
    versions = [f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
    testing.add_argument("--python", choices=versions, metavar="3.X", help=TEST_PYTHON)
    testing.add_argument("--packages", action="store_true", help=TEST_PACKAGES_HELP)
    testing.add_argument("--windows", action="store_true", help=TEST_WINDOWS_HELP)
    benching = add("bench", "Measure, and print what was measured")
    benching.add_argument("names", nargs="*", metavar="NAME", help="which; all without one")
    benching.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers")
    shooting = add("shots", "Take the screenshots, on a display that nobody sees")
    shooting.add_argument("folder", type=Path, metavar="DIR", help="where to write them")
    add("policies", "Make the schemas, and the templates for administrators, anew")
    packing = add("package", "Build what people install, into dist/", PACKAGE_EPILOG)
    packing.add_argument("formats", nargs="*", metavar="FORMAT", help="which; all without one")
    locking = add("lock", "Pin the dependencies anew, with their hashes")
    locking.add_argument("--upgrade", action="store_true", help="take the newest that is allowed")
    return parser


# Commands


def run(_options: argparse.Namespace, rest: list[str]) -> int:
    """Start the app against its demo server."""
    install_system_packages("run")
    install_requirements("demo")
    return exec_command(python_in(VENV), "-m", "desktop", "--demo", *rest)


def test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the checks one after the other and count them at the end."""
    if options.python:
        return test_on_python(options.python, rest)
    checks = Checks()
    if options.packages:
        return test_packages(checks, ["tests/packages", *rest], "--packages")
    if options.windows:
        return test_packages(checks, ["tests/windows", *rest], "--windows", "nsis", "msi")
    if not options.fast:
        check_system_packages(checks)
    install_requirements("dev")
    fast = ["--fast"] if options.fast else []
    if rest:
        check_sources(checks)
        checks.run("pytest", "-m", "pytest", *SLOWEST, *fast, *rest, live=True)
        checks.skipped.append("coverage: only some of the tests were chosen")
    else:
        test_all(checks, fast)
    return checks.sum_up()


def bench(options: argparse.Namespace, _rest: list[str]) -> int:
    """Run the benchmarks; what they measure runs with the modules that are shipped, no others."""
    install_system_packages("run", "test")
    install_requirements("dev")
    install_requirements("app", CACHE / "app")
    json = ["--json", str(options.json.resolve())] if options.json else []
    shipped = ["--python", str(python_in(CACHE / "app"))]
    return exec_command(python_in(VENV), "-m", "benchmarks", *options.names, *json, *shipped)


def shots(options: argparse.Namespace, _rest: list[str]) -> int:
    """Take the screenshots on a display of their own."""
    install_system_packages("run", "test")
    install_requirements("dev")
    python, folder = python_in(VENV), str(options.folder.resolve())
    return exec_command(
        python, "-m", "tests.rigs.display", str(python), "-m", "tests.shots", folder
    )


def policies(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Write what is made from the schema of everything that can be configured."""
    install_requirements("dev")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    return exec_command(python_in(VENV), "-m", "policies")


def package(options: argparse.Namespace, _rest: list[str]) -> int:
    """Build the packages, with the locked modules and the distribution's own Python."""
    of_windows = ["windows"] if {"nsis", "msi", "zip"}.intersection(options.formats) else []
    if of_windows and "WINDOWS_BUNDLE" not in os.environ:
        of_windows.append("wine")
    install_system_packages("run", "package", *of_windows)
    folder = CACHE / "package"
    install_requirements("package", folder, python=find_distribution_python())
    where = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    os.environ.update(PYTHONPATH=where, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    return exec_command(python_in(folder), "-m", "builder", *options.formats)


def lock(options: argparse.Namespace, _rest: list[str]) -> int:
    """Pin what the app, the demo and the development need; each agrees with the one before."""
    uv = CACHE / "uv"
    if not python_in(uv).exists():
        make_venv(uv)
    pip(uv, "install", "-qq", "--upgrade", "uv")
    compile_one = (str(python_in(uv)), "-m", "uv", "pip", "compile", "../../pyproject.toml")
    how = "--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet"
    upgrade = ["--upgrade"] if options.upgrade else []
    for name, extras in (
        ("app", ""),
        ("demo", "--extra demo -c app.txt"),
        ("dev", "--extra demo --extra dev -c demo.txt"),
        ("package", "--extra demo --extra package -c dev.txt"),
    ):
        what = [*how.split(), *extras.split(), *upgrade, "--output-file", f"{name}.txt"]
        subprocess.run([*compile_one, *what], cwd=REQUIREMENTS, check=True)
    say(f"Pinned anew: {REQUIREMENTS.relative_to(ROOT)}/{{app,demo,dev,package}}.txt")
    return 0


# Checks


@dataclass
class Checks:
    """The checks so far: what each was called, how it ended and how long it took."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)

    def run(self, name: str, *arguments: str, live: bool = False) -> bool:
        """Run Python with these arguments as one check; tell whether it passed.

        What it prints comes at its end in one piece, or `live`.
        """
        start = time.monotonic()
        if live:
            say(f"\n== {name}")
        out, err = (None, None) if live else (subprocess.PIPE, subprocess.STDOUT)
        command = [str(python_in(VENV)), *arguments]
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=out, stderr=err)
        passed = done.returncode == 0
        took = f"{time.monotonic() - start:.1f} s"
        printed = f"\n== {name}\n{done.stdout.decode(errors='replace')}" if done.stdout else ""
        say(f"{printed}== {name}: {'passed' if passed else 'FAILED'} in {took}")
        (self.passed if passed else self.failed).append(f"{name} ({took})")
        return passed

    def skip(self, name: str, reason: str) -> None:
        """Leave a check out and say why; on a CI under Linux this is a failure."""
        must = sys.platform == "linux" and os.environ.get("CI", "").lower() in {"1", "true"}
        (self.failed if must else self.skipped).append(f"{name}: {reason}")

    def sum_up(self) -> int:
        """Print how everything ended; give the exit code."""
        say("")
        for word, names in (("passed", self.passed), ("skipped", self.skipped)):
            for name in names:
                say(f"  {word:8}{name}")
        for name in self.failed:
            say(f"  FAILED  {name}")
        say(f"  in {time.monotonic() - self.started_at:.0f} s")
        counts = f"{len(self.passed)} passed, {len(self.failed)} failed"
        say(f"checks: {counts}, {len(self.skipped)} skipped")
        return 1 if self.failed else 0


def check_system_packages(checks: Checks) -> None:
    """Install what the rigs are made of; name what this machine cannot have."""
    if shutil.which("apt-get") is None:
        reason = "no apt-get here; tests that need a missing program are skipped by name"
        checks.skip("system packages", reason)
        return
    missing = install_system_packages("run", "test")
    if missing:
        checks.skip("system packages", f"could not be installed: {' '.join(missing)}")


def check_sources(checks: Checks) -> None:
    """Run the checks that read the source and start nothing."""
    checks.run("ruff check", "-m", "ruff", "check", ".")
    checks.run("ruff format", "-m", "ruff", "format", "--check", ".")
    checks.run("mypy --strict", "-m", "mypy")


def test_all(checks: Checks, fast: list[str]) -> None:
    """Run all tests in several processes, with the checks of the sources beside them."""
    CACHE.mkdir(exist_ok=True)
    report = CACHE / "pytest.xml"
    elsewhere = [f"--ignore={path}" for path in COVERING_TESTS]
    # One more than there are processors: half of the time is waiting.
    workers = ("--numprocesses", str((os.cpu_count() or 2) + 1), "--dist", "worksteal")
    with ThreadPoolExecutor(1) as beside:
        covered = beside.submit(check_and_cover, checks, fast)
        pytest = ("-m", "pytest", f"--junit-xml={report}", *SLOWEST, *workers, *elsewhere, *fast)
        checks.run("pytest", *pytest, live=True)
        skipped = covered.result() + count_skipped(report)
    if skipped:
        checks.skipped.append(f"{skipped} tests, each named with its reason above")


def check_and_cover(checks: Checks, fast: list[str]) -> int:
    """Check the sources and the tests that must cover them in full; count what was skipped."""
    check_sources(checks)
    (CACHE / "coverage").mkdir(parents=True, exist_ok=True)
    coverage("erase")
    report = CACHE / "pytest-covered.xml"
    pytest = ("-m", "pytest", f"--junit-xml={report}", *SLOWEST, *COVERING_TESTS, *fast)
    checks.run("pytest under coverage", "-m", "coverage", "run", *pytest)
    coverage("combine", "--quiet")
    where = f"--include={','.join(FULLY_COVERED)}"
    checks.run("full coverage", "-m", "coverage", "report", where, "--fail-under=100")
    return count_skipped(report)


def test_packages(checks: Checks, rest: list[str], option: str, *formats: str) -> int:
    """Build what people install, and try it where nothing else is."""
    install_system_packages("run", "test")
    more = ("windows", "wine") if formats else ("package-test",)
    missing = install_system_packages("package", *more)
    if missing:
        checks.skip("system packages", f"could not be installed: {' '.join(missing)}")
    install_requirements("dev")
    if checks.run("packages", "dev.py", "package", *formats, live=True):
        # One of them builds it all once more, which is no hang.
        patience = ("-o", "faulthandler_timeout=1800")
        checks.run("pytest", "-m", "pytest", *patience, option, *rest, live=True)
    return checks.sum_up()


def test_on_python(version: str, rest: list[str]) -> int:
    """Let tests/rigs/other_python.py run them, in a small Debian of its own."""
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        sys.exit("--python needs Debian, with debootstrap.")
    if os.geteuid() != 0:
        sys.exit(f"--python needs root. Run: sudo python3 dev.py test --python {version}")
    missing = install_system_packages("chroot")
    if missing:
        sys.exit(f"--python needs {' '.join(missing)}, which could not be installed.")
    install_requirements("dev")
    return exec_command(python_in(VENV), "-m", "tests.rigs.other_python", version, *rest)


def coverage(*arguments: str) -> None:
    """Prepare or show the coverage data; whether it suffices is a check of its own."""
    subprocess.run([python_in(VENV), "-m", "coverage", *arguments], cwd=ROOT, check=False)


def count_skipped(report: Path) -> int:
    """Read from pytest's own report how many tests it skipped."""
    with contextlib.suppress(OSError, ET.ParseError):
        suites = ET.parse(report).iter("testsuite")  # noqa: S314  # pytest wrote it just now
        return sum(int(suite.get("skipped", "0")) for suite in suites)
    return 0


# Python


def install_requirements(name: str, folder: Path = VENV, python: str | None = None) -> None:
    """Bring a venv to what packaging/requirements/NAME.txt pins, unless it is there already."""
    pins = REQUIREMENTS / f"{name}.txt"
    stamp = folder / f".{name}-installed"
    if is_stamped(stamp, pins.read_bytes()) and python_in(folder).exists():
        return
    if not is_usable(folder):
        make_venv(folder, python)
    say(f"Installing {pins.relative_to(ROOT)} ...")
    safely = ("--require-hashes", "--only-binary", ":all:", "--no-deps")
    pip(folder, "install", "-qq", *safely, "-r", str(pins))
    put_stamp(stamp, pins.read_bytes())
    if name == "dev":  # it holds all that the demo needs
        put_stamp(folder / ".demo-installed", (REQUIREMENTS / "demo.txt").read_bytes())


def make_venv(folder: Path, python: str | None = None) -> None:
    """Make a virtual environment, in place of whatever is there; with this Python if given."""
    python = python or find_python()
    ensure_ensurepip(python)
    say(f"Making {folder.relative_to(ROOT)} ...")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)


def check_python() -> None:
    """Stop before anything is installed if there is no Python that the app supports."""
    if not is_supported() and not is_usable(VENV):
        find_python()


def is_supported() -> bool:
    """Tell whether the app supports the Python that runs this file."""
    return OLDEST <= sys.version_info[:2] <= NEWEST


def find_python() -> str:
    """Find a Python that the app supports: this one, or another on PATH."""
    if is_supported():
        # Not the one inside .venv, which may be about to go.
        return str(getattr(sys, "_base_executable", sys.executable))
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and runs_code(
            found, f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
        ):
            return found
    sys.exit(
        f"XDR Login needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}. This is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}, and no other was found on PATH. "
        "Install one, then start dev.py with it, for example: python3.12 dev.py run"
    )


def find_distribution_python() -> str:
    """Find the system's Python on Linux: others put paths of their own into what is built."""
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        found = Path(f"/usr/bin/python3.{minor}")
        if sys.platform == "linux" and found.exists():
            return str(found)
    return find_python()


def ensure_ensurepip(python: str) -> None:
    """Debian keeps half of venv in a package of its own; install that if it is missing."""
    if runs_code(python, "import ensurepip, venv"):
        return
    show = "import sys; print('python%d.%d-venv' % sys.version_info[:2])"
    package = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True)
    if shutil.which("apt-get"):
        apt_install([package.stdout.strip()])
    if not runs_code(python, "import ensurepip, venv"):
        sys.exit(f"{python} cannot make virtual environments: its venv and ensurepip are missing.")


def is_usable(folder: Path) -> bool:
    """Tell whether a virtual environment is whole: its Python runs, is supported and has pip."""
    newest = f"(3, {NEWEST[1]})"
    check = f"import pip, sys; sys.exit(not (3, {OLDEST[1]}) <= sys.version_info[:2] <= {newest})"
    return runs_code(str(python_in(folder)), check)


def runs_code(python: str, code: str) -> bool:
    """Tell whether this Python exists and runs the code without an error."""
    try:
        return (
            subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0
        )
    except OSError:
        return False


def python_in(folder: Path) -> Path:
    """Give the Python of a virtual environment."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def pip(folder: Path, *arguments: str) -> None:
    """Run a virtual environment's pip; stop with its own words when it fails."""
    command = [str(python_in(folder)), "-m", "pip", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, check=False).returncode:
        sys.exit("pip could not install what is needed; its own message is above.")


# System packages


def install_system_packages(*purposes: str) -> list[str]:
    """Install what is missing of Debian's packages; give those that could not be had."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        return []
    texts = [(REQUIREMENTS / f"debian-{purpose}.txt").read_text() for purpose in purposes]
    stamp = CACHE / f"debian-{purposes[-1]}-installed"
    if is_stamped(stamp, "".join(texts).encode()):
        return []
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("#")]
    # Node often comes from elsewhere; then Debian's would only stand in its way.
    absent = {"nodejs": shutil.which("node") is None, "npm": shutil.which("npm") is None}
    missing = missing_packages([name for name in lines if absent.get(name, True)])
    if missing:
        missing = apt_install(missing)
    if missing:
        say(f"Going on without these system packages: {' '.join(missing)}")
    else:
        put_stamp(stamp, "".join(texts).encode())
    return missing


def missing_packages(packages: Iterable[str]) -> list[str]:
    """Ask dpkg which of the packages are not installed, under the old name or the t64 one."""
    names = [name for package in packages for name in (package, f"{package}t64")]
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", *names]
    shown = subprocess.run(query, check=False, capture_output=True, text=True).stdout
    lines = (line.split() for line in shown.splitlines())
    installed = {line[0] for line in lines if line[1:] == ["ii"]}
    return [name for name in packages if not {name, f"{name}t64"} & installed]


def apt_install(packages: list[str]) -> list[str]:
    """Install packages, refreshing the lists only if need be; give those that failed."""
    by_hand = ["apt-get", "install", "--yes", "--no-install-recommends"]
    root = root_prefix()
    if root is None:
        say(f"System packages are missing. As root: {' '.join([*by_hand, *packages])}")
        return packages
    say(f"Installing system packages: {' '.join(packages)}")
    prefix = [*root, "env", "DEBIAN_FRONTEND=noninteractive"]
    install = [*prefix, *by_hand]
    if run_quietly(*install, *packages):
        return []
    run_quietly(*prefix, "apt-get", "update")
    if run_quietly(*install, *packages):
        return []
    # One unknown name fails them all: this distribution may call it otherwise.
    by_one = [(name, subprocess.run([*install, name], check=False)) for name in packages]
    return [name for name, done in by_one if done.returncode]


def root_prefix() -> list[str] | None:
    """Give what goes before a command so that root runs it; None when nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if run_quietly("sudo", "-n", "true"):
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() else None


# Small helpers


def run_quietly(*command: str) -> bool:
    """Run a command without its output; tell whether it succeeded."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def exec_command(*command: str | Path) -> int:
    """Let the command take this process' place, so that signals reach it, where that exists."""
    os.chdir(ROOT)
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], [str(each) for each in command])  # noqa: S606  # no shell on purpose
    return subprocess.run(command, check=False).returncode


def is_stamped(stamp: Path, content: bytes) -> bool:
    """Tell whether this very content was installed before."""
    return stamp.exists() and stamp.read_text() == hashlib.sha256(content).hexdigest()


def put_stamp(stamp: Path, content: bytes) -> None:
    """Remember that this content is installed."""
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(hashlib.sha256(content).hexdigest())


def say(text: str) -> None:
    """Print at once, in step with what the commands print."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
