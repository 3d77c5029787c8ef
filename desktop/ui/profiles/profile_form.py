"""The form of one profile: to set up the first one, to add another, and to change one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from desktop.services.configuration.client_model import read_client_model
from desktop.services.configuration.profile_draft import (
    Draft,
    Presets,
    faults_of,
    with_client_model,
)
from desktop.services.model.policy import Policy
from desktop.services.profile_editor import editor_wording as texts
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import (
    Button,
    Card,
    View,
    add_row,
    fit_to_text,
    label,
    set_style_property,
)
from desktop.ui.profiles.findings_card import FindingsCard
from desktop.ui.profiles.form_fields import (
    BADGE,
    ENDPOINTS,
    FOLDED,
    NAME_AND_SCOPE,
    NETWORK,
    PROVIDER_AND_CLIENT,
    SETTINGS,
    SIGN_IN_METHOD,
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

    def keep_draft(self, draft: Draft) -> None:
        """Remember what was typed, should the page have to go."""

    def discard(self) -> None:
        """Leave without saving."""

    def read_clipboard(self) -> str:
        """The text on the clipboard."""

    def choose_ca_file(self) -> None:
        """Ask for a file; the form is given its name."""


@dataclass(frozen=True, slots=True)
class FormPurpose:
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
        occasion: FormPurpose,
        presets: Presets,
        policy: Policy | None = None,
    ) -> None:
        super().__init__()
        self._controller = wishes
        self._presets = presets
        self._purpose = occasion
        self._fields = FormFields(
            presets,
            policy or Policy(),
            theme,
            choose_file=wishes.choose_ca_file,
        )
        self._is_dirty = self._is_asking = self._is_busy = self._was_validated = False
        self.client_secret = PasswordField(
            "Client password", texts.CLIENT_SECRET_HELP, changed=self._on_change
        )
        self.proxy_password = PasswordField(
            "Proxy password", texts.PROXY_PASSWORD_HELP, changed=self._on_change
        )
        self._note = label("", "muted")
        self._failure = WarningCard()
        self._paste = fit_to_text(Button("Paste client model", self._on_paste, "link"))
        self._more = fit_to_text(Button("More options  ▾", self._on_more, "link"))
        self._folded = Card()
        self.findings = FindingsCard(self._choose_preset, self._choose_sign_in_method)
        self._check = Button("Check", self._on_check)
        self._save = fit_to_text(
            Button("Save and sign in", lambda: self._on_save(sign_in=True), "primary")
        )
        self._only_save = fit_to_text(Button("Save", lambda: self._on_save(sign_in=False), "quiet"))
        self._cancel = fit_to_text(Button("Cancel", self._on_cancel, "quiet"))
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
        self._show_note(texts.INPUT_RESTORED)

    def show_stored_secrets(self, *, client: bool, proxy: bool) -> None:
        """Tell whether the keyring has a client password, and one for the proxy."""
        self.client_secret.show_stored(stored=client)
        self.proxy_password.show_stored(stored=proxy)
        self._update_has_client_secret()

    def set_ca_file(self, file: str) -> None:
        """Put in the file that was chosen."""
        self._fields.by_name["ca_file"].control.show_value(file)
        self._on_change()

    @property
    def allowed_sign_in_methods(self) -> tuple[str, ...]:
        """The ways to sign in that the policy, and the client model if one was pasted, allow."""
        return self._fields.allowed_sign_in_methods

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

    def first_field(self) -> QWidget:
        """The field that the keyboard starts on."""
        return self._fields.by_name["client_id" if self._purpose.is_new else "name"].control

    def step_back(self) -> bool:
        """Ask before what was typed is lost; whether that was asked just now."""
        if self._is_dirty and not self._is_asking:
            self._ask_to_discard()
            return True
        self._controller.discard()
        return True

    def show_finding(self, finding: Finding) -> None:
        """One more thing that a check has found."""
        self.findings.show_finding(finding)
        if finding.unavailable:
            self._fields.disable_sign_in_methods(finding.unavailable)

    def show_busy(self, *, checking: bool = False, saving: bool = False) -> None:
        """Tell what is under way."""
        self._is_busy = saving
        if checking:
            self._check.replace_text("Stop")
            self.findings.start()
        else:
            self._check.restore_text()
        if saving:
            self._save.replace_text("Saving…")
        else:
            self._save.restore_text()

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
            self._apply_model(model)
            return
        self._is_dirty = True
        self._cancel_question()
        self._fields.show_relevant()
        self._update_has_client_secret()
        if self._was_validated:
            self._fields.show_faults(faults_of(self.draft, self._presets))
        self._failure.show_text("")
        self._controller.stop_check()
        self.findings.clear()
        self._controller.keep_draft(self.draft)

    def _update_has_client_secret(self) -> None:
        self._fields.set_has_client_secret(
            has_one=bool(self.client_secret.typed or self.client_secret.is_stored)
        )

    def _on_paste(self) -> None:
        model = read_client_model(self._controller.read_clipboard())
        if model is None:
            self._show_note(texts.NO_CLIENT_MODEL)
        else:
            self._apply_model(model)

    def _apply_model(self, model: ClientModel) -> None:
        empty = self.draft.client_id.lstrip().startswith(("{", "["))
        self._fields.set_client_grants(model.client_id, model.grants)
        self._fields.fill(with_client_model(self.draft, model))
        if model.client_secret:
            self.client_secret.fill(model.client_secret)
        self._on_change()
        self._show_note(texts.pasted_model_message(model))
        if empty:
            self._save.take_focus(ringed=True)

    def _choose_preset(self, preset: str) -> None:
        self._fields.by_name["preset"].control.show_value(preset)
        self._on_change()
        self._on_check()

    def _choose_sign_in_method(self, grant: str) -> None:
        self._fields.by_name["grant"].control.show_value(grant)
        self._on_change()
        self._on_check()

    def _on_more(self) -> None:
        self._fold(folded=not self._folded.isHidden())

    def _on_check(self) -> None:
        if self.is_checking:
            self._controller.stop_check()
        elif self._validate():
            self._controller.check()

    def _on_save(self, *, sign_in: bool) -> None:
        if not self._is_busy and self._validate():
            self._controller.save(sign_in=sign_in)

    def _on_cancel(self) -> None:
        self.step_back()

    def _validate(self) -> bool:
        faults = faults_of(self.draft, self._presets)
        self._was_validated = True
        self._failure.show_text(texts.FIX_FIELDS if faults else "")
        field = self._fields.show_faults(faults)
        if field is None:
            return True
        if faults.keys() & set(FOLDED):
            self._fold(folded=False)
            field.show()
        field.control.setFocus()
        return False

    def _ask_to_discard(self) -> None:
        self._is_asking = True
        self._only_save.hide()  # the question needs its room
        self._cancel.replace_text(texts.DISCARD)
        set_style_property(self._cancel, "asks", "true")
        self._cancel.take_focus(ringed=True)

    def _cancel_question(self) -> None:
        if self._is_asking:
            self._is_asking = False
            self._cancel.restore_text()
            self._only_save.show()
            set_style_property(self._cancel, "asks", "false")

    def _show_note(self, text: str) -> None:
        self._note.setText(text)
        self._note.show()

    def _fold(self, *, folded: bool) -> None:
        self._folded.setVisible(not folded)
        self._more.setText("More options  ▾" if folded else "Fewer options  ▴")

    # How it looks

    def _lay_out(self) -> None:
        main = Card()
        self._add(main, *PROVIDER_AND_CLIENT)
        add_row(main.column, self._paste).addStretch(1)
        main.column.addWidget(self._note)
        main.column.addWidget(self.client_secret)
        self._add(main, *NAME_AND_SCOPE)
        self._add(self._folded, *SIGN_IN_METHOD, *ENDPOINTS)
        row = add_row(self._folded.column, *(self._fields.by_name[name] for name in BADGE))
        row.setStretch(1, 1)
        self._fields.by_name["letter"].setFixedWidth(76)
        self._add(self._folded, *SETTINGS, *NETWORK)
        self._folded.column.addWidget(self.proxy_password)
        self._add(self._folded, "ca_file")
        self.column.addWidget(label(self._purpose.title, "title"))
        if self._purpose.about:
            self.column.addWidget(label(self._purpose.about, "muted"))
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
