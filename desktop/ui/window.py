"""The one window: a header, the view of the state, and a footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from desktop.ui.numbers import ESCAPE, NO_FOCUS, SCROLL_BAR_ALWAYS_OFF
from desktop.ui.starting_view import StartingView
from desktop.ui.theme import GAP, NARROWEST, SPACE, WIDEST_COLUMN, Theme
from desktop.ui.widgets import View, has_ring, label

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent, QPaintEvent

    from desktop.services.profiles import Profile
    from desktop.services.states import State
    from desktop.ui.actions import Actions

_LOGO = 28
_FRAME = 40  # what a title bar takes of the screen


class Window(QWidget):
    """Draws a state; holds none beyond what is on screen.

    Signals:
        painted: the first paint is over.
        closed: the person has closed it.
    """

    painted = Signal()
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("XDR Login")
        self.setMinimumSize(NARROWEST, 320)
        screen = self.screen().availableSize()
        self.resize(min(440, screen.width()), min(640, screen.height() - _FRAME))
        self._theme = theme
        self._actions: Actions | None = None
        self._profile: Profile | None = None
        self._has_painted = False
        self._header = _Header()
        self._page = QVBoxLayout()
        self._footer = QVBoxLayout()
        self._lay_out()
        self.view: View = StartingView(theme, self._cancel)
        self._place_view()
        # Qt would put the keyboard on Cancel, where a Return too many ends the program; and telling
        # a button why it has the keyboard loads `Qt` before the first paint.
        self.setFocus()

    def serve(self, actions: Actions) -> None:
        """Let the buttons call `actions` from now on; before, leaving is all that one can do."""
        self._actions = actions

    def set_profile(self, profile: Profile) -> None:
        """Name the profile in the header."""
        self._profile = profile
        self._header.set_words(profile.name, profile.place)

    def set_icon(self, icon: QIcon) -> None:
        """Show the icon of the application in the title bar and in the header."""
        self.setWindowIcon(icon)
        self._header.set_logo(icon)

    def show_state(self, state: State, at: datetime) -> None:
        """Show `state` as it is at `at`; `serve` must have been called."""
        from desktop.ui import texts

        if not self.view.shows(state):
            self._replace_view(self._view_for(state))
        self.view.show_state(state, at)
        self._header.show_badge(*texts.badge(state, at))

    def copy_shown(self) -> None:
        """Copy what the view on screen is about: the code, the token, the details."""
        self.view.copy()

    def escape(self) -> None:
        """Leave what was opened on top of the view, or give up what is under way."""
        if not self.view.step_back():
            self._cancel()

    def _cancel(self) -> None:
        if self._actions is None:
            self.close()
        else:
            self._actions.cancel()

    def _view_for(self, state: State) -> View:
        if self._actions is None:
            raise RuntimeError("nothing but the start can be shown before `serve`")
        from desktop.ui.views import view_for

        return view_for(state, self._actions, theme=self._theme, profile=self._profile)

    def _replace_view(self, view: View) -> None:
        old, self.view = self.view, view
        ringed = has_ring(self.focusWidget())
        for part in (old, old.footer):
            part.hide()
            part.deleteLater()
        self._place_view()
        first = view.primary()
        if first is not None:
            first.take_focus(ringed=ringed)

    def _place_view(self) -> None:
        self._page.addWidget(self.view)
        self._footer.addWidget(self.view.footer)

    def _lay_out(self) -> None:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE, 0, SPACE, GAP)
        column.addLayout(self._page)
        scroll = QScrollArea()
        scroll.setObjectName("scroll")
        scroll.setWidgetResizable(True)
        scroll.setProperty("horizontalScrollBarPolicy", SCROLL_BAR_ALWAYS_OFF)
        scroll.setProperty("focusPolicy", NO_FOCUS)
        scroll.setWidget(page)
        self._footer.setContentsMargins(SPACE, 4, SPACE, SPACE - 6)
        whole = QWidget()
        whole.setMaximumWidth(WIDEST_COLUMN + 2 * SPACE)
        inner = QVBoxLayout(whole)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self._header)
        inner.addWidget(scroll, 1)
        inner.addLayout(self._footer)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(whole)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first paint."""
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            # Not before what is in the window has been painted too.
            QTimer.singleShot(0, self.painted.emit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up, from the first paint on; the other keys wait until they are loaded."""
        if event.key() == ESCAPE:
            self.escape()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell of being closed."""
        super().closeEvent(event)
        self.closed.emit()


class _Header(QWidget):
    """Who one signs in as, and how it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._logo = QLabel()
        self._logo.setFixedSize(_LOGO, _LOGO)
        self._name = label("XDR Login", "name")
        self._place = label("", "muted")
        self._badge = _badge("Starting", "neutral")
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._name)
        words.addWidget(self._place)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(SPACE, SPACE - 4, SPACE, GAP)
        self._line.setSpacing(14)
        self._line.addWidget(self._logo)
        self._line.addLayout(words, 1)
        self._line.addWidget(self._badge)

    def set_words(self, name: str, place: str) -> None:
        """The name of the profile, and where that is."""
        self._name.setText(name)
        self._place.setText(place)

    def set_logo(self, icon: QIcon) -> None:
        """The icon of the application."""
        self._logo.setPixmap(icon.pixmap(QSize(_LOGO, _LOGO), self.devicePixelRatioF()))

    def show_badge(self, text: str, kind: str) -> None:
        """How it stands, in a word."""
        if text != self._badge.text():
            # Another one, because dressing it anew asks for its style, and that loads `Qt` before
            # the first code.
            self._badge.hide()
            self._badge.deleteLater()
            self._badge = _badge(text, kind)
            self._badge.setAccessibleName(f"State: {text}")
            self._line.addWidget(self._badge)


def _badge(text: str, kind: str) -> QLabel:
    made = label(text)
    made.setWordWrap(False)
    made.setProperty("badge", kind)
    # A long name beside it must not blow it up.
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made
