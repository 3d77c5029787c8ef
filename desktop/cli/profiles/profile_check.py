"""`xdr-login profiles check`: test a profile step by step."""

from __future__ import annotations

from typing import Any

from desktop.cli.profiles.profile_context import ProfileContext, run_with_profiles
from desktop.cli.terminal.exits import Exit
from desktop.cli.terminal.output import print_json, print_message
from desktop.cli.terminal.tables import print_outcome
from desktop.services.model.profile import Profile
from desktop.services.profile_editor.editor import SecretChanges
from desktop.services.profile_editor.findings import Finding, Outcome, check_summary
from desktop.services.system.translation import translate
from desktop.services.wording.field_names import Surface
from desktop.services.wording.formats import with_label


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
        print_message(check_summary(found))
    failed = any(each.outcome is Outcome.BAD for each in found)
    return Exit.FAILURE if failed else Exit.OK


_COLORS = {
    Outcome.GOOD: "green",
    Outcome.UNSURE: "yellow",
    Outcome.HINT: "yellow",
    Outcome.BAD: "red",
}


def _print_finding(finding: Finding, profile: Profile) -> None:
    instead = (("--preset", finding.preset), ("--grant", finding.grant))
    commands = [  # the window has a button for this
        f"xdr-login profiles edit {profile.id} {option} {value}"
        for option, value in instead
        if value and not profile.managed
    ]
    print_outcome(
        finding.outcome.value,
        with_label(translate(finding.step.value), finding.text),
        finding.remedy,
        *commands,
        outcomes=[each.value for each in Outcome],
        color=_COLORS[finding.outcome],
    )


def _finding_members(finding: Finding) -> dict[str, Any]:
    return {
        "step": finding.step.name.lower(),
        "outcome": finding.outcome.name.lower(),
        "text": finding.text,
        "remedy": finding.remedy,
        "preset": finding.preset or None,
        "grant": finding.grant or None,
    }
