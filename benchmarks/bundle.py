"""How soon the bundled app paints its window, compared with a bare bundled window.

Builds both bundles like those of the packages, and an AppImage of the app. The bare window has
PySide6 as it is, without its modules compiled.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.report import Measurement
from benchmarks.start import run_once
from tests.rigs.display import run_display

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "bench"
PYTHON = ROOT / ".cache" / "package" / "bin" / "python"
BUILD = """
import sys
from pathlib import Path
from builder import appimage, bundle
for name in ("bare_window", "first_paint"):
    made = bundle.make_bundle(Path(sys.argv[1], name), script=Path("benchmarks", f"{name}.py"))
appimage.make_appimage(Path(sys.argv[1]), made, Path(sys.argv[1], "first_paint"))
"""


def measure(_python: str, runs: int) -> list[Measurement]:
    """Return the medians of `runs`; the first run of each is not counted."""
    if not PYTHON.exists():
        sys.exit("The build environment is missing. Run: python3 dev.py package")
    bare, real, image = _build()
    took: dict[Path, list[float]] = {bare: [], real: [], image: []}
    with run_display() as display, TemporaryDirectory(prefix="run-") as folder:
        environment = {**display.environment, "HOME": folder, "XDG_RUNTIME_DIR": folder}
        for _ in range(runs + 1):
            for program, times in took.items():
                times.append(run_once([str(program)], environment)["painted"] * 1000)
    window, painted, mounted = (median(times[1:]) for times in took.values())
    ratio = painted / window
    return [
        Measurement("bundle: start to first paint", "ms", painted, window, ratio, 0.9, runs),
        Measurement("AppImage: start to first paint", "ms", mounted, None, None, 900, runs),
    ]


def _build() -> tuple[Path, Path, Path]:
    """Build the bare window, the app and its AppImage."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    python_path = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    environment = os.environ | {"PYTHONPATH": python_path}
    subprocess.run([PYTHON, "-c", BUILD, str(WORK)], cwd=ROOT, env=environment, check=True)
    (image,) = WORK.glob("*.AppImage")
    bundles = [WORK / name / "bundle" / "xdr-login" for name in ("bare_window", "first_paint")]
    return bundles[0] / "xdr-login", bundles[1] / "xdr-login", image
