"""Windows on Linux with wine: a Python for Windows with the pinned modules.

What wine builds is for tests. Releases are built on Windows with the Python of python.org. The one
here is the same, but from another source (requirements/windows-python.txt).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from builder.product import PACKAGING, ROOT, product
from packaging.requirements import Requirement

CACHE = ROOT / ".cache" / "wine"
PINS = PACKAGING / "requirements" / "package.txt"
PYTHON_PINS = PACKAGING / "requirements" / "windows-python.txt"
# The values of environment markers on Windows.
TARGET = {
    "implementation_name": "cpython",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": "3.11.9",
    "python_version": "3.11",
    "sys_platform": "win32",
}
_PIP = ("-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check")
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
_TIMEOUT = 600.0  # seconds
_GRACE = 2.0  # seconds to read the remaining output of a program that has ended
# Libraries of Windows that Qt and cryptography require and wine lacks; see their sources.
_STAND_INS = ("icuuc", "bcryptprimitives")


class Wine:
    """A Windows installation in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in _DESKTOP_VARIABLES},
            "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all",
            # No .NET, no browser engine and no changes to the menu of this desktop. netprofm is
            # off because programs that watch wine's networks hang.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d;netprofm=d",
        }

    @property
    def drive(self) -> Path:
        """Return drive C."""
        return self.folder / "drive_c"

    def create(self) -> None:
        """Create the installation, with stand-ins for missing libraries."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.run("wineboot", "--init")
        self.wait()
        for name in _STAND_INS:
            source = PACKAGING / "windows" / "wine" / f"{name}.c"
            library = self.drive / "windows" / "system32" / f"{name}.dll"
            compiler = "x86_64-w64-mingw32-gcc"
            subprocess.run([compiler, "-shared", "-s", "-o", library, source], check=True)

    def run(
        self, *command: str | Path, check: bool = True, more: Mapping[str, str] = _NO_VARIABLES
    ) -> subprocess.CompletedProcess[str]:
        """Run a Windows program and return its output with Unix line endings."""
        # Python for Windows requires an open standard input, and pipes for its output.
        process = subprocess.Popen(
            ["wine", *map(str, command)],
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = (_text(each) for each in _read_output(process))
        if check and process.returncode:
            sys.stderr.write(out + err)
            raise subprocess.CalledProcessError(process.returncode, process.args, out, err)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(
        self, *command: str | Path, more: Mapping[str, str] = _NO_VARIABLES
    ) -> subprocess.Popen[bytes]:
        """Start a Windows program and return while it runs."""
        return subprocess.Popen(
            ["wine", *map(str, command)],
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Wait until all programs have ended."""
        wait = ["wineserver", "--wait"]
        subprocess.run(wait, env=self.environment, check=True, timeout=_TIMEOUT)

    def close(self) -> None:
        """End all programs that are still running."""
        subprocess.run(["wineserver", "--kill"], env=self.environment, check=False)


_DESKTOP_VARIABLES = {"DISPLAY", "WAYLAND_DISPLAY", "PYTHONPATH", "PYTHONHOME"}


def windows_path(path: Path) -> str:
    """Convert a Linux path for programs in wine."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


def ensure_python() -> Path:
    """Return the Python for Windows with the pinned modules; install it if necessary."""
    folder = CACHE / "python"
    stamp = folder / "installed"
    wanted = hashlib.sha256(PINS.read_bytes() + PYTHON_PINS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        _unpack_python(folder)
        _install_modules(folder / "Lib" / "site-packages")
        stamp.write_text(wanted, "utf-8")
    return folder / "python.exe"


def _unpack_python(folder: Path) -> None:
    """Unpack the embeddable package of python.org, in the layout of its installer."""
    got = folder / "got"
    got.mkdir(parents=True)
    pins = shutil.copy(PYTHON_PINS, got)
    options = ["download", "--require-hashes", "--no-deps", "--no-binary", ":all:", "-r", pins]
    # pip runs a script of the archive to learn its name, so it runs without rights.
    unprivileged = {"user": "nobody", "group": "nogroup", "extra_groups": []} if _is_root() else {}
    if unprivileged:
        shutil.chown(got, "nobody", "nogroup")
    command = [sys.executable, *_PIP, *options, "--dest", str(got)]
    home = {"HOME": str(got), "PIP_NO_CACHE_DIR": "1"}
    subprocess.run(command, check=True, env=os.environ | home, cwd=got, **unprivileged)  # type: ignore[call-overload]
    (archive,) = got.glob("*.tar.gz")
    _unpack_flat(archive, folder)
    # This file makes Python ignore environment variables such as PYTHONHASHSEED.
    (folder / "python311._pth").unlink()
    with zipfile.ZipFile(folder / "python311.zip") as standard_library:
        standard_library.extractall(folder / "Lib")  # noqa: S202 - pinned by its hash
    (folder / "python311.zip").unlink()
    shutil.rmtree(got)


def _unpack_flat(archive: Path, folder: Path) -> None:
    """Extract the zip inside the archive, without folders."""
    with tarfile.open(archive) as outer:
        (name,) = (each for each in outer.getnames() if each.endswith("/data.zip"))
        inner = outer.extractfile(name)
        if inner is None:
            raise FileNotFoundError(name)
        with zipfile.ZipFile(inner) as opened:
            for each in opened.infolist():
                if not each.is_dir():
                    (folder / Path(each.filename).name).write_bytes(opened.read(each))


def _is_root() -> bool:
    return os.geteuid() == 0


def _install_modules(folder: Path) -> None:
    """Install the wheels for Windows; pip evaluates markers only for its own system."""
    pins = folder.parent / "windows.txt"
    pins.write_text("\n".join(pins_for_windows(PINS.read_text("utf-8"))) + "\n", "utf-8")
    target = ("--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp")
    strictly = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile")
    options = ("install", "--target", str(folder), *target, *strictly, "-r", str(pins))
    subprocess.run([sys.executable, *_PIP, *options], check=True)
    pins.unlink()


def pins_for_windows(text: str) -> Iterator[str]:
    """Yield the lines of a requirements file that apply to Windows, without markers."""
    for line in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = line.split("--hash=")
        if not requirement.strip() or requirement.startswith("#"):
            continue
        wanted = Requirement(requirement)
        if wanted.marker is None or wanted.marker.evaluate(TARGET):
            pins = " ".join(f"--hash={each.strip()}" for each in hashes)
            yield f"{wanted.name}{wanted.specifier} {pins}"


def make_bundle(work: Path) -> Path:
    """Build the bundle for Windows and return its folder."""
    wine = Wine(CACHE / "prefix")
    wine.create()
    code = "import sys, pathlib, builder.bundle as b; b.make_bundle(pathlib.Path(sys.argv[1]))"
    python_path = ";".join(windows_path(each) for each in (PACKAGING, ROOT))
    try:
        wine.run(
            ensure_python(),
            "-c",
            code,
            windows_path(work),
            more={
                "PYTHONPATH": python_path,
                "PYTHONHASHSEED": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
                "SOURCE_DATE_EPOCH": str(product().epoch),
            },
        )
    finally:
        wine.close()
    return work / "bundle" / product().package


def _read_output(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Wait for a program and return its output and errors.

    If this program starts wine's server, that keeps the pipes open, so their end can't be waited
    for. What has arrived when the program ends is its whole output.
    """
    give_up_at = time.monotonic() + _TIMEOUT
    while True:
        has_ended = process.poll() is not None
        try:
            return process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired as error:
            if has_ended:
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        pipe.close()
                return error.output or b"", error.stderr or b""
            if time.monotonic() > give_up_at:
                process.kill()
                raise


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace").replace("\r\n", "\n")
