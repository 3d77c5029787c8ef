"""A minimal Debian in a folder, without anything that packages don't depend on."""

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
# Mounts are in their own namespace, so they disappear when the command ends.
ALONE = (*KILL_WITH_PARENT, "unshare", "--mount", "--pid", "--fork", "--kill-child")
# Devices of its own: a package's script that replaces /dev/null would do so for the whole computer.
MOUNT = """\
mount -t proc proc "$0/proc" && mount -t tmpfs -o mode=755 tmpfs "$0/dev" && ( cd "$0/dev" &&
mknod -m 666 null c 1 3 && mknod -m 666 zero c 1 5 && mknod -m 666 full c 1 7 &&
mknod -m 666 random c 1 8 && mknod -m 666 urandom c 1 9 && mknod -m 666 tty c 5 0 &&
ln -s /proc/self/fd fd && ln -s fd/0 stdin && ln -s fd/1 stdout && ln -s fd/2 stderr &&
mkdir pts shm && mount -t tmpfs -o mode=1777 tmpfs shm &&
mount -t devpts -o newinstance,ptmxmode=666 devpts pts && ln -s pts/ptmx ptmx )"""


@dataclass(frozen=True, slots=True)
class Chroot:
    """A system below `root` with one user other than root."""

    root: Path

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the system as root."""
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
        """Return a command that runs another one in the system, after the shell line `prepare`."""
        line = f'{MOUNT} && {prepare} && exec chroot "$0" "$@"'
        return [*ALONE, "sh", "-c", line, str(self.root), *command]

    def run_as_user(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a shell line as the user, in their home folder."""
        names = ",".join(environment)
        keep = ("--whitelist-environment", names) if names else ()
        return self.run("su", "-l", *keep, "-c", line, USER, check=False, **environment)

    def files(self) -> set[str]:
        """Return all files and folders except caches, logs and package manager data."""
        caches = ("/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/log")
        excluded = ("/proc", "/dev", "/tmp", *caches)  # noqa: S108
        found = set()
        for folder, folders, names in os.walk(self.root):
            place = "/" + os.path.relpath(folder, self.root).removeprefix(".")
            if place.startswith(excluded):
                folders.clear()
                continue
            found |= {os.path.join(place, name) for name in (*folders, *names)}  # noqa: PTH118
        return found

    def copy_in(self, file: Path) -> str:
        """Copy a file into the system, readable for everyone, and return its path there."""
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
    """Unpack a fresh system; the first call creates it."""
    packed = CACHE / "chroot" / f"{suite}.tar"
    if not packed.exists():
        _make_base(packed, suite)
    with tempfile.TemporaryDirectory(prefix="chroot-", dir=CACHE) as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["tar", "-xf", str(packed), "-C", folder], check=True)
        yield Chroot(Path(folder))


def _make_base(packed: Path, suite: str) -> None:
    """Create a system with one user, from the package sources of this computer."""
    packed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chroot-", dir=CACHE) as folder:
        root = Path(folder)
        root.chmod(0o755)
        command = ["debootstrap", "--variant=minbase", suite, folder, _mirror(suite)]
        run_alone([*ALONE, *command], stdout=subprocess.DEVNULL).check_returncode()
        _copy_valid_until(root)
        system = Chroot(root)
        system.run("useradd", "--create-home", "--shell", "/bin/bash", USER)
        system.run("apt-get", "update")
        new = packed.with_suffix(".new")
        subprocess.run(["tar", "-cf", str(new), "-C", folder, "."], check=True)
        new.replace(packed)


def _copy_valid_until(root: Path) -> None:
    """Accept expired package lists if apt on this computer does; those of sid expire soon."""
    command = ["apt-config", "--format", "%v", "dump", "Acquire::Check-Valid-Until"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if output:
        line = f'Acquire::Check-Valid-Until "{output}";\n'
        (root / "etc" / "apt" / "apt.conf.d" / "90valid-until").write_text(line)


def _mirror(suite: str) -> str:
    """Return the package source of this suite on this computer, or else that of any suite."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(LABEL)"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    targets = [line.split(maxsplit=2) for line in output.splitlines()]
    addresses = [each[0] for each in targets if each[1] == suite]
    if suite != SUITE:
        addresses += [each[0] for each in targets if each[2:] == ["Debian"]]
    if not addresses:
        requirements.skip_or_fail(f"apt has no source for {suite}")
    return addresses[0]


def require_root() -> None:
    """Skip the test where no system can be made."""
    requirements.require_linux("chroot")
    requirements.require("chroot", "debootstrap", "unshare")
    if os.geteuid() != 0:
        requirements.skip_or_fail("the chroot rig requires root")


@pytest.fixture(scope="module")
def chroot() -> Iterator[Chroot]:
    """Provide a minimal Debian for all tests of a module, which run in order."""
    require_root()
    with bare_system() as system:
        yield system
