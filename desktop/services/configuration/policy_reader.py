"""Reads what an administrator has decided, and says what makes no sense in it.

A policy that makes no sense forbids signing in: what it was to forbid is not known.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop.services.configuration.policy_sources import (
    RawPolicy,
    UnusablePolicyError,
    find_policy,
)
from desktop.services.model.policy import NO_POLICY, Policy

if TYPE_CHECKING:
    from desktop.services.configuration.schema import Member

_log = logging.getLogger(__name__)


def load_policy() -> Policy:
    """What holds on this computer; raises nothing. Blocks."""
    try:
        found = find_policy()
        return NO_POLICY if found is None else parse_policy(found)
    except UnusablePolicyError as error:
        _log.warning("the policy cannot be used: %s", error)
        return Policy(source=error.source, load_error=error.reason)


def parse_policy(found: RawPolicy) -> Policy:
    """What was found, as a value. Raises `UnusablePolicyError`."""
    # Loaded where there is a policy, and nowhere else.
    from desktop.services.configuration.schema import POLICY
    from desktop.services.model.copy_formats import CopyFormat

    read = _Reader(found).read_members(found.members, POLICY)
    formats = read.get("formats", {})
    forbidden = (each.name for each in CopyFormat if not formats.get(each.name.lower(), True))
    policy = Policy(
        source=found.source,
        profiles=read.get("profiles", {}),
        own_profiles=read.get("own_profiles", True),
        forbidden_formats=frozenset(forbidden),
        device_grant=read.get("device_grant", True),
        complete_link=read.get("complete_link", True),
        settings=read.get("settings", {}),
        proxy=read.get("proxy", "").strip(),
        ca_file=read.get("ca_file", "").strip(),
    )
    if why := _network_fault(policy):
        raise UnusablePolicyError(found.source, why)
    if not policy.own_profiles and not policy.profiles:
        raise UnusablePolicyError(
            found.source, "it forbids own profiles, and has none in place of them"
        )
    return policy


def _network_fault(policy: Policy) -> str:
    """What a profile with this proxy and these authorities would be told."""
    from desktop.services.configuration.profile_rules import find_faults
    from desktop.services.model.profile import Profile

    profile = Profile(
        id="",
        name="",
        client_id="",
        issuer="https://policy.example",
        proxy=policy.proxy or "system",
        ca_file=policy.ca_file,
    )
    return next((why for _, why in find_faults(profile)), "")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads tables by their schema, naming the source and the member in every complaint."""

    found: RawPolicy

    def read_members(
        self, table: Mapping[str, object], known: tuple[Member, ...], within: str = ""
    ) -> dict[str, Any]:
        """The members of `table` that are known, each of its kind."""
        by_name = {each.name: each for each in known}
        read: dict[str, Any] = {}
        for name, value in table.items():
            if name in by_name:
                read[name] = self.read_value(by_name[name], value, within)
            else:
                self.report_unknown(name, by_name, within)
        return read

    def read_value(self, member: Member, value: object, within: str) -> Any:  # noqa: ANN401 - of its kind
        from desktop.services.configuration.schema import Kind

        name = f"{within}{member.name}"
        if member.kind is Kind.BOOLEAN and self.found.numbers_are_switches:
            # 2 is neither, and `in` would take a true for a 1.
            value = {0: False, 1: True}.get(value) if type(value) is int else None
        if member.kind is Kind.PROFILES:
            value = self.read_profiles(value)
        if why := member.invalid_reason(value):
            raise self.error(f"`{name}` {why}")
        if member.kind is Kind.MEMBERS and isinstance(value, Mapping):
            return self.read_members(value, member.members, f"{name}.")
        return value

    def read_profiles(self, value: object) -> object:
        """Profiles from the text of a `profiles.toml`, or from its lines; else as they are."""
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "\n".join(value)
        if not isinstance(value, str):
            return value
        try:
            return tomllib.loads(value).get("profiles")
        # TOMLDecodeError is a ValueError; brackets may be nested too deep.
        except (ValueError, RecursionError) as error:
            raise self.error(f"`profiles`: {error}") from error

    def report_unknown(self, name: str, known: Mapping[str, Member], within: str) -> None:
        """What a later version knows does no harm; a slip would forbid nothing."""
        from desktop.oauth.errors import printable
        from desktop.services.configuration.profile_reader import similar_name

        shown = printable(f"{within}{name}", 60)
        if meant := similar_name(name, known):
            raise self.error(f"`{shown}` is not known; did you mean `{within}{meant}`?")
        _log.warning("%s: a member that is not known: %s", self.found.source, shown)

    def error(self, why: str) -> UnusablePolicyError:
        return UnusablePolicyError(self.found.source, why)
