"""The token itself, on screen for as long as somebody looks at it."""

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer
from PySide6.QtGui import (
    QFontDatabase,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit

from desktop.ui.kit.widgets import Button, Card, add_row, fit_to_text, label, scroll_into_view
from desktop.ui.views.actions import Actions, PageActions
from desktop.ui.wording import page_texts

SHOWN_FOR = 20_000  # milliseconds
_LINES = 6
_LAID_OUT = 40  # milliseconds, by which Qt has given it its place


class TokenReveal(Card):
    """A button that shows the token, and hides it again.

    It is hidden after 20 seconds, with the page, and as soon as another window has the focus.
    Hidden means gone: no widget holds it.
    """

    def __init__(self, actions: Actions, pages: PageActions) -> None:
        super().__init__(spacing=8)
        self._actions = actions
        self._pages = pages
        self._shown: _TokenText | None = None
        self._button = fit_to_text(Button("Show token", self._press, "link"))
        self._note = label(page_texts.HIDDEN, "muted")
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_FOR)
        self._timer.timeout.connect(self.hide_token)
        self._scroll_timer = QTimer(self, singleShot=True, interval=_LAID_OUT)
        self._scroll_timer.timeout.connect(self.scroll_to_token)
        add_row(self.column, label("Access token", "heading"), self._button).setStretch(0, 1)
        self.column.addWidget(self._note)

    def hide_token(self) -> None:
        """Take the token off the screen, and out of the widgets."""
        self._timer.stop()
        shown, self._shown = self._shown, None
        if shown is None:
            return
        if shown.hasFocus():
            self._button.take_focus(ringed=True)
        shown.forget()
        shown.hide()
        shown.deleteLater()
        self._button.restore_text()
        self._note.setText(page_texts.HIDDEN)

    def hideEvent(self, event: QHideEvent) -> None:
        """Hide the token with the page, or with the window."""
        super().hideEvent(event)
        self.hide_token()

    def event(self, event: QEvent) -> bool:
        """Hide the token as soon as another window has the focus."""
        if event.type() == QEvent.Type.WindowDeactivate:
            self.hide_token()
        return super().event(event)

    def show_token(self) -> None:
        """Show the token, for 20 seconds."""
        token = self._pages.reveal_token()
        self._note.setText(page_texts.SHOWN if token else page_texts.NO_LONGER_VALID)
        if token:
            self._shown = _TokenText(token, self._actions)
            self.column.addWidget(self._shown)
            self._button.replace_text("Hide token")
            self._timer.start()
            self._scroll_timer.start()

    def scroll_to_token(self) -> None:
        """Scroll to the token, once it has its place."""
        scroll_into_view(self)

    def _press(self) -> None:
        if self._shown is None:
            self.show_token()
        else:
            self.hide_token()


class _TokenText(QPlainTextEdit):
    """The token in a fixed-width font, broken wherever a line ends.

    Copying from it goes the way of the button: out of the clipboard histories, and taken back.
    """

    def __init__(self, token: str, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAccessibleName("Access token, shown")
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        # Its menu would copy it plainly.
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setPlainText(token)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.setStyleSheet(f'font-family: "{font.family()}";')
        self.setFixedHeight(_LINES * self.fontMetrics().lineSpacing() + 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy by the safe way; all other keys as usual."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._actions.copy_token()
        else:
            super().keyPressEvent(event)

    def createMimeDataFromSelection(self) -> QMimeData:
        """Give nothing to drags and to the selection of X11: to select is to look."""
        return QMimeData()

    def forget(self) -> None:
        """Empty it."""
        self.clear()
