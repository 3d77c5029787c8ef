"""`xdr-login profiles`: list, show and check profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop.cli.profiles.profile_context import ProfileContext, run_with_profiles
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import (
    print_json,
    print_message,
    print_result,
)
from desktop.oauth.errors import printable
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.profile_reader import load_presets
from desktop.services.model.profile import MEMBERS, Profile
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.check import Finding, Outcome
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import Surface


def list_(*, as_json: bool) -> int:
    found = load_configuration()
    if as_json:
        print_json(
            {
                "profiles": [_summary(each) for each in found.good.values()],
                "broken": [
                    {"id": id_, "message": texts.broken_profile_message(why)}
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
            translate("(managed by your administrator)") if each.managed else "",
        )
        for each in found.good.values()
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True))
        print_result("  ".join(cells).rstrip())
    for id_, why in found.broken.items():
        print_message(f"{printable(id_)}: {texts.broken_profile_message(why)}", color="yellow")
    if not rows and not found.broken:
        print_message(translate("No profiles yet. Add one: xdr-login profiles add --help"))
    return Exit.OK


def presets(*, as_json: bool) -> int:
    names = {id_: name for id_, name in texts.preset_names(load_presets()).items() if id_}
    if as_json:
        print_json({"presets": [{"id": id_, "name": name} for id_, name in names.items()]})
        return Exit.OK
    width = max(map(len, names))
    for id_, name in names.items():
        print_result(f"{id_.ljust(width)}  {name}")
    return Exit.OK


def show(*, name: str | None, as_json: bool) -> int:
    members = _members(load_configuration().find(name))
    if as_json:
        print_json(members)
        return Exit.OK
    width = max(map(len, members))
    for member, value in members.items():
        print_result(f"{member.ljust(width)}  {printable(_text(value), 1000)}")
    return Exit.OK


def check(*, name: str | None, as_json: bool) -> int:

    async def run_checks(context: ProfileContext) -> list[Finding]:
        profile = context.snapshot.profiles.find(name)
        found = []
        async for finding in context.editor.check(
            profile, SecretChanges(), context.snapshot, surface=Surface.TERMINAL
        ):
            found.append(finding)
            if not as_json:
                _print_finding(finding, profile)
        if as_json:
            print_json(
                {
                    "profile": profile.id,
                    "works": all(each.outcome is not Outcome.BAD for each in found),
                    "findings": [_finding_members(each) for each in found],
                }
            )
        return found

    found = run_with_profiles(run_checks)
    if not as_json:
        print_message(texts.check_summary(found))
    failed = any(each.outcome is Outcome.BAD for each in found)
    return Exit.FAILURE if failed else Exit.OK


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
    """Collect the keys that aren't the default, in the order of the documentation."""
    default = Profile(id="", name="", client_id="")
    values = {
        name: _plain(getattr(profile, name))
        for name in Profile.__dataclass_fields__
        if name in MEMBERS and getattr(profile, name) != getattr(default, name)
    }
    return {"id": profile.id, **values, "grant": profile.grant, "managed": profile.managed}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"  # as in the file
        case list():
            return " ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}={each}" for name, each in value.items())
    return str(value)


_COLORS = {
    Outcome.GOOD: "green",
    Outcome.UNSURE: "yellow",
    Outcome.HINT: "yellow",
    Outcome.BAD: "red",
}


def _print_finding(finding: Finding, profile: Profile) -> None:
    width = max(len(translate(each.value)) for each in Outcome)
    mark, step = translate(finding.outcome.value).ljust(width), translate(finding.step.value)
    print_result(f"{mark}  {step}: {finding.text}", color=_COLORS[finding.outcome])
    if finding.remedy:
        print_result(f"{' ' * width}  {finding.remedy}")
    for option, instead in (("--preset", finding.preset), ("--grant", finding.grant)):
        if instead and not profile.managed:  # the window has a button for this
            print_result(f"{' ' * width}  xdr-login profiles edit {profile.id} {option} {instead}")


def _finding_members(finding: Finding) -> dict[str, Any]:
    return {
        "step": finding.step.name.lower(),
        "outcome": finding.outcome.name.lower(),
        "text": finding.text,
        "remedy": finding.remedy,
        "preset": finding.preset or None,
        "grant": finding.grant or None,
    }
