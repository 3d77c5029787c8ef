"""Setting up a checkout: `dev.py run` in a copy, with fakes of the programs that it calls.

The fakes say what the real ones said on Debian 12, 13 and sid.
"""

import ast
import errno
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from checkout import folder, places, processors, python_versions, virtual_environment

from tests.rigs.process import wait_until

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses the programs of Linux")

# Run dev.py as a user who is not root, with the Python that the test has made.
START = """
import os, runpy, sys
os.geteuid = lambda: 1000
os.environ.update(SUDO_UID="", SUDO_GID="")
sys._base_executable = sys.argv.pop(1)
sys.argv[0:1] = []
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# A Python that can make a venv once python3.99-venv is installed; its venvs contain itself.
PYTHON = """#!/bin/sh
echo "python $*" >> "$FAKES/calls"
case "$*" in
    *"import ensurepip, venv") test -e "$FAKES/installed" ;;
    *"import sys; print("*) echo python3.99-venv ;;
    *"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cat "$FAKES/venv-says" 2>&1 ;;
    *"-m pip "*) cat "$FAKES/pip-says" 2>/dev/null; exit "$(cat "$FAKES/pip-exits")" ;;
    *desktop/__main__.py*) echo "started with PYTHONUTF8=$PYTHONUTF8" ;;
esac
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$FAKES/calls"
case "$*" in *update*) exit 0 ;; esac
cat "$FAKES/apt-says" 2>/dev/null
test -e "$FAKES/apt-says" && exit 100
touch "$FAKES/installed"
"""
DPKG_QUERY = """#!/bin/sh
test -e "$FAKES/installed" || exit 1
shift 2
for name; do echo "$name ii "; done
"""
SUDO = """#!/bin/sh
echo "sudo $*" >> "$FAKES/calls"
test "$1" = -n && shift
exec "$@"
"""
PASSWORD_SUDO = """#!/bin/sh
echo "sudo: a password is required" >&2
exit 1
"""


@dataclass
class Checkout:
    """A copy of what `dev.py run` needs, and a PATH with fakes only."""

    root: Path
    fakes: Path
    environment: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, text: str) -> None:
        (self.fakes / name).write_text(text)
        (self.fakes / name).chmod(0o755)

    def says(self, program: str, output: str) -> None:
        (self.fakes / f"{program}-says").write_text(output)

    def command(self, *arguments: str) -> list[str]:
        python = str(self.fakes / "base-python")
        return [sys.executable, "-c", START, python, str(self.root / "dev.py"), *arguments]

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command("run"),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="surrogateescape",
            env={"PATH": str(self.fakes), "FAKES": str(self.fakes), **self.environment},
        )

    def calls(self, program: str) -> list[str]:
        lines = (self.fakes / "calls").read_text().splitlines()
        return [line for line in lines if line.startswith(f"{program} ")]


def make_checkout(root: Path, fakes: Path) -> Checkout:
    folders = ("checkout", "requirements", "translations")
    for name in (*(f"packaging/{each}" for each in folders), "desktop/services/system"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dev.py", "desktop/__init__.py", "desktop/services/__init__.py"):
        shutil.copy(ROOT / name, root / name)
    fakes.mkdir()
    made = Checkout(root, fakes)
    for tool in ("sh", "cat", "cp", "mkdir", "touch", "true"):
        (fakes / tool).symlink_to(str(shutil.which(tool)))
    made.add("base-python", PYTHON)
    made.says("venv", "")
    (fakes / "pip-exits").write_text("0")
    (fakes / "calls").touch()
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path / "xdr login", tmp_path / "fakes")


@pytest.fixture
def debian(checkout: Checkout) -> Checkout:
    """A checkout on Debian, where sudo asks for no password."""
    checkout.add("apt-get", APT_GET)
    checkout.add("dpkg-query", DPKG_QUERY)
    checkout.add("sudo", SUDO)
    return checkout


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of this checkout."""
    monkeypatch.setattr(places, "ROOT", tmp_path)
    monkeypatch.setattr(places, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(places, "VENV", tmp_path / ".venv")
    return tmp_path


# System packages


def test_one_installation_brings_all_system_packages_and_venv(debian: Checkout) -> None:
    done = debian.run()
    assert done.stdout.splitlines()[-1] == "started with PYTHONUTF8="
    assert done.returncode == 0
    (installed,) = debian.calls("apt-get")
    assert "python3.99-venv" in installed
    assert "libxcb-cursor0" in installed
    assert [line for line in debian.calls("sudo") if "-n true" not in line] != []
    assert len(debian.calls("sudo")) == 2  # whether there is one, and the installation
    debian.run()
    assert len(debian.calls("apt-get")) == 1


@pytest.mark.parametrize(("sudo", "line"), [(None, "  apt-get"), (PASSWORD_SUDO, "  sudo apt-get")])
def test_without_the_rights_one_line_to_copy_is_printed(
    debian: Checkout, sudo: str | None, line: str
) -> None:
    (debian.fakes / "sudo").unlink()
    if sudo:
        debian.add("sudo", sudo)
    done = debian.run()
    assert done.returncode == 1
    assert done.stdout.count("libxcb-cursor0") == 1
    (to_copy,) = (each for each in done.stdout.splitlines() if "libxcb-cursor0" in each)
    assert to_copy.startswith(f"{line} install --yes --no-install-recommends python3.99-venv ")
    assert done.stdout.endswith("Install python3.99-venv, then run this command again.\n")
    assert debian.calls("apt-get") == []


def test_packages_that_a_distribution_does_not_have_hold_up_no_others(debian: Checkout) -> None:
    debian.says("apt", "E: Unable to locate package libegl1\n")
    debian.run()
    last = debian.calls("apt-get")[-1]
    assert "libegl1" not in last
    assert "python3.99-venv" in last


APT_FAILURES = {
    "E: Failed to fetch http://deb.debian.org/debian/pool/main/s/sl/sl_5.02-1_amd64.deb  "
    "Temporary failure resolving 'deb.debian.org'\n"
    "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?": (
        "The package server can't be reached. Check your network and proxy."
    ),
    "W: Failed to fetch http://127.0.0.1:9/debian/dists/trixie/InRelease  Unable to connect to "
    "127.0.0.1:9:\nE: Unable to locate package libegl1": (
        "The package server can't be reached. Check your network and proxy."
    ),
    "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another "
    "process using it?": "Another program is installing packages. Wait until it has finished.",
    "E: You don't have enough free space in /var/cache/apt/archives/.": "The disk is full.",
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the pro"
    "blem.": ("Run: sudo dpkg --configure -a\n"),
    "plain is not in the sudoers file.": "You can't use sudo here. Ask an administrator",
    "sudo: 1 incorrect password attempt": "You can't use sudo here. Ask an administrator",
}


@pytest.mark.parametrize(("said", "sentence"), APT_FAILURES.items())
def test_a_failure_of_apt_is_explained_in_one_sentence(
    debian: Checkout, said: str, sentence: str
) -> None:
    debian.says("apt", f"Reading package lists...\n{said}\n")
    done = debian.run()
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert "Reading package lists" not in done.stdout
    assert done.stdout.count("libxcb-cursor0") == 1  # not the long list twice
    assert said in (debian.root / ".cache" / "setup.log").read_text()


# Python


@pytest.mark.parametrize(
    ("manager", "advice"),
    [
        ("dnf", "sudo dnf install python3.12"),
        ("zypper", "sudo zypper install python312"),
        ("pacman", "sudo pacman -S python"),
        ("brew", "brew install python@3.13"),
        ("apt-get", "uv run --no-project --python 3.13 python "),
        ("none", "https://www.python.org/downloads/"),
    ],
)
def test_an_unsupported_python_leads_to_what_this_system_has(
    manager: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / manager
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert advice in python_versions.missing_python()


def test_the_commands_to_copy_are_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "it's $HOME"
    odd.mkdir()
    quoted = shlex.quote(str(odd))
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    assert folder._remedy(odd, error) == f"Run: chmod u+w {quoted}"
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(odd), "run"])
    assert python_versions.missing_python().endswith(f" python {quoted} run\n")

    def fail(_: Path) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", fail)
        with pytest.raises(SystemExit) as ended:
            virtual_environment._remove(odd)
    assert str(ended.value).endswith(f"Run: sudo rm -rf {quoted}")


def test_debian_names_the_newest_supported_python_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("apt-get", ""), ("apt-cache", 'test "$2" = python3.13-venv')):
        (tmp_path / name).write_text(f"#!{shutil.which('sh')}\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "sudo apt-get install python3.13-venv" in python_versions.missing_python()


@pytest.mark.parametrize(
    "name", ["dev.py", *(f"packaging/checkout/{each}.py" for each in ("places", "python_versions"))]
)
def test_python_3_6_can_read_as_far_as_the_sentence(name: str) -> None:
    source = (ROOT / name).read_text("utf-8")
    assert "from __future__" not in source  # 3.6 does not know `annotations`
    ast.parse(source, feature_version=(3, 6))


def test_what_is_started_speaks_every_language(debian: Checkout) -> None:
    file = debian.root / "resources" / "translations" / "ja" / "LC_MESSAGES" / "xdr-login.po"
    file.parent.mkdir(parents=True)
    file.write_text('msgid ""\nmsgstr ""\n\nmsgid "Copy"\nmsgstr "コピー"\n', "utf-8")
    assert debian.run().returncode == 0
    assert "コピー".encode() in file.with_suffix(".mo").read_bytes()


def test_a_broken_translation_does_not_keep_it_from_starting(debian: Checkout) -> None:
    file = debian.root / "resources" / "translations" / "ja" / "LC_MESSAGES" / "xdr-login.po"
    file.parent.mkdir(parents=True)
    file.write_text("<<<<<<< main\n", "utf-8")
    done = debian.run()
    assert done.stdout.splitlines()[-2:] == [
        f"The translations could not be compiled: {file}, line 1: not understood",
        "started with PYTHONUTF8=",
    ]


# The virtual environment


PIP_FAILURES = {
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip."
    "_vendor.urllib3.connection.HTTPSConnection object>: Failed to establish a new connection: "
    "[Errno -3] Temporary failure in name resolution')': /simple/six/\nERROR: Could not find a "
    "version that satisfies the requirement six": "The package server can't be reached.",
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'SSLError(SSLCertVerification"
    "Error(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
    "certificate in certificate chain (_ssl.c:1029)'))': /simple/six/": (
        "The server's certificate is not trusted."
    ),
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": (
        "The disk is full."
    ),
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": (
        "A download has the wrong checksum and was not installed."
    ),
    "Could not fetch URL http://127.0.0.1:8765/simple/six/: 503 Server Error: Service Unavailable "
    "for url: http://127.0.0.1:8765/simple/six/ - skipping": (
        "The package server reported an error."
    ),
}


@pytest.mark.parametrize(("said", "sentence"), PIP_FAILURES.items())
def test_a_failure_of_pip_is_explained_in_one_sentence(
    debian: Checkout, said: str, sentence: str
) -> None:
    debian.says("pip", f"{said}\n")
    (debian.fakes / "pip-exits").write_text("1")
    done = debian.run()
    last = done.stdout.splitlines()[-1]
    assert last.startswith(f"The Python packages could not be installed. {sentence}")
    assert last.endswith("Details: .cache/setup.log")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert said in (debian.root / ".cache" / "setup.log").read_text()


def test_an_interrupted_installation_starts_again_with_a_new_venv(debian: Checkout) -> None:
    debian.run()
    (debian.root / ".venv" / virtual_environment.UNFINISHED).touch()
    assert "Creating .venv ..." in debian.run().stdout
    assert "Creating .venv ..." not in debian.run().stdout


def test_a_venv_that_was_moved_is_made_again(here: Path) -> None:
    venv = here / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    moved = venv.rename(here / "moved")
    assert not virtual_environment._was_moved(ROOT / ".venv")
    assert virtual_environment._was_moved(moved)


# The folder


def test_in_the_c_locale_what_is_started_decodes_paths_as_utf_8(tmp_path: Path) -> None:
    made = make_checkout(tmp_path / "Ünïcödé ж", tmp_path / "fakes")
    made.add("apt-get", APT_GET)
    made.add("dpkg-query", DPKG_QUERY)
    made.add("sudo", SUDO)
    made.environment.update(LC_ALL="C", PYTHONUTF8="0")
    done = made.run()
    assert done.stdout.splitlines()[-1] == "started with PYTHONUTF8=1"
    assert done.returncode == 0


def test_a_folder_whose_name_is_not_utf_8_has_to_be_renamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "ROOT", Path(os.fsdecode(b"/srv/caf\xe9")))
    with pytest.raises(SystemExit, match="Rename this folder: its path is not valid UTF-8"):
        folder.require_usable_path()


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EROFS, "Copy XDR Login to a folder that you can write to"),
        (errno.ENOSPC, "Free about 2 GB"),
        (errno.EACCES, "Run: chmod u\\+w"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_folder_that_cannot_be_written_to_is_named_with_a_remedy(
    number: int, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    with pytest.raises(SystemExit, match=f"Can't write to .*: {os.strerror(number)}. {remedy}"):
        folder.require_writable()


def test_a_second_set_up_waits_for_the_first(debian: Checkout, tmp_path: Path) -> None:
    import fcntl  # not on Windows

    (debian.root / ".cache").mkdir()
    output = tmp_path / "output"
    environment = {"PATH": str(debian.fakes), "FAKES": str(debian.fakes)}
    with (debian.root / ".cache" / "setup.lock").open("ab") as lock, output.open("wb") as file:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(debian.command("run"), env=environment, stdout=file) as second:
            wait_until(lambda: "Waiting for another dev.py" in output.read_text(), "a message")
            assert debian.calls("apt-get") == []
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert second.wait(timeout=30) == 0
    assert len(debian.calls("apt-get")) == 1


# Processors


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Control groups, of which this process is in /pod/container; and 16 processors."""
    (tmp_path / "cgroup").write_text("0::/pod/container\n")
    monkeypatch.setattr(processors, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(processors, "CGROUPS", tmp_path / "groups")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)))
    (tmp_path / "groups" / "pod" / "container").mkdir(parents=True)
    return tmp_path / "groups"


@pytest.mark.parametrize(
    ("limits", "count"),
    [
        ({}, 16),
        ({"pod/container": "max 100000\n"}, 16),
        ({"pod/container": "250000 100000\n"}, 3),
        ({"pod": "50000 100000\n", "pod/container": "400000 100000\n"}, 1),
        ({"": "200000 100000\n"}, 2),
    ],
)
def test_the_limits_of_a_container_count_as_processors(
    groups: Path, limits: dict[str, str], count: int
) -> None:
    for name, text in limits.items():
        (groups / name / "cpu.max").write_text(text)
    assert processors.count_processors() == count


def test_the_limits_of_older_control_groups_count_too(groups: Path, tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("4:cpu,cpuacct:/pod\n0::/\n")
    (groups / "cpu" / "pod").mkdir(parents=True)
    (groups / "cpu" / "pod" / "cpu.cfs_quota_us").write_text("300000\n")
    (groups / "cpu" / "pod" / "cpu.cfs_period_us").write_text("100000\n")
    assert processors.count_processors() == 3


def test_affinity_limits_the_processors(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert groups.is_dir()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {1, 3})
    assert processors.count_processors() == 2
