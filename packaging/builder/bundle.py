"""The program with its Python and its Qt in one folder, made by PyInstaller."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from builder import closure, icu, macos, notices, windows
from builder.product import PACKAGING, ROOT, product

WORK = ROOT / ".cache" / "build"


class BuildError(Exception):
    """What was built is not what it should be."""


def make_bundle(work: Path = WORK, *, script: Path | None = None) -> Path:
    """Build it anew and give its folder; raises `BuildError` if it is not whole.

    `script` is what it starts with, where a benchmark measures another than the program.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    folders = ("--distpath", str(work / "bundle"), "--workpath", str(work / "parts"))
    how = ("--clean", "--noconfirm", "--log-level", "WARN", *folders)
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",  # or the archive of modules comes out otherwise each time
        "SOURCE_DATE_EPOCH": str(product().epoch),
        # Packed again by every package, and better; unpacked, modules load quicker.
        "PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0",
        "PYINSTALLER_CONFIG_DIR": str(work / "pyinstaller"),
    }
    if script is not None:
        environment["SCRIPT"] = str(script.resolve())
    command = [sys.executable, "-m", "PyInstaller", *how, str(PACKAGING / "xdr-login.spec")]
    if sys.platform == "darwin":
        return _make_app(work, command, environment)
    if sys.platform == "win32":
        windows.write_icon(work / "app.ico")
        environment["PARTS"] = str(work)
    subprocess.run(command, cwd=work, env=environment, check=True)
    bundle = work / "bundle" / product().package
    icu.trim(bundle, work)
    notices.add_licences(bundle, bundle / "licenses")
    normalize_metadata(bundle, program=product().package)
    look = windows.find_faults if sys.platform == "win32" else closure.find_faults
    wrong = look(bundle, (ROOT, Path.home() / ".pyenv"))
    if wrong:
        raise BuildError("\n".join(wrong))
    return bundle


def _make_app(work: Path, command: list[str], environment: dict[str, str]) -> Path:
    """Build the .app: all that is in it is there before PyInstaller signs it."""
    app = work / "bundle" / macos.app_name()
    macos.write_parts(work / "macos")
    notices.add_licences(app, work / "macos" / "licenses")
    subprocess.run(command, cwd=work, env=environment | {"PARTS": str(work / "macos")}, check=True)
    wrong = macos.find_faults(app)
    if wrong:
        raise BuildError("\n".join(wrong))
    return app


def _is_program(path: Path, name: str) -> bool:
    if path.name != name:
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def normalize_metadata(folder: Path, *, program: str = "") -> None:
    """Give all files the modes and the time that they have in every package."""
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink():
            executable = path.is_dir() or _is_program(path, program)
            path.chmod(0o755 if executable else 0o644)
        when = (product().epoch, product().epoch)
        os.utime(path, when, follow_symlinks=not path.is_symlink())  # Windows cannot do without
