"""The link as a QR code, for approving with a phone."""

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from desktop.services.system.translation import translate

_QUIET_ZONE = 4  # modules (ISO/IEC 18004)
_SIDE = 232


class QrCode(QLabel):
    """A symbol in black on white, because many phones do not read the inverse.

    A label, because screen readers skip plain widgets.
    """

    def __init__(self) -> None:
        super().__init__()
        self._link = ""
        self._matrix: tuple[bytearray, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(translate("QR code of the link"))

    def set_link(self, link: str) -> None:
        if link != self._link:
            self._link = link
            # The error correction level is raised if the symbol does not grow.
            self._matrix = segno.make_qr(link, error="l", boost_error=True).matrix
            self.setAccessibleDescription(link)
            self.update()

    def sizeHint(self) -> QSize:
        """Large enough for a phone at arm's length."""
        return QSize(_SIDE, _SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the modules on whole device pixels, so that edges stay sharp."""
        modules = len(self._matrix) + 2 * _QUIET_ZONE
        ratio = self.devicePixelRatioF()
        module = max(1, int(min(self.width(), self.height()) * ratio / modules)) / ratio
        side = module * modules
        painter = QPainter(self)
        left = round((self.width() - side) / 2 * ratio) / ratio
        top = round((self.height() - side) / 2 * ratio) / ratio
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("white"))
        painter.drawRect(QRectF(left, top, side, side))
        painter.setBrush(QColor("black"))
        for y, line in enumerate(self._matrix, start=_QUIET_ZONE):
            for x, dark in enumerate(line, start=_QUIET_ZONE):
                if dark:
                    painter.drawRect(QRectF(left + x * module, top + y * module, module, module))
