"""What programs read has no marks of the direction of texts."""

import json

import pytest

from desktop.cli.terminal.output import print_event, print_json

TEXT = "افتح \u2068/etc/xdg\u2069"


def test_json_has_no_marks_around_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"broken": [{"id": "a", "message": TEXT}], "works": False})
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"broken": [{"id": "a", "message": "افتح /etc/xdg"}], "works": False}


def test_events_have_no_marks_around_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_event("error", message=TEXT)
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"event": "error", "message": "افتح /etc/xdg"}
