"""What an error of the server means to the user."""

import json

import pytest

from desktop.cli.api.api_answers import exit_code_for_status, response_error_message
from desktop.cli.terminal.exits import Exit
from desktop.oauth.resource import ResourceAnswer
from tests.oauth.test_resource import Pieces

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkYW5hIn0.c2lnbmF0dXJl"


def told(
    status: int, body: bytes = b"", reason: str = "", headers: dict[str, str] | None = None
) -> list[str]:
    headers = headers or {}
    answer = ResourceAnswer(
        "login.example", status, reason, "HTTP/1.1", headers, (), aiter(Pieces())
    )
    return response_error_message(answer, body, profile_id="northwind").splitlines()


def test_an_error_of_iroh_has_its_trace_id() -> None:
    body = {"error": "not_found", "error_description": "No such grant.", "trace_id": "t-1"}
    assert told(404, json.dumps(body).encode(), "Not Found") == [
        "login.example answered 404 Not Found: “No such grant.”",
        "Trace ID: t-1",
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "unknown server error"}', "unknown server error"),
        (b'{"message": "Bad credentials"}', "Bad credentials"),
    ],
)
def test_errors_of_other_servers_are_quoted(body: bytes, words: str) -> None:
    assert told(500, body) == [f"login.example answered 500: “{words}”"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff", b"[" * 100_000])
def test_an_error_without_a_message_shows_the_status(body: bytes) -> None:
    assert told(404, body, "Not Found") == ["login.example answered 404 Not Found."]


def test_an_echo_of_a_token_is_not_repeated() -> None:
    body = json.dumps({"error": "x", "error_description": f"no such token: {TOKEN}"}).encode()
    assert TOKEN not in "".join(told(400, body))


def test_an_error_cannot_control_the_terminal() -> None:
    body = json.dumps({"error": "a\x1b[2Jb\nc", "trace_id": "t\x1b[2J"}).encode()
    assert "\x1b" not in "".join(told(400, body, reason="\x1b[2J"))


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ("https://evil.example/x", "It redirects to evil.example. Redirects are not followed."),
        ("/elsewhere", "Redirects are not followed."),
        (
            "https://user:pass-word@evil.example/",
            "It redirects to evil.example. Redirects are not followed.",
        ),
        ("http://[", "Redirects are not followed."),
        ("", "Redirects are not followed."),
    ],
)
def test_a_redirect_names_its_target(location: str, text: str) -> None:
    assert told(302, headers={"location": location})[1] == text


def test_the_wait_is_shown() -> None:
    assert told(429, headers={"retry-after": "3172s"})[1] == "Try again in 53 minutes."
    assert len(told(429)) == 1


def test_a_missing_scope_is_explained() -> None:
    assert told(403)[1].startswith("The token may lack a scope that this request needs.")
    assert told(403, b'{"error": "insufficient_scope"}')[1].startswith(
        "The token lacks a scope that this request needs."
    )
    assert len(told(403, b'{"error": "invalid_csrf_token"}')) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, Exit.OK),
        (204, Exit.OK),
        (302, Exit.FAILURE),
        (400, Exit.FAILURE),
        (401, Exit.SIGN_IN_NEEDED),
        (403, Exit.FORBIDDEN),
        (404, Exit.FAILURE),
        (429, Exit.NETWORK),
        (500, Exit.NETWORK),
        (503, Exit.NETWORK),
    ],
)
def test_every_status_has_its_exit_code(status: int, code: Exit) -> None:
    assert exit_code_for_status(status) is code
