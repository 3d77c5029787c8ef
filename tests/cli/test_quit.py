"""`xdr-login quit`, for installers."""

import pytest

from desktop.__main__ import main
from desktop.cli import quit as quit_command
from desktop.ipc.client import NoAnswer, NotRunning
from desktop.ipc.messages import Members


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the running program was asked for; it answers."""
    commands: list[str] = []

    def ask(command: str) -> Members:
        commands.append(command)
        return {}

    monkeypatch.setattr(quit_command, "send_command", ask)
    return commands


def test_the_running_app_is_asked_to_quit(asked: list[str]) -> None:
    assert main(["quit"]) == 0
    assert asked == ["quit"]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (NotRunning(), 0, "XDR Login is not running."),
        (
            NoAnswer("unknown command"),
            1,
            "XDR Login is running but does not respond: unknown command. Try again",
        ),
    ],
)
def test_quit_reports_the_result(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    said: str,
) -> None:
    def ask(_command: str) -> Members:
        raise error

    monkeypatch.setattr(quit_command, "send_command", ask)
    assert main(["quit"]) == code
    assert said in capsys.readouterr().err
