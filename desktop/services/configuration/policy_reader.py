"""Reads the administrator's policy and reports what is invalid in it.

An invalid policy forbids signing in, because nobody knows what it was meant to forbid.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from desktop.services.configuration.policy_sources import (
    RawPolicy,
    UnusablePolicyError,
    find_policy,
)
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import NO_POLICY, POLICY, Policy
from desktop.services.model.toml_text import UnreadableToml, parse_toml
from desktop.services.system.translation import translate

_log = logging.getLogger(__name__)


def load_policy() -> Policy:
    """Load the policy of this computer; never raises. Blocks."""
    try:
        found = find_policy()
        return NO_POLICY if found is None else parse_policy(found)
    except UnusablePolicyError as error:
        _log.warning("invalid policy: %s", error)
        return Policy(source=error.source, load_error=error.reason)


def parse_policy(found: RawPolicy) -> Policy:
    """Parse what was found. Raises `UnusablePolicyError`."""
    read = _Reader(found).read_members(found.members, POLICY)
    formats = read.pop("formats", {})
    forbidden = (each.name for each in CopyFormat if not formats.get(each.name.lower(), True))
    policy = Policy(found.source, forbidden_formats=frozenset(forbidden), **read)
    if why := _network_fault(policy):
        raise UnusablePolicyError(found.source, why)
    if not policy.own_profiles and not policy.profiles:
        raise UnusablePolicyError(
            found.source,
            translate("`own_profiles` is false, but `profiles` has none to use instead"),
        )
    return policy


def _network_fault(policy: Policy) -> str:
    """Describe what a profile with this proxy and these CA certificates would fail on."""
    from desktop.services.configuration.profile_rules import find_faults
    from desktop.services.model.profile import Profile, with_policy

    profile = Profile(id="", name="", client_id="", issuer="https://policy.example")
    profile = with_policy(profile, policy)
    return next((fault.describe() for fault in find_faults(profile)), "")


class _Reader:
    """Reads tables by their schema; every error names the source and the member."""

    def __init__(self, found: RawPolicy) -> None:
        self.found = found

    def read_members(
        self, table: Mapping[str, object], known: Mapping[str, Member], within: str = ""
    ) -> dict[str, Any]:
        """Read the known members of `table`, each by its kind."""
        read: dict[str, Any] = {}
        for name, value in table.items():
            if name in known:
                read[name] = self.read_value(known[name], value, within)
            else:
                self.report_unknown(name, known, within)
        return read

    def read_value(self, member: Member, value: object, within: str) -> Any:  # noqa: ANN401 - of its kind
        name = f"{within}{member.name}"
        if member.kind is Kind.BOOLEAN and self.found.numbers_are_switches:
            # 2 is neither, and True would count as 1.
            value = {0: False, 1: True}.get(value) if type(value) is int else None
        if member.kind is Kind.PROFILES:
            value = self.read_profiles(value)
        if fault := member.find_fault(value):
            raise self.error(fault.describe(f"`{name}`"))
        if member.kind is Kind.MEMBERS and isinstance(value, Mapping):
            return self.read_members(value, member.members, f"{name}.")
        if member.kind is Kind.STRINGS:
            return tuple(value.split() if isinstance(value, str) else value)  # type: ignore[arg-type] # checked
        if not isinstance(value, str):
            return value
        from desktop.services.configuration.profile_rules import with_ascii_host

        return with_ascii_host(member, value.strip())

    def read_profiles(self, value: object) -> object:
        """Parse profiles from the text of a `profiles.toml` or from its lines; else keep them."""
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "\n".join(value)
        if not isinstance(value, str):
            return value
        try:
            return parse_toml(value).get("profiles")
        except UnreadableToml as error:
            raise self.error(translate("error in `profiles`: {error}", error=error)) from error

    def report_unknown(self, name: str, known: Mapping[str, Member], within: str) -> None:
        """Reject a misspelled member, which would forbid nothing; log others."""
        from desktop.oauth.errors import printable
        from desktop.services.configuration.profile_reader import similar_key, similar_name

        shown = printable(f"{within}{name}", 60)
        if meant := similar_name(name, known):
            raise self.error(similar_key(shown, f"{within}{meant}"))
        _log.warning("%s: unknown key: %s", self.found.source, shown)

    def error(self, why: str) -> UnusablePolicyError:
        return UnusablePolicyError(self.found.source, why)
