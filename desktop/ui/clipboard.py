"""The clipboard, with care for secrets: marked as not to be recorded, and cleared again."""

from PySide6.QtCore import QByteArray, QMimeData, QObject, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication

CLEAR_AFTER = 30.0  # seconds

# What clipboard managers and histories look for; each platform ignores the marks of the others.
_DO_NOT_RECORD = {
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"1",
    'application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"': b"\0\0\0\0",
    'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"': b"\0\0\0\0",
    "x-kde-passwordManagerHint": b"secret",
}


class Clipboard(QObject):
    """Copies text, and takes a secret back once its time is over, if it is still there."""

    def __init__(self, *, clear_after: float = CLEAR_AFTER) -> None:
        super().__init__()
        self._clipboard: QClipboard = QGuiApplication.clipboard()
        self._secret: str | None = None
        self._timer = QTimer(self, singleShot=True, interval=round(clear_after * 1000))
        self._timer.timeout.connect(self.clear_secret)

    def copy(self, text: str) -> None:
        """Put `text` on the clipboard."""
        self._forget()
        self._clipboard.setText(text)

    def copy_secret(self, text: str) -> None:
        """Put `text` on the clipboard for a short time, out of histories."""
        content = QMimeData()
        content.setText(text)
        for mark, value in _DO_NOT_RECORD.items():
            content.setData(mark, QByteArray(value))
        self._clipboard.setMimeData(content)
        self._secret = text
        self._timer.start()

    def clear_secret(self) -> None:
        """Empty the clipboard if it still holds the secret that was put there."""
        secret = self._secret
        self._forget()
        # Asking another program for its text may take it seconds: only where it took ours over.
        if secret is not None and (
            self._clipboard.ownsClipboard() or self._clipboard.text() == secret
        ):
            self._clipboard.clear()

    def _forget(self) -> None:
        self._secret = None
        self._timer.stop()
