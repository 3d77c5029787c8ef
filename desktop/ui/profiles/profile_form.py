"""The form of one profile: to set up the first one, to add another, and to change one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.frozen import frozen
from desktop.services.configuration.client_model import read_client_model
from desktop.services.configuration.profile_draft import (
    Draft,
    Presets,
    faults_of,
    with_ascii_hosts,
    with_client_model,
)
from desktop.services.model.policy import Policy
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.system.translation import translate
from desktop.ui.kit.inputs import put_after
from desktop.ui.kit.reader_roles import unheard
from desktop.ui.kit.theme import GAP
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import (
    Button,
    Card,
    Footer,
    View,
    add_heading,
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
    OTHERS,
    PROVIDER_AND_CLIENT,
    SERVICES,
    SETTINGS,
    SIGN_IN_METHOD,
    FormFields,
)
from desktop.ui.profiles.password_field import PasswordField

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from desktop.services.configuration.client_model import ClientModel
    from desktop.services.model.states import State
    from desktop.services.profile_editor.findings import Finding
    from desktop.ui.kit.theme import Theme
    from desktop.ui.profiles.form_controller import FormController


_TOO_SOON = 400  # milliseconds: the second click of a double click


@frozen
class FormPurpose:
    """Why the form is open: its title, the text below it, and whether the profile is new.

    `taken` are the ids and names of other profiles.
    """

    title: str
    about: str = ""
    is_new: bool = True
    taken: Collection[str] = ()


class ProfileForm(View):
    """One column with rarely needed fields folded away. Errors are shown below their field."""

    def __init__(
        self,
        controller: FormController,
        theme: Theme,
        *,
        purpose: FormPurpose,
        presets: Presets,
        policy: Policy | None = None,
    ) -> None:
        super().__init__()
        self._controller = controller
        self._find_faults = partial(faults_of, presets=presets, taken=purpose.taken)
        self._purpose = purpose
        self._fields = FormFields(presets, policy or Policy(), theme, changed=self._on_change)
        self.is_checking = False
        self._is_dirty = self._is_busy = self._was_validated = False
        self._hosts_question = _HostsQuestion()
        self.client_secret = PasswordField(
            self._fields.client_secret_name,
            translate(texts.CLIENT_SECRET_HELP),
            changed=self._on_change,
        )
        self._note = label("", "muted")
        self._failure = WarningCard()
        self.options = MoreOptions(self._fields, changed=self._on_change)
        self.findings = FindingsCard(
            partial(self._choose, "preset"), partial(self._choose, "grant")
        )
        self._check = Button(translate("Check"), self._on_check)
        kind = "" if purpose.is_new else "link"
        self._paste = Button(translate("Paste JSON"), self._on_paste, kind)
        self._buttons = _FormButtons(self.footer, cancel=self.step_back, save=self._on_save)
        self._lay_out()
        self._note.hide()

    def fill(self, draft: Draft) -> None:
        """Show `draft`."""
        self._fields.fill(draft)
        self.client_secret.rename(self._fields.client_secret_name)

    def mark_unsaved(self) -> None:
        """Tell that the form shows input from before that is not saved yet."""
        self._is_dirty = True
        self._show_note(translate(texts.INPUT_RESTORED))

    def show_stored_secrets(self, *, client: bool, proxy: bool) -> None:
        """Show whether the keyring has a client secret and a proxy password."""
        self.client_secret.show_stored(stored=client)
        self.options.show_stored_password(stored=proxy)
        self._update_has_client_secret()

    @property
    def allowed_sign_in_methods(self) -> tuple[str, ...]:
        """The methods that the policy and the pasted JSON, if any, allow."""
        return self._fields.allowed_sign_in_methods

    @property
    def draft(self) -> Draft:
        """The current input."""
        return self._fields.draft()

    def shows(self, _state: State) -> bool:
        """Stay whatever the state is, so that no input is lost."""
        return True

    def show_state(self, _state: State, _at: datetime) -> None:
        """Do nothing: the form does not depend on the state."""

    def primary(self) -> QWidget:
        return self._paste if self._purpose.is_new else self._fields.field("preset").control

    def step_back(self) -> bool:
        """Leave the form; the first time, ask before unsaved input is lost."""
        if self._is_dirty and not self._buttons.is_asking:
            self._buttons.ask_to_discard()
        else:
            self._controller.discard()
        return True

    def show_finding(self, finding: Finding) -> None:
        self.findings.show_finding(finding)
        if finding.unavailable:
            self._fields.disable_sign_in_methods(finding.unavailable)

    def show_busy(self, *, checking: bool = False, saving: bool = False) -> None:
        """Show on the buttons what is running."""
        self._is_busy = saving
        self.is_checking = checking
        if checking:
            self._check.replace_text(translate("Stop"))
            self.findings.start()
        else:
            self._check.restore_text()
        self._buttons.show_saving(saving=saving)

    def show_failure(self, text: str) -> None:
        self._failure.show_text(text)

    def _on_change(self) -> None:
        if model := read_client_model(self.draft.client_id):
            self._apply_model(model)
            return
        self._is_dirty = True
        self._buttons.cancel_question()
        self._fields.show_relevant()
        self.client_secret.rename(self._fields.client_secret_name)
        self._update_has_client_secret()
        if self._was_validated:
            self._fields.show_faults(self._find_faults(self.draft))
        self._failure.show_text("")
        self._hosts_question.take_back()
        self._controller.stop_check()
        self.findings.clear()
        self._controller.keep_draft(self.draft)

    def _update_has_client_secret(self) -> None:
        has_one = bool(self.client_secret.typed or self.client_secret.is_stored)
        self._fields.set_has_client_secret(has_one=has_one)

    def _on_paste(self) -> None:
        model = read_client_model(self._controller.read_clipboard())
        if model is None:
            self._show_note(translate(texts.NO_CLIENT_MODEL))
        else:
            self._apply_model(model)

    def _apply_model(self, model: ClientModel) -> None:
        was_pasted_into_field = self.draft.client_id.lstrip().startswith(("{", "["))
        self._fields.set_client_grants(model.client_id, model.grants)
        self._fields.fill(with_client_model(self.draft, model))
        if model.client_secret:
            self.client_secret.fill(model.client_secret)
        self._on_change()
        self._show_note(texts.pasted_model_message(model, self.draft.preset))
        if was_pasted_into_field:
            self._buttons.save.take_focus(ringed=True)

    def _choose(self, name: str, value: str) -> None:
        """Apply the remedy of a finding, and check again."""
        self._fields.choose(name, value)
        self._on_change()
        self._on_check()

    def _on_check(self) -> None:
        if self.is_checking:
            self._controller.stop_check()
        elif self._validate():
            self._controller.check()

    def _on_save(self, *, sign_in: bool) -> None:
        if not self._is_busy and self._validate():
            if question := self._hosts_question.ask(self._controller.new_foreign_hosts()):
                self.show_failure(question)
            else:
                self._controller.save(sign_in=sign_in)

    def _validate(self) -> bool:
        self._fields.fill(with_ascii_hosts(self.draft))
        faults = self._find_faults(self.draft)
        self._was_validated = True
        self._failure.show_text(texts.fix_fields(len(faults)) if faults else "")
        if faults.keys() & set(FOLDED):
            self.options.set_open(open_=True)
        self._fields.show_faults(faults)
        field = self._fields.first_faulty(faults)
        if field is None:
            return True
        field.show()
        field.control.setFocus()
        return False

    def _show_note(self, text: str) -> None:
        self._note.setText(text)
        self._note.show()

    def _lay_out(self) -> None:
        main = Card()
        _add_heading(self.column, self._purpose)
        self._fields.add_to(main, *PROVIDER_AND_CLIENT)
        if self._purpose.is_new:
            self._fields.field("client_id").set_help("")  # the card above says it
        _add_paste(self._paste, self.column, main, is_new=self._purpose.is_new)
        main.column.addWidget(self._note)
        main.column.addWidget(self.client_secret)
        self._fields.add_to(main, *NAME_AND_SCOPE)
        for part in (main, self.options, self._check, self.findings, self._failure):
            self.column.addWidget(part)
        self.column.addStretch(1)


def _add_heading(column: QVBoxLayout, purpose: FormPurpose) -> None:
    column.addWidget(label(purpose.title, "title"))
    if purpose.about:
        column.addWidget(label(purpose.about, "muted"))


def _add_paste(paste: Button, column: QVBoxLayout, main: Card, *, is_new: bool) -> None:
    """Offer to paste: for a new profile first, since it fills in the fields below."""
    if not is_new:
        add_row(main.column, fit_to_text(paste)).addStretch(1)
        return
    card = Card(spacing=8)
    add_heading(card, translate(texts.PASTE_FIRST))
    card.column.addWidget(label(translate(texts.PASTE_FIRST_HELP), "muted"))
    card.column.addWidget(paste)
    column.addWidget(card)


class _HostsQuestion:
    """The question before servers are saved that are not the provider's; saving again confirms."""

    def __init__(self) -> None:
        self._hosts: tuple[str, ...] = ()
        self._since_question = QElapsedTimer()

    def ask(self, hosts: tuple[str, ...]) -> str:
        """Return the question about `hosts`; empty once the user had the time to read it."""
        is_confirmed = hosts == self._hosts and self._since_question.elapsed() >= _TOO_SOON
        if not hosts or is_confirmed:
            return ""
        self._hosts = hosts
        self._since_question.start()
        return texts.save_again_message(hosts)

    def take_back(self) -> None:
        self._hosts = ()


class MoreOptions(QWidget):
    """The fields that few need, folded away under a button and not built before it is pressed."""

    def __init__(self, fields: FormFields, *, changed: Callable[[], object]) -> None:
        super().__init__()
        self._fields = fields
        self._changed = changed
        self._card: Card | None = None
        self._password: PasswordField | None = None
        self._has_stored_password = False
        self._button = fit_to_text(Button("", self._toggle, "link"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        add_row(self._column, self._button).addStretch(1)
        self._name_button(open_=False)

    @property
    def new_proxy_password(self) -> str | None:
        """The password to store; empty to remove the stored one, None to change nothing."""
        return None if self._password is None else self._password.new_value

    def show_stored_password(self, *, stored: bool) -> None:
        """Show whether the keyring has a proxy password, and forget the input."""
        self._has_stored_password = stored
        if self._password is not None:
            self._password.show_stored(stored=stored)

    def set_open(self, *, open_: bool) -> None:
        if self._card is None:
            self._card = self._build_card()
            self._column.addWidget(self._card)
            put_after(self._button, self._card)
            self._fields.show_relevant()
        self._card.setVisible(open_)
        self._name_button(open_=open_)

    def _name_button(self, *, open_: bool) -> None:
        text = translate("Fewer options  ▴") if open_ else translate("More options  ▾")
        self._button.setText(text)
        self._button.setAccessibleName(text.rstrip("▴▾ "))

    def _toggle(self) -> None:
        self.set_open(open_=self._card is None or self._card.isHidden())

    @unheard()
    def _build_card(self) -> Card:
        card, fields = Card(), self._fields
        fields.add_to(card, *SIGN_IN_METHOD, *ENDPOINTS, *SERVICES)
        badge = (fields.field(name) for name in BADGE)
        add_row(card.column, *badge).setStretch(1, 1)
        fields.field("letter").setFixedWidth(76)
        fields.add_to(card, *SETTINGS, *NETWORK)
        self._password = PasswordField(
            translate("Proxy password"),
            translate(texts.PROXY_PASSWORD_HELP),
            changed=self._changed,
        )
        self._password.show_stored(stored=self._has_stored_password)
        card.column.addWidget(self._password)
        fields.add_to(card, *OTHERS)
        return card


class _FormButtons:
    """The buttons in the footer: cancel, which asks before input is lost, and save."""

    def __init__(
        self, footer: Footer, *, cancel: Callable[[], object], save: Callable[..., None]
    ) -> None:
        self._footer, row = footer, footer.row
        self.is_asking = False
        self.cancel = fit_to_text(Button(translate("Cancel"), cancel, "quiet"))
        self._only_save = fit_to_text(
            Button(translate("Save"), lambda: save(sign_in=False), "quiet")
        )
        self.save = fit_to_text(
            Button(translate("Save and sign in"), lambda: save(sign_in=True), "primary")
        )
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self._only_save)
        row.addWidget(self.save)

    def ask_to_discard(self) -> None:
        self.is_asking = True
        self._only_save.hide()  # the question needs the space
        self.cancel.replace_text(translate(texts.DISCARD))
        set_style_property(self.cancel, "asks", "true")
        self._footer.arrange()
        self.cancel.take_focus(ringed=True)

    def cancel_question(self) -> None:
        if self.is_asking:
            self.is_asking = False
            self.cancel.restore_text()
            self._only_save.show()
            set_style_property(self.cancel, "asks", "false")
            self._footer.arrange()

    def show_saving(self, *, saving: bool) -> None:
        if saving:
            self.save.replace_text(translate("Saving…"))
        else:
            self.save.restore_text()
