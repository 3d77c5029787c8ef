"""The list of profiles, with the commands for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktop.services.configuration.profile_reader import is_valid_id
from desktop.services.model.profile import BrokenProfile, Profile, contains_words
from desktop.services.model.states import Revocation
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.system.translation import translate
from desktop.services.token.details import revocation_offered
from desktop.ui.kit.fitted_label import FittedLabel
from desktop.ui.kit.inputs import TextInput
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, ButtonRow, Card, Page, add_row, fit_to_text, label

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.services.model.policy import Policy
    from desktop.services.profile_editor.editor import ImportedFile, Snapshot
    from desktop.ui.profiles.profile_pages import ProfilePages


_BADGE_SIZE = 28  # logical pixels
_AT_ONCE = 20  # cards that are made before somebody asks for more


class ProfilesView(Page):
    """A card for each profile in `snapshot`; a change of the profiles opens a new view."""

    def __init__(self, controller: ProfilePages, snapshot: Snapshot, policy: Policy) -> None:
        super().__init__(translate("Profiles"), go_back=controller.close_page)
        self._controller = controller
        self._snapshot = snapshot
        self._policy = policy
        self._on_yes: Callable[[], object] | None = None
        self._cancel = Button(translate("Cancel"), self._cancel_question)
        self._yes = Button(translate("Delete"), self._confirm)
        self._question = Card()
        self._question_text = label("")
        self._failure = WarningCard()
        self._note = label("", "muted")
        self._note.hide()
        self._search = TextInput(translate("Find a profile"))
        self._search.setAccessibleName(translate("Find a profile"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._find)
        self._nothing = label(translate("No profiles match."), "muted", centered=True)
        self._more = Button(translate("Show more"), self._add_cards, "quiet")
        self._list = QWidget()
        read_as(self._list, "List")
        self._list.setAccessibleName(translate("Profiles"))
        self._cards = QVBoxLayout(self._list)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._shown: list[Card] = []
        self._found: list[Profile] = []  # those without a card yet, in order
        self._lay_out()
        self._find("")

    def step_back(self) -> bool:
        """Withdraw the question; returns whether it was shown."""
        return self._cancel_question()

    def show_failure(self, text: str) -> None:
        self._failure.show_text(text)

    def show_note(self, text: str) -> None:
        """Show what was just done; empty hides the note."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def ask_to_delete(self, id_: str) -> None:
        """Ask whether to delete profile `id_`."""
        profile = self._snapshot.profiles.good.get(id_)
        offered = revocation_offered(profile, None) if profile is not None else None
        question = texts.delete_question(
            profile.name if profile else id_,
            signed_in=self._controller.is_signed_in(id_),
            everywhere=offered is Revocation.GRANT_REVOKED,
        )
        self._ask(question, translate("Delete"), lambda: self._controller.delete(id_))

    def ask_to_import(self, question: str, imported: ImportedFile) -> None:
        """Ask whether to add `imported` profiles."""
        self._ask(
            question, translate(texts.IMPORT), lambda: self._controller.add_imported(imported)
        )

    def _ask(self, question: str, answer: str, on_yes: Callable[[], object]) -> None:
        """Ask `question`; the button with `answer` calls `on_yes`."""
        self._on_yes = on_yes
        self._question_text.setText(question)
        self._yes.setText(answer)
        self._question.show()
        self._cancel.take_focus(ringed=True)

    def _cancel_question(self) -> bool:
        asked, self._on_yes = self._on_yes is not None, None
        self._question.hide()
        if asked:
            self.back.take_focus(ringed=True)
        return asked

    def _confirm(self) -> None:
        on_yes = self._on_yes
        self._cancel_question()
        if on_yes is not None:
            on_yes()

    def _lay_out(self) -> None:
        self._question.column.addWidget(self._question_text)
        self._question.column.addWidget(ButtonRow(self._yes, self._cancel))
        self._question.hide()
        for widget in (self._failure, self._note, self._question):
            self.column.addWidget(widget)
        profiles = self._snapshot.profiles
        self._search.setVisible(len(profiles.good) > _AT_ONCE)
        self.column.addWidget(self._search)
        self.column.addWidget(self._nothing)
        self.column.addWidget(self._list)
        self._cards.setSpacing(self.column.spacing())
        self.column.addWidget(self._more)
        for id_, error in profiles.broken.items():
            self.column.addWidget(self._broken_card(id_, error))
        if self._policy.own_profiles:
            own = tuple(id_ for id_ in profiles.good if id_ not in self._snapshot.managed)
            export = Button(translate("Export all…"), lambda: self._controller.export(own))
            export.setEnabled(bool(own))
            self.column.addWidget(
                ButtonRow(
                    Button(translate("Import…"), self._controller.import_),
                    export,
                    Button(translate("Open folder"), self._controller.open_folder),
                )
            )
        else:
            self.column.addWidget(label(texts.own_profiles_disabled(self._policy), "muted"))
        self.column.addStretch(1)
        self.footer_row.addStretch(1)
        if self._policy.own_profiles:
            add = Button(translate("Add profile"), self._controller.open_form, "primary")
            self.footer_row.addWidget(fit_to_text(add))

    def _find(self, text: str) -> None:
        """Show the profiles that contain every word of `text`."""
        for card in self._shown:
            card.hide()
            card.deleteLater()
        self._shown = []
        self._found = [
            each for each in self._snapshot.profiles.good.values() if contains_words(each, text)
        ]
        self._nothing.setVisible(bool(text) and not self._found)
        self._list.setVisible(bool(self._found))
        self._add_cards()

    def _add_cards(self) -> None:
        added, self._found = self._found[:_AT_ONCE], self._found[_AT_ONCE:]
        for profile in added:
            card = self._profile_card(profile)
            self._shown.append(card)
            self._cards.addWidget(card)
        self._more.setVisible(bool(self._found))

    def _profile_card(self, profile: Profile) -> Card:
        card = Card(spacing=6)
        read_as(card, "ListItem")
        card.setAccessibleName(profile.name)
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
        edit = Button(translate("Edit"), lambda: self._controller.open_form(id_))
        edit.setAccessibleName(translate("Edit {name}", name=profile.name))
        more = MenuButton(
            translate("More"),
            {
                translate("Duplicate…"): lambda: self._controller.open_form(copy_of=id_),
                translate("Export…"): lambda: self._controller.export((id_,)),
                translate("Delete…"): lambda: self.ask_to_delete(id_),
            },
        )
        more.setAccessibleName(translate("More actions for {name}", name=profile.name))
        card.column.addWidget(ButtonRow(edit, more))
        return card

    def _broken_card(self, id_: str, error: BrokenProfile) -> Card:
        card = Card(spacing=6)
        card.column.addWidget(label(id_, "name"))
        card.column.addWidget(label(texts.broken_profile_message(error), "fault"))
        buttons = [Button(translate("Open folder"), self._controller.open_folder)]
        if is_valid_id(id_):  # else the whole file is broken
            buttons.append(Button(translate("Delete…"), lambda: self.ask_to_delete(id_)))
            buttons[-1].setAccessibleName(translate("Delete {name}", name=id_))
        card.column.addWidget(ButtonRow(*buttons))
        return card


def _badge(profile: Profile) -> QLabel:
    made = QLabel()
    made.setFixedSize(_BADGE_SIZE, _BADGE_SIZE)
    size = QSize(_BADGE_SIZE, _BADGE_SIZE)
    made.setPixmap(badge_icon(profile).pixmap(size, made.devicePixelRatioF()))
    return made
