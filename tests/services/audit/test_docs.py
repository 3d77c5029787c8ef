"""docs/audit.md and the events say the same."""

from pathlib import Path

import pytest

from desktop.services.model.audit import EVENT_MEMBERS
from desktop.services.model.audit_kinds import KINDS, EventKind

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.action)
def test_the_page_lists_each_kind_with_its_numbers(kind: EventKind) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind.action}` |"))
    assert row.endswith(f"| {kind.code} | `{kind.message_id}` |")


def test_the_page_explains_each_field_in_the_words_of_the_schema() -> None:
    missing = [
        name
        for name, each in EVENT_MEMBERS.items()
        if f"| `{name}` | {each.description} |" not in PAGE
    ]
    assert not missing
