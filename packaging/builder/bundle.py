"""The app with Python and Qt in one folder, built by PyInstaller."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from translations import catalogues

from builder import closure, icu, macos, notices, shiboken, windows
from builder.product import PACKAGING, ROOT, product

WORK = ROOT / ".cache" / "build"


class BuildError(Exception):
    """The bundle has faults."""


def make_bundle(work: Path = WORK, *, script: Path | None = None) -> Path:
    """Build the bundle and return its folder; raise `BuildError` if it has faults.

    `script` replaces the app in benchmarks.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    folders = ("--distpath", str(work / "bundle"), "--workpath", str(work / "parts"))
    options = ("--clean", "--noconfirm", "--log-level", "WARN", *folders)
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",  # for reproducible builds
        "SOURCE_DATE_EPOCH": str(product().epoch),
        # Every package compresses better, and uncompressed modules load faster.
        "PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0",
        "PYINSTALLER_CONFIG_DIR": str(work / "pyinstaller"),
    }
    if script is not None:
        environment["SCRIPT"] = str(script.resolve())
    environment["PARTS"] = str(work / "made")
    shiboken.write_support(work / "made" / shiboken.FOLDER)
    catalogues.compile_all()
    command = [sys.executable, "-m", "PyInstaller", *options, str(PACKAGING / "xdr-login.spec")]
    if sys.platform == "darwin":
        return _make_app(work, command, environment)
    if sys.platform == "win32":
        windows.write_icon(work / "made" / "app.ico")
    subprocess.run(command, cwd=work, env=environment, check=True)
    bundle = work / "bundle" / product().package
    icu.trim(bundle, work)
    notices.add_licenses(bundle, bundle / "licenses")
    normalize_metadata(bundle, program=product().package)
    find_faults = windows.find_faults if sys.platform == "win32" else closure.find_faults
    faults = find_faults(bundle, (ROOT, Path.home() / ".pyenv"))
    if faults:
        raise BuildError("\n".join(faults))
    return bundle


def _make_app(work: Path, command: list[str], environment: dict[str, str]) -> Path:
    """Build the .app; everything in it must exist before PyInstaller signs it."""
    app = work / "bundle" / macos.app_name()
    macos.write_parts(work / "made")
    notices.add_licenses(app, work / "made" / "licenses")
    subprocess.run(command, cwd=work, env=environment, check=True)
    faults = macos.find_faults(app)
    if faults:
        raise BuildError("\n".join(faults))
    return app


def _is_program(path: Path, name: str) -> bool:
    if path.name != name:
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def normalize_metadata(folder: Path, *, program: str = "", epoch: int | None = None) -> None:
    """Set the modes and times that files have in all packages."""
    epoch = product().epoch if epoch is None else epoch
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink():
            executable = path.is_dir() or _is_program(path, program)
            path.chmod(0o755 if executable else 0o644)
        times = (epoch, epoch)
        # Windows supports no other value for files that are not links.
        os.utime(path, times, follow_symlinks=not path.is_symlink())
