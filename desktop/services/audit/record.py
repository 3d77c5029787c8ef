"""One event as it is written, whatever the system's log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from desktop.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktop.services.model.audit import Value
    from desktop.services.model.audit_kinds import EventKind

IDENTIFIER = "xdr-login"
AUTHPRIV = 10
"""The facility of syslog for what not everybody may read, as of sudo and sshd."""


@frozen
class Record:
    """An event of `kind` with all its `members`."""

    kind: EventKind
    members: Mapping[str, Value]

    @property
    def message(self) -> str:
        return str(self.members["message"])

    def as_json(self) -> str:
        """Write it as one line of ASCII."""
        return json.dumps(self.members, separators=(",", ":"))


class SystemLog(Protocol):
    """A log of the operating system; `name` is for people."""

    name: str

    def is_available(self) -> bool: ...

    def write(self, record: Record) -> None:
        """Write it. Blocks for a second at most; raises `OSError`."""
