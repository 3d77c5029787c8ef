"""The fields of the form of a profile, by the names of its members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.configuration.profile_draft import NOT_IN_FORM, Draft, Presets
from desktop.services.model.settings import CLIPBOARD_SECONDS, IN_USE_MINUTES, Settings
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.wording.field_names import FIELD_NAMES as NAMES
from desktop.ui.kit.inputs import Choice, Field, MultilineInput, NumberOrDefault, TextInput
from desktop.ui.kit.widgets import Button
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
# What says which server it is: what one says of itself holds for no other.
_SERVER = ("preset", "issuer", *ENDPOINTS)


class FormFields:
    """Builds them, reads them, and shows those that matter to what is chosen.

    `choose_file` is called when a person wants to look for the file of authorities.
    """

    def __init__(
        self,
        presets: Presets,
        policy: Policy,
        theme: Theme,
        *,
        choose_file: Callable[[], object],
    ) -> None:
        names = texts.preset_names(presets)
        ways = texts.method_names(policy)
        self._policy = policy
        self._presets = presets
        self._disabled_methods: tuple[tuple[str, ...], Mapping[str, str]] = ((), {})
        self._client_grants: tuple[str, Collection[str]] = ("", ())
        self._has_client_secret = False
        self._filled = Draft()
        self._choose_file = Button(texts.CHOOSE_FILE, choose_file)
        self._choose_file.setAccessibleName("Choose the authorities file")
        self._choose_file.setFixedWidth(_BESIDE)
        self.by_name: dict[str, Field] = {
            "preset": Field(NAMES["preset"], Choice(names, theme)),
            "client_id": Field(NAMES["client_id"], TextInput("client-…"), texts.CLIENT_ID_HELP),
            "name": Field(NAMES["name"], TextInput("Northwind SOC")),
            "scope": Field(NAMES["scope"], TextInput("enrich:read inspect:read"), texts.SCOPE_HELP),
            "issuer": Field(NAMES["issuer"], TextInput("https://"), texts.ISSUER_HELP),
            "expected_issuer": Field(
                NAMES["expected_issuer"], TextInput("IROH Auth"), texts.EXPECTED_ISSUER_HELP
            ),
            "grant": Field(NAMES["grant"], Choice(ways, theme)),
            "client_authentication": Field(
                NAMES["client_authentication"], Choice(texts.CLIENT_AUTHENTICATION_NAMES, theme)
            ),
            "redirect_uri": Field(
                NAMES["redirect_uri"], TextInput("http://127.0.0.1/"), texts.REDIRECT_URI_HELP
            ),
            "extra_parameters": Field(
                NAMES["extra_parameters"], MultilineInput(), texts.EXTRA_PARAMETERS_HELP
            ),
            "device_authorization_endpoint": Field(
                NAMES["device_authorization_endpoint"], TextInput("https://")
            ),
            "authorization_endpoint": Field(NAMES["authorization_endpoint"], TextInput("https://")),
            "token_endpoint": Field(NAMES["token_endpoint"], TextInput("https://")),
            "letter": Field(NAMES["letter"], TextInput("N")),
            "color": Field(NAMES["color"], Choice(texts.COLOR_NAMES, theme)),
            "proxy": Field(NAMES["proxy"], TextInput("system"), texts.PROXY_HELP),
            "proxy_user": Field(NAMES["proxy_user"], TextInput()),
            "ca_file": Field(
                NAMES["ca_file"], TextInput(), texts.CA_FILE_HELP, beside=self._choose_file
            ),
            "keep_fresh": Field(NAMES["keep_fresh"], Choice(texts.KEEP_FRESH_CHOICES, theme)),
            "in_use_minutes": _number_field("in_use_minutes", theme, page_texts.IN_USE),
            "clipboard_seconds": _number_field("clipboard_seconds", theme, page_texts.CLIPBOARD),
        }

    def draft(self) -> Draft:
        """What stands in them; what has no field stays, and goes with the provider it is about."""
        typed = Draft(**{name: field.control.value() for name, field in self.by_name.items()})
        if typed.preset != self._filled.preset:
            return typed
        return replace(typed, **{name: getattr(self._filled, name) for name in NOT_IN_FORM})

    def fill(self, draft: Draft) -> None:
        """Show `draft` without calling it a change."""
        ways = list(texts.method_names(self._policy))
        if ways and draft.grant not in ways:
            draft = replace(draft, grant=ways[0])  # the safest of those that are allowed
        self._filled = draft
        for name, field in self.by_name.items():
            field.control.show_value(getattr(draft, name))
        self.show_relevant()

    def show_relevant(self) -> None:
        """Show what matters to the provider and the way that are chosen."""
        draft = self.draft()
        own = not draft.preset
        preset = self._presets.get(draft.preset, {})
        for name in ("issuer", *ENDPOINTS):
            needed = own or (
                name == "issuer" and not preset.get("issuer") and not _has_endpoints(preset)
            )
            self.by_name[name].setVisible(needed or bool(getattr(draft, name)))
        self.by_name["preset"].set_help(str(preset.get("hint", "")))
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
    def allowed_sign_in_methods(self) -> tuple[str, ...]:
        """The ways to sign in that the policy, and the client model if one was pasted, allow."""
        draft = self.draft()
        return tuple(
            each
            for each in texts.method_names(self._policy)
            if self._is_allowed_for_client(draft, each)
        )

    def disable_sign_in_methods(self, closed: Mapping[str, str]) -> None:
        """The server that stands here does not offer these ways, for these reasons."""
        draft = self.draft()
        self._disabled_methods = (_server_of(draft), closed)
        self._update_sign_in_methods(draft)

    def set_client_grants(self, client_id: str, grants: Collection[str]) -> None:
        """A client model says that this client may sign in these ways."""
        self._client_grants = (client_id, grants)

    def set_has_client_secret(self, *, has_one: bool) -> None:
        """Whether there is a client password, typed or stored."""
        self._has_client_secret = has_one
        self._update_sign_in_methods(self.draft())

    def _is_allowed_for_client(self, draft: Draft, grant: str) -> bool:
        client_id, grants = self._client_grants
        return not grants or draft.client_id != client_id or grant in grants

    def _update_sign_in_methods(self, draft: Draft) -> None:
        closed: dict[str, str] = {}
        if not self._has_client_secret and draft.grant != "client-credentials":
            closed["client-credentials"] = texts.NEEDS_CLIENT_SECRET
        server, reasons = self._disabled_methods
        closed |= reasons if server == _server_of(draft) else {}
        offered = texts.method_names(self._policy)
        closed |= {
            each: texts.NOT_IN_MODEL
            for each in offered
            if not self._is_allowed_for_client(draft, each)
        }
        closed = {each: reason for each, reason in closed.items() if each in offered}
        field = self.by_name["grant"]
        if isinstance(field.control, Choice):
            field.control.disable_values(closed)
        field.set_help(texts.methods_help(draft.grant, closed))

    def _lock(self, name: str) -> None:
        self.by_name[name].control.setEnabled(False)
        self.by_name[name].set_help(texts.managed_message(self._policy))
        if name == "ca_file":
            self._choose_file.setEnabled(False)

    def show_faults(self, faults: dict[str, str]) -> Field | None:
        """Mark those that are wrong; the first of them, for the keyboard."""
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


def _server_of(draft: Draft) -> tuple[str, ...]:
    return tuple(getattr(draft, name) for name in _SERVER)


def _number_field(setting: str, theme: Theme, about: str) -> Field:
    name, (allowed, unit) = NAMES[setting], _NUMBERS[setting]
    control = NumberOrDefault(
        name,
        theme,
        usual=getattr(Settings(), setting),
        allowed=allowed,
        unit=unit,
        words=(texts.AS_IN_SETTINGS, texts.CUSTOM_NUMBER),
    )
    return Field(name, control, about)


_NUMBERS = {
    "in_use_minutes": (IN_USE_MINUTES, "min"),
    "clipboard_seconds": (CLIPBOARD_SECONDS, "s"),
}


def _has_endpoints(preset: Mapping[str, object]) -> bool:
    """Whether it names its endpoints itself, as GitHub does, so that no issuer is needed."""
    return bool(preset.get("token_endpoint"))
