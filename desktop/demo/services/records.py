"""What the services know: the same records every time, shaped like those of Cisco XDR."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

Record = dict[str, object]

_NAMESPACE: Final = uuid.UUID("5f0c7e52-90a4-4b7e-8a43-d0e5a1c7b9d1")
_FIRST_AT: Final = datetime(2026, 11, 1, 8, tzinfo=UTC)
_SCHEMA_VERSION: Final = "1.3.9"
_INCIDENTS: Final = (
    ("Credential phishing against the finance team", "High", "TA0001"),
    ("Beaconing to a newly registered domain", "Critical", "TA0011"),
    ("Suspicious PowerShell on a file server", "Medium", "TA0002"),
    ("Impossible travel of a user", "Low", "TA0006"),
    ("Large upload to an unknown host", "High", "TA0010"),
)
_STATUSES: Final = ("New", "Open", "Closed")
_INDICATORS: Final = ("Command-and-control domains", "Phishing kits", "Commodity loaders")
_WORKFLOWS: Final = ("Isolate a host", "Block an observable", "Notify the analyst on duty")


def _identifier(kind: str, number: int) -> str:
    return f"{kind}-{uuid.uuid5(_NAMESPACE, f'{kind} {number}')}"


def _instant(number: int) -> str:
    return (_FIRST_AT + timedelta(hours=number)).isoformat().replace("+00:00", "Z")


def _incident(number: int) -> Record:
    title, severity, tactic = _INCIDENTS[number % len(_INCIDENTS)]
    return {
        "id": _identifier("incident", number),
        "type": "incident",
        "schema_version": _SCHEMA_VERSION,
        "title": title,
        "severity": severity,
        "tactics": [tactic],
        "status": _STATUSES[number % len(_STATUSES)],
        "confidence": "High",
        "tlp": "amber",
        "source": "Demo",
        "incident_time": {"opened": _instant(number)},
        "timestamp": _instant(number),
    }


def _indicator(number: int) -> Record:
    return {
        "id": _identifier("indicator", number),
        "type": "indicator",
        "schema_version": _SCHEMA_VERSION,
        "title": _INDICATORS[number % len(_INDICATORS)],
        "producer": "Demo",
        "tlp": "green",
        "timestamp": _instant(number),
    }


def _workflow(number: int) -> Record:
    return {
        "id": _identifier("workflow", number),
        "name": _WORKFLOWS[number % len(_WORKFLOWS)],
        "enabled": True,
        "updated_on": _instant(number),
    }


INCIDENTS: Final = tuple(map(_incident, range(120)))
"""More than the 100 of a page."""
INDICATORS: Final = tuple(map(_indicator, range(40)))
WORKFLOWS: Final = tuple(map(_workflow, range(25)))
