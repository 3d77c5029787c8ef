"""Shows the token itself for a short time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QKeySequence, QTextOption
from PySide6.QtWidgets import QPlainTextEdit

from desktop.services.system.translation import translate
from desktop.ui.kit.widgets import Button, Card, add_row, fit_to_text, label, scroll_into_view
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QKeyEvent

    from desktop.ui.pages.details_controller import DetailsController
    from desktop.ui.views.actions import Actions

SHOWN_FOR = 20_000  # milliseconds
_LINES = 6
_LAID_OUT = 40  # milliseconds until Qt has laid it out


class TokenReveal(Card):
    """A button that shows and hides the token.

    The token is hidden after 20 seconds, with the page, and when another window gets the focus.
    No widget holds a hidden token.
    """

    def __init__(self, actions: Actions, controller: DetailsController) -> None:
        super().__init__(spacing=8)
        self._actions = actions
        self._controller = controller
        self._shown: _TokenText | None = None
        self._button = fit_to_text(Button(translate("Show token"), self._press, "link"))
        self._note = label(translate(page_texts.HIDDEN), "muted")
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_FOR)
        self._timer.timeout.connect(self.hide_token)
        self._scroll_timer = QTimer(self, singleShot=True, interval=_LAID_OUT)
        self._scroll_timer.timeout.connect(self.scroll_to_token)
        heading = label(translate("Access token"), "heading", reads_as="Heading")
        add_row(self.column, heading, self._button).setStretch(0, 1)
        self.column.addWidget(self._note)

    def hide_token(self) -> None:
        """Remove the token from the screen and from all widgets."""
        self._timer.stop()
        shown, self._shown = self._shown, None
        if shown is None:
            return
        if shown.hasFocus():
            self._button.take_focus(ringed=True)
        shown.clear()
        shown.hide()
        shown.deleteLater()
        self._button.restore_text()
        self._note.setText(translate(page_texts.HIDDEN))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hide_token()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowDeactivate:
            self.hide_token()
        return super().event(event)

    def show_token(self) -> None:
        if self._controller.is_confirmed_each_time():
            self._note.setText(translate(page_texts.ONLY_COPIED))
            return
        token = self._controller.reveal_token()
        self._note.setText(translate(page_texts.SHOWN if token else page_texts.NO_LONGER_VALID))
        if token:
            self._shown = _TokenText(token, self._actions)
            self.column.addWidget(self._shown)
            self._button.replace_text(translate("Hide token"))
            self._timer.start()
            self._scroll_timer.start()

    def scroll_to_token(self) -> None:
        """Scroll to the token once it is laid out."""
        scroll_into_view(self)

    def _press(self) -> None:
        if self._shown is None:
            self.show_token()
        else:
            self.hide_token()


class _TokenText(QPlainTextEdit):
    """The token in a fixed-width font, wrapped anywhere.

    The copy key does the same as the copy button: no clipboard history, cleared later.
    """

    def __init__(self, token: str, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAccessibleName(translate("Access token, shown"))
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        # Its menu would copy the token without clearing it later.
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.setPlainText(token)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.setStyleSheet(f'font-family: "{font.family()}";')
        self.setFixedHeight(_LINES * self.fontMetrics().lineSpacing() + 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._actions.copy_token()
        else:
            super().keyPressEvent(event)

    def createMimeDataFromSelection(self) -> QMimeData:
        """Keep the token out of drags and of the X11 selection."""
        return QMimeData()
