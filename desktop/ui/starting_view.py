"""Starting: the layout of what follows, with a quiet sign of life, and a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui.widgets import Button, Card, View, label, quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.states import Requesting, State
    from desktop.ui.theme import Theme

_HEIGHT = 292  # of the card with the code, which takes the place of this one


class StartingView(View):
    """Shown until there is a code or a stored token: most often for less than a second."""

    def __init__(self, theme: Theme, cancel: Callable[[], object]) -> None:
        super().__init__()
        card = Card()
        self._title = label("One moment", "title", centred=True)
        self._text = label("Opening your keyring.", "subtitle", centred=True)
        card.column.addWidget(self._title)
        card.column.addWidget(self._text)
        card.column.addWidget(_Dots(theme))
        card.column.addStretch(1)
        card.setMinimumHeight(_HEIGHT)
        self.column.addWidget(card)
        self.column.addStretch(1)
        self.footer_row.addWidget(quiet(Button("Cancel", cancel, "quiet")))
        self.footer_row.addStretch(1)

    def shows(self, state: State) -> bool:
        """Only this state."""
        from desktop.services.states import Requesting

        return isinstance(state, Requesting)

    def show_state(self, state: Requesting, _at: datetime | None = None) -> None:
        """Say what is being done."""
        self._text.setText("Opening your keyring." if state.opening else "Asking for a code.")


class _Dots(QWidget):
    """Three dots of which one is lit in turn; they stand still where motion is not wanted."""

    _STEP = 320  # milliseconds

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._since = QElapsedTimer()
        self._timer = QTimer(self, interval=self._STEP)
        self._timer.timeout.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Working")

    def sizeHint(self) -> QSize:
        """Room for the dots, and as much air as the code tiles will need."""
        return QSize(120, 52)

    def showEvent(self, _event: QShowEvent) -> None:
        """Start."""
        self._since.start()
        self._timer.start()

    def hideEvent(self, _event: QHideEvent) -> None:
        """Stop: nothing ticks out of sight."""
        self._timer.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self._since.elapsed() // self._STEP % 3 if self._theme.motion else 1
        for number in range(3):
            color = self._theme.color("primary" if number == lit else "track")
            painter.setPen(color)
            painter.setBrush(color)
            x = self.width() / 2 + (number - 1) * 20 - 4
            painter.drawEllipse(QRectF(x, self.height() / 2 - 4, 8, 8))
