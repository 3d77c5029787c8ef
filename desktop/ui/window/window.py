"""The one window: a header, the view of the state, and a footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.ui.kit.qt_constants import ESCAPE, KEY_Q, NO_FOCUS, SCROLL_BAR_ALWAYS_OFF
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE, WIDEST_COLUMN, Theme
from desktop.ui.kit.widgets import Button, View, has_focus_ring
from desktop.ui.views.starting_view import StartingView
from desktop.ui.window.header import Header

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent, QPaintEvent, QWindow

    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.ui.kit.copy_progress import CopyProgress
    from desktop.ui.views.actions import Actions

_FRAME = 40  # what a title bar takes of the screen


class Window(QWidget):
    """Draws a state; holds none beyond what is on screen.

    Signals:
        painted: the first paint is over.
        closed: the person has closed it: it is hidden, or minimized where that is the way back.
        sight_changed: `in_sight` says something else, and the platform's window has not told.
        page_closed: the page on top of the view has been left.
    """

    painted = Signal()
    closed = Signal()
    sight_changed = Signal()
    page_closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("XDR Login")
        self.setMinimumSize(NARROWEST, 320)
        screen = self.screen().availableSize()
        self.resize(min(440, screen.width()), min(640, screen.height() - _FRAME))
        self.theme = theme
        self._actions: Actions | None = None
        self._profile: Profile | None = None
        self._shows_other_profile = False  # whose view is on screen
        self._has_painted = False
        self._may_hide: Callable[[], bool] | None = None
        self._is_minimized = False
        self._header = Header()
        self._pages = QVBoxLayout()
        self._footer = QVBoxLayout()
        self._lay_out()
        self.view: View = StartingView(theme, self._cancel)
        self.page: View | None = None
        self._focus_below_page: QWidget | None = None  # what the keyboard was on below the page
        self._scroll_below_page = 0
        self._add_view(self.view)
        # Qt would put the keyboard on Cancel, where a Return too many ends the program; and telling
        # a button why it has the keyboard loads `Qt` before the first paint.
        self.setFocus()

    def set_actions(self, actions: Actions) -> None:
        """Let the buttons call `actions` from now on; before, leaving is all that one can do."""
        self._actions = actions

    def set_profile(self, profile: Profile | None) -> None:
        """Name the profile in the header, or the program where there is none."""
        if self._profile not in (None, profile):
            self._shows_other_profile = True
        self._profile = profile
        labels = (
            (profile.name, profile.provider_label)
            if profile is not None
            else (self.windowTitle(), "")
        )
        self._header.set_profile(*labels)

    def set_icon(self, icon: QIcon) -> None:
        """Show the icon of the application in the title bar and in the header."""
        self.setWindowIcon(icon)
        self._header.set_logo(icon)

    def show_state(self, state: State, at: datetime) -> None:
        """Show `state` as it is at `at`; `serve` must have been called."""
        from desktop.ui.wording import window_texts

        # What a view shows of a profile besides its state, what it asks and what it has
        # acknowledged, must not be taken for another profile's.
        if self._shows_other_profile or not self.view.shows(state):
            self._shows_other_profile = False
            self._replace_view(self._view_for(state))
        self.view.show_state(state, at)
        self._header.show_badge(*window_texts.badge(state, at))
        if self.page is not None and self.page.shows(state):
            self.page.show_state(state, at)
        elif self.page is not None:
            self.close_page()

    def show_copy(self, progress: CopyProgress) -> None:
        """Show what comes of a wish to copy the token, where it was wished."""
        self.view.show_copy(progress)

    def add_settings_button(self) -> None:
        """Put the button that opens the settings where the header keeps a place for it.

        Not before the first paint, and not in the way of the first code: it is a picture.
        """
        from desktop.ui.kit.icon_button import IconButton

        if self._actions is not None:
            self._header.put_in_corner(
                IconButton(
                    "Settings",
                    self._actions.open_settings,
                    icon="settings.svg",
                    theme=self.theme,
                )
            )

    def add_profile_switcher(self) -> None:
        """Put the button that opens the list of profiles beside the badge; late, as the other."""
        from desktop.ui.window.profile_switcher import ProfileSwitcher

        if self._actions is not None:
            self._header.put_beside_logo(ProfileSwitcher(self._actions))

    def show_badge(self, profile: Profile | None) -> None:
        """Tell `profile` apart by its badge; with `None` show the icon of the application."""
        from desktop.ui.kit.profile_badge import badge_icon

        self._header.set_logo(badge_icon(profile) if profile is not None else self.windowIcon())

    def show_page(self, page: View) -> None:
        """Lay `page` on top of the view of the state, until `close_page`."""
        ringed = has_focus_ring(self.focusWidget())
        if self.page is not None:
            self._remove_view(self.page)
        else:
            self._focus_below_page = self.focusWidget()
            self._scroll_below_page = self._scroll.verticalScrollBar().value()
        self.page = page
        _set_visible(self.view, shown=False)
        self._add_view(page)
        _set_visible(page, shown=True)
        self._scroll.verticalScrollBar().setValue(0)
        first = page.primary()
        if first is not None:
            first.take_focus(ringed=ringed)

    def close_page(self) -> None:
        """Leave the page, and go on where one was before it."""
        page, self.page = self.page, None
        if page is None:
            return
        ringed = has_focus_ring(self.focusWidget())
        _set_visible(self.view, shown=True)
        self._remove_view(page)
        self._restore_focus(self._focus_below_page, ringed=ringed)
        self._focus_below_page = None
        self._scroll.verticalScrollBar().setValue(self._scroll_below_page)
        self.page_closed.emit()

    def _restore_focus(self, left: QWidget | None, *, ringed: bool) -> None:
        if left is None or not left.isEnabled():
            left = self.view.primary()
        if isinstance(left, Button):
            left.take_focus(ringed=ringed)
        elif left is not None:
            left.setFocus()

    def copy_shown(self) -> None:
        """Copy what is on screen: the code, the token, the details."""
        (self.page or self.view).copy()

    def escape(self) -> None:
        """Leave what was opened on top of the view, or give up what is under way."""
        if (self.page or self.view).step_back():
            return
        if self.page is not None:
            self.close_page()
        else:
            self._cancel()

    def set_may_hide(self, may_hide: Callable[[], bool]) -> None:
        """From now on, minimize instead of closing where `may_hide` says no at that moment."""
        self._may_hide = may_hide

    def in_sight(self) -> bool:
        """Whether it is on screen, as far as one can know."""
        # Of the platform's window, which knows it first.
        is_shown = self.handle().visibility().name not in {"Hidden", "Minimized"}
        return is_shown and not self._is_minimized

    def minimize(self) -> None:
        """Minimize it; until it is active again it counts as out of sight.

        Wayland does not tell a window that it is minimized, and Qt takes the next word of the
        compositor for its return.
        """
        self.showMinimized()
        if not self._is_minimized:
            self._is_minimized = True
            self.handle().activeChanged.connect(self._on_active)
            self.sight_changed.emit()

    def handle(self) -> QWindow:
        """The window of the platform; it is made if need be, without being shown."""
        self.winId()
        return self.windowHandle()

    def _on_active(self) -> None:
        if self.handle().isActive():
            self.handle().activeChanged.disconnect(self._on_active)
            self._is_minimized = False
            self.sight_changed.emit()

    def _cancel(self) -> None:
        if self._actions is None:
            self.close()
        else:
            self._actions.cancel()

    def _quit(self) -> None:
        if self._actions is None:
            self.close()
        else:
            self._actions.quit()

    def _view_for(self, state: State) -> View:
        if self._actions is None:
            raise RuntimeError("nothing but the start can be shown before `serve`")
        from desktop.ui.views.view_for_state import view_for

        return view_for(state, self._actions, theme=self.theme, profile=self._profile)

    def _replace_view(self, view: View) -> None:
        old, self.view = self.view, view
        ringed = has_focus_ring(self.focusWidget())
        if self._focus_below_page is not None and _contains(old, self._focus_below_page):
            self._focus_below_page = None
        self._remove_view(old)
        self._add_view(view)
        if self.page is not None:
            _set_visible(view, shown=False)
            return
        first = view.primary()
        if first is not None:
            first.take_focus(ringed=ringed)

    def _add_view(self, view: View) -> None:
        self._pages.addWidget(view)
        self._footer.addWidget(view.footer)

    def _remove_view(self, view: View) -> None:
        for part in (view, view.footer):
            part.hide()
            part.deleteLater()

    def _lay_out(self) -> None:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE, 0, SPACE, GAP)
        column.addLayout(self._pages)
        self._scroll = scroll = QScrollArea()
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
        """Escape gives up and Ctrl+Q ends the program, from the first paint on."""
        if event.key() == ESCAPE:
            self.escape()
        elif event.key() == KEY_Q and event.modifiers().name == "ControlModifier":
            self._quit()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide, or minimize where nothing else would be left to come back from; tell of it."""
        if self._may_hide is None or self._may_hide():
            super().closeEvent(event)
        else:
            event.ignore()
            self.minimize()
        self.closed.emit()


def _set_visible(view: View, *, shown: bool) -> None:
    view.setVisible(shown)
    view.footer.setVisible(shown)


def _contains(view: View, widget: QWidget) -> bool:
    return view.isAncestorOf(widget) or view.footer.isAncestorOf(widget)
