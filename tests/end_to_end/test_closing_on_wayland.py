"""Without a tray, closing minimizes the window, which counts as hidden on Wayland too."""

import subprocess
import sys

from tests.rigs.mutter import Mutter

# Mutter does not report that a window is minimized, and Qt then reports that it is not.
CLOSED = """
import sys
from PySide6.QtCore import QTimer
from desktop.ui.app.app import make_application
from desktop.ui.kit.theme import Theme
from desktop.ui.window.window import Window

application = make_application()
window = Window(Theme(application))
window.set_may_hide(lambda: False)
reported = []
window.sight_changed.connect(lambda: reported.append(window.in_sight()))

def close():
    if window.isActiveWindow() and not reported:
        window.close()
    elif reported and not window.isActiveWindow():  # the compositor has minimized it
        QTimer.singleShot(200, lambda: application.exit(0))

window.handle().activeChanged.connect(lambda: QTimer.singleShot(0, close))
window.show()
application.exec()
print(window.handle().visibility().name, window.in_sight(), reported)
"""


def test_a_minimized_window_counts_as_hidden_without_a_report(mutter: Mutter) -> None:
    command = [sys.executable, "-c", CLOSED]
    done = subprocess.run(
        command, env=mutter.environment, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.stdout, done.stderr) == ("Windowed False [False]\n", "")
