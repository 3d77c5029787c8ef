"""What stands in the form of a profile: texts as they were typed, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from desktop.oauth.addresses import has_hidden_characters
from desktop.services.configuration.profile_reader import preset_members
from desktop.services.configuration.profile_rules import ADDRESS_MEMBERS, find_faults, has_userinfo
from desktop.services.model.profile import COLORS, MEMBERS, TOKEN_RECEIVING_ENDPOINTS, Profile
from desktop.services.model.settings import (
    CLIPBOARD_SECONDS,
    IN_USE_MINUTES,
    PROFILE_SETTINGS,
    is_valid_setting,
)
from desktop.services.model.sign_in_methods import SIGN_IN_METHODS
from desktop.services.wording.field_names import (
    ENDPOINT_FIELDS,
    NEXT_FIELD,
    ONE_PER_LINE,
    SWITCH_CHOICES,
)

if TYPE_CHECKING:
    from desktop.services.configuration.client_model import ClientModel

Presets = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is typed, by the names of a profile's members.

    No preset is another provider. `scope` and `verification_hosts` are words with spaces between
    them, `extra_parameters` a `name=value` a line. A preset's own value stands in no field: it is
    what an empty one means. The profile's own settings are empty for what the settings page says.
    The last four have no field: they are for the file and the command line.
    """

    preset: str = ""
    client_id: str = ""
    name: str = ""
    scope: str = ""
    grant: str = "device"
    client_authentication: str = "auto"
    issuer: str = ""
    expected_issuer: str = ""
    device_authorization_endpoint: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    redirect_uri: str = ""
    extra_parameters: str = ""
    letter: str = ""
    color: str = ""
    proxy: str = "system"
    proxy_user: str = ""
    ca_file: str = ""
    keep_fresh: str = ""
    in_use_minutes: str = ""
    clipboard_seconds: str = ""
    userinfo_endpoint: str = ""
    revocation_endpoint: str = ""
    app_grant_endpoint: str = ""
    verification_hosts: str = ""


FIELDS = tuple(each.name for each in fields(Draft))
NOT_IN_FORM = (*TOKEN_RECEIVING_ENDPOINTS, "verification_hosts")
_LISTS = ("scope", "verification_hosts")
_PROFILE_FIELDS = tuple(name for name in FIELDS if name not in PROFILE_SETTINGS)
_DEFAULT_PROFILE = Profile(id="", name="", client_id="")


def draft_of(profile: Profile, presets: Presets) -> Draft:
    """The form filled with `profile`."""
    usual = _defaults(profile.preset, presets, profile.issuer)
    differing = {
        name: _as_text(getattr(profile, name))
        for name in _PROFILE_FIELDS
        if name != "preset" and getattr(profile, name) != usual[name]
    }
    own = {
        name: str(value).lower()
        for name, value in profile.settings.items()
        if name in PROFILE_SETTINGS
    }
    return Draft(preset=profile.preset, **differing, **own)


def members_of(draft: Draft, presets: Presets) -> dict[str, object]:
    """What the file is to say: what differs from the preset; `None` for what it need not say."""
    usual = _defaults(draft.preset, presets, draft.issuer)
    said: dict[str, object] = {"preset": draft.preset or None}
    for name in _PROFILE_FIELDS:
        if name == "preset":
            continue
        value = _parse_field(name, getattr(draft, name))
        said[name] = _toml_value(value) if value and value != usual[name] else None
    said["client_id"] = draft.client_id.strip()
    said["name"] = draft.name.strip()
    said["settings"] = _profile_settings(draft) or None
    return said


def profile_of(id_: str, draft: Draft, presets: Presets, *, kept: Profile | None = None) -> Profile:
    """The profile that `draft` describes; `kept` has what the form does not show."""
    members = _defaults(draft.preset, presets, draft.issuer)
    if kept is not None and kept.preset == draft.preset:
        # What a preset says of another address goes with that; only what was said besides stays.
        usual = _defaults(kept.preset, presets, kept.issuer)
        hidden = {name: getattr(kept, name) for name in MEMBERS - set(FIELDS)}
        members |= {name: value for name, value in hidden.items() if value != usual[name]}
    for name in _PROFILE_FIELDS:
        value = _parse_field(name, getattr(draft, name))
        if value:
            members[name] = value
    members["settings"] = _profile_settings(draft)
    return Profile(id=id_, **members)  # type: ignore[arg-type] # each was read as its own kind


def faults_of(draft: Draft, presets: Presets) -> dict[str, str]:
    """What is wrong, by field, in words for a form; nothing where it can be saved."""
    found = {
        name: _USERINFO_MESSAGE
        for name in ADDRESS_MEMBERS
        if has_userinfo(getattr(draft, name).strip())
    }
    found |= _input_faults(draft)
    for member, detail in find_faults(profile_of("draft", draft, presets)):
        if member == "settings":  # told above, at the field of each
            continue
        # Where several are wrong together it is the address that all others follow from.
        follows = member in NOT_IN_FORM and not getattr(draft, member)
        name = "issuer" if follows or member not in FIELDS else member
        words = _PRESET_MESSAGES if draft.preset else _MESSAGES
        said = detail.replace(f"`{name}`", "It", 1)
        found.setdefault(name, words.get(name, f"{said[:1].upper()}{said[1:]}."))
    return found


def _input_faults(draft: Draft) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in FIELDS:
        if name != "extra_parameters" and has_hidden_characters(getattr(draft, name).strip()):
            found[name] = "It holds characters that cannot be seen."
    for name in ("client_id", "name"):
        if not getattr(draft, name).strip():
            found.setdefault(name, _MISSING_MESSAGES[name])
    if _invalid_lines(draft.extra_parameters):
        found["extra_parameters"] = _MESSAGES["extra_parameters"]
    for name, value in _profile_settings(draft).items():
        if not is_valid_setting(name, value):
            found[name] = _MESSAGES[name]
    return found


def with_client_model(draft: Draft, model: ClientModel) -> Draft:
    """`draft` with what a pasted client model says; its password is not the form's to keep.

    Of the ways that it allows the safest is proposed.
    """
    allowed = [way.grant for way in SIGN_IN_METHODS if way.grant in model.grants]
    return replace(
        draft,
        client_id=model.client_id,
        name=draft.name or model.name,
        scope=" ".join(model.scope) or draft.scope,
        grant=allowed[0] if allowed else draft.grant,
        client_authentication="none" if model.is_public else "auto",
        redirect_uri=model.redirect_uri or draft.redirect_uri,
    )


_MISSING_MESSAGES = {
    "client_id": "The client ID says which client you sign in as.",
    "name": "Give it a name that you will know it by.",
}
_MESSAGES = {
    "issuer": (
        f"Type in the address of the issuer, which begins with https://, or {ENDPOINT_FIELDS}."
    ),
    "letter": "One character, or two.",
    "color": f"One of {', '.join(COLORS)}, or a color such as #1a2b3c.",
    "proxy": "“system”, “none”, or an address with its port, such as http://proxy.example:3128. "
    f"The user goes into {NEXT_FIELD}.",
    "redirect_uri": "It must be on this computer, such as http://127.0.0.1:8400/callback.",
    "client_authentication": "This way to sign in needs the client password.",
    "extra_parameters": f"{ONE_PER_LINE} audience=https://api.example. No password here.",
    "keep_fresh": SWITCH_CHOICES,
    "in_use_minutes": f"A number from {IN_USE_MINUTES[0]} to {IN_USE_MINUTES[-1]}.",
    "clipboard_seconds": f"A number from {CLIPBOARD_SECONDS[0]} to {CLIPBOARD_SECONDS[-1]}.",
}


# Where a preset knows the endpoints, no field shows them.
_USERINFO_MESSAGE = "It holds a user name or password: leave that out."
_PRESET_MESSAGES = {
    **_MESSAGES,
    "issuer": "Type in the address of the issuer, which begins with https://.",
}


def _defaults(preset: str, presets: Presets, issuer: str) -> dict[str, object]:
    """The members that a profile with `preset` at `issuer` has without saying anything itself."""
    usual: dict[str, object] = {name: getattr(_DEFAULT_PROFILE, name) for name in MEMBERS}
    for name, value in preset_members(presets.get(preset, {}), {"issuer": issuer}).items():
        usual[name] = tuple(value) if isinstance(value, list) else value
    usual["preset"] = preset
    return usual


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, Mapping):
        return "\n".join(f"{each}={said}" for each, said in value.items())
    return str(value or "")


def _parse_field(name: str, text: str) -> object:
    """What was typed, as a member; empty for what a preset is to say, or nobody needs to."""
    if name in _LISTS:
        return tuple(text.replace(",", " ").split())
    if name == "extra_parameters":
        pairs = (line.partition("=") for line in text.splitlines() if line.strip())
        return {key.strip(): value.strip() for key, _, value in pairs}
    # The first of a choice is not said: with Google it must not replace what the preset knows.
    return "" if text.strip() == getattr(_DEFAULT_PROFILE, name) else text.strip()


def _profile_settings(draft: Draft) -> dict[str, object]:
    """What the profile decides otherwise than the settings page, as its file has it."""
    typed = {name: getattr(draft, name).strip() for name in PROFILE_SETTINGS}
    return {name: _parse_setting(text) for name, text in typed.items() if text}


def _parse_setting(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isascii() and text.isdigit() else text


def _toml_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _invalid_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not line.partition("=")[0].strip() or "=" not in line]
