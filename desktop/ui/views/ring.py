"""The countdown as a ring."""

from math import cos, pi

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QFont,
    QFontInfo,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.ui.kit.theme import Theme

_DIAMETER = 168
_STROKE = 10.0
_BESIDE_TEXT = 0.1  # of the diameter, so that the text does not touch the ring
_FRAME = 50  # milliseconds
_PULSE = 32  # frames
_DIMMED = 0.45  # opacity of the arc during a renewal


class Ring(QLabel):
    """The share of the lifetime that is left, with the time in its middle.

    A label, because screen readers skip plain widgets.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown = ("", "", 0.0, "good")
        self._busy = False
        self._frame = 0
        self._timer = QTimer(self, interval=_FRAME)
        self._timer.timeout.connect(self._pulse)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(_DIAMETER, _DIAMETER)

    def show_time(self, time: str, text: str, *, share: float, color: str) -> None:
        """Show `time` above `text`; `share` is from 0 to 1, `color` a design token.

        Its owner names it for screen readers, which need no seconds.
        """
        shown = (time, text, share, color)
        if shown != self._shown:
            self._shown = shown
            self.update()

    def set_busy(self, *, busy: bool) -> None:
        """Dim the arc during a renewal, and let it pulse if motion is allowed."""
        if busy == self._busy:
            return
        self._busy, self._frame = busy, 0
        self._update_timer()
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._update_timer()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _update_timer(self) -> None:
        if self._busy and self.isVisible() and self._theme.allows_motion:
            self._timer.start()
        else:
            self._timer.stop()

    def _pulse(self) -> None:
        self._frame = (self._frame + 1) % _PULSE
        self.update()

    def _opacity(self) -> float:
        if not self._busy:
            return 1.0
        # From dim to nearly opaque and back.
        return _DIMMED + (0.9 - _DIMMED) * (1 - cos(2 * pi * self._frame / _PULSE)) / 2

    def paintEvent(self, _event: QPaintEvent) -> None:
        time, text, share, color = self._shown
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - _STROKE
        circle = QRectF(0, 0, side, side)
        circle.moveCenter(QRectF(self.rect()).center())
        painter.setPen(self._pen("track"))
        painter.drawEllipse(circle)
        if share > 0:
            painter.setOpacity(self._opacity())
            painter.setPen(self._pen(color))
            # In sixteenths of a degree, counterclockwise from the top.
            painter.drawArc(circle, 90 * 16, round(share * 360 * 16))
            painter.setOpacity(1.0)
        self._paint_text(painter, circle, time, text)

    def _paint_text(self, painter: QPainter, circle: QRectF, time: str, text: str) -> None:
        base = QFontInfo(self.font()).pixelSize()
        font = QFont(self.font())
        font.setPixelSize(round(base * (2.4 if len(time) < 6 else 1.9)))
        font.setWeight(QFont.Weight.Medium)
        font.setFeature(QFont.Tag("tnum"), 1)
        painter.setFont(font)
        painter.setPen(self._theme.color("text"))
        upper = circle.adjusted(0, circle.height() * 0.22, 0, -circle.height() * 0.42)
        painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, time)
        font.setPixelSize(round(base * 0.92))
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(self._theme.color("muted"))
        beside = circle.width() * _BESIDE_TEXT
        lower = circle.adjusted(beside, circle.height() * 0.54, -beside, -circle.height() * 0.28)
        flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(lower, flags, text)

    def _pen(self, token: str) -> QPen:
        pen = QPen(self._theme.color(token), _STROKE)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        return pen
