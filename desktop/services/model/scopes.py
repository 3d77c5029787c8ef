"""What scopes allow, in plain words, for providers whose scopes are known."""

import tomllib
from collections.abc import Mapping

from desktop.frozen import frozen
from desktop.services.system.resources import resource
from desktop.services.system.translation import translatable, translate


@frozen
class ScopeDescription:
    """What a scope allows; `text` is empty for an unknown scope."""

    scope: str
    text: str
    high_impact: bool


# By the access that the scope names; without one it means both.
_PATTERNS = {
    "read": translatable("{area} (read only)"),
    "write": translatable("{area} (write only)"),
    "": translatable("{area} (read and write)"),
}
_PATTERNS_OF_PARTS = {
    "read": translatable("{area}: {part} (read only)"),
    "write": translatable("{area}: {part} (write only)"),
    "": translatable("{area}: {part} (read and write)"),
}

ScopeGuide = Mapping[str, Mapping[str, object]]


def load_scope_guide(name: str) -> ScopeGuide:
    """Load the descriptions `resources/scopes/NAME.toml`; empty for no name."""
    if not name:
        return {}
    return tomllib.loads(resource(f"scopes/{name}.toml").read_text("utf-8"))


def describe_scope(scope: str, guide: ScopeGuide) -> ScopeDescription:
    """Describe `scope`, such as `enrich:read` or `response/trigger:write`."""
    root, part, access = _parts_of(scope)
    known = guide.get(root)
    if known is None:
        return ScopeDescription(scope, "", high_impact=False)
    area = translate(str(known["text"]))
    patterns = _PATTERNS_OF_PARTS if part else _PATTERNS
    text = translate(patterns.get(access, patterns[""]), area=area, part=part)
    return ScopeDescription(scope, text, is_high_impact(scope, guide))


def is_high_impact(scope: str, guide: ScopeGuide) -> bool:
    """Whether `scope` allows what deserves a second look; only with write access."""
    root, _, access = _parts_of(scope)
    return bool(guide.get(root, {}).get("high_impact")) and access != "read"  # a bare scope writes


def _parts_of(scope: str) -> tuple[str, str, str]:
    """Split `scope` into area, part and access."""
    path, _, access = scope.partition(":")
    root, _, part = path.partition("/")
    return root, part, access
