"""The profiles page: all that there are, and what can be done with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel

from desktop.services.configuration.profile_reader import is_valid_id
from desktop.services.model.profile import BrokenProfile, Profile
from desktop.services.model.states import Revocation
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.token.details import revocation_offered
from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, ButtonRow, Card, View, add_row, fit_to_text, label

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.policy import Policy
    from desktop.services.model.states import State
    from desktop.services.profile_editor.editor import Snapshot


class PageWishes(Protocol):
    """What a person can ask for on this page. Each returns at once."""

    def add(self) -> None:
        """Open the form for a new one."""

    def edit(self, id_: str) -> None:
        """Open the form of profile `id_`."""

    def duplicate(self, id_: str) -> None:
        """Open the form for a new one, filled as profile `id_` is."""

    def delete(self, id_: str) -> None:
        """Sign out with it and remove it: the person has said so."""

    def is_signed_in(self, id_: str) -> bool:
        """Whether somebody is signed in with it."""

    def export(self, ids: tuple[str, ...]) -> None:
        """Ask for a file, and write them to it."""

    def import_(self) -> None:
        """Ask for a file, and add the profiles in it."""

    def open_folder(self) -> None:
        """Show the folder of the file."""

    def close_page(self) -> None:
        """Leave the page."""


class ProfilesView(View):
    """A card for each profile. Made anew whenever there are others."""

    def __init__(self, wishes: PageWishes, known: Snapshot, policy: Policy) -> None:
        super().__init__()
        self._controller = wishes
        self._snapshot = known
        self._policy = policy
        self._asked_id = ""
        self._keep = Button("Keep it", self._cancel_question)
        self._delete = Button("Delete", self._on_delete)
        self._question = Card()
        self._question_text = label("")
        self._failure = WarningCard()
        self._note = label("", "muted")
        self._note.hide()
        self._back = fit_to_text(Button("Back", wishes.close_page, "quiet"))
        self._lay_out()

    def shows(self, _state: State) -> bool:
        """Whatever the state is."""
        return True

    def show_state(self, _state: State, _at: datetime) -> None:
        """It has nothing to do with it."""

    def primary(self) -> Button:
        """Going back: nothing here is to be changed by chance."""
        return self._back

    def step_back(self) -> bool:
        """Take the question back; whether there was one."""
        return self._cancel_question()

    def show_failure(self, text: str) -> None:
        """What could not be done, in words."""
        self._failure.show_text(text)

    def show_note(self, text: str) -> None:
        """What has been done."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def ask_to_delete(self, id_: str) -> None:
        """Ask whether profile `id_` is to go."""
        profile = self._snapshot.profiles.good.get(id_)
        offered = revocation_offered(profile, None) if profile is not None else None
        self._asked_id = id_
        self._question_text.setText(
            texts.delete_question(
                profile.name if profile else id_,
                signed_in=self._controller.is_signed_in(id_),
                everywhere=offered is Revocation.GRANT_REVOKED,
            )
        )
        self._question.show()
        self._keep.take_focus(ringed=True)

    def _cancel_question(self) -> bool:
        asked, self._asked_id = bool(self._asked_id), ""
        self._question.hide()
        if asked:
            self._back.take_focus(ringed=True)
        return asked

    def _on_delete(self) -> None:
        if self._asked_id:
            asked = self._asked_id
            self._cancel_question()
            self._controller.delete(asked)

    def _lay_out(self) -> None:
        self.column.addWidget(label("Profiles", "title"))
        self._question.column.addWidget(self._question_text)
        self._question.column.addWidget(ButtonRow(self._delete, self._keep))
        self._question.hide()
        for widget in (self._failure, self._note, self._question):
            self.column.addWidget(widget)
        profiles = self._snapshot.profiles
        for profile in profiles.good.values():
            self.column.addWidget(self._profile_card(profile))
        for id_, complaint in profiles.broken.items():
            self.column.addWidget(self._broken_card(id_, complaint))
        if self._policy.own_profiles:
            own = tuple(id_ for id_ in profiles.good if id_ not in self._snapshot.managed)
            export = Button("Export all…", lambda: self._controller.export(own))
            export.setEnabled(bool(own))
            self.column.addWidget(
                ButtonRow(
                    Button("Import…", self._controller.import_),
                    export,
                    Button("Open file", self._controller.open_folder),
                )
            )
        else:
            self.column.addWidget(label(texts.own_profiles_disabled(self._policy), "muted"))
        self.column.addStretch(1)
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)
        if self._policy.own_profiles:
            self.footer_row.addWidget(
                fit_to_text(Button("Add profile", self._controller.add, "primary"))
            )

    def _profile_card(self, profile: Profile) -> Card:
        card = Card(spacing=6)
        name, place = FittedLabel("name"), FittedLabel("subtitle")
        name.setText(profile.name)
        place.setText(profile.provider_label)
        row = add_row(card.column, _badge(profile), name)
        row.setStretch(1, 1)
        card.column.addWidget(place)
        card.column.addWidget(label(profile.client_id, "muted"))
        id_ = profile.id
        if id_ in self._snapshot.managed:
            card.column.addWidget(label(texts.managed_message(self._policy), "muted"))
            return card
        card.column.addSpacing(4)
        edit = Button("Edit", lambda: self._controller.edit(id_))
        edit.setAccessibleName(f"Edit {profile.name}")
        more = MenuButton(
            "More",
            {
                "Duplicate…": lambda: self._controller.duplicate(id_),
                "Export…": lambda: self._controller.export((id_,)),
                "Delete…": lambda: self.ask_to_delete(id_),
            },
        )
        more.setAccessibleName(f"More about {profile.name}")
        card.column.addWidget(ButtonRow(edit, more))
        return card

    def _broken_card(self, id_: str, complaint: BrokenProfile) -> Card:
        card = Card(spacing=6)
        card.column.addWidget(label(id_, "name"))
        card.column.addWidget(label(texts.broken_profile_message(complaint), "fault"))
        buttons = [Button("Open file", self._controller.open_folder)]
        if is_valid_id(id_):  # else it is the file as a whole
            buttons.append(Button("Delete…", lambda: self.ask_to_delete(id_)))
            buttons[-1].setAccessibleName(f"Delete {id_}")
        card.column.addWidget(ButtonRow(*buttons))
        return card


_BADGE = 28


def _badge(profile: Profile) -> QLabel:
    made = QLabel()
    made.setFixedSize(_BADGE, _BADGE)
    made.setPixmap(badge_icon(profile).pixmap(QSize(_BADGE, _BADGE), made.devicePixelRatioF()))
    return made
