"""Something failed: what happened, what to do, and the button that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.states import Failed, State
from desktop.services.system.translation import translate
from desktop.services.token.details import failure_facts
from desktop.services.wording.messages import Remedy, advice_for, remedies_in_window
from desktop.ui.kit.widgets import Button, ButtonRow, View, label
from desktop.ui.kit.word_breaks import kept_together, unbroken
from desktop.ui.views.technical_details import TechnicalDetails

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from desktop.services.model.profile import Profile
    from desktop.ui.views.actions import Actions

_AROUND_BUTTONS = 6  # pixels more than between the paragraphs


class FailedView(View):
    """The message for an error, with its remedies as buttons. Each failure gets a new view."""

    def __init__(self, actions: Actions, state: Failed, profile: Profile | None) -> None:
        super().__init__()
        self._state = state
        code = kept_together(state.user_code)
        advice = advice_for(state.error, user_code=code, profile=profile)
        first, *others = (
            Button(
                translate(remedy.value), _action_for(remedy, actions), "" if number else "primary"
            )
            for number, remedy in enumerate(remedies_in_window(state.error, profile))
        )
        self._primary = first
        facts = failure_facts(state.error, profile)
        self._details = TechnicalDetails(facts, copy=actions.copy_details)
        self.column.addStretch(1)
        self.column.addWidget(label(advice.title, "title", centered=True))
        for paragraph in advice.paragraphs:
            self.column.addWidget(label(paragraph, "subtitle", centered=True))
        self.column.addSpacing(_AROUND_BUTTONS)
        self.column.addWidget(first)
        if others:
            self.column.addWidget(ButtonRow(*others))
        self.column.addWidget(self._details)
        self._details.setVisible(len(facts) > 1)  # the type alone tells nobody anything
        self.column.addStretch(1)
        self.setAccessibleName(unbroken(advice.message))

    def shows(self, state: State) -> bool:
        """Only for the failure that it was made for."""
        return state is self._state

    def show_state(self, _state: Failed, _at: datetime) -> None:
        """Do nothing: time changes nothing here."""

    def copy(self) -> None:
        self._details.copy()

    def primary(self) -> Button:
        """The first remedy."""
        return self._primary

    def step_back(self) -> bool:
        return self._details.close_details()


def _action_for(remedy: Remedy, actions: Actions) -> Callable[[], object]:
    return {
        Remedy.SIGN_IN_AGAIN: actions.sign_in,
        Remedy.NEW_CODE: actions.request_new_code,
        Remedy.TRY_AGAIN: actions.retry,
        Remedy.WITHOUT_KEYRING: actions.continue_without_keyring,
        Remedy.SET_UP: actions.add_profile,
        Remedy.EDIT_PROFILE: actions.edit_profile,
        Remedy.CHECK_CONNECTION: actions.profiles.check_connection,
        Remedy.OPEN_PROFILES: actions.open_profiles_folder,
    }[remedy]
