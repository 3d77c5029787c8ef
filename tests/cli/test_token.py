"""`xdr-login token`: the quick way, the whole way, and what they say alike."""

import errno
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import pytest

from desktop.__main__ import main
from desktop.cli import token_fast_path
from desktop.cli.scripts import bound_token
from desktop.cli.scripts import token_source as access_module
from desktop.cli.scripts.bound_token import bound_header_lines, fetch_bound_headers
from desktop.cli.scripts.token_source import fetch_token
from desktop.cli.terminal.error_reports import exit_code
from desktop.ipc import address, token_message
from desktop.ipc.client import send_command
from desktop.ipc.exchange import LONGEST_ANSWER
from desktop.ipc.messages import CODES, LONGEST_LINE, RefusedByAgent, encode
from desktop.oauth.dpop import new_key
from desktop.oauth.grants.token import LONGEST_TOKEN
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import PRINT_FORMATS
from desktop.services.model.errors import FormatForbidden, NoToken, TokenNotBoundHere
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile, tokens_binding
from desktop.services.token.bound_request import BoundRequest
from desktop.services.wording.error_codes import EXPECTED_ERRORS, error_code

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")

PERMISSION_NOTICE = "Waiting for your permission. Answer in the XDR Login window.\n"
TERMINAL_WARNING = (
    "Anyone with this token can act as you until it expires. "
    "Prefer piping it to the program that needs it.\n"
)
SOC = Profile(id="soc", name="SOC", client_id="client-1", issuer="https://login.example")
GIVEN = {
    "ok": True,
    "access_token": "made-up",
    "token_type": "Bearer",
    "expires_at": "2026-11-25T12:00:00+00:00",
    "scope": "read write",
    "profile": "soc",
}


@contextmanager
def answering(*answers: bytes) -> Iterator[list[dict[str, object]]]:
    """Be the running program, and give these answers, one to a caller."""
    said: list[dict[str, object]] = []
    path = address.socket_path()
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen()

        def serve() -> None:
            for answer in answers:
                peer, _ = listening.accept()
                with peer:
                    said.append(json.loads(peer.recv(LONGEST_LINE)))
                    with suppress(BrokenPipeError):  # who asks may have heard enough
                        peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield said
        thread.join()
    path.unlink()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Have a keyring that gives a token; notes what it was asked for."""
    asked: list[tuple[object, ...]] = []

    def give(name: str | None, *, min_validity: float, token_format: str) -> str:
        asked.append((name, min_validity, token_format))
        return "saved"

    monkeypatch.setattr(access_module, "fetch_formatted_token_without_app", give)
    return asked


def told(text: str) -> bytes:
    return encode({"ok": True, "text": text})


# The fast path


@pytest.mark.parametrize(
    ("arguments", "profile", "validity", "token_format"),
    [
        ([], None, 60, "raw"),
        (["--profile", "soc"], "soc", 60, "raw"),
        (["--profile=soc", "--min-validity=5m", "--format", "json"], "soc", 300, "json"),
        (["--min-validity", "1h"], None, 3600, "raw"),
        (["--min-validity", "90"], None, 90, "raw"),
    ],
)
def test_the_fast_path_sends_the_arguments(
    arguments: list[str],
    profile: str | None,
    validity: int,
    token_format: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(told("made-up")) as said:
        assert main(["token", *arguments]) == 0
    question = {
        "command": "token",
        "profile": profile,
        "min_validity": validity,
        "format": token_format,
    }
    assert said == [json.loads(encode(question))]
    assert capsys.readouterr() == ("made-up\n", "")


def test_an_id_token_is_asked_for_by_a_command_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(told("made-up")) as said:
        assert main(["token", "--id-token", "--format", "header"]) == 0
    assert [(each["command"], each["format"]) for each in said] == [("id_token", "header")]
    assert capsys.readouterr().out == "made-up\n"


def test_the_token_of_a_service_is_asked_for_by_a_command_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(told("made-up")) as said:
        assert main(["token", "--for", "secure-endpoint", "--min-validity", "5m"]) == 0
    question = {
        "command": "exchanged_token",
        "profile": None,
        "min_validity": 300,
        "format": "raw",
        "for": "secure-endpoint",
    }
    assert said == [json.loads(encode(question))]
    assert capsys.readouterr().out == "made-up\n"


def test_an_older_app_does_not_give_the_wrong_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def exchange(*_arguments: object) -> str:
        return "exchanged here"

    monkeypatch.setattr(access_module, "_fetch_exchanged_without_app", exchange)
    with answering(encode({"ok": False, "error": "unknown command"})):
        assert main(["token", "--for", "secure-endpoint"]) == 0
    assert capsys.readouterr().out == "exchanged here\n"


def test_only_one_kind_of_token_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--for", "secure-endpoint", "--id-token"]) == 2
    assert "--for cannot be used with --id-token" in capsys.readouterr().err


def test_the_fast_path_prints_the_longest_token(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(told("x" * LONGEST_TOKEN)):
        assert main(["token"]) == 0
    assert capsys.readouterr() == ("x" * LONGEST_TOKEN + "\n", "")


def test_the_complete_command_line_reads_the_longest_token() -> None:
    with answering(encode({**GIVEN, "access_token": "\\" * LONGEST_TOKEN})):
        answer = send_command("token")
    assert answer["access_token"] == "\\" * LONGEST_TOKEN


def test_the_fast_path_follows_the_protocol() -> None:
    question = {"command": "token", "profile": "soc", "min_validity": 60, "format": "raw"}
    assert token_message.encode_request("soc", 60, "raw") == encode(question)
    assert token_message.encode_request("", 60, "raw") == encode(question | {"profile": None})
    named = question | {"profile": "SOC «Nord»"}
    assert token_message.encode_request("SOC «Nord»", 60, "raw") == encode(named)
    assert told("x") == token_message._ANSWER_PREFIX + b"x" + token_message._ANSWER_SUFFIX
    assert tuple(PRINT_FORMATS) == token_fast_path._FORMATS
    assert access_module.NOTICE_DELAY == token_fast_path._NOTICE_DELAY
    for code in CODES:
        assert token_fast_path._EXIT_CODES.get(code, 1) == exit_code(RefusedByAgent(code, "", ""))


def kinds(*roots: type[Exception]) -> Iterator[type[Exception]]:
    for root in roots:
        yield root
        yield from kinds(*root.__subclasses__())


@pytest.mark.parametrize(
    "kind", dict.fromkeys(kinds(*EXPECTED_ERRORS)), ids=lambda kind: kind.__name__
)
def test_an_error_has_the_same_exit_code_with_and_without_the_app(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    code = error_code(error)
    assert code in CODES
    assert exit_code(error) == exit_code(RefusedByAgent(code, "", ""))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_a_full_queue_is_awaited(alone: list[tuple[object, ...]]) -> None:
    path = address.socket_path()
    with ExitStack() as opened:
        listening = opened.enter_context(socket.socket(socket.AF_UNIX))
        opened.callback(path.unlink)
        listening.bind(os.fspath(path))
        listening.listen(0)
        full = 0
        while full == 0:
            peer = opened.enter_context(socket.socket(socket.AF_UNIX))
            peer.setblocking(False)
            full = peer.connect_ex(os.fspath(path))
        assert full == errno.EAGAIN
        assert token_fast_path.run([]) is None
    assert alone == []


def test_the_environment_names_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDR_LOGIN_PROFILE", "north")
    with answering(told("x"), told("x")) as said:
        assert main(["token"]) == 0
        assert main(["token", "--profile", "south"]) == 0
    assert [each["profile"] for each in said] == ["north", "south"]


@pytest.mark.parametrize("text", ['{\n  "a": "b"\n}', "back\\slash", "Grüße", 'a "quoted" one', ""])
def test_any_text_is_printed_unchanged(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(told(text)):
        assert main(["token"]) == 0
    assert capsys.readouterr().out == f"{text}\n"


@pytest.mark.parametrize("code", CODES)
def test_a_denial_is_final(
    code: str,
    alone: list[tuple[object, ...]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    refusal = RefusedByAgent(code, "It is so", "And not otherwise.")
    with answering(encode(refusal.members())):
        assert main(["token"]) == exit_code(refusal) != 0
    assert capsys.readouterr() == ("", "It is so. And not otherwise.\n")
    assert alone == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\n",
        b"garbage\n",
        b'{"version": 2, "ok": true, "text": "x"}\n',
        b'{"version": 1, "ok": true, "text": "cut',
        b'{"version": 1, "ok": true, "text": 7}\n',
        b'{"version": 1, "ok": false, "error": "unknown command"}\n',
        b"[]\n",
        b'{"version": 1, "ok": true, "text": "' + b"x" * (2 * LONGEST_ANSWER),
    ],
)
def test_an_invalid_answer_counts_as_none(
    answer: bytes, alone: list[tuple[object, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(answer):
        assert main(["token", "--min-validity", "2m"]) == 0
    assert alone == [(None, 120, "raw")]
    assert capsys.readouterr() == ("saved\n", "")


def test_without_the_app_the_token_comes_from_the_keyring(
    alone: list[tuple[object, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "--profile", "soc", "--format", "env"]) == 0
    assert alone == [("soc", 60, "env")]
    assert capsys.readouterr().out == "saved\n"


def test_the_socket_of_another_user_is_ignored(
    alone: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.ipc.peer.is_same_user", lambda _: False)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(address.socket_path()))
        listening.listen()
        assert main(["token"]) == 0
    assert len(alone) == 1


def test_an_expected_error_has_a_message_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_name: str | None, **_given: object) -> str:
        raise NoToken

    monkeypatch.setattr(access_module, "fetch_formatted_token_without_app", fail)
    assert main(["token"]) == 3
    assert capsys.readouterr() == (
        "",
        ("You're not signed in. Run “xdr-login login”, then try again.\n"),
    )


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_name: str | None, **_given: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(access_module, "fetch_formatted_token_without_app", fail)
    with pytest.raises(ZeroDivisionError):
        main(["token"])


def test_ctrl_c_cancels_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_question: bytes) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(token_fast_path, "_send_request", interrupt)
    assert main(["token"]) == 130


def test_a_terminal_gets_a_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert token_fast_path.print_token("made-up") == 0
    assert capsys.readouterr() == ("made-up\n", TERMINAL_WARNING)


def test_a_closed_pipe_is_not_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_text: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(sys.stdout, "write", broken)
    assert token_fast_path.print_token("made-up") == 1


# While waiting for permission


@contextmanager
def hesitating(answer: bytes, *, asking: bool) -> Iterator[list[str]]:
    """Be the running program that answers once it was asked whether it waits for the user."""
    said: list[str] = []
    path = address.socket_path()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen()

        def serve() -> None:
            waiting, _ = listening.accept()
            other, _ = listening.accept()
            with waiting, other:
                said.extend(
                    json.loads(each.recv(LONGEST_LINE))["command"] for each in (waiting, other)
                )
                other.sendall(encode({"ok": True, "asking": asking}))
                waiting.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield said
        thread.join()
    path.unlink()


@pytest.mark.parametrize("asking", [True, False])
def test_the_fast_path_says_that_it_waits_for_permission(
    asking: bool,  # noqa: FBT001 - a case
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token_fast_path, "_NOTICE_DELAY", 0.05)
    with hesitating(told("made-up"), asking=asking) as said:
        assert main(["token"]) == 0
    assert said == ["token", "questions"]
    assert capsys.readouterr() == ("made-up\n", PERMISSION_NOTICE if asking else "")


@pytest.mark.parametrize("asking", [True, False])
def test_other_commands_say_that_they_wait_for_permission(
    asking: bool,  # noqa: FBT001 - a case
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access_module, "NOTICE_DELAY", 0.05)
    with hesitating(encode(GIVEN), asking=asking):
        assert fetch_token(SOC).access_token == "made-up"
    for telling in threading.enumerate():
        if isinstance(telling, threading.Timer):
            telling.join()
    assert capsys.readouterr() == ("", PERMISSION_NOTICE if asking else "")


# The complete command line


@pytest.mark.parametrize(
    "arguments",
    [
        ["--min-validity", "soon"],
        ["--min-validity", "1d"],
        ["--format", "html"],
        ["--profile"],
        ["extra"],
        ["--what"],
    ],
)
def test_invalid_arguments_go_to_the_complete_command_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Error: " in err


def test_a_name_with_spaces_goes_to_the_complete_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(told("made-up")) as said:
        assert main(["token", "--profile", "Northwind SOC"]) == 0
    assert said[0]["profile"] == "Northwind SOC"
    assert capsys.readouterr().out == "made-up\n"


def test_windows_uses_the_complete_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert token_fast_path.run(["--profile", "soc"]) is None


# Other commands


def test_other_commands_get_the_token_with_its_details() -> None:
    with answering(encode(GIVEN)) as said:
        found = fetch_token(SOC, min_validity=90)
    assert said[0] == {
        "version": 1,
        "command": "token",
        "profile": "soc",
        "min_validity": 90,
        "issued_for": tokens_binding(SOC),
    }
    assert (found.access_token, found.scope) == ("made-up", ("read", "write"))
    assert found.expires_at is not None
    assert found.expires_at.isoformat() == "2026-11-25T12:00:00+00:00"
    assert "made-up" not in repr(found)


def test_a_token_may_never_expire() -> None:
    with answering(encode(GIVEN | {"expires_at": None})):
        assert fetch_token(SOC).expires_at is None


@pytest.mark.parametrize("other", [{"access_token": 7}, {"expires_at": "soon"}, {"scope": None}])
def test_an_incomplete_answer_counts_as_none(
    other: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = AccessToken("saved", "Bearer", None, ())
    monkeypatch.setattr(access_module, "fetch_token_without_app", lambda *_, **__: saved)
    with answering(encode(GIVEN | other)):
        assert fetch_token(SOC) == saved


def test_a_denial_reaches_the_command() -> None:
    refusal = RefusedByAgent("declined", "You did not allow it", "Run it again.")
    with answering(encode(refusal.members())), pytest.raises(RefusedByAgent) as caught:
        fetch_token(SOC)
    assert caught.value.code == "declined"


# Bound tokens


URL = "https://login.example/api"


@pytest.fixture
def bound_profile(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Have a profile, and a keyring that is asked only without the app; notes what it is asked."""
    asked: list[object] = []

    class Found:
        def find(self, name: str | None) -> Profile:
            asked.append(name)
            return SOC

    monkeypatch.setattr("desktop.services.configuration.load.load_configuration", Found)
    return asked


def test_the_headers_come_from_the_running_app(
    bound_profile: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    given = encode({"ok": True, "authorization": "DPoP made-up", "dpop": "a.b.c"})
    with answering(given) as said:
        arguments = ["--format", "dpop", "--method", "get", "--url", URL, "--nonce", "n1"]
        assert main(["token", *arguments]) == 0
    assert capsys.readouterr().out == "Authorization: DPoP made-up\nDPoP: a.b.c\n"
    (question,) = said
    del question["version"]
    assert question == {
        "command": "proof",
        "profile": "soc",
        "issued_for": tokens_binding(SOC),
        "method": "GET",
        "url": URL,
        "nonce": "n1",
    }
    assert bound_profile == [None]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--format", "dpop"], "--format dpop needs --method and --url"),
        (["--format", "dpop", "--method", "GET"], "--format dpop needs --method and --url"),
        (["--method", "GET", "--url", URL], "only be used with --format dpop"),
        (["--nonce", "n"], "only be used with --format dpop"),
        (
            ["--format", "dpop", "--method", "GET", "--url", URL, "--for", "secure-endpoint"],
            "--for cannot be used with --format dpop",
        ),
        (
            ["--format", "dpop", "--method", "GET", "--url", URL, "--id-token"],
            "--id-token cannot be used with --format dpop",
        ),
        (["--format", "dpop", "--method", "G T", "--url", URL], "Invalid --method or --nonce"),
        (
            ["--format", "dpop", "--method", "GET", "--url", URL, "--nonce", "a b"],
            "Invalid --method or --nonce",
        ),
    ],
)
def test_options_that_do_not_fit_are_explained(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *arguments]) == 2
    assert text in capsys.readouterr().err


def test_a_forbidden_header_cannot_be_printed_with_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[Exception] = []
    monkeypatch.setattr(access_module, "_record", lambda _profile, error: noted.append(error))
    policy = Policy(source="the policy", forbidden_formats=frozenset({"HEADER"}))
    with pytest.raises(FormatForbidden) as caught:
        bound_header_lines(replace(SOC, policy=policy), BoundRequest("GET", URL))
    assert noted == [caught.value]  # as for the formats of a token


def test_the_saved_key_is_used_if_the_app_answers_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = AccessToken("made-up", "DPoP", None, (), key=new_key())
    monkeypatch.setattr(bound_token, "fetch_token_without_app", lambda _profile: saved)
    with answering(encode({"ok": True})):
        headers = fetch_bound_headers(SOC, BoundRequest("GET", URL))
    assert headers["Authorization"] == "DPoP made-up"
    bearer = AccessToken("made-up", "Bearer", None, ())
    monkeypatch.setattr(bound_token, "fetch_token_without_app", lambda _profile: bearer)
    with pytest.raises(TokenNotBoundHere):
        fetch_bound_headers(SOC, BoundRequest("GET", URL))
