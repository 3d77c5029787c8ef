"""Windows on Linux, by wine: a Python of Windows with the locked modules, to build and to try with.

What wine builds is for the tests. Releases are built on Windows itself, with the Python of
python.org: the one here is the same, but comes by way of others (requirements/windows-python.txt).
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
# What markers in the pins are about, on the Windows that is built for.
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
_TIMEOUT = 600.0  # seconds, for whatever is run
_GRACE = 2.0  # seconds, for what a program that has ended has still in its pipes
# What Qt and cryptography ask of Windows and this wine lacks; the sources say what for.
_STAND_INS = ("icuuc", "bcryptprimitives")


class Wine:
    """One Windows in a folder. `close` ends all that still runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in _DESKTOP_VARIABLES},
            "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all",
            # No browser engine and no .NET is offered, and no menu of this desktop is changed; and
            # who would follow this wine's list of networks waits for ever.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d;netprofm=d",
        }

    @property
    def drive(self) -> Path:
        """Its disk C."""
        return self.folder / "drive_c"

    def create(self) -> None:
        """Make it anew, with the stand-ins for what it lacks."""
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
        """Run a program of Windows to its end; its lines end as those of Linux do."""
        # Python of Windows wants an open standard input, and pipes for its output.
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
        """Start a program of Windows and leave it running."""
        return subprocess.Popen(
            ["wine", *map(str, command)],
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Return when nothing runs in it any more."""
        wait = ["wineserver", "--wait"]
        subprocess.run(wait, env=self.environment, check=True, timeout=_TIMEOUT)

    def close(self) -> None:
        """End whatever still runs in it."""
        subprocess.run(["wineserver", "--kill"], env=self.environment, check=False)


_DESKTOP_VARIABLES = {"DISPLAY", "WAYLAND_DISPLAY", "PYTHONPATH", "PYTHONHOME"}


def windows_path(path: Path) -> str:
    """A path of Linux, as programs in wine know it."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


def ensure_python() -> Path:
    """The Python of Windows, with all that is pinned for building; made if need be."""
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
    """What python.org calls the embeddable package, laid out as what its installer installs."""
    got = folder / "got"
    got.mkdir(parents=True)
    pins = shutil.copy(PYTHON_PINS, got)
    how = ["download", "--require-hashes", "--no-deps", "--no-binary", ":all:", "-r", pins]
    # To learn its name, pip runs a script of the archive: let it have no rights.
    harmless = {"user": "nobody", "group": "nogroup", "extra_groups": []} if _is_root() else {}
    if harmless:
        shutil.chown(got, "nobody", "nogroup")
    command = [sys.executable, *_PIP, *how, "--dest", str(got)]
    home = {"HOME": str(got), "PIP_NO_CACHE_DIR": "1"}
    subprocess.run(command, check=True, env=os.environ | home, cwd=got, **harmless)  # type: ignore[call-overload]
    (archive,) = got.glob("*.tar.gz")
    _unpack_flat(archive, folder)
    # As it is, it would heed no variable of the environment, so no two builds were the same.
    (folder / "python311._pth").unlink()
    with zipfile.ZipFile(folder / "python311.zip") as standard_library:
        standard_library.extractall(folder / "Lib")  # noqa: S202 - pinned by its hash
    (folder / "python311.zip").unlink()
    shutil.rmtree(got)


def _unpack_flat(archive: Path, folder: Path) -> None:
    """Write what is in the one zip within the archive."""
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
    """The wheels of Windows; pip would heed the markers of the system that it runs on itself."""
    pins = folder.parent / "windows.txt"
    pins.write_text("\n".join(pins_for_windows(PINS.read_text("utf-8"))) + "\n", "utf-8")
    target = ("--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp")
    safely = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile")
    how = ("install", "--target", str(folder), *target, *safely, "-r", str(pins))
    subprocess.run([sys.executable, *_PIP, *how], check=True)
    pins.unlink()


def pins_for_windows(text: str) -> Iterator[str]:
    """The lines of a requirements file that hold on Windows, without their markers."""
    for line in text.replace("\\\n", " ").splitlines():
        told, *hashes = line.split("--hash=")
        if not told.strip() or told.startswith("#"):
            continue
        wanted = Requirement(told)
        if wanted.marker is None or wanted.marker.evaluate(TARGET):
            pins = " ".join(f"--hash={each.strip()}" for each in hashes)
            yield f"{wanted.name}{wanted.specifier} {pins}"


def make_bundle(work: Path) -> Path:
    """Build the bundle of Windows, by the same code as there; gives its folder."""
    wine = Wine(CACHE / "prefix")
    wine.create()
    call = "import sys, pathlib, builder.bundle as b; b.make_bundle(pathlib.Path(sys.argv[1]))"
    where = ";".join(windows_path(each) for each in (PACKAGING, ROOT))
    try:
        wine.run(
            ensure_python(),
            "-c",
            call,
            windows_path(work),
            more={
                "PYTHONPATH": where,
                "PYTHONHASHSEED": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
                "SOURCE_DATE_EPOCH": str(product().epoch),
            },
        )
    finally:
        wine.close()
    return work / "bundle" / product().package


def _read_output(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Output and errors of a program that has ended.

    Where wine starts itself for this program it holds on to the pipes, and their end does not come
    before the end of all others; so what has come by the end of the program is all.
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
