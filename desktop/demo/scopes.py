"""Scopes: how they are read, what they mean in plain words, and how two lists intersect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MEANINGS: Mapping[str, str] = {
    "forensics_analyst": "Read forensic snapshots",
    "insights": "Read device and user insights",
    "telemetry": "Send application data",
    "security-events": "Read security events",
    "integration": "Manage your integration modules",
    "private-intel": "Access your private intelligence",
    "base-telemetry": "Send basic application data",
    "admin": "Use administrator privileges",
    "cognitive": "Read analytics findings",
    "profile": "Read your profile",
    "inspect": "Extract observables from text",
    "asset": "Access and modify your assets",
    "event": "Read events",
    "feedback": "Submit feedback",
    "sse": "Manage on-premises devices",
    "forensics_admin": "Manage forensic snapshots",
    "registry": "Manage registry entries",
    "users": "Manage the users of your organization",
    "investigation": "Perform threat investigations",
    "invite": "Invite users into your organization",
    "playbook": "Access and modify playbooks",
    "casebook": "Access and modify your casebooks",
    "forensics_responder": "Collect forensic snapshots",
    "detection": "Read detections",
    "orbital": "Run Orbital queries",
    "enrich": "Query your modules for threat intelligence",
    "oauth": "Manage OAuth2 clients",
    "global-intel": "Read global intelligence",
    "response": "Run response actions: block, isolate, quarantine",
    "notification": "Receive notifications from integrations",
    "webhook": "Manage webhooks",
    "ao": "Manage and run Automation workflows",
}
SUPPORTED = tuple(MEANINGS)
HIGH_IMPACT = frozenset(
    {"admin", "response", "oauth", "users", "invite", "integration", "ao", "sse"}
)
READ_AND_WRITE = frozenset({"read", "write"})


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope, such as `private-intel/incident:write`; a bare one means read and write."""

    path: str
    access: frozenset[str] = READ_AND_WRITE

    @property
    def meaning(self) -> str:
        """What it lets the holder do, for a person to read."""
        words = MEANINGS[self.path.partition("/")[0]]
        return words if self.access == READ_AND_WRITE else f"{words} ({self._kind}\u00a0only)"

    @property
    def high_impact(self) -> bool:
        """Whether it deserves a second look: a powerful root, held with write access."""
        return self.path.partition("/")[0] in HIGH_IMPACT and "write" in self.access

    @property
    def _kind(self) -> str:
        return "/".join(sorted(self.access))

    def __str__(self) -> str:
        return self.path if self.access == READ_AND_WRITE else f"{self.path}:{self._kind}"


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Read a space separated list; raise ValueError naming the first scope that does not exist."""
    return tuple(dict.fromkeys(_parse_scope(word) for word in text.split(" ") if word))


def _parse_scope(word: str) -> Scope:
    path, colon, access = word.partition(":")
    if path.partition("/")[0] not in MEANINGS or (colon and access not in READ_AND_WRITE):
        raise ValueError(f"There is no scope {word[:80]}.")
    return Scope(path, frozenset({access}) if colon else READ_AND_WRITE)


def intersect(asked: Iterable[Scope], held: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Give what is both asked and held, in the order asked (RFC 6749 section 3.3)."""
    pairs = ((wanted, owned) for wanted in asked for owned in held)
    common = (_narrower(wanted, owned) for wanted, owned in pairs)
    return tuple(dict.fromkeys(scope for scope in common if scope is not None))


def _narrower(one: Scope, other: Scope) -> Scope | None:
    short, long = sorted((one.path, other.path), key=len)
    access = one.access & other.access
    related = long == short or long.startswith(f"{short}/")
    return Scope(long, access) if related and access else None


def decided_on(asked: Iterable[Scope], granted: tuple[Scope, ...]) -> dict[str, Any]:
    """What `scopes.html` and `decision.html` show: what would be granted, and what not."""
    return {
        "granted": granted,
        "left_out": [scope for scope in asked if not intersect([scope], granted)],
        "high_impact": sum(scope.high_impact for scope in granted),
    }


def scope_text(scopes: Iterable[Scope]) -> str:
    """Write scopes the way they travel: separated by single spaces."""
    return " ".join(str(scope) for scope in scopes)
