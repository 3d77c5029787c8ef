"""Something failed: what happened, what to do, and the button that does it."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt

from desktop.services.model.states import Failed, State
from desktop.services.system.translation import translate
from desktop.services.wording.messages import Remedy, advice_for
from desktop.ui.kit.widgets import Button, ButtonRow, Card, View, label
from desktop.ui.views.actions import Actions


class FailedView(View):
    """The message for an error, with its remedies as buttons. Each failure gets a new view."""

    def __init__(self, actions: Actions, state: Failed) -> None:
        super().__init__()
        self._state = state
        advice = advice_for(state.error, user_code=state.user_code)
        first, *others = (
            Button(
                translate(remedy.value), _action_for(remedy, actions), "" if number else "primary"
            )
            for number, remedy in enumerate(advice.remedies)
        )
        self._primary = first
        self._actions = actions
        self._copy = Button(translate("Copy details"), self.copy)
        facts = label(advice.facts, "muted", centered=True)
        facts.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        card = Card()
        card.column.addWidget(label(advice.title, "title", centered=True))
        card.column.addWidget(label(advice.text, "subtitle", centered=True))
        card.column.addWidget(first)
        card.column.addWidget(ButtonRow(self._copy, *others))
        card.column.addWidget(facts)
        facts.setVisible(bool(advice.facts))
        self.column.addWidget(card)
        self.column.addStretch(1)
        self.setAccessibleName(f"{advice.title}. {advice.text}")

    def shows(self, state: State) -> bool:
        """Only for the failure that it was made for."""
        return state is self._state

    def show_state(self, _state: Failed, _at: datetime) -> None:
        """Do nothing: time changes nothing here."""

    def copy(self) -> None:
        self._actions.copy_details()
        self._copy.acknowledge(translate("Copied"))

    def primary(self) -> Button:
        """The first remedy."""
        return self._primary


def _action_for(remedy: Remedy, actions: Actions) -> Callable[[], object]:
    return {
        Remedy.SIGN_IN_AGAIN: actions.sign_in,
        Remedy.NEW_CODE: actions.request_new_code,
        Remedy.TRY_AGAIN: actions.retry,
        Remedy.WITHOUT_KEYRING: actions.continue_without_keyring,
        Remedy.SET_UP: actions.add_profile,
        Remedy.EDIT_PROFILE: actions.edit_profile,
        Remedy.OPEN_PROFILES: actions.open_profiles_folder,
    }[remedy]
