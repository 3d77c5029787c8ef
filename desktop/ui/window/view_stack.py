"""The content of the window: a header, the view of the state or a page on it, and a footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractSlider, QLabel, QScrollArea, QVBoxLayout, QWidget

from desktop.ui.kit.reader_roles import unheard
from desktop.ui.kit.theme import GAP, SPACE
from desktop.ui.kit.widgets import (
    QUIET_PADDING,
    Button,
    View,
    describe_for_now,
    has_focus_ring,
    say,
)
from desktop.ui.kit.word_breaks import unbroken

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.states import State


class ViewStack(QWidget):
    """Shows a view or, on top of it, a page; remembers focus and scroll position below the page.

    With `covers_page` the view is on top, and the page waits below it. What comes gets the focus
    before what goes is hidden: otherwise Qt moves it to the header, and a reader reads that first.

    Signals:
        page_closed: the page was closed.
    """

    page_closed = Signal()

    def __init__(self, parent: QWidget, header: QWidget, view: View) -> None:
        super().__init__(parent)
        self.view = view
        self.page: View | None = None
        self.covers_page = False
        self._focus_below_page: QWidget | None = None
        self._scroll_below_page = 0
        self._views = QVBoxLayout()
        self._footer = QVBoxLayout()
        self._scroll = QScrollArea()
        self._lay_out(header)
        self._add(view)

    @property
    def shown(self) -> View:
        return self.view if self.page is None or self.covers_page else self.page

    def replace_view(self, view: View, *, state: State, at: datetime, news: str) -> None:
        """Show `state` in `view` instead of the current view, below the page if there is one.

        A screen reader says `news` when the focus gets there.
        """
        with unheard():
            view.show_state(state, at)
        old, self.view = self.view, view
        ringed = has_focus_ring(self.focusWidget())
        if self._focus_below_page is not None and _contains(old, self._focus_below_page):
            self._focus_below_page = None
        self._add(view)
        _describe_primary(view, news)
        _set_visible(view, shown=self.shown is view)
        if self.shown is view:
            _focus_primary(view, ringed=ringed)
        self._remove(old)

    def cover_page(self, *, covered: bool) -> None:
        """Put the view on top of the page, or the page on top again."""
        if covered is self.covers_page:
            return
        self.covers_page = covered
        if self.page is not None:
            _set_visible(self.shown, shown=True)
            _focus_primary(self.shown, ringed=has_focus_ring(self.focusWidget()))
            _set_visible(self.page if covered else self.view, shown=False)

    def show_page(self, page: View) -> None:
        ringed = has_focus_ring(self.focusWidget())
        below = self.page or self.view
        if self.page is None:
            self._focus_below_page = self.focusWidget()
            self._scroll_below_page = self._scroll.verticalScrollBar().value()
        self.page = page
        self._add(page)
        _set_visible(page, shown=not self.covers_page)
        page.setAccessibleName(_title_of(page))
        if not self.covers_page:
            _describe_primary(page, _title_of(page))
            _focus_primary(page, ringed=ringed)
            say(page, _title_of(page), again=False)
        if below is not self.view:
            self._remove(below)
        _set_visible(self.view, shown=self.covers_page)
        if not self.covers_page:
            self._scroll.verticalScrollBar().setValue(0)

    def close_page(self) -> None:
        """Close the page, and restore focus and scroll position of the view."""
        page, self.page = self.page, None
        if page is None:
            return
        ringed = has_focus_ring(self.focusWidget())
        _set_visible(self.view, shown=True)
        self._restore_focus(ringed=ringed)
        self._remove(page)
        self._scroll.verticalScrollBar().setValue(self._scroll_below_page)
        self.page_closed.emit()

    def scroll_by(self, key: int) -> bool:
        """Scroll with the keys of the system for that; return whether `key` is one."""
        from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

        moves = QAbstractSlider.SliderAction
        move = {
            Qt.Key.Key_PageDown: moves.SliderPageStepAdd,
            Qt.Key.Key_PageUp: moves.SliderPageStepSub,
            Qt.Key.Key_End: moves.SliderToMaximum,
            Qt.Key.Key_Home: moves.SliderToMinimum,
        }.get(Qt.Key(key))
        if move is not None:
            self._scroll.verticalScrollBar().triggerAction(move)
        return move is not None

    def _restore_focus(self, *, ringed: bool) -> None:
        left, self._focus_below_page = self._focus_below_page, None
        if left is None or not left.isEnabled():
            _focus_primary(self.view, ringed=ringed)
        elif isinstance(left, Button):
            left.take_focus(ringed=ringed)
        else:
            left.setFocus()

    def _add(self, view: View) -> None:
        self._views.addWidget(view)
        self._footer.addWidget(view.footer)

    def _remove(self, view: View) -> None:
        for part in (view, view.footer):
            part.hide()
            part.deleteLater()

    def _keep_width(self, column: QVBoxLayout, *, is_scrollable: bool) -> None:
        """Take the scroll bar's width from the margin, so that everything stays in line."""
        beside = SPACE - (self._scroll.verticalScrollBar().sizeHint().width() * is_scrollable)
        if self.isRightToLeft():
            column.setContentsMargins(beside, 0, SPACE, GAP)
        else:
            column.setContentsMargins(SPACE, 0, beside, GAP)

    def _lay_out(self, header: QWidget) -> None:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE, 0, SPACE, GAP)
        column.addLayout(self._views)
        self._scroll.setObjectName("scroll")
        self._scroll.setWidgetResizable(True)
        self._scroll.setProperty("horizontalScrollBarPolicy", "ScrollBarAlwaysOff")
        self._scroll.setProperty("focusPolicy", "NoFocus")
        self._scroll.setWidget(page)
        self._scroll.verticalScrollBar().rangeChanged.connect(
            lambda _least, most: self._keep_width(column, is_scrollable=most > 0)
        )
        self._footer.setContentsMargins(SPACE - QUIET_PADDING, 4, SPACE - QUIET_PADDING, SPACE - 6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(header)
        whole.addWidget(self._scroll, 1)
        whole.addLayout(self._footer)


def _focus_primary(view: View, *, ringed: bool) -> None:
    primary = view.primary()
    if isinstance(primary, Button):
        primary.take_focus(ringed=ringed)
    elif primary is not None and ringed:
        from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

        primary.setFocus(Qt.FocusReason.TabFocusReason)
    else:  # never on what is next by chance, such as the settings
        (primary or view.window()).setFocus()


def _describe_primary(view: View, text: str) -> None:
    """Describe what gets the focus first, before it does: a reader would say it twice."""
    primary = view.primary()
    if text and primary is not None:
        describe_for_now(primary, text)


def _title_of(page: View) -> str:
    titles = (each for each in page.findChildren(QLabel) if each.property("role") == "title")
    return next((unbroken(each.text()) for each in titles), "")


def _set_visible(view: View, *, shown: bool) -> None:
    view.setVisible(shown)
    view.footer.setVisible(shown)


def _contains(view: View, widget: QWidget) -> bool:
    return view.isAncestorOf(widget) or view.footer.isAncestorOf(widget)
