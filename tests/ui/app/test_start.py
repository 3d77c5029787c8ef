"""What is loaded before the first paint, and how a start ends."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Signal

ROOT = Path(__file__).parents[3]

# None of these is needed to paint a window. Each costs from four to a hundred milliseconds.
HEAVY = (
    "asyncio",
    "dataclasses",
    "desktop.oauth",
    "desktop.services.system.paths",
    "desktop.services.session.session",
    "filelock",
    "httpx",
    "json",
    "jwt",
    "keyring",
    "qasync",
    "platformdirs",
    "segno",
    "socket",
    "ssl",
    "truststore",
)
# All of ours that is loaded then. Every module takes a fifth of a millisecond; a new one needs a
# reason.
OURS = {
    "desktop",
    "desktop.__main__",
    "desktop.cli",
    "desktop.cli.terminal",
    "desktop.cli.terminal.window",
    "desktop.ipc",
    "desktop.ipc.address",
    "desktop.ipc.client",
    "desktop.ipc.exchange",
    "desktop.options",
    "desktop.services",
    "desktop.services.system",
    "desktop.services.system.language",
    "desktop.services.system.resources",
    "desktop.services.system.translation",
    "desktop.ui",
    "desktop.ui.app",
    "desktop.ui.app.app",
    "desktop.ui.app.application",
    "desktop.ui.app.import_hook",
    "desktop.ui.kit",
    "desktop.ui.kit.fitted_label",
    "desktop.ui.kit.reader_roles",
    "desktop.ui.kit.theme",
    "desktop.ui.kit.widgets",
    "desktop.ui.kit.word_breaks",
    "desktop.ui.views",
    "desktop.ui.views.starting_view",
    "desktop.ui.window",
    "desktop.ui.window.header",
    "desktop.ui.window.view_stack",
    "desktop.ui.window.window",
}
# What Python itself loads then. `logging` needs `traceback`, which colors its words since 3.14.
LOADED_BY_PYTHON = {"dataclasses"} if sys.version_info[:2] == (3, 14) else set[str]()

PAINTED = """
import sys
before = set(sys.modules)  # what watches the tests has loaded some already
from PySide6.QtCore import QEventLoop
from desktop import __main__
from desktop.cli.terminal import window as way_in
from desktop.ipc import client

client.defer_to_running_app(quietly=False)
from desktop.ui.app import app
from desktop.ui.kit.theme import Theme
from desktop.ui.window.window import Window

application = app.make_application()
window = Window(Theme(application))
waiting = QEventLoop()
window.painted.connect(waiting.quit)
window.show()
waiting.exec()
print(*sorted(set(sys.modules) - before))
"""

CLOSED_AT_ONCE = """
import sys
from PySide6.QtCore import QTimer
from desktop.options import Options
from desktop.ui.app import app

class Hasty(app.Window):
    def __init__(self, theme):
        super().__init__(theme)
        QTimer.singleShot(int(sys.argv[1]), self.close)

app.Window = Hasty
sys.exit(app.run(Options()))
"""

# As Cmd+Q, the Dock and a logout do it: the window is still there, the loop is what is asked.
ASKED_TO_QUIT = """
import sys
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication
from desktop.options import Options
from desktop.ui.app import app

class Asked(app.Window):
    def show_state(self, state, at, **more):
        super().show_state(state, at, **more)
        quit = lambda: QApplication.postEvent(QApplication.instance(), QEvent(QEvent.Type.Quit))
        QTimer.singleShot(0, quit)

class Closing(Options):
    def close(self):
        print("closed in order")

app.Window = Asked
sys.exit(app.run(Closing()))
"""

# With nothing on screen there is no first paint to wait for.
HIDDEN = """
import sys
from desktop.options import Options
from desktop.services.model.states import Requesting
from desktop.ui.app import app

class Told(app.Window):
    def show_state(self, state, at, **more):
        super().show_state(state, at, **more)
        if not isinstance(state, Requesting):
            print("in sight" if self.in_sight() else "hidden")
            self._actions.quit()

app.Window = Told
sys.exit(app.run(Options(hidden=True)))
"""

# Left while it still looks for others of its kind.
LEFT_EARLY = """
import sys
from desktop.demo import DemoOptions
from desktop.options import Options
from desktop.ui.app import app
from desktop.ui.app import lifetime
from desktop.ui.app import load_after_start

class Told(lifetime.Session):
    def open(self, **how):
        print("opened")

async def leave(self):
    self.quit()

lifetime.Session = Told
lifetime._Lifetime._claim_single_instance = leave
load_after_start.load_libraries = lambda: print("loaded")
sys.exit(app.run(Options(demo=DemoOptions())))
"""

# What a start at login would begin with.
AT_LOGIN = """
import sys
from desktop.demo import DemoOptions
from desktop.options import Options
from desktop.ui.app import app
from desktop.ui.app import lifetime

async def tell(self):
    store = self._controller.settings_store
    print(store.profile, store.why_no_autostart)
    self.quit()

lifetime._Lifetime._claim_single_instance = tell
demo = DemoOptions() if sys.argv[1] == "demo" else None
sys.exit(app.run(Options(profile=sys.argv[2], demo=demo)))
"""

# Another one holds the lock, and lets go of it only when this one shows what came of its start.
WAITS_FOR_ANOTHER = """
import sys, threading, time
from PySide6.QtCore import Signal
from desktop.ipc import client, server
from desktop.options import Options
from desktop.services.model.states import Failed
from desktop.ui.app import app
from desktop.ui.app import single_instance

client._TIMEOUT = 0.05
single_instance._CLAIM_TIMEOUT = 0.05
held = server.claim_instance()
asking = []

class Told(app.Window):
    answered = Signal()

    def show_state(self, state, at, **more):
        super().show_state(state, at, **more)
        if isinstance(state, Failed) and not asking:
            asking.append(True)
            self.answered.connect(self._actions.quit)
            held.release()
            threading.Thread(target=self.ask, daemon=True).start()

    def ask(self):
        while True:
            try:
                client.show_window()
                break
            except (client.NotRunning, client.NoAnswer):
                time.sleep(0.05)
        print("answered")
        self.answered.emit()

app.Window = Told
sys.exit(app.run(Options()))
"""

# Everything is loaded, with a note of what another thread has imported that has to do with Qt.
LOADED = """
import sys, threading
imported = []

def note(event, arguments):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        imported.append(arguments[0])

sys.addaudithook(note)
from PySide6.QtCore import QObject
from desktop.options import Options
from desktop.ui.app import app
from desktop.ui.app import load_after_start

def is_of_qt(name):
    values = list(getattr(sys.modules[name], "__dict__", {}).values())
    return name.startswith("PySide6") or any(isinstance(each, type(QObject)) for each in values)

load_views = load_after_start.load_views

def load_and_tell():
    yield from load_views()
    assert is_of_qt("desktop.ui.app.lifetime")
    assert {"httpx", "desktop.services.session.session", "segno"} <= set(imported)
    assert not {"jwt", "cryptography"} & set(sys.modules)  # ten megabytes that no window needs
    print([name for name in imported if name in sys.modules and is_of_qt(name)])
    app.Application.instance().on_quit()

load_after_start.load_views = load_and_tell
sys.exit(app.run(Options()))
"""

# What cannot be loaded ends the program with its reason, and does not leave it waiting.
BROKEN = """
import sys
from desktop.options import Options
from desktop.ui.app import app

sys.modules["qasync"] = None
sys.exit(app.run(Options()))
"""


# The first code, drawn by itself, with a note of every enumeration that PySide6 builds from the
# start on. `Qt` itself cannot be asked: to name it builds them.
FIRST_CODE = """
import enum
from unittest.mock import Mock

built = []
build = enum.EnumType.__new__

def noted(kind, name, *rest, **more):
    built.append(name)
    return build(kind, name, *rest, **more)

enum.EnumType.__new__ = noted
from PySide6.QtCore import QEventLoop, QTimer
from desktop.ui.app import app
from desktop.ui.kit.theme import Theme
from desktop.ui.window.window import Window

application = app.make_application()
window = Window(Theme(application))
waiting = QEventLoop()
window.painted.connect(waiting.quit)
window.show()
waiting.exec()

from tests.sample_states import NOW, PROFILE, STATES
from desktop.ui.views import code_tiles
from desktop.ui.app import event_loop as loop
from desktop.ui.views import waiting_view

app.load_without_qt()
for _ in app._load_views():
    pass

class Tiles(code_tiles.CodeTiles):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, life.stop)

waiting_view.CodeTiles = Tiles
life = loop.EventLoop(application)
window.set_actions(Mock())
life.call_soon(window.set_profile, PROFILE)
life.call_soon(window.enable_header)
life.call_soon(window.show_state, STATES["waiting"], NOW)
life.run_forever()
print(*built)
"""


DRAWN = """
from pathlib import Path
from desktop.ui.app import app
from PySide6.QtGui import QImage, Qt

application = app.make_application()
image = QImage(2000, 2000, QImage.Format.Format_ARGB32)
image.fill(0)
image.scaled(900, 900, mode=Qt.TransformationMode.SmoothTransformation)
print(*(each.read_text() for each in Path("/proc/self/task").glob("*/comm")))
"""

# All that is loaded when the session asks for its code.
BEFORE_THE_REQUEST = """
import sys
from desktop.ui.app import app
from desktop.ui.window import window

app.load_without_qt()
for _ in app._load_views():
    pass
print(*sys.modules)
"""
# What `load_after_start` loads while the code is on screen.
LATER = {
    "cryptography",
    "desktop.oauth.grants.app_grant",
    "desktop.oauth.grants.token_exchange",
    "desktop.oauth.identity",
    "desktop.services.model.audit",
    "desktop.services.secrets.keyring_vault",
    "desktop.services.system.autostart",
    "desktop.services.system.processes",
    "desktop.services.token.api_services",
    "desktop.services.token.details",
    "desktop.services.wording.messages",
    "desktop.ui.tray.tray",
    "desktop.ui.views.failed_view",
    "desktop.ui.views.signed_in_view",
    "desktop.ui.wording.tray_texts",
    "filelock",
    "html",
    "jwt",
    "keyring",
    "psutil",
    "segno",
    "tomlkit",
}


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_first_paint_loads_nothing_heavy() -> None:
    done = run(PAINTED)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    assert [name for name in HEAVY if name in loaded and name not in LOADED_BY_PYTHON] == []
    assert "desktop.ui.window.window" in loaded


def test_the_first_code_is_drawn_without_the_enumerations_of_qt() -> None:
    done = run(FIRST_CODE)
    assert done.returncode == 0, done.stderr
    built = done.stdout.split()
    assert "WritingSystem" in built  # of the font of the code
    assert not {"GlobalColor", "FocusReason", "TimerId", "StandardPixmap"} & set(built), built


def test_the_first_request_waits_for_no_module_that_comes_later() -> None:
    done = run(BEFORE_THE_REQUEST)
    assert done.returncode == 0, done.stderr
    assert LATER & set(done.stdout.split()) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the names of threads")
def test_drawing_leaves_no_threads_that_wake_the_computer_later() -> None:
    done = run(DRAWN)
    assert done.returncode == 0, done.stderr
    assert "Thread (pooled)" not in done.stdout


def test_the_first_paint_loads_few_modules_of_ours() -> None:
    loaded = run(PAINTED).stdout.split()
    ours = {name for name in loaded if name.partition(".")[0] == "desktop"}
    assert ours - OURS == set()


def test_modules_are_imported_without_the_hook_of_pyside() -> None:
    done = run("import desktop.ui.app.app; print(__import__.__name__)")
    assert "__feature_import__" not in done.stdout, done.stdout
    assert done.returncode == 0, done.stderr


def test_no_other_thread_imports_qt_modules() -> None:
    done = run(LOADED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


@pytest.mark.parametrize("after", [0, 1, 30, 120])
def test_closing_the_window_during_the_start_quits(after: int) -> None:
    done = run(CLOSED_AT_ONCE, str(after))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_quit_request_of_the_system_shuts_down_in_order() -> None:
    done = run(ASKED_TO_QUIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "closed in order\n", "")


def test_started_hidden_it_runs_without_a_window() -> None:
    done = run(HIDDEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(done.stdout.splitlines()) == {"hidden"}


def test_quitting_before_the_sign_in_sends_no_request() -> None:
    done = run(LEFT_EARLY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("demo", "why_not"), [("demo", "Not available in the demo."), ("", "")])
def test_autostart_uses_the_current_profile_except_in_the_demo(demo: str, why_not: str) -> None:
    assert run(AT_LOGIN, demo, "northwind").stdout == f"northwind {why_not}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe has one owner")
def test_a_slowly_quitting_instance_does_not_delay_the_start() -> None:
    done = run(WAITS_FOR_ANOTHER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "answered\n", "")


def test_a_module_that_cannot_be_loaded_ends_the_app_with_its_error() -> None:
    done = run(BROKEN)
    assert done.returncode == 1
    assert "qasync" in done.stderr.splitlines()[-1]


class Emitter(QObject):
    happened = Signal()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True has no count of references")
def test_emitting_a_signal_costs_no_reference_to_true() -> None:
    emitter = Emitter()
    before = sys.getrefcount(True)
    for _ in range(50):
        emitter.happened.emit()
    assert abs(sys.getrefcount(True) - before) < 25
