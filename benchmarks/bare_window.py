"""The baseline: the smallest window that PySide6 can show. Prints when it was painted.

With the argument "stay" it remains on screen, else it leaves.
"""

import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget


class BareWindow(QWidget):
    """Nothing but a first paint."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Tell the time once this is over, as the program does, and leave."""
        QTimer.singleShot(0, report_painted)


def report_painted() -> None:
    """Print when the paint was over."""
    import time

    sys.stdout.write(f"painted {time.monotonic()}\n")
    sys.stdout.flush()
    if "stay" not in sys.argv:
        application.exit()


application = QApplication(sys.argv)
window = BareWindow()
window.resize(440, 640)
window.show()
application.exec()
