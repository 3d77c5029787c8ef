"""`xdr-login profiles list`, `presets` and `show`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import (
    print_json,
    print_message,
)
from desktop.cli.terminal.tables import print_rows, print_table
from desktop.oauth.errors import printable
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.profile_reader import load_presets
from desktop.services.model.profile import MEMBERS, BrokenProfile, Profile
from desktop.services.system.translation import translatable, translate
from desktop.services.wording.formats import with_label

_HEADER = (
    translatable("PROFILE"),
    translatable("NAME"),
    translatable("PROVIDER"),
    translatable("MANAGED BY"),
)


def list_(*, as_json: bool) -> int:
    found = load_configuration()
    if as_json:
        print_json(
            {
                "profiles": [_summary(each) for each in found.good.values()],
                "broken": [
                    {"id": id_, "message": _broken_message(why)}
                    for id_, why in found.broken.items()
                ],
            }
        )
        return Exit.OK
    rows = [
        (
            each.id,
            each.name,
            each.provider_label,
            translate("your administrator") if each.managed else "",
        )
        for each in found.good.values()
    ]
    print_table(_HEADER, rows)
    for id_, why in found.broken.items():
        print_message(with_label(printable(id_), _broken_message(why)), color="yellow")
    if not rows and not found.broken:
        print_message(translate("No profiles yet. Add one: xdr-login profiles add --help"))
    return Exit.OK


def _broken_message(error: BrokenProfile) -> str:
    from desktop.services.profile_editor.editor_wording import broken_profile_message

    return broken_profile_message(error)  # slow to load, and rare


def presets(*, as_json: bool) -> int:
    from desktop.services.profile_editor.editor_wording import preset_names  # slow to load

    into = str if as_json else translate
    names = {id_: name for id_, name in preset_names(load_presets(), into=into).items() if id_}
    if as_json:
        print_json({"presets": [{"id": id_, "name": name} for id_, name in names.items()]})
        return Exit.OK
    print_rows(tuple(names.items()))
    return Exit.OK


def show(*, name: str | None, as_json: bool) -> int:
    members = _members(load_configuration().find(name))
    if as_json:
        print_json(members)
        return Exit.OK
    if members.get("region"):
        members["region"] = translate(members["region"])
    print_rows([(member, printable(_text(value), 1000)) for member, value in members.items()])
    return Exit.OK


def _summary(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "name": profile.name,
        "provider": profile.provider,
        "region": profile.region,
        "issuer": profile.issuer,
        "client_id": profile.client_id,
        "grant": profile.grant,
        "managed": profile.managed,
    }


def _members(profile: Profile) -> dict[str, Any]:
    """Collect the keys that aren't the default, in the order of the documentation.

    The API services are all that may get the token, as the running app tells them to programs.
    """
    from desktop.services.token.api_services import service_addresses

    default = Profile(id="", name="", client_id="")
    values = {
        name: _plain(getattr(profile, name))
        for name in Profile.__dataclass_fields__
        if name in MEMBERS and getattr(profile, name) != getattr(default, name)
    }
    values["services"] = service_addresses(profile)
    return {"id": profile.id, **values, "grant": profile.grant, "managed": profile.managed}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _inner_text(value: object) -> str:
    return f"({_text(value)})" if isinstance(value, dict) else _text(value)


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"  # as in the file
        case list():
            return " ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}={_inner_text(each)}" for name, each in value.items())
    return str(value)
