"""A bare Debian in a folder: what is not a dependency of a package is not there."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.rigs import requirements
from tests.rigs.process import KILL_WITH_PARENT

CACHE = Path(__file__).resolve().parents[2] / ".cache"
SUITE = "bookworm"
USER = "analyst"
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
# Mounts are in a namespace of their own: they go with the command, however it ends.
ALONE = (*KILL_WITH_PARENT, "unshare", "--mount", "--pid", "--fork", "--kill-child")
MOUNT = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"'


@dataclass(frozen=True, slots=True)
class Chroot:
    """A system of its own below `root`, with one person on it who is not root."""

    root: Path

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root in there; its error stream apart from its output."""
        proxies = {name: value for name, value in os.environ.items() if "proxy" in name.lower()}
        done = run_alone(
            self.entering(*command),
            env=PLAIN | proxies | {"DEBIAN_FRONTEND": "noninteractive"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done

    def entering(self, *command: str, prepare: str = "true") -> list[str]:
        """The command that runs another in there, after a line of shell that sees it as `$0`."""
        line = f'{MOUNT} && {prepare} && exec chroot "$0" "$@"'
        return [*ALONE, "sh", "-c", line, str(self.root), *command]

    def run_as_user(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell as the person, from home; an environment comes along."""
        names = ",".join(environment)
        keep = ("--whitelist-environment", names) if names else ()
        return self.run("su", "-l", *keep, "-c", line, USER, check=False, **environment)

    def files(self) -> set[str]:
        """Every file and folder but caches, logs and the package manager's own books."""
        books = ("/proc", "/dev", "/tmp", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/log")  # noqa: S108
        found = set()
        for folder, folders, names in os.walk(self.root):
            place = "/" + os.path.relpath(folder, self.root).removeprefix(".")
            if place.startswith(books):
                folders.clear()
                continue
            found |= {os.path.join(place, name) for name in (*folders, *names)}  # noqa: PTH118
        return found

    def copy_in(self, file: Path) -> str:
        """Copy a file to where everybody may read it; gives its path in there."""
        shutil.copy(file, self.root / "srv" / file.name)
        return f"/srv/{file.name}"


def run_alone(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Run what begins with `ALONE`. Interrupted, it ends after all that it has started.

    Killed itself, it would leave processes for a moment that still write into the folder.
    """
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            output, errors = process.communicate()
        except BaseException:
            for child in _children_of(process.pid):  # one, the first of its namespace
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            process.wait()
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _children_of(parent: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{parent}\n" in status.read_text():
                yield int(status.parent.name)


@contextlib.contextmanager
def bare_system(suite: str = SUITE) -> Iterator[Chroot]:
    """A fresh system, unpacked from one that is made once."""
    packed = CACHE / "chroot" / f"{suite}.tar"
    if not packed.exists():
        _make_base(packed, suite)
    with tempfile.TemporaryDirectory(prefix="chroot-", dir=CACHE) as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["tar", "-xf", str(packed), "-C", folder], check=True)
        yield Chroot(Path(folder))


def _make_base(packed: Path, suite: str) -> None:
    """Let debootstrap fetch it from where this machine's apt fetches, with one person added."""
    packed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chroot-", dir=CACHE) as folder:
        root = Path(folder)
        root.chmod(0o755)
        command = ["debootstrap", "--variant=minbase", suite, folder, _mirror(suite)]
        run_alone([*ALONE, *command], stdout=subprocess.DEVNULL).check_returncode()
        _trust_as_here(root)
        system = Chroot(root)
        system.run("useradd", "--create-home", "--shell", "/bin/bash", USER)
        system.run("apt-get", "update")
        new = packed.with_suffix(".new")
        subprocess.run(["tar", "-cf", str(new), "-C", folder, "."], check=True)
        new.replace(packed)


def _trust_as_here(root: Path) -> None:
    """Let apt in there take an older list where apt of this machine does: sid's expire."""
    ask = ["apt-config", "--format", "%v", "dump", "Acquire::Check-Valid-Until"]
    told = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    if told:
        line = f'Acquire::Check-Valid-Until "{told}";\n'
        (root / "etc" / "apt" / "apt.conf.d" / "90valid-until").write_text(line)


def _mirror(suite: str) -> str:
    """Where apt gets this suite from on this machine; for sid, any other suite of Debian."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(LABEL)"]
    told = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    targets = [line.split(maxsplit=2) for line in told.splitlines()]
    addresses = [each[0] for each in targets if each[1] == suite]
    if suite == "sid":
        addresses += [each[0] for each in targets if each[2:] == ["Debian"]]
    if not addresses:
        requirements.skip_or_fail(f"apt of this machine knows no {suite}")
    return addresses[0]


@pytest.fixture(scope="module")
def chroot() -> Iterator[Chroot]:
    """Run a bare Debian, the same for all tests of one module, in their order."""
    requirements.require_linux("chroot")
    requirements.require("chroot", "debootstrap", "unshare")
    if os.geteuid() != 0:
        requirements.skip_or_fail("the chroot rig needs root")
    with bare_system() as system:
        yield system
