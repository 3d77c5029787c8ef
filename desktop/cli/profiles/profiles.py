"""`xdr-login profiles`: what is there, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from desktop.cli.profiles.profile_changes import add, edit, export, import_, remove
from desktop.cli.profiles.profile_context import ProfileContext, run_with_profiles
from desktop.cli.terminal import PROFILE_VARIABLE
from desktop.cli.terminal.exits import Exit, handle_errors
from desktop.cli.terminal.output import (
    CommandWithExamples,
    complete_profile,
    json_option,
    print_json,
    print_message,
    print_result,
    resolve_profile_option,
)
from desktop.oauth.errors import printable
from desktop.services.configuration.load import load_configuration
from desktop.services.configuration.profile_reader import load_presets
from desktop.services.model.profile import MEMBERS, Profile
from desktop.services.profile_editor import editor_wording as texts
from desktop.services.profile_editor.check import Finding, Outcome
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.wording.field_names import for_terminal


@click.group()
def profiles() -> None:
    """List, add, change and check profiles.

    A profile says where you sign in, and as which client. The window has the same as a form.
    """


for _command in (add, edit, remove, import_, export):
    profiles.add_command(_command)


def _name_argument(command: Any) -> Any:  # noqa: ANN401 - as click's own decorators
    return click.argument(
        "name",
        required=False,
        envvar=PROFILE_VARIABLE,
        callback=resolve_profile_option,
        shell_complete=complete_profile,
    )(command)


@profiles.command(
    name="list",
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles list                    id, name, and where one signs in
xdr-login profiles list --json | jq -r '.profiles[].id'
""",
)
@json_option
@handle_errors
def list_(*, as_json: bool) -> int:
    """List the profiles, those of your organization first."""
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
            "(set by your organization)" if each.managed else "",
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
        print_message("There is no profile yet: “xdr-login profiles add” makes one.")
    return Exit.OK


@profiles.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles presets                 Cisco XDR by region, and other providers
xdr-login profiles add "Northwind SOC" --preset xdr-eu --client-id client-1234
""",
)
@json_option
@handle_errors
def presets(*, as_json: bool) -> int:
    """List the providers that are known by name."""
    names = {id_: name for id_, name in texts.preset_names(load_presets()).items() if id_}
    if as_json:
        print_json({"presets": [{"id": id_, "name": name} for id_, name in names.items()]})
        return Exit.OK
    width = max(map(len, names))
    for id_, name in names.items():
        print_result(f"{id_.ljust(width)}  {name}")
    return Exit.OK


@profiles.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles show northwind          every member that is not what is usual
xdr-login profiles show --json | jq -r .issuer
""",
)
@_name_argument
@json_option
@handle_errors
def show(*, name: str | None, as_json: bool) -> int:
    """Show a profile, with what its preset says; without a NAME as other commands choose it.

    No secret is in it.
    """
    members = _members(load_configuration().find(name))
    if as_json:
        print_json(members)
        return Exit.OK
    width = max(map(len, members))
    for member, value in members.items():
        print_result(f"{member.ljust(width)}  {printable(_text(value), 1000)}")
    return Exit.OK


@profiles.command(
    cls=CommandWithExamples,
    examples="""\
xdr-login profiles check northwind         say step by step what works
xdr-login profiles check --json | jq .works
""",
)
@_name_argument
@json_option
@handle_errors
def check(*, name: str | None, as_json: bool) -> int:
    """Say what works of a profile; without a NAME as other commands choose it.

    It asks for a device code that nobody waits for, and signs nobody in.
    """

    async def look(desk: ProfileContext) -> list[Finding]:
        profile = desk.snapshot.profiles.find(name)
        found = []
        async for finding in desk.editor.check(profile, SecretChanges(), desk.snapshot):
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

    found = run_with_profiles(look)
    if not as_json:
        print_message(texts.check_summary(found))
    bad = any(each.outcome is Outcome.BAD for each in found)
    return Exit.FAILURE if bad else Exit.OK


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
    """Every member that says something, in the order of the file's description."""
    usual = Profile(id="", name="", client_id="")
    said = {
        name: _plain(getattr(profile, name))
        for name in Profile.__dataclass_fields__
        if name in MEMBERS and getattr(profile, name) != getattr(usual, name)
    }
    return {"id": profile.id, **said, "grant": profile.grant, "managed": profile.managed}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
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
_WIDTH = max(len(each.value) for each in Outcome)


def _print_finding(finding: Finding, profile: Profile) -> None:
    mark = finding.outcome.value.ljust(_WIDTH)
    print_result(f"{mark}  {finding.step.value}: {finding.text}", color=_COLORS[finding.outcome])
    if finding.remedy:
        print_result(f"{' ' * _WIDTH}  {for_terminal(finding.remedy)}")
    for option, instead in (("--preset", finding.preset), ("--grant", finding.grant)):
        if instead and not profile.managed:  # where the form has a button
            print_result(f"{' ' * _WIDTH}  xdr-login profiles edit {profile.id} {option} {instead}")


def _finding_members(finding: Finding) -> dict[str, Any]:
    return {
        "step": finding.step.name.lower(),
        "outcome": finding.outcome.name.lower(),
        "text": finding.text,
        "remedy": for_terminal(finding.remedy),
        "preset": finding.preset or None,
        "grant": finding.grant or None,
    }
