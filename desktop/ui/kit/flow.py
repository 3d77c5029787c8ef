"""A container that wraps its widgets as a paragraph wraps words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

_GAP = 6


class Flow(QWidget):
    """Places widgets in the direction of the text, in as many lines as needed.

    WORKAROUND: this is no `QLayout`, because PySide6 6.11 keeps objects of its items that outlive
    them, as `add_row` says.
    """

    def __init__(self) -> None:
        super().__init__()
        self._widgets: list[QWidget] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def replace(self, widgets: list[QWidget]) -> None:
        """Show `widgets` instead of the current ones."""
        for old in self._widgets:
            old.hide()
            old.deleteLater()
        self._widgets = widgets
        for widget in widgets:
            widget.setParent(self)
            widget.ensurePolished()  # the style determines its size
            widget.show()
        self.updateGeometry()
        self._arrange(self.width(), apply=True)

    def hasHeightForWidth(self) -> bool:
        """Grow in height when it gets narrower."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height at `width`."""
        return self._arrange(width, apply=False)

    def sizeHint(self) -> QSize:
        """Ask for no more than the widest widget needs."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        """Ask for room for the largest widget."""
        size = QSize(0, 0)
        for widget in self._widgets:
            size = size.expandedTo(widget.minimumSizeHint())
        return size

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the widgets again."""
        super().resizeEvent(event)
        self._arrange(self.width(), apply=True)

    def _arrange(self, room: int, *, apply: bool) -> int:
        x, y, line = 0, 0, 0
        for widget in self._widgets:
            hint = widget.sizeHint()
            width = min(hint.width(), room)
            height = widget.heightForWidth(width) if widget.hasHeightForWidth() else hint.height()
            if x > 0 and x + width > room:
                x, y, line = 0, y + line + _GAP, 0
            if apply:
                left = room - x - width if self.isRightToLeft() else x
                widget.setGeometry(left, y, width, height)
            x += width + _GAP
            line = max(line, height)
        return y + line
