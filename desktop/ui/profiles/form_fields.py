"""The fields of the form of a profile, by their names in the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.configuration.profile_draft import NOT_IN_FORM, Draft, Presets
from desktop.services.model.settings import CLIPBOARD_SECONDS, IN_USE_MINUTES, Settings
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import FIELD_NAMES as NAMES
from desktop.services.wording.field_names import secret_label
from desktop.services.wording.formats import MINUTES, SECONDS
from desktop.ui.kit.inputs import Choice, Field, MultilineInput, NumberOrDefault, TextInput
from desktop.ui.kit.widgets import Button, Card
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from desktop.services.model.policy import Policy
    from desktop.ui.kit.theme import Theme

PROVIDER_AND_CLIENT = ("preset", "issuer", "client_id")
NAME_AND_SCOPE = ("name", "scope")
SIGN_IN_METHOD = ("grant", "client_authentication", "redirect_uri", "extra_parameters")
ENDPOINTS = (
    "expected_issuer",
    "device_authorization_endpoint",
    "authorization_endpoint",
    "token_endpoint",
)
BADGE = ("letter", "color")
SETTINGS = ("keep_fresh", "in_use_minutes", "clipboard_seconds")

NETWORK = ("proxy", "proxy_user")
FOLDED = (*SIGN_IN_METHOD, *ENDPOINTS, *BADGE, *SETTINGS, *NETWORK, "ca_file")
_BESIDE = 96  # logical pixels: the width of a button beside its field
# The fields that determine the server: what one server offers says nothing about another.
_SERVER = ("preset", "issuer", *ENDPOINTS)


class FormFields:
    """Builds and reads the fields, and shows those that the chosen provider and method need.

    `choose_file` is called when the user wants to choose a CA certificate file.
    """

    def __init__(
        self,
        presets: Presets,
        policy: Policy,
        theme: Theme,
        *,
        choose_file: Callable[[], object],
    ) -> None:
        self._policy = policy
        self._presets = presets
        self._disabled_methods: tuple[tuple[str, ...], Mapping[str, str]] = ((), {})
        self._client_grants: tuple[str, Collection[str]] = ("", ())
        self._has_client_secret = False
        self._filled = Draft()
        self._choose_file = Button(translate(texts.CHOOSE_FILE), choose_file)
        self._choose_file.setAccessibleName(translate("Choose a CA certificate file"))
        self._choose_file.setMinimumWidth(max(_BESIDE, self._choose_file.sizeHint().width()))
        choices = _choices(presets, policy)

        def choice(name: str) -> Field:
            return Field(translate(NAMES[name]), Choice(choices[name], theme))

        def text(name: str, example: str = "", about: str = "") -> Field:
            return Field(
                translate(NAMES[name]), TextInput(example), translate(about) if about else ""
            )

        self.by_name: dict[str, Field] = {
            "preset": choice("preset"),
            "client_id": text("client_id", "client-…", texts.CLIENT_ID_HELP),
            "name": text("name", "Northwind SOC"),
            "scope": text("scope", "enrich:read inspect:read", texts.SCOPE_HELP),
            "issuer": text("issuer", "https://", texts.ISSUER_HELP),
            "expected_issuer": text("expected_issuer", "IROH Auth", texts.EXPECTED_ISSUER_HELP),
            "grant": choice("grant"),
            "client_authentication": choice("client_authentication"),
            "redirect_uri": text("redirect_uri", "http://127.0.0.1/", texts.REDIRECT_URI_HELP),
            "extra_parameters": Field(
                translate(NAMES["extra_parameters"]),
                MultilineInput(),
                translate(texts.EXTRA_PARAMETERS_HELP),
            ),
            "device_authorization_endpoint": text("device_authorization_endpoint", "https://"),
            "authorization_endpoint": text("authorization_endpoint", "https://"),
            "token_endpoint": text("token_endpoint", "https://"),
            "letter": text("letter", "N"),
            "color": choice("color"),
            "proxy": text("proxy", "system", texts.PROXY_HELP),
            "proxy_user": text("proxy_user"),
            "ca_file": Field(
                translate(NAMES["ca_file"]),
                TextInput(),
                translate(texts.CA_FILE_HELP),
                beside=self._choose_file,
            ),
            "keep_fresh": choice("keep_fresh"),
            "in_use_minutes": _number_field("in_use_minutes", theme, page_texts.IN_USE),
            "clipboard_seconds": _number_field("clipboard_seconds", theme, page_texts.CLIPBOARD),
        }

    def draft(self) -> Draft:
        """The input. Members without a field are kept as long as the provider stays the same."""
        typed = Draft(**{name: field.control.value() for name, field in self.by_name.items()})
        if typed.preset != self._filled.preset:
            return typed
        return replace(typed, **{name: getattr(self._filled, name) for name in NOT_IN_FORM})

    def fill(self, draft: Draft) -> None:
        """Show `draft` without calling it a change."""
        allowed = list(texts.method_names(self._policy))
        if allowed and draft.grant not in allowed:
            draft = replace(draft, grant=allowed[0])  # the safest allowed method
        self._filled = draft
        for name, field in self.by_name.items():
            field.control.show_value(getattr(draft, name))
        self.show_relevant()

    def show_relevant(self) -> None:
        """Show the fields that the chosen provider and sign-in method need."""
        draft = self.draft()
        is_custom = not draft.preset
        preset = self._presets.get(draft.preset, {})
        for name in ("issuer", *ENDPOINTS):
            needed = is_custom or (
                name == "issuer" and not preset.get("issuer") and not _has_endpoints(preset)
            )
            self.by_name[name].setVisible(needed or bool(getattr(draft, name)))
        hint = str(preset.get("hint", ""))
        self.by_name["preset"].set_help(translate(hint) if hint else "")
        example = str(preset.get("issuer_example", "")) or "https://"
        issuer = self.by_name["issuer"].control
        if isinstance(issuer, TextInput):
            issuer.setPlaceholderText(example)
        self.by_name["redirect_uri"].setVisible(draft.grant == "code")
        self._update_sign_in_methods(draft)
        for name in ("proxy", "ca_file"):
            if getattr(self._policy, name):
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
            card.column.addWidget(self.by_name[name])

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
        field = self.by_name["grant"]
        if isinstance(field.control, Choice):
            field.control.disable_values(disabled)
        field.set_help(texts.methods_help(draft.grant, disabled))

    def _lock(self, name: str) -> None:
        self.by_name[name].control.setEnabled(False)
        self.by_name[name].set_help(texts.managed_message(self._policy))
        if name == "ca_file":
            self._choose_file.setEnabled(False)

    def show_faults(self, faults: dict[str, str]) -> Field | None:
        """Show errors below their fields; returns the first field with an error."""
        for name in NOT_IN_FORM:
            if name in faults:
                faults = {"preset": f"{name}: {faults[name]}", **faults}
        for name, field in self.by_name.items():
            field.show_fault(faults.get(name, ""))
        return next(
            (
                self.by_name[name]
                for name in (*PROVIDER_AND_CLIENT, *NAME_AND_SCOPE, *FOLDED)
                if name in faults
            ),
            None,
        )


def _choices(presets: Presets, policy: Policy) -> dict[str, Mapping[str, str]]:
    return {
        "preset": texts.preset_names(presets),
        "grant": texts.method_names(policy),
        "client_authentication": _translated(texts.CLIENT_AUTHENTICATION_NAMES),
        "color": _translated(texts.COLOR_NAMES),
        "keep_fresh": _translated(texts.KEEP_FRESH_CHOICES),
    }


def _translated(names: Mapping[str, str]) -> dict[str, str]:
    return {value: translate(text) for value, text in names.items()}


def _server_of(draft: Draft) -> tuple[str, ...]:
    return tuple(getattr(draft, name) for name in _SERVER)


def _number_field(setting: str, theme: Theme, about: str) -> Field:
    name, (allowed, unit) = translate(NAMES[setting]), _NUMBERS[setting]
    control = NumberOrDefault(
        name,
        theme,
        default=getattr(Settings(), setting),
        allowed=allowed,
        unit=unit,
        labels=(translate(texts.AS_IN_SETTINGS), translate(texts.CUSTOM_NUMBER)),
    )
    return Field(name, control, translate(about))


_NUMBERS = {
    "in_use_minutes": (IN_USE_MINUTES, MINUTES),
    "clipboard_seconds": (CLIPBOARD_SECONDS, SECONDS),
}


def _has_endpoints(preset: Mapping[str, object]) -> bool:
    """Whether the preset names its endpoints, as GitHub's does, so that no issuer is needed."""
    return bool(preset.get("token_endpoint"))
