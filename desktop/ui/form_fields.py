"""The fields of the form of a profile, by the names of its members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.services.profile_draft import FIELDS, Draft, Presets
from desktop.ui import profile_texts as texts
from desktop.ui.inputs import Choice, Field, Line, Lines

if TYPE_CHECKING:
    from desktop.services.policy import Policy
    from desktop.ui.theme import Theme

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
NETWORK = ("proxy", "proxy_user")
FOLDED = (*WAY, *ENDPOINTS, *LOOK, *NETWORK, "ca_file")


class FormFields:
    """Builds them, reads them, and shows those that matter to what is chosen."""

    def __init__(self, presets: Presets, policy: Policy, theme: Theme) -> None:
        names = texts.preset_names(presets)
        ways = texts.way_names(policy)
        self._policy = policy
        self._presets = presets
        self.by_name: dict[str, Field] = {
            "preset": Field("Provider and region", Choice(names, theme)),
            "client_id": Field("Client ID", Line("client-…"), texts.CLIENT_ID),
            "name": Field("Name", Line("Northwind SOC")),
            "scope": Field("Scopes", Line("enrich:read inspect:read"), texts.SCOPE),
            "issuer": Field("Issuer", Line("https://"), texts.ISSUER),
            "expected_issuer": Field("Name of the issuer", Line("IROH Auth"), texts.EXPECTED),
            "grant": Field("Way to sign in", Choice(ways, theme)),
            "client_authentication": Field(
                "How the client proves itself", Choice(texts.AUTHENTICATIONS, theme)
            ),
            "redirect_uri": Field("Redirect address", Line("http://127.0.0.1/"), texts.REDIRECT),
            "extra_parameters": Field("Extra parameters", Lines(), texts.EXTRA),
            "device_authorization_endpoint": Field("Address for codes", Line("https://")),
            "authorization_endpoint": Field("Address for the browser", Line("https://")),
            "token_endpoint": Field("Address for tokens", Line("https://")),
            "letter": Field("Letter", Line("N")),
            "color": Field("Colour", Choice(texts.COLOR_NAMES, theme)),
            "proxy": Field("Proxy", Line("system"), texts.PROXY),
            "proxy_user": Field("Proxy user", Line()),
            "ca_file": Field("Authorities file", Line(), texts.CA_FILE),
        }

    def draft(self) -> Draft:
        """What stands in them."""
        return Draft(**{name: self.by_name[name].control.value() for name in FIELDS})

    def fill(self, draft: Draft) -> None:
        """Show `draft` without calling it a change."""
        ways = list(texts.way_names(self._policy))
        if ways and draft.grant not in ways:
            draft = replace(draft, grant=ways[0])  # the safest of those that are allowed
        for name in FIELDS:
            self.by_name[name].control.choose(getattr(draft, name))
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
        self.by_name["grant"].explain(texts.why_this_way(draft.grant))
        for name in ("proxy", "ca_file"):
            if getattr(self._policy, name):
                self.by_name[name].control.setEnabled(False)
                self.by_name[name].explain(texts.locked(self._policy))

    def show_faults(self, faults: dict[str, str]) -> Field | None:
        """Mark those that are wrong; the first of them, for the keyboard."""
        for name, field in self.by_name.items():
            field.show_fault(faults.get(name, ""))
        return next(
            (self.by_name[name] for name in (*FIRST, *THEN, *FOLDED) if name in faults), None
        )


def _has_all(preset: Mapping[str, object]) -> bool:
    """Whether it names its endpoints itself, as GitHub does, so that no issuer is needed."""
    return bool(preset.get("token_endpoint"))
