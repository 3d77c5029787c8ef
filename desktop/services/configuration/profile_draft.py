"""The content of the profile form, as typed, and the profile that it describes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import make_dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from desktop.oauth.addresses import ascii_address
from desktop.services.configuration.profile_names import NAME_TAKEN, name_key, name_keys
from desktop.services.configuration.profile_reader import preset_members, with_preset
from desktop.services.configuration.profile_rules import (
    ADDRESS_MEMBERS,
    find_faults,
    has_invisible_characters,
    has_userinfo,
    with_ascii_host,
)
from desktop.services.model.members import Kind, Member
from desktop.services.model.profile import EDITABLE, MEMBERS, Profile
from desktop.services.model.settings import PROFILE_SETTINGS, is_valid_setting
from desktop.services.model.sign_in_methods import SIGN_IN_METHODS
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.field_names import BySurface, Surface, field_name

if TYPE_CHECKING:
    from dataclasses import Field

    from desktop.services.configuration.client_model import ClientModel

Presets = Mapping[str, Mapping[str, object]]

NOT_IN_FORM = tuple(name for name, each in EDITABLE.items() if not each.title)

if TYPE_CHECKING:

    class Draft:
        """The typed texts, by the names of `EDITABLE`.

        Without a preset it is another provider. `scope` and `verification_hosts` are separated by
        spaces, `extra_parameters` has one `name=value` per line, as `services` has, which adds to
        the preset's. A field that is empty has the preset's value; an empty setting has the global
        one.
        """

        __dataclass_fields__: ClassVar[dict[str, Field[str]]]

        def __init__(self, **typed: str) -> None: ...
        def __getattr__(self, name: str) -> str: ...

else:
    Draft = make_dataclass(
        "Draft",
        [
            (name, str, each.default if name in MEMBERS and isinstance(each.default, str) else "")
            for name, each in EDITABLE.items()
        ],
        frozen=True,
        slots=True,
    )


_TABLE_FIELDS = tuple(
    name for name, each in EDITABLE.items() if each.kind in {Kind.PARAMETERS, Kind.ADDRESSES}
)
# What a preset makes of the issuer, unless the draft says otherwise.
_FROM_PRESET = (*NOT_IN_FORM, "services")
_PROFILE_FIELDS = tuple(name for name in EDITABLE if name in MEMBERS)
_EMPTY: tuple[object, ...] = ("", (), {})
_DEFAULT_PROFILE = Profile(id="", name="", client_id="")


def draft_of(profile: Profile, presets: Presets) -> Draft:
    """Fill the form with `profile`."""
    defaults = _defaults_of(profile, presets)
    differing = {
        name: _as_text(_own_value(name, getattr(profile, name), defaults[name]))
        for name in _PROFILE_FIELDS
        if name != "preset" and getattr(profile, name) != defaults[name]
    }
    own = {
        name: _as_text(value)
        for name, value in profile.settings.items()
        if name in PROFILE_SETTINGS
    }
    return Draft(preset=profile.preset, **differing, **own)


def members_of(draft: Draft, presets: Presets) -> dict[str, object]:
    """List what the file must contain: what differs from the preset; None removes a member."""
    defaults = _defaults(draft.preset, presets, draft.issuer, draft.token_endpoint)
    members: dict[str, object] = {"preset": draft.preset or None}
    for name in _PROFILE_FIELDS:
        if name == "preset":
            continue
        value = _parse_field(name, getattr(draft, name))
        value = _own_value(name, value, defaults[name])
        members[name] = None if value in (*_EMPTY, defaults[name]) else _toml_value(value)
    members["client_id"] = draft.client_id.strip()
    members["name"] = draft.name.strip()
    members["settings"] = _profile_settings(draft) or None
    return members


def profile_of(id_: str, draft: Draft, presets: Presets, *, kept: Profile | None = None) -> Profile:
    """Make the profile that `draft` describes; `kept` has what the form does not show."""
    members = _defaults(draft.preset, presets, draft.issuer, draft.token_endpoint)
    given = dict(members)
    if kept is not None and kept.preset == draft.preset:
        # The members of a preset follow the address. Only what was set in addition stays.
        defaults = _defaults_of(kept, presets)
        hidden = {name: getattr(kept, name) for name in MEMBERS.keys() - EDITABLE.keys()}
        members |= {name: value for name, value in hidden.items() if value != defaults[name]}
    for name in _PROFILE_FIELDS:
        value = _parse_field(name, getattr(draft, name))
        if EDITABLE[name].kind is Kind.ADDRESSES:
            value = {**given[name], **value}  # type: ignore[dict-item] # tables both
        if value not in _EMPTY:
            members[name] = value
    members["settings"] = _profile_settings(draft)
    profile = Profile(id=id_, **members)  # type: ignore[arg-type] # each was read as its own kind
    return with_preset(profile, presets.get(draft.preset, {}), given)


def with_ascii_hosts(draft: Draft) -> Draft:
    """Show the hosts in `draft` as the network sees them."""
    shown = {name: with_ascii_host(each, getattr(draft, name)) for name, each in EDITABLE.items()}
    return replace(draft, **shown)


def faults_of(
    draft: Draft,
    presets: Presets,
    *,
    surface: Surface = Surface.WINDOW,
    taken: Collection[str] = (),
) -> dict[str, str]:
    """Describe what is wrong, by field; empty where the draft can be saved.

    `taken` are the ids and names of other profiles.
    """
    found = {
        name: translate("Leave out the user name and password.")
        for name in ADDRESS_MEMBERS
        if has_userinfo(getattr(draft, name).strip())
    }
    found |= _input_faults(draft, surface)
    if name_key(draft.name) in name_keys(taken):
        found.setdefault("name", translate(NAME_TAKEN))
    for fault in find_faults(profile_of("draft", draft, presets)):
        if fault.member == "settings":  # `_input_faults` has them, each at its field
            continue
        # Where several are wrong together, it is the issuer that all others follow from.
        follows = fault.member in _FROM_PRESET and not getattr(draft, fault.member)
        name = "issuer" if follows or fault.member not in EDITABLE else fault.member
        detail = translate("{detail}.", detail=fault.describe(field_name(name)))
        messages = _PRESET_MESSAGES if draft.preset else _MESSAGES
        # The rule says best which line is refused, and why.
        says_more = name in _TABLE_FIELDS and fault.values
        if name in messages and not says_more:
            detail = translate(messages[name].on(surface))
        found.setdefault(name, detail)
    return found


def _input_faults(draft: Draft, surface: Surface) -> dict[str, str]:
    lines = (each for each in EDITABLE.values() if each.name not in _TABLE_FIELDS)
    found = {
        each.name: translate("Contains invisible characters.")
        for each in lines
        if has_invisible_characters(each, getattr(draft, each.name).strip())
    }
    if not draft.client_id.strip():
        found.setdefault("client_id", translate("Enter the client ID."))
    if not draft.name.strip():
        found.setdefault("name", translate("Enter a name for this profile."))
    for name in _TABLE_FIELDS:
        if _invalid_lines(getattr(draft, name)):
            found[name] = translate(_MESSAGES[name].on(surface))
    for name, value in _profile_settings(draft).items():
        if not is_valid_setting(name, value):
            found[name] = _invalid_setting(EDITABLE[name])
    return found


def _invalid_setting(setting: Member) -> str:
    allowed = setting.allowed
    if not allowed:
        return translate("Must be true or false, or empty for the global setting.")
    return translate("Enter a number from {first} to {last}.", first=allowed[0], last=allowed[-1])


def with_client_model(draft: Draft, model: ClientModel) -> Draft:
    """Fill in what a pasted client says, but for its secret; the safest method is proposed.

    A server that was chosen before stays.
    """
    knows_server = draft.issuer.strip() or draft.preset not in ("", model.preset)
    allowed = [each.grant for each in SIGN_IN_METHODS if each.grant in model.grants]
    return replace(
        draft,
        client_id=model.client_id,
        name=draft.name or model.name,
        scope=" ".join(model.scope) or draft.scope,
        grant=allowed[0] if allowed else draft.grant,
        client_authentication="none" if model.is_public else "auto",
        redirect_uri=model.redirect_uri or draft.redirect_uri,
        issuer=draft.issuer if knows_server else model.issuer,
        preset=draft.preset if knows_server else model.preset,
    )


_ENTER_ISSUER = translatable("Enter the issuer, an address that starts with https://.")
_MESSAGES = {
    "issuer": BySurface(
        translatable(
            "Enter the issuer, an address that starts with https://, or enter the endpoints under "
            "“More options”."
        ),
        translatable(
            "Set the issuer, an address that starts with https://, or set "
            "--device-authorization-endpoint and --token-endpoint."
        ),
    ),
    "extra_parameters": BySurface(
        translatable(
            "Enter one name=value per line, such as audience=https://api.example. Don't enter "
            "secrets here."
        ),
        translatable(
            "Use NAME=VALUE, such as audience=https://api.example. Don't enter secrets here."
        ),
    ),
    "services": BySurface(
        translatable("Enter one name=address per line, such as reports=https://reports.example."),
        translatable("Use NAME=URL, such as reports=https://reports.example."),
    ),
}
# Where a preset knows the endpoints, no field shows them.
_PRESET_MESSAGES = {**_MESSAGES, "issuer": BySurface(_ENTER_ISSUER, _ENTER_ISSUER)}


def _defaults(preset: str, presets: Presets, issuer: str, token_endpoint: str) -> dict[str, object]:
    """List the members that a profile with `preset` at such a server has by default."""
    defaults: dict[str, object] = {name: getattr(_DEFAULT_PROFILE, name) for name in MEMBERS}
    server = {"issuer": issuer, "token_endpoint": token_endpoint}
    server = {name: ascii_address(typed.strip()) for name, typed in server.items()}
    for name, value in preset_members(presets.get(preset, {}), server).items():
        defaults[name] = tuple(value) if isinstance(value, list) else value
    defaults["preset"] = preset
    return defaults


def _defaults_of(profile: Profile, presets: Presets) -> dict[str, object]:
    return _defaults(profile.preset, presets, profile.issuer, profile.token_endpoint)


def _own_value(name: str, value: object, default: object) -> object:
    """Leave out what a table has by default, where the file adds to that."""
    is_added = EDITABLE[name].kind is Kind.ADDRESSES
    if not (is_added and isinstance(value, Mapping) and isinstance(default, Mapping)):
        return value
    return {each: address for each, address in value.items() if default.get(each) != address}


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(value, Mapping):
        return "\n".join(f"{name}={each}" for name, each in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value or "")


def _parse_field(name: str, text: str) -> object:
    """Convert typed text to its kind; empty where the default or the preset applies."""
    kind, typed = EDITABLE[name].kind, text.strip()
    if kind is Kind.STRINGS:
        return tuple(text.replace(",", " ").split())
    if kind is Kind.PARAMETERS:
        pairs = (line.partition("=") for line in text.splitlines() if line.strip())
        return {key.strip(): value.strip() for key, _, value in pairs}
    if kind is Kind.ADDRESSES:
        pairs = (line.partition("=") for line in text.splitlines() if line.strip())
        return {key.strip(): ascii_address(value.strip()) for key, _, value in pairs}
    if kind is Kind.BOOLEAN and typed in {"true", "false"}:
        return typed == "true"
    if kind is Kind.NUMBER and typed.isascii() and typed.isdigit() and len(typed) < 20:
        return int(typed)
    typed = with_ascii_host(EDITABLE[name], typed)
    # A default is not saved: with Google it must not replace what the preset knows.
    return "" if typed == EDITABLE[name].default else typed


def _profile_settings(draft: Draft) -> dict[str, object]:
    """Convert the profile's own settings to what its file contains."""
    typed = {name: _parse_field(name, getattr(draft, name)) for name in PROFILE_SETTINGS}
    return {name: value for name, value in typed.items() if value not in _EMPTY}


def _toml_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _invalid_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    return [line for line in lines if not line.partition("=")[0].strip() or "=" not in line]
