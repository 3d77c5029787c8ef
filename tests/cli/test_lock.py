"""`xdr-login lock`, and what a locked app means for commands."""

import json
from unittest.mock import patch

import pytest

from desktop.__main__ import main
from desktop.cli import lock as lock_command
from desktop.cli.sign_in import status as status_command
from desktop.cli.terminal.error_reports import exit_code
from desktop.cli.terminal.exits import Exit
from desktop.ipc.client import NoAnswer, NotRunning
from desktop.ipc.messages import Members, RefusedByAgent, refusal_in

LOCKED = {
    "id": "northwind",
    "name": "Northwind SOC",
    "state": "locked",
    "scope": "",
    "expires_at": None,
    "renewable": False,
}


def test_the_running_app_is_locked() -> None:
    with patch.object(lock_command, "send_command", return_value={}) as asked:
        assert main(["lock"]) == Exit.OK
    asked.assert_called_once_with("lock")


NOT_RUNNING = (
    "XDR Login is not running, so there is nothing to lock. Commands still read your tokens from "
    "the keyring.\n"
)
TOO_OLD = (
    "Error: XDR Login is running but does not respond: unknown command. Try again, or end its "
    "process.\n"
)


@pytest.mark.parametrize(
    ("error", "said"), [(NotRunning(), NOT_RUNNING), (NoAnswer("unknown command"), TOO_OLD)]
)
def test_what_could_not_be_locked_is_a_failure(
    error: Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with patch.object(lock_command, "send_command", side_effect=error):
        assert main(["lock"]) == Exit.FAILURE
    assert capsys.readouterr().err == said


def test_a_refusal_because_of_the_lock_has_a_code_of_its_own() -> None:
    answer: Members = {"ok": False, "error": "", "code": "locked", "title": "A", "text": "B"}
    refusal = refusal_in(answer)
    assert isinstance(refusal, RefusedByAgent)
    assert exit_code(refusal) is Exit.FORBIDDEN


def test_the_status_of_a_locked_app_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"locked": True, "profiles": [LOCKED], "hand_outs": []}
    monkeypatch.setattr(status_command, "send_command_if_running", lambda *_a, **_k: answer)
    assert main(["status"]) == Exit.OK
    shown = capsys.readouterr()
    assert shown.err == "XDR Login is locked. Unlock it in its window.\n"
    assert shown.out == "PROFILE    NAME           STATE\nnorthwind  Northwind SOC  locked\n"
    assert main(["status", "--json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert found["locked"] is True
    assert found["profiles"][0]["state"] == "locked"
