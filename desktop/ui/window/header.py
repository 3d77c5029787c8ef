"""The header of the window: the profile, how it stands, and the button for the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.qt_constants import NO_FOCUS
from desktop.ui.kit.theme import GAP, SPACE
from desktop.ui.kit.widgets import label

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

_LOGO = 28
_GEAR = 32  # the button that opens the settings
_MOST_LINES = 2  # of a name; its place is shown whole, since a host is told apart by its end


class Header(QWidget):
    """Who one signs in as, and how it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._logo = QLabel()
        self._logo.setFixedSize(_LOGO, _LOGO)
        self._name = FittedLabel("name", most=_MOST_LINES)
        self._name.setText("XDR Login")
        self._place = FittedLabel("muted")
        self._badge = _badge("Starting", "neutral")
        self._corner_widget = QWidget()  # the place of the button that comes later
        self._corner_widget.setFixedSize(_GEAR, _GEAR)
        words, self._state, self._corner = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._switcher = QHBoxLayout()
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE, SPACE - 4, SPACE - 6, GAP)
        line.setSpacing(14)
        line.addWidget(self._logo)
        line.addSpacing(-12)
        line.addLayout(self._switcher)
        line.addLayout(words, 1)
        line.addLayout(self._state)
        line.addSpacing(-8)
        line.addLayout(self._corner)
        # Not before they were added: see `add_row`.
        words.setSpacing(1)
        words.addWidget(self._name)
        words.addWidget(self._place)
        self._place.hide()
        self._state.addWidget(self._badge)
        self._corner.addWidget(self._corner_widget)

    def set_profile(self, name: str, place: str) -> None:
        """The name of the profile, and where that is."""
        self._name.setText(name)
        self._place.setText(place)
        self._place.setVisible(bool(place))  # else the name would stand above the middle

    def set_logo(self, icon: QIcon) -> None:
        """The icon of the application."""
        self._logo.setPixmap(icon.pixmap(QSize(_LOGO, _LOGO), self.devicePixelRatioF()))

    def put_beside_logo(self, button: QWidget) -> None:
        """Put `button`, which opens the list of profiles, beside the badge of the one it is."""
        self._switcher.addWidget(button)
        _put_first_in_tab_order(button)

    def put_in_corner(self, button: QWidget) -> None:
        """Put `button` into the place that was kept for it."""
        self._corner_widget.hide()
        self._corner_widget.deleteLater()
        self._corner.addWidget(button)
        self._corner_widget = button
        _put_first_in_tab_order(button)

    def show_badge(self, text: str, kind: str) -> None:
        """How it stands, in a word."""
        if text != self._badge.text():
            # Another one, because dressing it anew asks for its style, and that loads `Qt` before
            # the first code.
            self._badge.hide()
            self._badge.deleteLater()
            self._badge = _badge(text, kind)
            self._badge.setAccessibleName(f"State: {text}")
            self._state.addWidget(self._badge)


def _badge(text: str, kind: str) -> QLabel:
    made = label(text)
    made.setWordWrap(False)
    made.setProperty("badge", kind)
    # A long name beside it must not blow it up.
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def _put_first_in_tab_order(button: QWidget) -> None:
    """Let Tab reach `button`, which was made late, before what is below it."""
    each = button.window().nextInFocusChain()
    while each is not None and each is not button:
        if each.focusPolicy().value != NO_FOCUS:
            # To and fro: Qt puts nothing behind what is last.
            QWidget.setTabOrder(each, button)
            QWidget.setTabOrder(button, each)
            return
        each = each.nextInFocusChain()
