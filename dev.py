#!/usr/bin/env python3
"""Set up, run and test XDR Login. Requires only Python.

Everything is installed into .venv and .cache in this folder. On Debian and Ubuntu, missing system
packages are installed too; on other systems they are listed and skipped.
"""

import os
import sys
from pathlib import Path

# Python 3.6 to 3.10 get no further than the `if`, so all of this file is in their syntax.
sys.path.insert(0, str(Path(__file__).resolve().parent / "packaging"))
from checkout.python_versions import NEWEST, OLDEST, require_supported_python

if __name__ == "__main__":
    require_supported_python()

import argparse
import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NoReturn
from xml.etree import ElementTree as ET

from checkout.console import say
from checkout.folder import give_to_sudo_user, is_sudo, require_usable_path, require_writable
from checkout.places import CACHE, REQUIREMENTS, ROOT, VENV, python_in
from checkout.processors import count_processors
from checkout.system_packages import install_system_packages
from checkout.virtual_environment import (
    install_requirements,
    is_usable,
    make_venv,
    missing_venv_package,
    pip,
    this_python,
)

# The protocol and the secrets need full branch coverage. Only the tests below run under coverage,
# because it doubles their time on Python 3.11.
FULLY_COVERED = (
    "desktop/oauth/**",
    "desktop/services/secrets/**",
    "desktop/services/session/**",
)
COVERED_TESTS = ("tests/oauth", "tests/services/secrets", "tests/services/session")

RUN_EPILOG = (
    "Other arguments are passed to the app: `dev.py run --approve`, `dev.py run -- --help`."
)
TEST_EPILOG = """Other arguments are passed to pytest: `dev.py test tests/oauth -k slow_down`.
Selected tests run in one process and without coverage."""
BENCH_EPILOG = "Other arguments are passed to the benchmarks: `dev.py bench start --runs 3`."
SIGNING_KEY = ("REPOSITORY_KEY", "REPOSITORY_KEY_PASSPHRASE")
SLOWEST = ("--durations=10", "--durations-min=1")
FUZZED = ("tests/test_parsers.py", "tests/oauth/test_hostile_servers.py")
SHOTS_PSEUDO_HELP = "in longer, accented texts, to find what is not translated or does not fit"
SHOTS_LANG_HELP = "in this language, such as de, also with one sheet of all states"
TRANSLATIONS_MISSING_HELP = "only print what a language lacks, as a file to fill in"
MERGE_HELP = "take over the translations in such a file"
TEST_PACKAGES_HELP = "build the Linux packages and test them on a bare system instead"
TEST_FUZZ_HELP = "try many more texts on every parser instead, as every night; takes a minute"
TEST_SIMULATION_HELP = "simulate 10,000 seeds instead, as every night"
TEST_PYTHON_HELP = "run the fast tests and a sign-in on this Python of Debian sid instead"
TEST_WINDOWS_HELP = "build the Windows installers and test them on Linux with wine instead"
PACKAGE_EPILOG = (
    "Formats on Linux: deb, rpm, appimage, sbom; on macOS: macos, sbom; on Windows: zip, sbom. "
    "Only if you name them: nsis and msi build for Windows on Linux, with wine unless "
    "WINDOWS_BUNDLE is set; repo adds the .deb and .rpm in dist/ to the apt and dnf repositories "
    "in repository/, signed with the key in REPOSITORY_KEY; winget and homebrew make manifests "
    "from the files of a release in RELEASE_FILES, or in dist/. SOURCE_DATE_EPOCH sets the time "
    "of all files."
)


def main() -> int:
    """Run the command and return the exit code."""
    parser = make_parser()
    options, rest = parser.parse_known_args()
    if rest and options.command not in {"bench", "run", "test"}:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    require_usable_path()
    if is_sudo():  # the user could not delete these files
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
    commands = {"run": run, "test": test, "bench": bench, "shots": shots, "lock": lock}
    commands["policies"] = policies
    commands["translations"] = translations
    commands["package"] = package
    try:
        return commands[options.command](options, [each for each in rest if each != "--"])
    finally:
        give_to_sudo_user()


def make_parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, about: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=f"{about}.", epilog=more)

    add("run", "Start XDR Login with its demo server", RUN_EPILOG)
    testing = add("test", "Run all checks and tests", TEST_EPILOG)
    testing.add_argument("--fast", action="store_true", help="skip tests that start real programs")
    versions = [f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
    testing.add_argument("--python", choices=versions, metavar="3.X", help=TEST_PYTHON_HELP)
    testing.add_argument("--packages", action="store_true", help=TEST_PACKAGES_HELP)
    testing.add_argument("--windows", action="store_true", help=TEST_WINDOWS_HELP)
    testing.add_argument("--fuzz", action="store_true", help=TEST_FUZZ_HELP)
    testing.add_argument("--simulation", action="store_true", help=TEST_SIMULATION_HELP)
    benching = add("bench", "Run the benchmarks", BENCH_EPILOG)
    benching.add_argument(
        "names", nargs="*", metavar="NAME", help="benchmarks to run (default: all)"
    )
    benching.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the results to FILE"
    )
    shooting = add("shots", "Take screenshots of every state")
    shooting.add_argument("folder", type=Path, metavar="DIR", help="output folder")
    shooting.add_argument("--pseudo", action="store_true", help=SHOTS_PSEUDO_HELP)
    shooting.add_argument("--lang", metavar="LANG", help=SHOTS_LANG_HELP)
    add("policies", "Regenerate schemas and policy templates")
    translating = add("translations", "Extract texts, update and compile translations")
    translating.add_argument("--missing", metavar="LANG", help=TRANSLATIONS_MISSING_HELP)
    translating.add_argument("--merge", nargs=2, metavar=("LANG", "FILE"), help=MERGE_HELP)
    translating.add_argument("--add", metavar="LANG", help="add a language, such as it or pt_BR")
    packing = add("package", "Build packages into dist/", PACKAGE_EPILOG)
    packing.add_argument(
        "formats",
        nargs="*",
        metavar="FORMAT",
        help="formats to build (default: all for this system)",
    )
    locking = add("lock", "Pin the dependencies with their hashes")
    locking.add_argument(
        "--upgrade", action="store_true", help="upgrade to the newest allowed versions"
    )
    return parser


# Commands


def run(_options: argparse.Namespace, rest: list[str]) -> int:
    set_up("demo", "run")
    return exec_command(python_in(VENV), "-P", ROOT / "desktop" / "__main__.py", "--demo", *rest)


def test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run all checks and print a summary."""
    fast = ["--fast"] if options.fast else []
    if options.python:
        return test_on_python(options.python, [*fast, *rest])
    checks = Checks()
    signal.signal(signal.SIGINT, checks.interrupt)
    if options.packages:
        return test_packages(checks, ["tests/packages", *rest], "--packages")
    if options.windows:
        return test_packages(checks, ["tests/windows", *rest], "--windows", "nsis", "msi")
    set_up_tests(checks, *([] if options.fast else ["run", "test"]))
    if options.simulation:
        workers = ("--numprocesses", str(count_processors()))
        checks.run("simulation", "-m", "pytest", "tests/simulation", "--simulation", *workers)
        return checks.sum_up()
    if options.fuzz:
        checks.run("fuzz", "-m", "pytest", *FUZZED, "--fuzz", "--numprocesses", "2")
        return checks.sum_up()
    if rest:
        check_sources(checks)
        checks.run("pytest", "-m", "pytest", *SLOWEST, *fast, *rest, live=True)
        checks.skipped.append("coverage: not all tests were selected")
    else:
        test_all(checks, fast)
    return checks.sum_up()


def bench(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the benchmarks; the app runs with the modules that are shipped, no others."""
    set_up("dev", "run", "test")
    install_requirements("app", CACHE / "app")
    json = ["--json", str(options.json.resolve())] if options.json else []
    shipped = ["--python", str(python_in(CACHE / "app"))]
    return exec_command(python_in(VENV), "-m", "benchmarks", *options.names, *json, *shipped, *rest)


def shots(options: argparse.Namespace, _rest: list[str]) -> int:
    """Take the screenshots on a virtual display."""
    set_up("dev", "run", "test")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    taken = ["tests.shots", str(options.folder.resolve()), *(["--pseudo"] * options.pseudo)]
    if options.lang:
        taken += ["--lang", options.lang]
    python = python_in(VENV)
    return exec_command(python, "-m", "tests.rigs.display", str(python), "-m", *taken)


def policies(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Write the files that are generated from the configuration schema."""
    return exec_packaging_module("policies")


def translations(options: argparse.Namespace, _rest: list[str]) -> int:
    """Update the template and all languages, and compile them."""
    given: list[str] = []
    if options.missing:
        given += ["--missing", options.missing]
    if options.merge:
        language, file = options.merge
        given += ["--merge", language, str(Path(file).resolve())]
    if options.add:
        given += ["--add", options.add]
    return exec_packaging_module("translations", *given)


def exec_packaging_module(name: str, *arguments: str) -> int:
    """Run a module of packaging/ with the modules of development."""
    set_up("dev")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    return exec_command(python_in(VENV), "-m", name, *arguments)


def package(options: argparse.Namespace, _rest: list[str]) -> int:
    """Build the packages with the locked modules and the distribution's own Python."""
    built = {"nsis", "msi", "zip"}.intersection(options.formats)
    for_windows = ["windows"] if built or "winget" in options.formats else []
    if built and "WINDOWS_BUNDLE" not in os.environ:
        for_windows.append("wine")
    folder = CACHE / "package"
    needed = ("run", "package", *for_windows)
    with without_signing_key():
        set_up("package", *needed, folder=folder, python=find_distribution_python())
    python_path = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    os.environ.update(PYTHONPATH=python_path, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    return exec_command(python_in(folder), "-m", "builder", *options.formats)


def lock(options: argparse.Namespace, _rest: list[str]) -> int:
    """Pin all dependencies; each file is consistent with the previous one."""
    uv = CACHE / "uv"
    if not is_usable(uv):
        install_system_packages(more=missing_venv_package(uv))
        make_venv(uv)
    pip(uv, "install", "-qq", "--upgrade", "uv")
    compile_one = (str(python_in(uv)), "-m", "uv", "pip", "compile", "../../pyproject.toml")
    options_of_uv = (
        "--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet"
    )
    upgrade = ["--upgrade"] if options.upgrade else []
    for name, extras in (
        ("app", ""),
        ("demo", "--extra demo -c app.txt"),
        ("dev", "--extra demo --extra dev -c demo.txt"),
        ("package", "--extra demo --extra package -c dev.txt"),
    ):
        arguments = [
            *options_of_uv.split(),
            *extras.split(),
            *upgrade,
            "--output-file",
            f"{name}.txt",
        ]
        subprocess.run([*compile_one, *arguments], cwd=REQUIREMENTS, check=True)
    say(f"Updated {REQUIREMENTS.relative_to(ROOT)}/{{app,demo,dev,package}}.txt")
    return 0


# Checks


@dataclass
class Checks:
    """The checks so far, with their results and durations."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    started_at: float = field(default_factory=time.monotonic)
    interrupted: bool = False

    def run(self, name: str, *arguments: str, live: bool = False) -> bool:
        """Run Python with these arguments as one check; return whether it passed.

        The output is printed in one piece when it has ended, or immediately if `live`.
        """
        if self.interrupted:  # while another check ran in this thread
            raise KeyboardInterrupt
        start = time.monotonic()
        if live:
            say(f"\n== {name}")
        done = run_interruptibly([str(python_in(VENV)), *arguments], captured=not live)
        passed = done.returncode == 0
        took = f"{time.monotonic() - start:.1f} s"
        printed = f"\n== {name}\n{done.stdout.decode(errors='replace')}" if done.stdout else ""
        say(f"{printed}== {name}: {'passed' if passed else 'FAILED'} in {took}")
        (self.passed if passed else self.failed).append(f"{name} ({took})")
        return passed

    def interrupt(self, *_signal: object) -> NoReturn:
        """Handle Ctrl+C: start no more checks, in any thread."""
        self.interrupted = True
        raise KeyboardInterrupt

    def skip(self, name: str, reason: str) -> None:
        """Record a skipped check; on a Linux CI this is a failure."""
        required = sys.platform == "linux" and os.environ.get("CI", "").lower() in {"1", "true"}
        (self.failed if required else self.skipped).append(f"{name}: {reason}")

    def sum_up(self) -> int:
        """Print the summary and return the exit code."""
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


def set_up_tests(checks: Checks, *purposes: str) -> None:
    """Set up what tests need; record system packages that are not available as a skipped check."""
    require_writable()
    missing = set_up("dev", *purposes)
    if missing:
        checks.skip("system packages", f"{len(missing)} are not installed (see above)")
    elif purposes and shutil.which("apt-get") is None:
        reason = "apt-get not found; tests that need a missing program are skipped"
        checks.skip("system packages", reason)


def check_sources(checks: Checks) -> None:
    """Run the static checks."""
    checks.run("ruff check", "-m", "ruff", "check", ".")
    checks.run("ruff format", "-m", "ruff", "format", "--check", ".")
    checks.run("mypy --strict", "-m", "mypy")


def test_all(checks: Checks, fast: list[str]) -> None:
    """Run all tests in several processes, and the static checks at the same time."""
    CACHE.mkdir(exist_ok=True)
    report = CACHE / "pytest.xml"
    ignored = [f"--ignore={path}" for path in COVERED_TESTS]
    # One more than there are processors, because tests spend half of their time waiting.
    workers = ("--numprocesses", str(count_processors() + 1), "--dist", "worksteal")
    with ThreadPoolExecutor(1) as executor:
        covered = executor.submit(check_and_cover, checks, fast)
        pytest = ("-m", "pytest", f"--junit-xml={report}", *SLOWEST, *workers, *ignored, *fast)
        checks.run("pytest", *pytest, live=True)
        skipped = covered.result() + count_skipped(report)
    if skipped:
        checks.skipped.append(f"{skipped} tests (see above for the reasons)")


def check_and_cover(checks: Checks, fast: list[str]) -> int:
    """Run the static checks and the tests under coverage; return the number of skipped tests."""
    check_sources(checks)
    (CACHE / "coverage").mkdir(parents=True, exist_ok=True)
    coverage("erase")
    report = CACHE / "pytest-covered.xml"
    pytest = ("-m", "pytest", f"--junit-xml={report}", *SLOWEST, *COVERED_TESTS, *fast)
    checks.run("pytest under coverage", "-m", "coverage", "run", *pytest)
    coverage("combine", "--quiet")
    include = f"--include={','.join(FULLY_COVERED)}"
    checks.run("full coverage", "-m", "coverage", "report", include, "--fail-under=100")
    return count_skipped(report)


def test_packages(checks: Checks, rest: list[str], option: str, *formats: str) -> int:
    """Build the packages and test them on bare systems."""
    more = ("windows", "wine") if formats else ("package-test",)
    set_up_tests(checks, "run", "test", "package", *more)
    if checks.run("packages", "dev.py", "package", *formats, live=True):
        # One test builds everything again, which takes longer than the usual limit.
        timeout = ("-o", "faulthandler_timeout=1800")
        checks.run("pytest", "-m", "pytest", *timeout, option, *rest, live=True)
    return checks.sum_up()


def test_on_python(version: str, rest: list[str]) -> int:
    """Run tests/rigs/other_python.py, which uses a small Debian in a chroot."""
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        sys.exit("--python requires Debian with debootstrap.")
    if os.geteuid() != 0:
        sys.exit(f"--python requires root. Run: sudo python3 dev.py test --python {version}")
    if set_up("dev", "chroot"):
        sys.exit("--python requires these packages.")
    return exec_command(python_in(VENV), "-m", "tests.rigs.other_python", version, *rest)


def coverage(*arguments: str) -> None:
    """Prepare or combine the coverage data; failures show up in the report that follows."""
    subprocess.run([python_in(VENV), "-m", "coverage", *arguments], cwd=ROOT, check=False)


def count_skipped(report: Path) -> int:
    """Read the number of skipped tests from pytest's report."""
    with contextlib.suppress(OSError, ET.ParseError):
        suites = ET.parse(report).iter("testsuite")  # noqa: S314  # pytest wrote it just now
        return sum(int(suite.get("skipped", "0")) for suite in suites)
    return 0


# Small helpers


def set_up(name: str, *purposes: str, folder: Path = VENV, python: str | None = None) -> list[str]:
    """Install the missing system packages and the pinned modules into a venv; compile translations.

    Return the system packages that could not be installed.
    """
    missing = install_system_packages(*purposes, more=missing_venv_package(folder, python))
    install_requirements(name, folder, python)
    compile_translations()
    return missing


def compile_translations() -> None:
    """Compile the languages that changed: without that, a checkout speaks only English."""
    from translations.compiled import compile_outdated  # after `sys.dont_write_bytecode` is set

    try:
        compile_outdated()
    except (OSError, ValueError) as error:  # such as a read-only folder, where all else works
        say(f"The translations could not be compiled: {error}")


@contextlib.contextmanager
def without_signing_key() -> Iterator[None]:
    """Hide the key of the repositories from apt, pip and whatever they run."""
    found = {name: os.environ.pop(name) for name in SIGNING_KEY if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(found)


def find_distribution_python() -> str:
    """Find the system's Python on Linux; others leave their own paths in the build."""
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        found = Path(f"/usr/bin/python3.{minor}")
        if sys.platform == "linux" and found.exists():
            return str(found)
    return this_python()


def run_interruptibly(command: list[str], *, captured: bool) -> subprocess.CompletedProcess[bytes]:
    """Run a command; after Ctrl+C, which it gets too, wait until it has cleaned up."""
    out, err = (subprocess.PIPE, subprocess.STDOUT) if captured else (None, None)
    with subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err) as process:
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=30)
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, output)


def exec_command(*command: str | Path) -> int:
    """Replace this process with the command where possible, so that signals reach it."""
    os.chdir(ROOT)
    sys.stdout.flush()
    if os.name == "posix" and not is_sudo():  # after sudo, the files are given away at the end
        os.execv(command[0], [str(each) for each in command])  # noqa: S606  # no shell on purpose
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
