"""What is loaded before the first paint, and what Qt itself must do for us."""

import json
import subprocess
import sys
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import QObject, Signal

ROOT = Path(__file__).parents[2]

# None of these is needed to paint a window. Each costs from ten to a hundred milliseconds.
HEAVY = (
    "asyncio",
    "desktop.oauth",
    "desktop.services.session",
    "httpx",
    "jwt",
    "keyring",
    "qasync",
    "segno",
    "ssl",
    "truststore",
)

PAINTED = """
import json, sys
from PySide6.QtCore import QEventLoop
from desktop.cli import arguments
from desktop.ui import app
from desktop.ui.theme import Theme
from desktop.ui.window import Window

application = app.make_application()
window = Window(Theme(application))
waiting = QEventLoop()
window.painted.connect(waiting.quit)
window.show()
waiting.exec()
print(json.dumps(sorted(sys.modules)))
"""

CLOSED_AT_ONCE = """
import sys
from PySide6.QtCore import QTimer
from desktop.options import Options
from desktop.ui import app

class Hasty(app.Window):
    def __init__(self, theme):
        super().__init__(theme)
        QTimer.singleShot(int(sys.argv[1]), self.close)

app.Window = Hasty
sys.exit(app.run(Options()))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_first_paint_needs_nothing_heavy() -> None:
    done = run(PAINTED)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout)
    assert [name for name in HEAVY if name in loaded] == []
    assert "desktop.ui.window" in loaded


@pytest.mark.parametrize("after", [0, 1, 30, 120])
def test_closing_the_window_while_it_starts_ends_the_program(after: int) -> None:
    done = run(CLOSED_AT_ONCE, str(after))
    assert (done.returncode, done.stderr) == (0, "")


class Emitter(QObject):
    happened = Signal()


@pytest.mark.xfail(
    PySide6.__version__ == "6.12.0" and sys.version_info < (3, 12),
    reason="PySide6 6.12.0 drops a reference to True with every emit: the interpreter aborts",
)
def test_emitting_a_signal_costs_no_reference_to_true() -> None:
    emitter = Emitter()
    before = sys.getrefcount(True)
    for _ in range(50):
        emitter.happened.emit()
    assert abs(sys.getrefcount(True) - before) < 25
