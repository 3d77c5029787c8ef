"""Starting: the layout of what follows, with a quiet sign of life, and a way out."""

from datetime import datetime

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.services.states import Requesting, State
from desktop.ui.actions import Actions
from desktop.ui.theme import Theme
from desktop.ui.widgets import Button, Card, View, label, quiet


class StartingView(View):
    """Shown until there is a code or a stored token: most often for less than a second."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        card = Card()
        self._title = label("One moment", "title", centred=True)
        self._text = label("", "subtitle", centred=True)
        card.column.addWidget(self._title)
        card.column.addWidget(self._text)
        card.column.addWidget(_Dots(theme))
        self.column.addWidget(card)
        self.column.addStretch(1)
        self.footer_row.addWidget(quiet(Button("Cancel", actions.cancel, "quiet")))
        self.footer_row.addStretch(1)

    def shows(self, state: State) -> bool:
        """Only this state."""
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

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the dots, and as much air as the code tiles will need."""
        return QSize(120, 52)

    def showEvent(self, _event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Start."""
        self._since.start()
        if self._theme.motion_wanted():
            self._timer.start()

    def hideEvent(self, _event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Stop: nothing ticks out of sight."""
        self._timer.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        lit = self._since.elapsed() // self._STEP % 3 if self._timer.isActive() else 1
        for number in range(3):
            painter.setBrush(self._theme.color("primary" if number == lit else "track"))
            x = self.width() / 2 + (number - 1) * 20 - 4
            painter.drawEllipse(QRectF(x, self.height() / 2 - 4, 8, 8))
