"""Starting: the layout of the next view, with a quiet busy indicator and Cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.widgets import Button, Card, View, fit_to_text, label, set_style_property

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QHideEvent, QShowEvent

    from desktop.services.model.states import Requesting, State
    from desktop.ui.kit.theme import Theme

_HEIGHT = 292  # of the card with the code, which replaces this one


class StartingView(View):
    """The view until there is a code or a saved token, usually for less than a second."""

    def __init__(self, theme: Theme, cancel: Callable[[], object]) -> None:
        super().__init__()
        card = Card(plain=True)
        self._title = label(translate("One moment"), "title", centered=True)
        self._text = label(translate("Getting ready…"), "subtitle", centered=True)
        card.column.addWidget(self._title)
        card.column.addWidget(self._text)
        card.column.addWidget(_Dots(theme))
        card.column.addStretch(1)
        card.setMinimumHeight(_HEIGHT)
        self.column.addStretch(1)
        self.column.addWidget(card)
        self.column.addStretch(1)
        self.footer_row.addWidget(fit_to_text(Button(translate("Cancel"), cancel, "quiet")))
        self.footer_row.addStretch(1)

    def shows(self, state: State) -> bool:
        from desktop.services.model.states import Requesting

        return isinstance(state, Requesting)

    def show_state(self, state: Requesting, _at: datetime | None = None) -> None:
        self._text.setText(
            translate("Opening your keyring…")
            if state.opening
            else translate("Contacting the server…")
        )


class _Dots(QWidget):
    """Three dots that light up in turn, if motion is allowed.

    Labels with a style sheet: a painter would load too much before the first paint, see
    docs/decisions/start.md.
    """

    _STEP = 320  # milliseconds

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lit = 1
        self._dots = [QLabel() for _ in range(3)]
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 22, 0, 22)
        line.setSpacing(12)
        line.addStretch(1)
        for number, dot in enumerate(self._dots):
            dot.setFixedSize(8, 8)
            dot.setProperty("dot", "lit" if number == self._lit else "dim")
            line.addWidget(dot)
        line.addStretch(1)
        self._timer = QTimer(self, interval=self._STEP)
        self._timer.timeout.connect(self._step)
        self.setAccessibleName(translate("Working"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _step(self) -> None:
        if self._theme.allows_motion:
            self._lit = (self._lit + 1) % len(self._dots)
            for number, dot in enumerate(self._dots):
                set_style_property(dot, "dot", "lit" if number == self._lit else "dim")
