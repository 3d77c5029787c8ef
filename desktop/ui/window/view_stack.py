"""The content of the window: a header, the view of the state or pages on it, and a footer."""

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


class _OpenPage:
    """A page, and the focus and the scroll position of what it covers."""

    def __init__(self, page: View, focus_below: QWidget | None, scroll_below: int) -> None:
        self.page = page
        self.focus_below = focus_below
        self.scroll_below = scroll_below


class ViewStack(QWidget):
    """Shows a view or, on top of it, pages; the one that was opened last is in sight.

    With `covers_page` the view is on top, and the pages wait below it. What comes gets the focus
    before what goes is hidden: otherwise Qt moves it to the header, and a reader reads that first.

    Signals:
        page_closed: a page was closed.
    """

    page_closed = Signal()

    def __init__(self, parent: QWidget, header: QWidget, view: View) -> None:
        super().__init__(parent)
        self.view = view
        self.covers_page = False
        self._open: list[_OpenPage] = []
        self._views = QVBoxLayout()
        self._footer = QVBoxLayout()
        self._scroll = QScrollArea()
        self._lay_out(header)
        self._add(view)

    @property
    def pages(self) -> tuple[View, ...]:
        """The open pages; Back and Escape lead from the last one to the one before it."""
        return tuple(each.page for each in self._open)

    @property
    def page(self) -> View | None:
        return self._open[-1].page if self._open else None

    @property
    def shown(self) -> View:
        return self.view if self.page is None or self.covers_page else self.page

    def replace_view(self, view: View, *, state: State, at: datetime, news: str) -> None:
        """Show `state` in `view` instead of the current view, below the pages if there are any.

        A screen reader says `news` when the focus gets there.
        """
        with unheard():
            view.show_state(state, at)
        old, self.view = self.view, view
        ringed = has_focus_ring(self.focusWidget())
        for each in self._open[:1]:
            if each.focus_below is not None and _contains(old, each.focus_below):
                each.focus_below = None
        self._add(view)
        _describe_primary(view, news)
        _set_visible(view, shown=self.shown is view)
        if self.shown is view:
            _focus_primary(view, ringed=ringed)
        self._remove(old)

    def cover_page(self, *, covered: bool) -> None:
        """Put the view on top of the pages, or the pages on top again."""
        if covered is self.covers_page:
            return
        self.covers_page = covered
        if self._open:
            self._show_topmost(ringed=has_focus_ring(self.focusWidget()))

    def show_page(self, page: View) -> None:
        """Put `page` on top; one of the same kind, and what is on top of that, makes way for it."""
        ringed = has_focus_ring(self.focusWidget())
        opened = _OpenPage(page, self.focusWidget(), self._scroll.verticalScrollBar().value())
        kinds = [type(each) for each in self.pages]
        gone: tuple[View, ...] = ()
        if type(page) in kinds:
            place = kinds.index(type(page))
            gone = self.pages[place:]
            opened, self._open = self._open[place], self._open[:place]
            opened.page = page
        self._open.append(opened)
        self._add(page)
        page.setAccessibleName(_title_of(page))
        if self.covers_page:
            _set_visible(page, shown=False)
        else:
            _describe_primary(page, _title_of(page))
            self._show_topmost(ringed=ringed)
            self._scroll.verticalScrollBar().setValue(0)
            say(page, _title_of(page), again=False)
        for each in gone:
            self._remove(each)

    def close_page(self, page: View) -> None:
        """Close `page`; if it is on top, restore focus and scroll position of what is below it."""
        place = self.pages.index(page)
        closed, ringed = self._open.pop(place), has_focus_ring(self.focusWidget())
        is_topmost = place == len(self._open)
        if is_topmost:
            _set_visible(self.shown, shown=True)
            self._restore_focus(closed.focus_below, ringed=ringed)
        else:
            above = self._open[place]
            above.focus_below, above.scroll_below = closed.focus_below, closed.scroll_below
        self._remove(page)
        if is_topmost:
            self._scroll.verticalScrollBar().setValue(closed.scroll_below)
        self.page_closed.emit()

    def close_pages(self) -> None:
        for page in self.pages:
            self.close_page(page)

    def show_state_on_pages(self, state: State, at: datetime) -> None:
        """Show `state` on the page in sight; close those that cannot show it."""
        for page in self.pages:
            if not page.shows(state):
                self.close_page(page)
        if self.page is not None:
            self.page.show_state(state, at)

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

    def _show_topmost(self, *, ringed: bool) -> None:
        _set_visible(self.shown, shown=True)
        _focus_primary(self.shown, ringed=ringed)
        for each in (self.view, *self.pages):
            _set_visible(each, shown=each is self.shown)

    def _restore_focus(self, left: QWidget | None, *, ringed: bool) -> None:
        if left is None or not (left.isEnabled() and left.isVisibleTo(self)):
            _focus_primary(self.shown, ringed=ringed)
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
