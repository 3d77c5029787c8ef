"""What a scope allows, in plain words, for providers whose scopes are known."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from desktop.services.system.resources import resource


@dataclass(frozen=True, slots=True)
class ScopeDescription:
    """What a scope allows; `text` is empty for one that is not known."""

    scope: str
    text: str
    high_impact: bool


ScopeGuide = Mapping[str, Mapping[str, object]]


def load_scope_guide(name: str) -> ScopeGuide:
    """The descriptions `resources/scopes/NAME.toml`; empty for no name."""
    if not name:
        return {}
    return tomllib.loads(resource(f"scopes/{name}.toml").read_text("utf-8"))


def describe_scope(scope: str, guide: ScopeGuide) -> ScopeDescription:
    """The words for `scope`, such as `enrich:read` or `response/trigger:write`."""
    path, _, access = scope.partition(":")
    root, _, part = path.partition("/")
    known = guide.get(root)
    if known is None:
        return ScopeDescription(scope, "", high_impact=False)
    how = {"read": "read only", "write": "write only"}.get(access, "read and write")
    text = f"{known['text']}{f' ({part})' if part else ''}: {how}"
    # High impact only with write access, which a bare scope includes.
    return ScopeDescription(scope, text, bool(known.get("high_impact")) and access != "read")
