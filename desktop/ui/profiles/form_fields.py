"""The fields of the form of a profile, by their names in the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.configuration.profile_draft import NOT_IN_FORM, Draft, Presets
from desktop.services.model.members import Kind, Member
from desktop.services.model.profile import EDITABLE, governed_members
from desktop.services.model.settings import PROFILE_SETTINGS
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import field_name, secret_label
from desktop.ui.kit.inputs import Choice, Control, Field, MultilineInput, NumberOrDefault, TextInput
from desktop.ui.kit.widgets import Button, Card
from desktop.ui.profiles.file_dialogs import ask_for_ca_file

if TYPE_CHECKING:
    from desktop.services.model.policy import Policy
    from desktop.ui.kit.theme import Theme

# The layout: what stands together. What is not mentioned here comes last.
PROVIDER_AND_CLIENT = ("preset", "issuer", "client_id")
NAME_AND_SCOPE = ("name", "scope")
SIGN_IN_METHOD = ("grant", "client_authentication", "redirect_uri", "extra_parameters")
ENDPOINTS = (
    "expected_issuer",
    "device_authorization_endpoint",
    "authorization_endpoint",
    "token_endpoint",
)
SERVICES = ("services",)
BADGE = ("letter", "color")
SETTINGS = tuple(PROFILE_SETTINGS)
NETWORK = ("proxy", "proxy_user")
_PLACED = (
    *(*PROVIDER_AND_CLIENT, *NAME_AND_SCOPE, *SIGN_IN_METHOD, *ENDPOINTS, *SERVICES, *BADGE),
    *(*SETTINGS, *NETWORK),
)
OTHERS = tuple(name for name, each in EDITABLE.items() if each.title and name not in _PLACED)
FOLDED = (*SIGN_IN_METHOD, *ENDPOINTS, *SERVICES, *BADGE, *SETTINGS, *NETWORK, *OTHERS)
_BESIDE = 96  # logical pixels: the width of a button beside its field
# The fields that determine the server: what one server offers says nothing about another.
_SERVER = ("preset", "issuer", *ENDPOINTS)


class FormFields:
    """Reads the fields, and shows those that the chosen provider and sign-in method need.

    A field is built when it is first used: screen readers hear of every one, folded away or not.
    `changed` is called when the user has changed one.
    """

    def __init__(
        self, presets: Presets, policy: Policy, theme: Theme, *, changed: Callable[[], object]
    ) -> None:
        self._policy = policy
        self._presets = presets
        self._theme = theme
        self._changed = changed
        self._disabled_methods: tuple[tuple[str, ...], Mapping[str, str]] = ((), {})
        self._client_grants: tuple[str, Collection[str]] = ("", ())
        self._has_client_secret = False
        self._filled = Draft()
        self._choices = _choices(presets, policy)
        self._built: dict[str, Field] = {}

    def field(self, name: str) -> Field:
        """Return the field of the member `name`."""
        if name not in self._built:
            made = _field(EDITABLE[name], self._theme, self._choices.get(name))
            made.control.show_value(getattr(self._filled, name))
            made.on_change(self._changed)
            self._built[name] = made
        return self._built[name]

    def draft(self) -> Draft:
        """The input. What is only in the file is kept as long as the provider stays the same."""
        typed = {name: field.control.value() for name, field in self._built.items()}
        draft = replace(self._filled, **typed)
        if draft.preset == self._filled.preset:
            return draft
        return replace(draft, **{name: getattr(Draft(), name) for name in NOT_IN_FORM})

    def fill(self, draft: Draft) -> None:
        """Show `draft` without calling it a change."""
        allowed = list(texts.method_names(self._policy))
        if allowed and draft.grant not in allowed:
            draft = replace(draft, grant=allowed[0])  # the safest allowed method
        self._filled = draft
        for name, field in self._built.items():
            field.control.show_value(getattr(draft, name))
        self.show_relevant()

    def choose(self, name: str, value: str) -> None:
        """Enter `value` for the user, who may not see the field."""
        self.field(name).control.show_value(value)

    def show_relevant(self) -> None:
        """Show the fields that the chosen provider and sign-in method need."""
        draft = self.draft()
        is_custom = not draft.preset
        preset = self._presets.get(draft.preset, {})
        for name in ("issuer", *ENDPOINTS):
            needed = is_custom or (
                name == "issuer" and not preset.get("issuer") and not preset.get("token_endpoint")
            )
            if name in self._built:
                self._built[name].setVisible(needed or bool(getattr(draft, name)))
        hint = str(preset.get("hint", ""))
        self.field("preset").set_help(translate(hint) if hint else "")
        example = str(preset.get("issuer_example", "")) or "https://"
        issuer = self.field("issuer").control
        if isinstance(issuer, TextInput):
            issuer.setPlaceholderText(example)
        if redirect_uri := self._built.get("redirect_uri"):
            redirect_uri.setVisible(draft.grant == "code")
        self._update_sign_in_methods(draft)
        for name in governed_members(self._policy):
            self._lock(name)
        for name in SETTINGS:
            if name in self._policy.settings:
                self._lock(name)

    @property
    def client_secret_name(self) -> str:
        """What the chosen provider calls the client secret."""
        return secret_label(self.draft().preset)

    def add_to(self, card: Card, *names: str) -> None:
        for name in names:
            card.column.addWidget(self.field(name))

    @property
    def allowed_sign_in_methods(self) -> tuple[str, ...]:
        """The methods that the policy and the pasted JSON, if any, allow."""
        draft = self.draft()
        return tuple(
            each
            for each in texts.method_names(self._policy)
            if self._is_allowed_for_client(draft, each)
        )

    def disable_sign_in_methods(self, reasons: Mapping[str, str]) -> None:
        """Disable the methods that the entered server does not offer; `reasons` says why."""
        draft = self.draft()
        self._disabled_methods = (_server_of(draft), reasons)
        self._update_sign_in_methods(draft)

    def set_client_grants(self, client_id: str, grants: Collection[str]) -> None:
        """Restrict this client to `grants`, as pasted JSON says."""
        self._client_grants = (client_id, grants)

    def set_has_client_secret(self, *, has_one: bool) -> None:
        """Say whether a client secret was typed or is stored."""
        self._has_client_secret = has_one
        self._update_sign_in_methods(self.draft())

    def _is_allowed_for_client(self, draft: Draft, grant: str) -> bool:
        client_id, grants = self._client_grants
        return not grants or draft.client_id != client_id or grant in grants

    def _update_sign_in_methods(self, draft: Draft) -> None:
        if (field := self._built.get("grant")) is None:
            return
        offered = texts.method_names(self._policy)
        disabled: dict[str, str] = {}
        if not self._has_client_secret and draft.grant != "client-credentials":
            disabled["client-credentials"] = texts.needs_client_secret(draft.preset)
        server, reasons = self._disabled_methods
        disabled |= reasons if server == _server_of(draft) else {}
        disabled |= {
            each: translate(texts.NOT_IN_MODEL)
            for each in offered
            if not self._is_allowed_for_client(draft, each)
        }
        disabled = {each: reason for each, reason in disabled.items() if each in offered}
        if isinstance(field.control, Choice):
            field.control.disable_values(disabled)
        field.set_help(texts.methods_help(draft.grant, disabled))

    def _lock(self, name: str) -> None:
        if (field := self._built.get(name)) is None:
            return
        for each in (field.control, *field.findChildren(Button)):
            each.setEnabled(False)
        field.set_help(texts.managed_message(self._policy))

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Show errors below their fields."""
        hidden = next((f"{name}: {faults[name]}" for name in NOT_IN_FORM if name in faults), "")
        for name, field in self._built.items():
            field.show_fault(faults.get(name, hidden if name == "preset" else ""))

    def first_faulty(self, faults: Collection[str]) -> Field | None:
        """Return the first field with an error, as they are laid out."""
        names = (*PROVIDER_AND_CLIENT, *NAME_AND_SCOPE, *FOLDED)
        found = next((name for name in names if name in faults), "preset")
        return self.field(found) if faults else None


def _field(member: Member, theme: Theme, choices: Mapping[str, str] | None) -> Field:
    name, beside = field_name(member.name), None
    control: Control
    if choices is not None:
        control = Choice(choices, theme)
    elif member.kind is Kind.NUMBER and member.name in SETTINGS:
        control = NumberOrDefault(
            name,
            theme,
            default=member.default,
            allowed=member.allowed,
            unit=member.unit,
            labels=(translate(texts.AS_IN_SETTINGS), translate(texts.CUSTOM_NUMBER)),
        )
    elif member.kind in {Kind.PARAMETERS, Kind.ADDRESSES}:
        control = MultilineInput()
    else:
        control = line = TextInput(member.example or ("https://" if member.is_address else ""))
        beside = _choose_button(line) if member.is_file else None
    return Field(name, control, translate(member.help) if member.help else "", beside=beside)


def _choose_button(line: TextInput) -> Button:
    """Make the button that enters a file of certificates into `line`."""
    made = Button(
        translate(texts.CHOOSE_FILE),
        lambda: ask_for_ca_file(line.window(), lambda file: line.setText(str(file))),
    )
    made.setAccessibleName(translate("Choose a CA certificate file"))
    made.setFixedWidth(_BESIDE)
    return made


def _choices(presets: Presets, policy: Policy) -> dict[str, dict[str, str]]:
    named = {name: each.translated_choices() for name, each in EDITABLE.items() if each.choices}
    fresh = {value: translate(text) for value, text in texts.KEEP_FRESH_CHOICES.items()}
    return named | {
        "preset": texts.preset_names(presets),
        "grant": texts.method_names(policy),
        "color": {"": translate(texts.AUTOMATIC_COLOR), **named["color"]},
        "keep_fresh": fresh,
    }


def _server_of(draft: Draft) -> tuple[str, ...]:
    return tuple(getattr(draft, name) for name in _SERVER)
