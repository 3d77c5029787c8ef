"""How soon the bundled app shows its code, compared with a bare bundled window.

Builds both bundles like those of the packages, and an AppImage of the app, which signs in to a demo
server without a saved token. The bare window has PySide6 as it is, without its modules compiled.
"""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.agent import make_environment
from benchmarks.instructions import Counter
from benchmarks.report import Measurement
from benchmarks.start import run_once
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.display import run_display
from tests.rigs.secret_service import run_bus, run_keyring

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "bench"
PYTHON = ROOT / ".cache" / "package" / "bin" / "python"
BUILD = """
import sys
from pathlib import Path
from builder import appimage, bundle
for name in ("bare_window", "timestamped_app"):
    made = bundle.make_bundle(Path(sys.argv[1], name), script=Path("benchmarks", f"{name}.py"))
appimage.make_appimage(Path(sys.argv[1]), made, Path(sys.argv[1], "timestamped_app"))
"""
# Up to the line of `timestamped_app` with this name.
_FIGURES = {"first paint": ("painted", 0.9), "code on screen": ("code", 2.0)}
_APPIMAGE_GOAL = 900  # milliseconds to the first paint


def measure(_python: str, runs: int) -> list[Measurement]:
    """Return the medians of `runs`, the first of which is not counted, and instructions."""
    if not PYTHON.exists():
        sys.exit("The build environment is missing. Run: python3 dev.py package")
    bare, app, image = _build()
    with ExitStack() as stack:
        display = stack.enter_context(run_display())
        bus = stack.enter_context(run_bus())
        stack.enter_context(run_keyring(bus))
        server = stack.enter_context(DemoServer(DemoOptions()))
        folder = stack.enter_context(TemporaryDirectory(prefix="run-"))
        environment = make_environment(Path(folder), bus.changes, server.url)
        shown = {**environment, **display.environment}
        shown.pop("QT_QPA_PLATFORM", None)
        found = _measure_times(bare, app, image, address=server.url, environment=shown, runs=runs)
        if shutil.which("valgrind"):
            counter = Counter("", Path(), environment, is_bundle=True)
            base = counter.count([str(bare)]) / 1e6
            for name, (last, goal) in _FIGURES.items():
                count = counter.count([str(app), server.url, last]) / 1e6
                title = f"bundle: {name}, instructions"
                found.append(Measurement(title, "M", count, base, count / base, goal, 1))
    return found


def _measure_times(
    bare: Path, app: Path, image: Path, *, address: str, environment: dict[str, str], runs: int
) -> list[Measurement]:
    commands = {
        "bare": [str(bare)],
        "app": [str(app), address, "code"],
        "image": [str(image), address, "painted"],
    }
    took: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            took[name].append(run_once(command, environment))

    def median_of(name: str, line: str) -> float:
        return median(each[line] for each in took[name][1:]) * 1000

    window, mounted = median_of("bare", "painted"), median_of("image", "painted")
    found = []
    for figure, (line, goal) in _FIGURES.items():
        value = median_of("app", line)
        title = f"bundle: start to {figure}"
        found.append(Measurement(title, "ms", value, window, value / window, goal, runs))
    image_title = "AppImage: start to first paint"
    found.append(Measurement(image_title, "ms", mounted, None, None, _APPIMAGE_GOAL, runs))
    return found


def _build() -> tuple[Path, Path, Path]:
    """Build the bare window, the app and its AppImage."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    python_path = os.pathsep.join((str(ROOT / "packaging"), str(ROOT)))
    environment = os.environ | {"PYTHONPATH": python_path}
    subprocess.run([PYTHON, "-c", BUILD, str(WORK)], cwd=ROOT, env=environment, check=True)
    (image,) = WORK.glob("*.AppImage")
    bundles = [WORK / name / "bundle" / "xdr-login" for name in ("bare_window", "timestamped_app")]
    return bundles[0] / "xdr-login", bundles[1] / "xdr-login", image
