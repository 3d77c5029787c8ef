"""An audit log that keeps its events in memory, and checks each against the schema."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.audit import AuditEvent, Value
from desktop.services.model.policy import Policy
from tests.services.harness import SECRETS, START

SCHEMA = Path(__file__).parents[3] / "resources/schemas/audit.schema.json"


class RecordedEvents(AuditLog):
    """Keeps the members of each event."""

    def __init__(self) -> None:
        super().__init__(lambda: "system")
        self.events: list[dict[str, Value]] = []

    def record(self, event: AuditEvent, policy: Policy) -> None:
        assert self.is_on(policy)
        members = event.members(at=START, user="ada")
        require_valid(members)
        self.events.append(members)

    @property
    def actions(self) -> list[Value]:
        return [each["event.action"] for each in self.events]

    def last(self, *names: str) -> Sequence[Value | None]:
        """Return these members of the last event."""
        return [self.events[-1].get(name) for name in names]


def require_valid(members: dict[str, Any]) -> None:
    """Fail if the event is not as the schema says, or contains a secret."""
    jsonschema.validate(members, schema())
    written = json.dumps(members)
    assert not [secret for secret in SECRETS if secret in written]


@cache
def schema() -> Any:  # noqa: ANN401 - a schema
    return json.loads(SCHEMA.read_text("utf-8"))
