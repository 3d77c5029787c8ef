"""What programs read, and what people copy, has no marks of the direction of texts."""

import json

import pytest

from desktop.cli.terminal.output import print_event, print_json, print_message

TEXT = "افتح \u2068/etc/xdg\u2069"


def test_json_has_no_marks_around_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"broken": [{"id": "a", "message": TEXT}], "works": False})
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"broken": [{"id": "a", "message": "افتح /etc/xdg"}], "works": False}


def test_events_have_no_marks_around_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_event("error", message=TEXT)
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"event": "error", "message": "افتح /etc/xdg"}


def test_a_link_or_a_command_is_copied_without_marks(capsys: pytest.CaptureFixture[str]) -> None:
    link, command = "https://login.example/?code=WDJB", "xdr-login token"
    print_message(f"افتح \u2068{link}\u2069\nرمز: \u2068{command}\u2069")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(f"\u2068{link}")
    assert second.endswith(f"\u2068{command}")
