"""Another app with a window: prints what it pastes, or copies its argument.

`python -m tests.rigs.another_app [TEXT]`; on Wayland, pasting requires the focus.
"""

import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton


def main() -> None:
    """Read or copy when the window has the focus."""
    application = QApplication(sys.argv)
    clipboard = application.clipboard()
    window = QPushButton("Another app")

    def read() -> None:
        sys.stdout.write(f"read {clipboard.text()!r}\n")
        application.quit()

    def copy() -> None:
        clipboard.setText(sys.argv[1])
        sys.stdout.write("copied\n")
        sys.stdout.flush()

    def has_focus(focused: object) -> None:
        if focused is not None and len(sys.argv) == 1:
            QTimer.singleShot(100, read)  # the compositor announces the clipboard after the focus
        elif focused is not None:
            sys.stdout.write("focused\n")
            sys.stdout.flush()

    application.focusWindowChanged.connect(has_focus)
    window.clicked.connect(copy)
    window.show()
    application.exec()


if __name__ == "__main__":
    main()
