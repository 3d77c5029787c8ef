"""The scopes of Cisco XDR: what they mean, how they are read, and how two lists intersect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from desktop.demo.errors import OAuthError

MEANINGS: Final[Mapping[str, str]] = {
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
HIGH_IMPACT: Final = {"admin", "response", "oauth", "users", "invite", "integration", "ao", "sse"}
READ_AND_WRITE: Final = frozenset({"read", "write"})


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope, such as `private-intel/incident:write`; a bare one means read and write."""

    path: str
    access: frozenset[str] = READ_AND_WRITE

    def __str__(self) -> str:
        return self.path if self.access == READ_AND_WRITE else f"{self.path}:{self._access_name}"

    @property
    def meaning(self) -> str:
        """What it allows, in words for users."""
        meaning = MEANINGS[self._root]
        if self.access == READ_AND_WRITE:
            return meaning
        return f"{meaning} ({self._access_name}\u00a0only)"

    @property
    def high_impact(self) -> bool:
        """Whether it deserves a second look: a powerful root, held with write access."""
        return self._root in HIGH_IMPACT and "write" in self.access

    @property
    def _root(self) -> str:
        return self.path.partition("/")[0]

    @property
    def _access_name(self) -> str:
        return "/".join(self.access)


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Read a space-separated list; raise OAuthError naming the first scope that does not exist."""
    return tuple(dict.fromkeys(_parse_scope(word) for word in text.split(" ") if word))


def _parse_scope(word: str) -> Scope:
    path, colon, access = word.partition(":")
    if path.partition("/")[0] not in MEANINGS or (colon and access not in READ_AND_WRITE):
        raise OAuthError("invalid_scope", f"The scope {word[:80]} does not exist.")
    return Scope(path, frozenset({access}) if colon else READ_AND_WRITE)


def intersect(asked: Iterable[Scope], held: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return what is both asked and held, in the order asked (RFC 6749 section 3.3)."""
    pairs = [_narrower(wanted, owned) for wanted in asked for owned in held]
    return tuple(dict.fromkeys(scope for scope in pairs if scope is not None))


def _narrower(one: Scope, other: Scope) -> Scope | None:
    short, long = sorted((one.path, other.path), key=len)
    access = one.access & other.access
    related = long == short or long.startswith(f"{short}/")
    return Scope(long, access) if related and access else None


def format_scopes(scopes: Iterable[Scope]) -> str:
    """Write scopes as they are sent, separated by single spaces."""
    return " ".join(str(scope) for scope in scopes)
