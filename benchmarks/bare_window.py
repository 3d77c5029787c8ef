"""The baseline: the smallest window that PySide6 can show. Prints when it was painted.

With the argument "stay" it stays open; otherwise it quits.
"""

import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget


class BareWindow(QWidget):
    """An empty window."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Report the time after painting, as the app does."""
        QTimer.singleShot(0, report_painted)


def report_painted() -> None:
    """Print the time, and quit unless told to stay."""
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
