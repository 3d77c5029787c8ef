"""The scopes of a token: one line, which opens into what each allows."""

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.services.model.scopes import (
    ScopeDescription,
    ScopeGuide,
    describe_scope,
    is_high_impact,
)
from desktop.services.model.states import SignedIn
from desktop.services.system.translation import translate
from desktop.ui.kit.fitted_label import ElidedLabel
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.widgets import Button, Card, add_row, label, scroll_into_view, set_margins
from desktop.ui.wording import window_texts

_MOST_ROWS = 60  # each takes a millisecond; the details page has all scopes
_WIDEST_NAME = 150  # pixels; the meaning needs the rest
_EDGE = 1  # pixels, which the summary has around its text
_OPEN, _CLOSED = "▴", "▾"


class ScopesCard(Card):
    """How many scopes there are; opened, what each allows. Those not granted are always listed.

    The sensitive ones come first, and of very many scopes only the first are listed.
    """

    def __init__(self, guide: ScopeGuide) -> None:
        super().__init__(spacing=6)
        self.column.setContentsMargins(14, 4, 14, 6)
        self._guide = guide
        self._state: SignedIn | None = None
        self._summary, self._arrow = Button("", self._toggle, "disclosure"), QLabel()
        self._arrow.setTextFormat(Qt.TextFormat.PlainText)
        line = QHBoxLayout(self._summary)
        line.setContentsMargins(0, 0, 0, 0)
        line.addStretch(1)
        line.addWidget(self._arrow)
        self._missing = label("", "muted")
        self._missing.setContentsMargins(_EDGE, 0, _EDGE, 6)
        self._list: QWidget | None = None
        self._is_open = False
        self.column.addWidget(self._summary)
        self.column.addWidget(self._missing)

    def show_state(self, state: SignedIn) -> None:
        before, self._state = self._state, state
        if before is not None and _scopes(before) == _scopes(state):
            return
        self._show_summary(state)
        granted = set(state.scope)
        missing = [scope for scope in state.requested_scope if scope not in granted]
        self._missing.setVisible(bool(missing))
        self._missing.setText(window_texts.missing_scopes(missing))
        self._replace_list(state)

    def close_list(self) -> bool:
        """Close the list; return whether it was open."""
        was_open = self._is_open
        if was_open:
            self._toggle()
        return was_open

    def _toggle(self) -> None:
        self._is_open = not self._is_open
        if self._state is not None:
            self._show_summary(self._state)
            self._replace_list(self._state)
        if self._is_open:
            QTimer.singleShot(0, self, partial(scroll_into_view, self))  # once it is laid out

    def _show_summary(self, state: SignedIn) -> None:
        sensitive = sum(is_high_impact(scope, self._guide) for scope in state.scope)
        text = window_texts.scope_summary(len(state.scope), sensitive)
        self._summary.replace_text(text)
        self._arrow.setText(_OPEN if self._is_open else _CLOSED)
        self._summary.setAccessibleDescription(
            translate("Hide the scopes") if self._is_open else translate("Show the scopes")
        )
        self._summary.setEnabled(bool(state.scope))

    def _replace_list(self, state: SignedIn) -> None:
        old, self._list = self._list, None
        if old is not None:
            old.hide()
            old.deleteLater()
        if self._is_open:
            self._list = self._make_list(state.scope)
            self.column.insertWidget(1, self._list)

    def _make_list(self, scopes: tuple[str, ...]) -> QWidget:
        described = (describe_scope(scope, self._guide) for scope in scopes)
        first = sorted(described, key=lambda each: not each.high_impact)[:_MOST_ROWS]
        made = QWidget()
        read_as(made, "List")
        made.setAccessibleName(translate("Scopes"))
        column = QVBoxLayout(made)
        set_margins(column, begin=_EDGE, end=0, bottom=6)
        column.setSpacing(6)
        for each in first:
            _add_scope(column, each)
        if len(scopes) > _MOST_ROWS:
            column.addWidget(label(window_texts.more_scopes(len(scopes) - _MOST_ROWS), "muted"))
        return made


def _scopes(state: SignedIn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return state.scope, state.requested_scope


def _add_scope(column: QVBoxLayout, scope: ScopeDescription) -> None:
    """Add what `scope` allows, if that is known, and its name as in documentation."""
    name = ElidedLabel("muted" if scope.text else "")
    if not scope.text:
        read_as(name, "ListItem")
    name.setText(scope.scope)
    if not scope.text:
        column.addWidget(name)
        return
    role = "warned" if scope.high_impact else ""
    meaning = label(window_texts.scope_meaning(scope), role, reads_as="ListItem")
    if scope.high_impact:
        meaning.setAccessibleName(translate("{description} (sensitive)", description=scope.text))
    name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    name.setMaximumWidth(_WIDEST_NAME)
    add_row(column, meaning, name).setStretch(0, 1)
