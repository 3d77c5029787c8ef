"""Tests on another Python of Debian sid, in a system that is kept in .cache/chroot.

`python -m tests.rigs.other_python 3.14 [PYTEST ARGUMENT...]`. Requires root, and debootstrap once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rigs.chroot import CACHE, PLAIN, Chroot, bare_system, run_alone

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "packaging" / "requirements"
PINS = REQUIREMENTS / "dev.txt"
PACKAGES = (REQUIREMENTS / "debian-run.txt", REQUIREMENTS / "debian-sid.txt")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
COMMANDS, WINDOW = "tests/end_to_end/test_commands.py", "tests/end_to_end/test_sign_in.py"
SIGN_INS = (
    f"{COMMANDS}::test_without_the_app_a_sign_in_serves_the_next_command",
    f"{WINDOW}::test_an_approval_saves_and_shows_the_token",
)
# The tests use a copy of the work tree in memory, which disappears with them.
COPY = (
    'mount -t tmpfs tmpfs "$0/tmp" && mount -t tmpfs tmpfs "$0/srv" && mkdir "$0/srv/.cache" && '
    'tar -cf "$0/tmp/tree" --exclude=__pycache__ --exclude="./.*_cache" '
    "--exclude=./.venv --exclude=./.cache --exclude=./.git --exclude=./dist . && "
    'tar -xf "$0/tmp/tree" -C "$0/srv" && rm "$0/tmp/tree"'
)
# The first process of a system must outlive all others; pytest does not.
RUN = 'cd /srv && "$@"; exit $?'


def main(version: str, *arguments: str) -> int:
    """Run pytest with these arguments, or the fast tests and two sign-ins; return the exit code."""
    system = prepared_system(version)
    runs = {"pytest": arguments} if arguments else {"fast tests": ["--fast"], "sign-in": SIGN_INS}
    passed = [run(system, f"{name} on Python {version}", *each) for name, each in runs.items()]
    return 0 if all(passed) else 1


def run(system: Chroot, name: str, *arguments: str) -> bool:
    """Run pytest in the system on a copy of the work tree; return whether it passed."""
    say(f"\n== {name}")
    start = time.monotonic()
    pytest = ("/opt/venv/bin/python", "-m", "pytest", *arguments)
    command = system.entering("sh", "-c", RUN, "sh", *pytest, prepare=COPY)
    # The builder needs a time for its files, and the copy has no git history.
    environment = PLAIN | {"SOURCE_DATE_EPOCH": str(int(time.time()))}
    passed = run_alone(command, cwd=ROOT, env=environment).returncode == 0
    say(f"== {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.1f} s")
    return passed


def prepared_system(version: str) -> Chroot:
    """Return a system with this Python and the pinned modules; create it if pins have changed."""
    kept = CACHE / "chroot" / f"sid-{version}"
    stamp = kept / "opt" / "made-of"
    made_of = hashlib.sha256(b"".join(each.read_bytes() for each in (PINS, *PACKAGES))).hexdigest()
    if not stamp.exists() or stamp.read_text() != made_of:
        say(f"Creating {kept.relative_to(ROOT)}. This takes a few minutes ...")
        with bare_system("sid") as system:
            _install(system, version)
            (system.root / "opt" / "made-of").write_text(made_of)
            shutil.rmtree(kept, ignore_errors=True)
            system.root.rename(kept)
            system.root.mkdir()  # bare_system removes it
    return Chroot(kept)


def _install(system: Chroot, version: str) -> None:
    python = f"python{version}"
    system.run("apt-get", "update")
    if system.run("apt-cache", "show", f"{python}-venv", check=False).returncode:
        sys.exit(f"Debian sid does not have Python {version}.")
    lines = [line for file in PACKAGES for line in file.read_text().splitlines()]
    packages = [line for line in lines if not line.startswith("#")]
    options = ("--yes", "--no-install-recommends")
    system.run("apt-get", "install", *options, f"{python}-venv", *packages)
    system.run("apt-get", "clean")
    if AUTHORITIES.exists():  # for pip
        shutil.copy(AUTHORITIES, system.root / AUTHORITIES.relative_to("/"))
    pip = ("/opt/venv/bin/python", "-m", "pip", "--disable-pip-version-check", "install", "-qq")
    strictly = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-cache-dir")
    system.run(python, "-m", "venv", "/opt/venv")
    system.run(*pip, *strictly, "-r", system.copy_in(PINS), PIP_INDEX_URL=_index())


def _index() -> str:
    """Return the package index that pip uses on this computer; empty for the default."""
    if "PIP_INDEX_URL" in os.environ:
        return os.environ["PIP_INDEX_URL"]
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def say(text: str) -> None:
    """Print and flush, so that the order with the output of tests is kept."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        sys.exit(str(missing))
