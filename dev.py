#!/usr/bin/env python3
"""Set up, run and test XDR Login. Requires only Python.

Everything is installed into .venv and .cache in this folder. On Debian and Ubuntu, missing system
packages are installed too; on other systems they are listed and skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
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
    from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "packaging" / "requirements"
OLDEST, NEWEST = (3, 11), (3, 15)

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
SLOWEST = ("--durations=10", "--durations-min=1")
FUZZED = ("tests/test_parsers.py", "tests/oauth/test_hostile_servers.py")
SHOTS_PSEUDO_HELP = "in longer, accented texts, to find what is not translated or does not fit"
TEST_PACKAGES_HELP = "build the Linux packages and test them on a bare system instead"
TEST_FUZZ_HELP = "try many more texts on every parser instead, as every night; takes a minute"
TEST_SIMULATION_HELP = "simulate 10,000 seeds instead, as every night"
TEST_PYTHON_HELP = "run the fast tests and a sign-in on this Python of Debian sid instead"
TEST_WINDOWS_HELP = "build the Windows installers and test them on Linux with wine instead"
PACKAGE_EPILOG = (
    "Formats on Linux: deb, rpm, appimage, sbom; also nsis and msi for Windows, with wine unless "
    "WINDOWS_BUNDLE is set; and repo, which adds the .deb and .rpm to the apt and dnf "
    "repositories in repository/, signed with the key in REPOSITORY_KEY. On macOS: macos, sbom. On "
    "Windows: zip, sbom. winget and homebrew make manifests from the files of a release in "
    "RELEASE_FILES, or in dist/. "
    "SOURCE_DATE_EPOCH sets the time of all files."
)


def main() -> int:
    """Run the command and return the exit code."""
    parser = make_parser()
    options, rest = parser.parse_known_args()
    if rest and options.command not in {"bench", "run", "test"}:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    check_python()
    commands = {"run": run, "test": test, "bench": bench, "shots": shots, "lock": lock}
    commands["policies"] = policies
    commands["translations"] = translations
    commands["package"] = package
    return commands[options.command](options, [each for each in rest if each != "--"])


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
    add("policies", "Regenerate schemas and policy templates")
    add("translations", "Extract texts, update and compile translations")
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
    install_system_packages("run")
    install_requirements("demo")
    return exec_command(python_in(VENV), "-P", ROOT / "desktop" / "__main__.py", "--demo", *rest)


def test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run all checks and print a summary."""
    if options.python:
        return test_on_python(options.python, rest)
    checks = Checks()
    signal.signal(signal.SIGINT, checks.interrupt)
    if options.packages:
        return test_packages(checks, ["tests/packages", *rest], "--packages")
    if options.windows:
        return test_packages(checks, ["tests/windows", *rest], "--windows", "nsis", "msi")
    if not options.fast:
        check_system_packages(checks)
    install_requirements("dev")
    fast = ["--fast"] if options.fast else []
    if options.simulation:
        workers = ("--numprocesses", str(os.cpu_count() or 2))
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
    install_system_packages("run", "test")
    install_requirements("dev")
    install_requirements("app", CACHE / "app")
    json = ["--json", str(options.json.resolve())] if options.json else []
    shipped = ["--python", str(python_in(CACHE / "app"))]
    return exec_command(python_in(VENV), "-m", "benchmarks", *options.names, *json, *shipped, *rest)


def shots(options: argparse.Namespace, _rest: list[str]) -> int:
    """Take the screenshots on a virtual display."""
    install_system_packages("run", "test")
    install_requirements("dev")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    taken = ["tests.shots", str(options.folder.resolve()), *(["--pseudo"] * options.pseudo)]
    python = python_in(VENV)
    return exec_command(python, "-m", "tests.rigs.display", str(python), "-m", *taken)


def policies(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Write the files that are generated from the configuration schema."""
    return exec_packaging_module("policies")


def translations(_options: argparse.Namespace, _rest: list[str]) -> int:
    """Update the template and all languages, and compile them."""
    return exec_packaging_module("translations")


def exec_packaging_module(name: str) -> int:
    """Run a module of packaging/ with the modules of development."""
    install_requirements("dev")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    return exec_command(python_in(VENV), "-m", name)


def package(options: argparse.Namespace, _rest: list[str]) -> int:
    """Build the packages with the locked modules and the distribution's own Python."""
    built = {"nsis", "msi", "zip"}.intersection(options.formats)
    for_windows = ["windows"] if built or "winget" in options.formats else []
    if built and "WINDOWS_BUNDLE" not in os.environ:
        for_windows.append("wine")
    install_system_packages("run", "package", *for_windows)
    folder = CACHE / "package"
    install_requirements("package", folder, python=find_distribution_python())
    python_path = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    os.environ.update(PYTHONPATH=python_path, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    return exec_command(python_in(folder), "-m", "builder", *options.formats)


def lock(options: argparse.Namespace, _rest: list[str]) -> int:
    """Pin all dependencies; each file is consistent with the previous one."""
    uv = CACHE / "uv"
    if not python_in(uv).exists():
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


def check_system_packages(checks: Checks) -> None:
    """Install the programs that the rigs use; list those that are unavailable."""
    if shutil.which("apt-get") is None:
        reason = "apt-get not found; tests that need a missing program are skipped"
        checks.skip("system packages", reason)
        return
    missing = install_system_packages("run", "test")
    if missing:
        checks.skip("system packages", f"not installed: {' '.join(missing)}")


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
    workers = ("--numprocesses", str((os.cpu_count() or 2) + 1), "--dist", "worksteal")
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
    install_system_packages("run", "test")
    more = ("windows", "wine") if formats else ("package-test",)
    missing = install_system_packages("package", *more)
    if missing:
        checks.skip("system packages", f"not installed: {' '.join(missing)}")
    install_requirements("dev")
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
    missing = install_system_packages("chroot")
    if missing:
        sys.exit(f"--python requires packages that could not be installed: {' '.join(missing)}")
    install_requirements("dev")
    give_to_sudo_user(VENV, *CACHE.glob("debian-*"))
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


# Python


def install_requirements(name: str, folder: Path = VENV, python: str | None = None) -> None:
    """Install what packaging/requirements/NAME.txt pins into a venv, unless it is up to date."""
    pins = REQUIREMENTS / f"{name}.txt"
    stamp = folder / f".{name}-installed"
    usable = is_usable(folder)  # not after an upgrade of the system's Python
    if usable and is_stamped(stamp, pins.read_bytes()):
        return
    if not usable:
        make_venv(folder, python)
    say(f"Installing {pins.relative_to(ROOT)} ...")
    strictly = ("--require-hashes", "--only-binary", ":all:", "--no-deps")
    pip(folder, "install", "-qq", *strictly, "-r", str(pins))
    put_stamp(stamp, pins.read_bytes())
    if name == "dev":  # includes everything that the demo requires
        put_stamp(folder / ".demo-installed", (REQUIREMENTS / "demo.txt").read_bytes())


def make_venv(folder: Path, python: str | None = None) -> None:
    """Create a virtual environment, replacing what is there."""
    python = python or find_python()
    ensure_ensurepip(python)
    say(f"Creating {folder.relative_to(ROOT)} ...")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)


def check_python() -> None:
    """Exit before anything is installed if no supported Python is available."""
    if not is_supported() and not is_usable(VENV):
        find_python()


def is_supported() -> bool:
    """Return whether the app supports the Python that runs this file."""
    return OLDEST <= sys.version_info[:2] <= NEWEST


def find_python() -> str:
    """Find a supported Python: this one, or another on PATH."""
    if is_supported():
        # Not the one in .venv, which may be about to be deleted.
        return str(getattr(sys, "_base_executable", sys.executable))
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and runs_code(
            found, f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
        ):
            return found
    sys.exit(
        f"XDR Login requires Python 3.{OLDEST[1]} to 3.{NEWEST[1]}. This is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}, and no other was found on PATH. "
        "Install one, then run dev.py with it. Example: python3.12 dev.py run"
    )


def find_distribution_python() -> str:
    """Find the system's Python on Linux; others leave their own paths in the build."""
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        found = Path(f"/usr/bin/python3.{minor}")
        if sys.platform == "linux" and found.exists():
            return str(found)
    return find_python()


def ensure_ensurepip(python: str) -> None:
    """Install ensurepip if it is missing: Debian ships it in a separate package."""
    if runs_code(python, "import ensurepip, venv"):
        return
    show = "import sys; print('python%d.%d-venv' % sys.version_info[:2])"
    package = subprocess.run([python, "-c", show], check=True, capture_output=True, text=True)
    if shutil.which("apt-get"):
        apt_install([package.stdout.strip()])
    if not runs_code(python, "import ensurepip, venv"):
        sys.exit(f"{python} cannot create virtual environments: venv or ensurepip is missing.")


def is_usable(folder: Path) -> bool:
    """Return whether a venv works: its Python runs, is supported and has pip."""
    newest = f"(3, {NEWEST[1]})"
    check = f"import pip, sys; sys.exit(not (3, {OLDEST[1]}) <= sys.version_info[:2] <= {newest})"
    return runs_code(str(python_in(folder)), check)


def runs_code(python: str, code: str) -> bool:
    """Return whether this Python exists and runs the code without an error."""
    try:
        return (
            subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0
        )
    except OSError:
        return False


def python_in(folder: Path) -> Path:
    """Return the path of a venv's Python."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def pip(folder: Path, *arguments: str) -> None:
    """Run a venv's pip; exit if it fails."""
    command = [str(python_in(folder)), "-m", "pip", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, check=False).returncode:
        sys.exit("pip failed; see its message above.")


# System packages


def install_system_packages(*purposes: str) -> list[str]:
    """Install missing Debian packages; return those that could not be installed."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        return []
    texts = [(REQUIREMENTS / f"debian-{purpose}.txt").read_text() for purpose in purposes]
    stamp = CACHE / f"debian-{purposes[-1]}-installed"
    if is_stamped(stamp, "".join(texts).encode()):
        return []
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("#")]
    # Node is often installed from elsewhere; Debian's package would get in its way.
    absent = {"nodejs": shutil.which("node") is None, "npm": shutil.which("npm") is None}
    missing = missing_packages([name for name in lines if absent.get(name, True)])
    if missing:
        missing = apt_install(missing)
    if missing:
        say(f"Continuing without these system packages: {' '.join(missing)}")
    else:
        put_stamp(stamp, "".join(texts).encode())
    return missing


def missing_packages(packages: Iterable[str]) -> list[str]:
    """Return the packages that are not installed, neither by this name nor with t64."""
    names = [name for package in packages for name in (package, f"{package}t64")]
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Abbrev}\n", *names]
    shown = subprocess.run(query, check=False, capture_output=True, text=True).stdout
    lines = (line.split() for line in shown.splitlines())
    installed = {line[0] for line in lines if line[1:] == ["ii"]}
    return [name for name in packages if not {name, f"{name}t64"} & installed]


def apt_install(packages: list[str]) -> list[str]:
    """Install packages, updating the lists only if necessary; return those that failed."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends"]
    root = root_prefix()
    if root is None:
        say(f"Missing system packages. Run as root: {' '.join([*command, *packages])}")
        return packages
    say(f"Installing system packages: {' '.join(packages)}")
    prefix = [*root, "env", "DEBIAN_FRONTEND=noninteractive"]
    install = [*prefix, *command]
    if run_quietly(*install, *packages):
        return []
    run_quietly(*prefix, "apt-get", "update")
    if run_quietly(*install, *packages):
        return []
    # One unknown name fails them all: this distribution may use another name.
    one_by_one = [(name, subprocess.run([*install, name], check=False)) for name in packages]
    return [name for name, done in one_by_one if done.returncode]


def root_prefix() -> list[str] | None:
    """Return the prefix that runs a command as root; None if that is not possible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if run_quietly("sudo", "-n", "true"):
        return ["sudo", "-n"]
    return ["sudo"] if sys.stdin.isatty() else None


# Small helpers


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


def run_quietly(*command: str) -> bool:
    """Run a command without output; return whether it succeeded."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def give_to_sudo_user(*made: Path) -> None:
    """Give CACHE, and what was made here, to the user who called sudo: the next command is theirs.

    What the folders in CACHE contain keeps its owners.
    """
    names = ("SUDO_UID", "SUDO_GID")
    if all(os.environ.get(name, "").isdecimal() for name in names):
        CACHE.mkdir(exist_ok=True)
        chown = ("chown", "--no-dereference", ":".join(os.environ[name] for name in names))
        subprocess.run([*chown, CACHE], check=True)
        subprocess.run([*chown, "--recursive", *made], check=True)


def exec_command(*command: str | Path) -> int:
    """Replace this process with the command where possible, so that signals reach it."""
    os.chdir(ROOT)
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(command[0], [str(each) for each in command])  # noqa: S606  # no shell on purpose
    return subprocess.run(command, check=False).returncode


def is_stamped(stamp: Path, content: bytes) -> bool:
    """Return whether exactly this content is installed."""
    return stamp.exists() and stamp.read_text() == hashlib.sha256(content).hexdigest()


def put_stamp(stamp: Path, content: bytes) -> None:
    """Record that this content is installed."""
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(hashlib.sha256(content).hexdigest())


def say(text: str) -> None:
    """Print and flush, so that the order with the output of commands is kept."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
