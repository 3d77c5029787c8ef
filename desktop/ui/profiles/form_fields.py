"""The fields of the form of a profile, by the names of its members."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.configuration.profile_draft import WITHOUT_FIELD, Draft, Presets
from desktop.services.model.settings import CLIPBOARD_SECONDS, IN_USE_MINUTES, Settings
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.wording.field_names import FIELD_NAMES as NAMES
from desktop.ui.kit.inputs import Choice, Field, Line, Lines, OwnNumber
from desktop.ui.kit.widgets import Button
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from desktop.services.model.policy import Policy
    from desktop.ui.kit.theme import Theme

FIRST = ("preset", "issuer", "client_id")
THEN = ("name", "scope")
WAY = ("grant", "client_authentication", "redirect_uri", "extra_parameters")
ENDPOINTS = (
    "expected_issuer",
    "device_authorization_endpoint",
    "authorization_endpoint",
    "token_endpoint",
)
LOOK = ("letter", "color")
SETTINGS = ("keep_fresh", "in_use_minutes", "clipboard_seconds")

NETWORK = ("proxy", "proxy_user")
FOLDED = (*WAY, *ENDPOINTS, *LOOK, *SETTINGS, *NETWORK, "ca_file")
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
        ways = texts.way_names(policy)
        self._policy = policy
        self._presets = presets
        self._closed: tuple[tuple[str, ...], Mapping[str, str]] = ((), {})
        self._client: tuple[str, Collection[str]] = ("", ())
        self._has_password = False
        self._filled = Draft()
        self._choose_file = Button(texts.CHOOSE_FILE, choose_file)
        self._choose_file.setAccessibleName("Choose the authorities file")
        self._choose_file.setFixedWidth(_BESIDE)
        self.by_name: dict[str, Field] = {
            "preset": Field(NAMES["preset"], Choice(names, theme)),
            "client_id": Field(NAMES["client_id"], Line("client-…"), texts.CLIENT_ID),
            "name": Field(NAMES["name"], Line("Northwind SOC")),
            "scope": Field(NAMES["scope"], Line("enrich:read inspect:read"), texts.SCOPE),
            "issuer": Field(NAMES["issuer"], Line("https://"), texts.ISSUER),
            "expected_issuer": Field(NAMES["expected_issuer"], Line("IROH Auth"), texts.EXPECTED),
            "grant": Field(NAMES["grant"], Choice(ways, theme)),
            "client_authentication": Field(
                NAMES["client_authentication"], Choice(texts.AUTHENTICATIONS, theme)
            ),
            "redirect_uri": Field(NAMES["redirect_uri"], Line("http://127.0.0.1/"), texts.REDIRECT),
            "extra_parameters": Field(NAMES["extra_parameters"], Lines(), texts.EXTRA),
            "device_authorization_endpoint": Field(
                NAMES["device_authorization_endpoint"], Line("https://")
            ),
            "authorization_endpoint": Field(NAMES["authorization_endpoint"], Line("https://")),
            "token_endpoint": Field(NAMES["token_endpoint"], Line("https://")),
            "letter": Field(NAMES["letter"], Line("N")),
            "color": Field(NAMES["color"], Choice(texts.COLOR_NAMES, theme)),
            "proxy": Field(NAMES["proxy"], Line("system"), texts.PROXY),
            "proxy_user": Field(NAMES["proxy_user"], Line()),
            "ca_file": Field(NAMES["ca_file"], Line(), texts.CA_FILE, beside=self._choose_file),
            "keep_fresh": Field(NAMES["keep_fresh"], Choice(texts.FRESH, theme)),
            "in_use_minutes": _own_number("in_use_minutes", theme, page_texts.IN_USE),
            "clipboard_seconds": _own_number("clipboard_seconds", theme, page_texts.CLIPBOARD),
        }

    def draft(self) -> Draft:
        """What stands in them; what has no field stays, and goes with the provider it is about."""
        typed = Draft(**{name: field.control.value() for name, field in self.by_name.items()})
        if typed.preset != self._filled.preset:
            return typed
        return replace(typed, **{name: getattr(self._filled, name) for name in WITHOUT_FIELD})

    def fill(self, draft: Draft) -> None:
        """Show `draft` without calling it a change."""
        ways = list(texts.way_names(self._policy))
        if ways and draft.grant not in ways:
            draft = replace(draft, grant=ways[0])  # the safest of those that are allowed
        self._filled = draft
        for name, field in self.by_name.items():
            field.control.choose(getattr(draft, name))
        self.arrange()

    def arrange(self) -> None:
        """Show what matters to the provider and the way that are chosen."""
        draft = self.draft()
        own = not draft.preset
        preset = self._presets.get(draft.preset, {})
        for name in ("issuer", *ENDPOINTS):
            needed = own or (name == "issuer" and not preset.get("issuer") and not _has_all(preset))
            self.by_name[name].setVisible(needed or bool(getattr(draft, name)))
        self.by_name["preset"].explain(str(preset.get("hint", "")))
        example = str(preset.get("issuer_example", "")) or "https://"
        issuer = self.by_name["issuer"].control
        if isinstance(issuer, Line):
            issuer.setPlaceholderText(example)
        self.by_name["redirect_uri"].setVisible(draft.grant == "code")
        self._arrange_ways(draft)
        for name in ("proxy", "ca_file"):
            if getattr(self._policy, name):
                self._lock(name)
        for name in SETTINGS:
            if name in self._policy.settings:
                self._lock(name)

    @property
    def allowed_ways(self) -> tuple[str, ...]:
        """The ways to sign in that the policy, and the client model if one was pasted, allow."""
        draft = self.draft()
        return tuple(each for each in texts.way_names(self._policy) if self._may(draft, each))

    def close_ways(self, closed: Mapping[str, str]) -> None:
        """The server that stands here does not offer these ways, for these reasons."""
        draft = self.draft()
        self._closed = (_server_of(draft), closed)
        self._arrange_ways(draft)

    def know_client(self, client_id: str, grants: Collection[str]) -> None:
        """A client model says that this client may sign in these ways."""
        self._client = (client_id, grants)

    def know_password(self, *, has_one: bool) -> None:
        """Whether there is a client password, typed or stored."""
        self._has_password = has_one
        self._arrange_ways(self.draft())

    def _may(self, draft: Draft, grant: str) -> bool:
        client_id, grants = self._client
        return not grants or draft.client_id != client_id or grant in grants

    def _arrange_ways(self, draft: Draft) -> None:
        closed: dict[str, str] = {}
        if not self._has_password and draft.grant != "client-credentials":
            closed["client-credentials"] = texts.NEEDS_PROOF
        server, reasons = self._closed
        closed |= reasons if server == _server_of(draft) else {}
        offered = texts.way_names(self._policy)
        closed |= {each: texts.NOT_IN_MODEL for each in offered if not self._may(draft, each)}
        closed = {each: reason for each, reason in closed.items() if each in offered}
        field = self.by_name["grant"]
        if isinstance(field.control, Choice):
            field.control.close_off(closed)
        field.explain(texts.about_ways(draft.grant, closed))

    def _lock(self, name: str) -> None:
        self.by_name[name].control.setEnabled(False)
        self.by_name[name].explain(texts.locked(self._policy))
        if name == "ca_file":
            self._choose_file.setEnabled(False)

    def show_faults(self, faults: dict[str, str]) -> Field | None:
        """Mark those that are wrong; the first of them, for the keyboard."""
        for name in WITHOUT_FIELD:
            if name in faults:
                faults = {"preset": f"{name}: {faults[name]}", **faults}
        for name, field in self.by_name.items():
            field.show_fault(faults.get(name, ""))
        return next(
            (self.by_name[name] for name in (*FIRST, *THEN, *FOLDED) if name in faults), None
        )


def _server_of(draft: Draft) -> tuple[str, ...]:
    return tuple(getattr(draft, name) for name in _SERVER)


def _own_number(setting: str, theme: Theme, about: str) -> Field:
    name, (allowed, unit) = NAMES[setting], _NUMBERS[setting]
    control = OwnNumber(
        name,
        theme,
        usual=getattr(Settings(), setting),
        allowed=allowed,
        unit=unit,
        words=(texts.AS_IN_SETTINGS, texts.OWN_NUMBER),
    )
    return Field(name, control, about)


_NUMBERS = {
    "in_use_minutes": (IN_USE_MINUTES, "min"),
    "clipboard_seconds": (CLIPBOARD_SECONDS, "s"),
}


def _has_all(preset: Mapping[str, object]) -> bool:
    """Whether it names its endpoints itself, as GitHub does, so that no issuer is needed."""
    return bool(preset.get("token_endpoint"))
