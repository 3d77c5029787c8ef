"""A button with an icon instead of text."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPixmap

from desktop.services.system.resources import resource
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import Button

ICON_BUTTON = 32  # logical pixels, a square
_ICON = 20


class IconButton(Button):
    """Draws the icon in the color of text, so that it fits light and dark.

    `name` is what a screen reader says; `icon` is a file of resources/icons. Only its shape is
    used.
    """

    def __init__(
        self, name: str, pressed: Callable[[], object], *, icon: str, theme: Theme
    ) -> None:
        super().__init__("", pressed, "icon")
        self._theme = theme
        self._icon = QIcon(str(resource(f"icons/{icon}")))
        self._tinted = QPixmap()
        self._tint: tuple[str, float] | None = None
        self.setAccessibleName(name)
        self.setFixedSize(ICON_BUTTON, ICON_BUTTON)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button and its icon."""
        super().paintEvent(event)
        token = "text" if self.underMouse() or self.isDown() else "muted"
        box = QRect(0, 0, _ICON, _ICON)
        box.moveCenter(self.rect().center() + QPoint(1, 1))
        QPainter(self).drawPixmap(box, self._in_color(self._theme.tokens[token]))

    def _in_color(self, color: str) -> QPixmap:
        tint = (color, self.devicePixelRatioF())
        if tint != self._tint:
            self._tint = tint
            self._tinted = self._icon.pixmap(QSize(_ICON, _ICON), self.devicePixelRatioF())
            painter = QPainter(self._tinted)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.fillRect(self._tinted.rect(), color)
            painter.end()
        return self._tinted
