"""The events of the audit log: what XDR Login records about sign-ins and uses of tokens.

Names are those of the Elastic Common Schema (ECS 8.17), which log systems know, and `xdr_login.*`
for what it has no name for. No event contains a token, code or password.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from desktop import __version__
from desktop.frozen import frozen
from desktop.oauth.addresses import host_of
from desktop.oauth.errors import printable
from desktop.services.model.audit_kinds import KINDS, EventKind
from desktop.services.model.members import Kind, Member, collect_members, member, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from desktop.services.model.profile import Profile
    from desktop.services.system.processes import Program

Value = str | int | list[str]

ECS_VERSION = "8.17"
_LONGEST_VALUE = 300  # characters
# Characters of all scopes: many readers of syslog cut off what is longer than 8 KiB.
_LONGEST_SCOPES = 3000


@frozen
class AuditEvent:
    """One event. Its fields are described here once; schema and docs follow.

    Those that are empty are not written. `outcome` overrides that of the kind.
    """

    kind: EventKind
    outcome: str = ""
    profile: str = text("The ID of the profile.", name="xdr_login.profile")
    client_id: str = text(
        "The client ID with which XDR Login identifies itself at the server.",
        name="xdr_login.client_id",
    )
    grant: str = text(
        "How the profile signs in: device, code or client-credentials.", name="xdr_login.grant"
    )
    host: str = text(
        "The server. When a sign-in starts, the host of the page on which it is approved.",
        name="url.domain",
    )
    transaction: str = text(
        "The SHA-256 of the device code, or of the state of a browser sign-in, in hexadecimal. It "
        "joins the events of one sign-in, also with the server's log.",
        name="transaction.id",
    )
    account: str = text(
        "The account that signed in, as the server names it.", name="user.effective.name"
    )
    organization: str = text(
        "The organization of that account, as the server names it.", name="organization.name"
    )
    scopes: tuple[str, ...] = member(
        "The scopes of the token; when a sign-in starts, those that are requested.",
        default=(),
        name="xdr_login.scopes",
    )
    token: str = text(
        "What was given: access_token, id_token, or proof for requests with a bound token.",
        name="xdr_login.token",
    )
    exchange: str = text(
        "The exchange that the token came from, where it is not that of the sign-in.",
        name="xdr_login.exchange",
    )
    token_format: str = text(
        "The format in which the token was copied, such as curl.", name="xdr_login.format"
    )
    consent: str = text(
        "Whether you were asked before a program got the token: granted, or not_required.",
        name="xdr_login.consent",
    )
    presence: str = text(
        "Whether the system confirmed who was at the computer, by password or fingerprint: proved; "
        "proved_earlier, for an answer that still holds; not_required; or unavailable, where the "
        "system could not ask before an unlock.",
        name="xdr_login.presence",
    )
    revocation: str = text(
        "What happened to the tokens at the server: revoked, grant_revoked, not_offered or failed.",
        name="xdr_login.revocation",
    )
    program: str = text("The program that requested the token.", name="process.name")
    executable: str = text(
        "The path of its executable; for a script, that of its interpreter.",
        name="process.executable",
    )
    script: str = text("The path of the script, where it is one.", name="xdr_login.script")
    pid: int = member(
        "The process ID of the program.", default=0, allowed=range(2**32), name="process.pid"
    )
    parent_pid: int = member(
        "The process ID of the program that started it.",
        default=0,
        allowed=range(2**32),
        name="process.parent.pid",
    )
    parent: str = text(
        "The path of the executable that started it.", name="process.parent.executable"
    )
    error_code: str = text(
        "Why it failed, as the exit codes name it, such as forbidden.", name="error.code"
    )
    error_type: str = text("The kind of error in the code of XDR Login.", name="error.type")
    reason: str = text(
        "What locked XDR Login: command, screen, sleep, away or idle.", name="event.reason"
    )
    lost: int = member(
        "How many events could not be written.",
        default=0,
        allowed=range(2**31),
        name="xdr_login.lost",
    )

    def members(self, *, at: datetime, user: str) -> dict[str, Value]:
        """Return the members by name, in the order of the schema. `at` is aware UTC."""
        kind = self.kind
        found: dict[str, Value] = {
            "@timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message": "",  # first, in case a reader cuts off the end
            "ecs.version": ECS_VERSION,
            "event.kind": "event",
            "event.module": "xdr_login",
            "event.action": kind.action,
            "event.code": kind.message_id,
            "event.category": [kind.category],
            "event.type": [kind.type],
            "event.outcome": self.outcome or kind.outcome,
            "service.name": "xdr-login",
            "service.version": __version__,
            "user.name": user,
        }
        for attribute, name in _NAMES.items():
            if value := getattr(self, attribute):
                found[name] = _written(value)
        found["message"] = self._message(found)
        return found

    def _message(self, found: Mapping[str, Value]) -> str:
        names = ("xdr_login.profile", "process.name", "process.pid", "error.type", "url.domain")
        about = ", ".join(str(found[name]) for name in names if name in found)
        return f"{self.kind.text}: {about}" if about else self.kind.text


def event_of(kind: EventKind, profile: Profile) -> AuditEvent:
    """Make an event about `profile`."""
    return AuditEvent(
        kind,
        profile=profile.id,
        client_id=profile.client_id,
        grant=profile.grant,
        host=host_of(profile.issuer or profile.token_endpoint),
    )


def program_members(program: Program) -> dict[str, str | int]:
    """Return the fields of `AuditEvent` that say which program it is."""
    is_script = bool(program.interpreter)
    return {
        "program": program.name,
        "executable": program.interpreter or program.path,
        "script": program.path if is_script else "",
        "pid": program.pid or 0,
        "parent_pid": program.parent_pid or 0,
        "parent": program.parent,
    }


def _written(value: object) -> Value:
    if isinstance(value, int):
        return value
    if isinstance(value, tuple):
        return _cut_off([printable(str(each), _LONGEST_VALUE) for each in value])
    return printable(str(value), _LONGEST_VALUE)


def _cut_off(scopes: list[str]) -> list[str]:
    length = 0
    kept: list[str] = []
    for each in scopes:
        length += len(each)
        if length > _LONGEST_SCOPES:
            return [*kept, "…"]
        kept.append(each)
    return kept


_ALWAYS = (
    Member("@timestamp", "", "When it happened, in UTC (RFC 3339)."),
    Member("message", "", "The event in one English sentence."),
    Member("ecs.version", "", "The version of the Elastic Common Schema."),
    Member("event.kind", "", "Always event.", choices=("event",)),
    Member("event.module", "", "Always xdr_login.", choices=("xdr_login",)),
    Member("event.action", "", "The kind of event.", choices=[each.action for each in KINDS]),
    Member(
        "event.code",
        "",
        "The kind of event as a 128-bit ID that never changes.",
        choices=[each.message_id for each in KINDS],
    ),
    Member("event.category", (), "The category in ECS.", Kind.STRINGS),
    Member("event.type", (), "The type in ECS.", Kind.STRINGS),
    Member(
        "event.outcome",
        "",
        "Whether it succeeded, or unknown if that isn't decided yet.",
        choices=("success", "failure", "unknown"),
    ),
    Member("service.name", "", "Always xdr-login.", choices=("xdr-login",)),
    Member("service.version", "", "The version of XDR Login."),
    Member("user.name", "", "The account on this computer under which XDR Login runs."),
)
_NAMES = {each.name: each.metadata["name"] for each in fields(AuditEvent) if each.metadata}

MEMBERS_OF_EVERY_EVENT = {each.name: each for each in _ALWAYS}
EVENT_MEMBERS = MEMBERS_OF_EVERY_EVENT | collect_members(AuditEvent)
"""All members of an event by name."""
