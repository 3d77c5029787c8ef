"""A bare Debian in a folder: what is not a dependency of a package is not there."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs import parts

CACHE = Path(__file__).resolve().parents[2] / ".cache"
SUITE = "bookworm"
PERSON = "analyst"
# Mounts are in a namespace of their own: they go with the command, however it ends.
ENTER = (
    'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"',
    ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"),
)


@dataclass(frozen=True, slots=True)
class Chroot:
    """A system of its own below `root`, with one person on it who is not root."""

    root: Path

    def run(
        self, *command: str, check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root in there; its error stream apart from its output."""
        plain = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        proxies = {name: value for name, value in os.environ.items() if "proxy" in name.lower()}
        script, enter = ENTER
        done = subprocess.run(
            [*enter, script, str(self.root), *command],
            env=plain | proxies | {"DEBIAN_FRONTEND": "noninteractive"} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done

    def as_person(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a line of shell as the person, from home; an environment comes along."""
        names = ",".join(environment)
        keep = ("--whitelist-environment", names) if names else ()
        return self.run("su", "-l", *keep, "-c", line, PERSON, check=False, **environment)

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

    def bring(self, file: Path) -> str:
        """Copy a file to where everybody may read it; gives its path in there."""
        shutil.copy(file, self.root / "srv" / file.name)
        return f"/srv/{file.name}"


@contextlib.contextmanager
def bare_system() -> Iterator[Chroot]:
    """A fresh system, unpacked from one that is made once."""
    packed = CACHE / "chroot" / f"{SUITE}.tar"
    if not packed.exists():
        _make(packed)
    with tempfile.TemporaryDirectory(prefix="chroot-", dir=CACHE) as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["tar", "-xf", str(packed), "-C", folder], check=True)
        yield Chroot(Path(folder))


def _make(packed: Path) -> None:
    """Let debootstrap fetch it from where this machine's apt fetches, with one person added."""
    packed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chroot-", dir=CACHE) as folder:
        root = Path(folder)
        root.chmod(0o755)
        command = ["debootstrap", "--variant=minbase", SUITE, folder, _mirror()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        system = Chroot(root)
        system.run("useradd", "--create-home", "--shell", "/bin/bash", PERSON)
        system.run("apt-get", "update")
        new = packed.with_suffix(".new")
        subprocess.run(["tar", "-cf", str(new), "-C", folder, "."], check=True)
        new.replace(packed)


def _mirror() -> str:
    """Where apt gets this suite from on this machine."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"]
    told = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    addresses = [line.split()[0] for line in told.splitlines() if line.endswith(f" {SUITE}")]
    if not addresses:
        parts.give_up(f"apt of this machine knows no {SUITE}")
    return addresses[0]


@pytest.fixture(scope="module")
def chroot() -> Iterator[Chroot]:
    """Run a bare Debian, the same for all tests of one module, in their order."""
    parts.require_linux("chroot")
    parts.require("chroot", "debootstrap", "unshare")
    if os.geteuid() != 0:
        parts.give_up("the chroot rig needs root")
    with bare_system() as system:
        yield system
