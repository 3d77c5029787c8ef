"""The one window: a header, the view of the state, and a footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.ui.kit.theme import NARROWEST, SPACE, WIDEST_COLUMN, Theme
from desktop.ui.views.starting_view import StartingView
from desktop.ui.window.header import Header
from desktop.ui.window.view_stack import ViewStack

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent, QWindow

    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.ui.kit.copy_progress import CopyProgress
    from desktop.ui.kit.widgets import View
    from desktop.ui.views.actions import Actions

_FRAME = 40  # pixels of the title bar


class Window(QWidget):
    """Shows a state, and keeps nothing else.

    Signals:
        painted: the first paint is over.
        closed: the user closed it: it is hidden or, without a tray, minimized.
        sight_changed: `in_sight` has changed without a signal of the platform's window.
        page_closed: a page on top of the view was closed.
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
        self._shows_other_profile = False  # the view on screen is another profile's
        self._has_painted = False
        self._may_hide: Callable[[], bool] | None = None
        self._is_minimized = False
        self._header = Header()
        self._stack = ViewStack(self, self._header, StartingView(theme, self._cancel))
        self._stack.page_closed.connect(self.page_closed)
        _lay_out(self, self._stack)
        # Qt would focus Cancel, where Return would quit. The reason for that focus would also load
        # `Qt` before the first paint, see docs/decisions/start.md.
        self.setFocus()

    @property
    def view(self) -> View:
        return self._stack.view

    @property
    def page(self) -> View | None:
        """The page in sight, unless XDR Login is locked."""
        return self._stack.page

    @property
    def pages(self) -> tuple[View, ...]:
        """The open pages, of which the last is in sight."""
        return self._stack.pages

    def set_actions(self, actions: Actions) -> None:
        """Let the buttons call `actions`; before that, the window can only be closed."""
        self._actions = actions
        self._header.set_actions(actions)

    def set_profile(self, profile: Profile | None) -> None:
        if profile is not None and profile == self._profile:
            return
        if self._profile is not None:
            self._shows_other_profile = True
        self._profile = profile
        self._header.profile_button.show_profile(profile, self.windowIcon())

    def show_state(self, state: State, at: datetime, *, news: str = "") -> None:
        """Show `state` as it is at `at`, and say `news` of it; only after `set_actions`."""
        from desktop.services.model.states import Locked

        # Another profile always gets a new view, because a view may show a question or a
        # confirmation that belongs to its profile.
        if self._shows_other_profile or not self.view.shows(state):
            self._shows_other_profile = False
            self._stack.replace_view(self._view_for(state), state=state, at=at, news=news)
        self._stack.cover_page(covered=isinstance(state, Locked))
        self._header.show_buttons(shown=not self.is_covered)
        self.view.show_state(state, at)
        self._stack.show_state_on_pages(state, at)

    @property
    def is_covered(self) -> bool:
        """Whether XDR Login is locked, so that no page can be seen."""
        return self._stack.covers_page

    def show_copy(self, progress: CopyProgress) -> None:
        self.view.show_copy(progress)

    def show_cleared(self) -> None:
        """Show that XDR Login no longer keeps a token on the clipboard."""
        from desktop.ui.kit.copy_progress import Cleared

        self.view.show_copy(Cleared())

    def enable_header(self) -> None:
        """Let the buttons of the header work, and do what was pressed before that."""
        self._header.enable()

    def add_profile_switcher(self) -> None:
        """Load the list of profiles that the header opens; not before the first code."""
        self._header.add_profile_switcher()

    def show_page(self, page: View) -> None:
        """Show `page` on top of the view and of other pages until it is closed."""
        self._stack.show_page(page)

    def close_page(self, page: View | None = None) -> None:
        """Close `page`, or go back from the one in sight to what is below it."""
        if (closed := page or self.page) is not None:
            self._stack.close_page(closed)

    def close_pages(self) -> None:
        """Go back to the view."""
        self._stack.close_pages()

    def copy_shown(self) -> None:
        """Copy what is on screen: the code, the token or the details."""
        self._stack.shown.copy()

    def escape(self) -> None:
        """Close what is open on top of the view, or cancel what is under way."""
        if self._stack.shown.step_back():
            return
        if self.page is not None and not self.is_covered:
            self.close_page()
        else:
            self._cancel()

    def set_may_hide(self, may_hide: Callable[[], bool]) -> None:
        """Minimize instead of hiding if `may_hide` returns False when the window is closed."""
        self._may_hide = may_hide

    def in_sight(self) -> bool:
        """Whether the window is on screen, as far as the platform reports it."""
        from PySide6.QtGui import QWindow  # late, see docs/decisions/start.md

        hidden = (QWindow.Visibility.Hidden, QWindow.Visibility.Minimized)
        return self.handle().visibility() not in hidden and not self._is_minimized

    def minimize(self) -> None:
        """Minimize the window; it counts as hidden until it is active again.

        Wayland does not tell a window that it is minimized, and Qt takes the next event of the
        compositor for its return.
        """
        self.showMinimized()
        if not self._is_minimized:
            self._is_minimized = True
            self.handle().activeChanged.connect(self._on_active)
            self.sight_changed.emit()

    def handle(self) -> QWindow:
        """Return the window of the platform; create it if necessary, without showing it."""
        self.winId()
        return self.windowHandle()

    def _on_active(self) -> None:
        if self.handle().isActive():
            self.handle().activeChanged.disconnect(self._on_active)
            self._is_minimized = False
            self.sight_changed.emit()

    def _cancel(self) -> None:
        (self._actions.cancel if self._actions is not None else self.close)()

    def _quit(self) -> None:
        (self._actions.quit if self._actions is not None else self.close)()

    def _view_for(self, state: State) -> View:
        if self._actions is None:
            raise RuntimeError("call set_actions before showing a state")
        from desktop.ui.views.view_for_state import view_for

        return view_for(state, self._actions, theme=self.theme, profile=self._profile)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            # After the contents of the window have been painted too.
            QTimer.singleShot(0, self.painted.emit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel with Escape and quit with Ctrl+Q, also before the shortcuts are added."""
        from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

        if event.key() == Qt.Key.Key_Escape:
            self.escape()
        elif (
            event.key() == Qt.Key.Key_Q and event.modifiers() == Qt.KeyboardModifier.ControlModifier
        ):
            self._quit()
        elif not self._stack.scroll_by(event.key()):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window, or minimize it if there is no tray to open it from."""
        if self._may_hide is None or self._may_hide():
            super().closeEvent(event)
        else:
            event.ignore()
            self.minimize()
        self.closed.emit()


def _lay_out(window: Window, stack: ViewStack) -> None:
    stack.setMaximumWidth(WIDEST_COLUMN + 2 * SPACE)
    row = QHBoxLayout(window)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(stack)
