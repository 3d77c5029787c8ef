"""The form of one profile: to set up the first one, to add another, and to change one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktop.services.configuration.client_model import read_client_model
from desktop.services.configuration.profile_draft import Draft, Presets, faults_of, with_model
from desktop.services.model.policy import Policy
from desktop.services.profile_editor import editor_wording as texts
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, View, add_row, label, quiet, restyled
from desktop.ui.profiles.findings_card import FindingsCard
from desktop.ui.profiles.form_fields import (
    ENDPOINTS,
    FIRST,
    FOLDED,
    LOOK,
    NETWORK,
    SETTINGS,
    THEN,
    WAY,
    FormFields,
)
from desktop.ui.profiles.password_field import PasswordField

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtWidgets import QWidget

    from desktop.services.configuration.client_model import ClientModel
    from desktop.services.model.states import State
    from desktop.services.profile_editor.check import Finding
    from desktop.ui.kit.theme import Theme


class FormWishes(Protocol):
    """What a person can ask for here. Each returns at once."""

    def check(self) -> None:
        """Find out whether it works, without saving anything."""

    def stop_check(self) -> None:
        """What is being found out no longer matters."""

    def save(self, *, sign_in: bool) -> None:
        """Save it, and sign in with it."""

    def keep(self, draft: Draft) -> None:
        """Remember what was typed, should the page have to go."""

    def discard(self) -> None:
        """Leave without saving."""

    def pasted(self) -> str:
        """The text on the clipboard."""

    def ask_for_authorities(self) -> None:
        """Ask for a file; the form is given its name."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why the form is open: its title, what is said below it, and whether it is a new profile."""

    title: str
    about: str = ""
    is_new: bool = True


class ProfileForm(View):
    """One column; what few need is folded. What is wrong is told beside the field it is about."""

    def __init__(
        self,
        wishes: FormWishes,
        theme: Theme,
        *,
        occasion: Occasion,
        presets: Presets,
        policy: Policy | None = None,
    ) -> None:
        super().__init__()
        self._wishes = wishes
        self._presets = presets
        self._occasion = occasion
        self._fields = FormFields(
            presets,
            policy or Policy(),
            theme,
            choose_file=wishes.ask_for_authorities,
        )
        self._is_dirty = self._asks = self._is_busy = self._was_tried = False
        self.password = PasswordField("Client password", texts.KEPT, changed=self._on_change)
        self.proxy_password = PasswordField(
            "Proxy password", texts.KEPT_FOR_PROXY, changed=self._on_change
        )
        self._note = label("", "muted")
        self._failure = WarningCard()
        self._paste = quiet(Button("Paste client model", self._on_paste, "link"))
        self._more = quiet(Button("More options  ▾", self._on_more, "link"))
        self._folded = Card()
        self.findings = FindingsCard(self._choose_preset, self._choose_way)
        self._check = Button("Check", self._on_check)
        self._save = quiet(
            Button("Save and sign in", lambda: self._on_save(sign_in=True), "primary")
        )
        self._only_save = quiet(Button("Save", lambda: self._on_save(sign_in=False), "quiet"))
        self._cancel = quiet(Button("Cancel", self._on_cancel, "quiet"))
        self._lay_out()
        self._fold(folded=True)
        self._note.hide()
        for field in self._fields.by_name.values():
            field.on_change(self._on_change)

    def fill(self, draft: Draft) -> None:
        """Show `draft`."""
        self._fields.fill(draft)

    def mark_unsaved(self) -> None:
        """What it shows was typed before, and is not saved yet."""
        self._is_dirty = True
        self._say(texts.TYPED_BEFORE)

    def show_stored(self, *, client: bool, proxy: bool) -> None:
        """Tell whether the keyring has a client password, and one for the proxy."""
        self.password.show_stored(stored=client)
        self.proxy_password.show_stored(stored=proxy)
        self._look_at_password()

    def take_authorities(self, file: str) -> None:
        """Put in the file that was chosen."""
        self._fields.by_name["ca_file"].control.choose(file)
        self._on_change()

    @property
    def allowed_ways(self) -> tuple[str, ...]:
        """The ways to sign in that the policy, and the client model if one was pasted, allow."""
        return self._fields.allowed_ways

    @property
    def draft(self) -> Draft:
        """What stands in it."""
        return self._fields.draft()

    def shows(self, _state: State) -> bool:
        """Whatever the state is: what was typed must not be lost to it."""
        return True

    def show_state(self, _state: State, _at: datetime) -> None:
        """It has nothing to do with it."""

    def primary(self) -> Button:
        """Leaving, where nothing can be lost; a new profile begins with its first field."""
        return self._cancel

    def first(self) -> QWidget:
        """The field that the keyboard starts on."""
        return self._fields.by_name["client_id" if self._occasion.is_new else "name"].control

    def step_back(self) -> bool:
        """Ask before what was typed is lost; whether that was asked just now."""
        if self._is_dirty and not self._asks:
            self._ask_to_discard()
            return True
        self._wishes.discard()
        return True

    def show_finding(self, finding: Finding) -> None:
        """One more thing that a check has found."""
        self.findings.show_finding(finding)
        if finding.closed:
            self._fields.close_ways(finding.closed)

    def show_busy(self, *, checking: bool = False, saving: bool = False) -> None:
        """Tell what is under way."""
        self._is_busy = saving
        if checking:
            self._check.hold("Stop")
            self.findings.begin()
        else:
            self._check.release()
        if saving:
            self._save.hold("Saving…")
        else:
            self._save.release()

    def show_failure(self, text: str) -> None:
        """What could not be done, in words."""
        self._failure.show_text(text)

    @property
    def is_checking(self) -> bool:
        """Whether a check is under way."""
        return self._check.text() == "Stop"

    # What a person does

    def _on_change(self) -> None:
        if model := read_client_model(self.draft.client_id):
            self._take(model)
            return
        self._is_dirty = True
        self._give_up_asking()
        self._fields.arrange()
        self._look_at_password()
        if self._was_tried:
            self._fields.show_faults(faults_of(self.draft, self._presets))
        self._failure.show_text("")
        self._wishes.stop_check()
        self.findings.forget()
        self._wishes.keep(self.draft)

    def _look_at_password(self) -> None:
        self._fields.know_password(has_one=bool(self.password.typed or self.password.is_stored))

    def _on_paste(self) -> None:
        model = read_client_model(self._wishes.pasted())
        if model is None:
            self._say(texts.NOT_A_MODEL)
        else:
            self._take(model)

    def _take(self, model: ClientModel) -> None:
        empty = self.draft.client_id.lstrip().startswith(("{", "["))
        self._fields.know_client(model.client_id, model.grants)
        self._fields.fill(with_model(self.draft, model))
        if model.password:
            self.password.take(model.password)
        self._on_change()
        self._say(texts.taken(model))
        if empty:
            self._save.take_focus(ringed=True)

    def _choose_preset(self, preset: str) -> None:
        self._fields.by_name["preset"].control.choose(preset)
        self._on_change()
        self._on_check()

    def _choose_way(self, grant: str) -> None:
        self._fields.by_name["grant"].control.choose(grant)
        self._on_change()
        self._on_check()

    def _on_more(self) -> None:
        self._fold(folded=not self._folded.isHidden())

    def _on_check(self) -> None:
        if self.is_checking:
            self._wishes.stop_check()
        elif self._is_sound():
            self._wishes.check()

    def _on_save(self, *, sign_in: bool) -> None:
        if not self._is_busy and self._is_sound():
            self._wishes.save(sign_in=sign_in)

    def _on_cancel(self) -> None:
        self.step_back()

    def _is_sound(self) -> bool:
        faults = faults_of(self.draft, self._presets)
        self._was_tried = True
        self._failure.show_text(texts.FAULTS if faults else "")
        field = self._fields.show_faults(faults)
        if field is None:
            return True
        if faults.keys() & set(FOLDED):
            self._fold(folded=False)
            field.show()
        field.control.setFocus()
        return False

    def _ask_to_discard(self) -> None:
        self._asks = True
        self._only_save.hide()  # the question needs its room
        self._cancel.hold(texts.DISCARD)
        restyled(self._cancel, "asks", "true")
        self._cancel.take_focus(ringed=True)

    def _give_up_asking(self) -> None:
        if self._asks:
            self._asks = False
            self._cancel.release()
            self._only_save.show()
            restyled(self._cancel, "asks", "false")

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.show()

    def _fold(self, *, folded: bool) -> None:
        self._folded.setVisible(not folded)
        self._more.setText("More options  ▾" if folded else "Fewer options  ▴")

    # How it looks

    def _lay_out(self) -> None:
        main = Card()
        self._add(main, *FIRST)
        add_row(main.column, self._paste).addStretch(1)
        main.column.addWidget(self._note)
        main.column.addWidget(self.password)
        self._add(main, *THEN)
        self._add(self._folded, *WAY, *ENDPOINTS)
        row = add_row(self._folded.column, *(self._fields.by_name[name] for name in LOOK))
        row.setStretch(1, 1)
        self._fields.by_name["letter"].setFixedWidth(76)
        self._add(self._folded, *SETTINGS, *NETWORK)
        self._folded.column.addWidget(self.proxy_password)
        self._add(self._folded, "ca_file")
        self.column.addWidget(label(self._occasion.title, "title"))
        if self._occasion.about:
            self.column.addWidget(label(self._occasion.about, "muted"))
        self.column.addWidget(main)
        add_row(self.column, self._more).addStretch(1)
        for part in (self._folded, self._check, self.findings, self._failure):
            self.column.addWidget(part)
        self.column.addStretch(1)
        self.footer_row.addWidget(self._cancel)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._only_save)
        self.footer_row.addWidget(self._save)

    def _add(self, card: Card, *names: str) -> None:
        for name in names:
            card.column.addWidget(self._fields.by_name[name])
