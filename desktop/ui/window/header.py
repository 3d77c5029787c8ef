"""The header of the window: the profile, its state, and the settings button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.theme import GAP, SPACE
from desktop.ui.kit.widgets import label, name_shortcut, set_fitting

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon, QResizeEvent

    from desktop.ui.kit.theme import Theme
    from desktop.ui.views.actions import Actions

_LOGO = 28
_GEAR = 32  # the button that opens the settings
_AROUND = 4 * SPACE  # of the window, and between what is in it
_LARGEST_SHARE = 0.5  # of the width, for the state: the name needs the rest
_MOST_LINES = 2  # of a name; a host is never cut, because its end tells it from a lookalike


class Header(QWidget):
    """The profile and its state."""

    def __init__(self) -> None:
        super().__init__()
        self._logo = QLabel()
        self._logo.setFixedSize(_LOGO, _LOGO)
        self._name = FittedLabel("name", most=_MOST_LINES)
        self._name.setText("XDR Login")
        self._place = FittedLabel("muted")
        self._shown_badge = (translate("Starting"), "neutral")
        self._badge = _badge(*self._shown_badge)
        self._placeholder = QWidget()  # a placeholder for the settings button
        self._placeholder.setFixedSize(_GEAR, _GEAR)
        words, self._state, self._corner = QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._switcher, self._middle = QHBoxLayout(), QHBoxLayout()
        self._profile_switcher: QWidget | None = None
        self._settings_button: QWidget | None = None
        self._shows_buttons = True
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE, SPACE - 4, SPACE - 6, GAP)
        line.setSpacing(14)
        line.addWidget(self._logo)
        line.addSpacing(-12)
        line.addLayout(self._switcher)
        line.addLayout(self._middle, 1)
        self._middle.addLayout(words, 1)
        self._middle.addLayout(self._state)
        line.addSpacing(-8)
        line.addLayout(self._corner)
        # Not before they were added: see `add_row`.
        words.setSpacing(1)
        words.addWidget(self._name)
        words.addWidget(self._place)
        self._place.hide()
        self._state.addWidget(self._badge)
        self._state.addStretch()  # so that below the name it makes the column no narrower
        self._corner.addWidget(self._placeholder)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the state beside or below the name."""
        super().resizeEvent(event)
        self._place_badge()

    def set_profile(self, name: str, place: str) -> None:
        self._name.setText(name)
        self._place.setText(place)
        self._place.setVisible(bool(place))  # otherwise the name would not be centered

    def set_logo(self, icon: QIcon) -> None:
        self._logo.setPixmap(icon.pixmap(QSize(_LOGO, _LOGO), self.devicePixelRatioF()))

    def add_profile_switcher(self, actions: Actions, view: QWidget) -> None:
        """Add the button that opens the list of profiles; Tab goes from it to `view`."""
        from desktop.ui.window.profile_switcher import ProfileSwitcher

        self._profile_switcher = ProfileSwitcher(actions)
        self._add(self._switcher, self._profile_switcher)
        _put_in_tab_order(self._profile_switcher, before=view)

    def add_settings_button(self, actions: Actions, view: QWidget, *, theme: Theme) -> None:
        """Replace the placeholder with the button that opens the settings, the first for Tab."""
        from desktop.ui.kit.icon_button import IconButton

        name = translate("Settings")
        button = IconButton(name, actions.open_settings, icon="settings.svg", theme=theme)
        name_shortcut(button, "Ctrl+,")
        self._placeholder.deleteLater()
        self._placeholder.hide()
        self._settings_button = button
        self._add(self._corner, button)
        _put_in_tab_order(button, before=self._profile_switcher or view)

    def show_buttons(self, *, shown: bool) -> None:
        """Show what opens pages, or hide it while XDR Login is locked."""
        self._shows_buttons = shown
        for each in (self._profile_switcher, self._settings_button):
            if each is not None:
                each.setVisible(shown)

    def _add(self, corner: QHBoxLayout, button: QWidget) -> None:
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        corner.addWidget(button)
        if not self._shows_buttons:
            button.hide()

    def show_badge(self, text: str, kind: str) -> None:
        if (text, kind) != self._shown_badge:
            self._shown_badge = (text, kind)
            # A new label, because restyling the old one would load `Qt` before the first code, see
            # docs/decisions/start.md.
            self._badge.hide()
            self._badge.deleteLater()
            self._badge = _badge(text, kind)
            self._badge.setAccessibleName(translate("State: {state}", state=text))
            self._state.insertWidget(0, self._badge)
            self._place_badge()

    def _place_badge(self) -> None:
        room = self.width() - _LOGO - _GEAR - _AROUND
        set_fitting(self._middle, fits=self._badge.sizeHint().width() <= _LARGEST_SHARE * room)


def _badge(text: str, kind: str) -> QLabel:
    made = label(text)
    made.setWordWrap(False)
    made.setProperty("badge", kind)
    # A long name beside it must not make it larger.
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def _put_in_tab_order(button: QWidget, *, before: QWidget) -> None:
    """Let Tab reach `button`, which was added late, before what is in `before`.

    Not from the window on: for a widget that Qt has made itself, such as the inside of a scroll
    area, PySide6 builds the 78 enumerations of all classes of QtWidgets: 14 ms and 1 MB.
    """
    from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

    each: QWidget | None = before
    while each is not None and each is not button:
        if each.focusPolicy() != Qt.FocusPolicy.NoFocus:
            # Twice, because Qt puts nothing after the last widget.
            QWidget.setTabOrder(each, button)
            QWidget.setTabOrder(button, each)
            return
        each = each.nextInFocusChain()
