"""The scopes of a token."""

from PySide6.QtWidgets import QWidget

from desktop.services.model.scopes import (
    ScopeDescription,
    ScopeGuide,
    describe_scope,
    is_high_impact,
)
from desktop.services.model.states import SignedIn
from desktop.services.system.translation import translate
from desktop.ui.kit.flow import Flow
from desktop.ui.kit.widgets import Card, add_row, label, set_tooltip
from desktop.ui.kit.word_breaks import breakable
from desktop.ui.wording import window_texts

_LONGEST_CHIP = 30  # characters that fit one line of the narrowest window
_MOST_CHIPS = 60  # each takes a millisecond; the details page has all scopes


class ScopesCard(Card):
    """The scopes as chips; sensitive ones are marked, those not granted are listed.

    Of very many scopes the first are shown, and the sensitive ones before the others.
    """

    def __init__(self, guide: ScopeGuide) -> None:
        super().__init__(spacing=8)
        self._guide = guide
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        heading, self._summary = label(translate("Scopes"), "heading"), label("", "muted")
        heading.setWordWrap(False)
        self._summary.setProperty("alignment", "AlignRight|AlignVCenter")
        self._missing = label("", "muted")
        self._chips = Flow()
        add_row(self.column, heading, self._summary).setStretch(1, 1)
        self.column.addWidget(self._chips)
        self.column.addWidget(self._missing)

    def show_state(self, state: SignedIn) -> None:
        shown = (state.scope, state.requested_scope)
        if shown == self._shown:
            return
        self._shown = shown
        sensitive = [scope for scope in state.scope if is_high_impact(scope, self._guide)]
        self._summary.setText(window_texts.scope_summary(len(state.scope), len(sensitive)))
        self._chips.replace(self._make_chips(state.scope, sensitive))
        granted = set(state.scope)
        missing = [scope for scope in state.requested_scope if scope not in granted]
        self._missing.setVisible(bool(missing))
        self._missing.setText(window_texts.missing_scopes(missing))

    def _make_chips(self, scopes: tuple[str, ...], sensitive: list[str]) -> list[QWidget]:
        if len(scopes) <= _MOST_CHIPS:
            return [_chip(describe_scope(scope, self._guide)) for scope in scopes]
        shown = list(dict.fromkeys((*sensitive, *scopes)))[:_MOST_CHIPS]
        more = label(window_texts.more_scopes(len(scopes) - _MOST_CHIPS), "muted")
        return [*(_chip(describe_scope(scope, self._guide)) for scope in shown), more]


def _chip(scope: ScopeDescription) -> QWidget:
    chip = label(breakable(scope.scope, longest=_LONGEST_CHIP))
    chip.setWordWrap(len(scope.scope) > _LONGEST_CHIP)
    chip.setProperty("chip", "high" if scope.high_impact else "plain")
    text = scope.text
    if scope.high_impact:
        text = translate("{description} (sensitive)", description=scope.text)
    set_tooltip(chip, text)
    return chip
