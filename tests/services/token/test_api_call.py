"""Which API calls are allowed, and how they are written."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth.errors import UnsafeAddress
from desktop.services.token.api_call import BadCall, Call, CallArguments, make_call

HOME = "https://login.example"


def call(method: str, path: str, **given: Any) -> Call:  # noqa: ANN401 - Wish's own
    return make_call(HOME, CallArguments(method, path, **given))


def header(made: Call, name: str) -> list[str]:
    return [value for each, value in made.headers if each.lower() == name]


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/iroh/x", "/iroh/x"),
        ("/a%20b/ü", "/a%20b/%C3%BC"),
        ("/a?b=c&d=e%20f", "/a?b=c&d=e%20f"),
        ("/a?", "/a"),
        ("/@evil.example", "/@evil.example"),
        ("/$(id)'\"`", "/$(id)'%22%60"),
    ],
)
def test_a_path_is_appended_to_the_origin(path: str, address: str) -> None:
    assert call("GET", path).address == HOME + address


@pytest.mark.parametrize(
    "path",
    [
        *("", "x", "https://evil.example", "HTTPS:/x", "//evil.example/x", "///x", "@evil.example"),
        *("/\\evil.example", "\\\\evil.example", "/x#y", "/a b", "/a\tb", "/a\nb", "/a\x00b"),
        *("/a\u202eb", "/a\ud800", "/app-grant/{client-id}", ".evil.example/", ":443@evil.example"),
    ],
)
def test_invalid_paths_are_rejected(path: str) -> None:
    with pytest.raises(BadCall):
        call("GET", path)


@given(st.text(max_size=40))
def test_no_path_leads_to_another_server(path: str) -> None:
    try:
        address = call("GET", path).address
    except (BadCall, UnsafeAddress):
        return
    assert urlsplit(address).netloc == "login.example"
    assert address.isascii()


def test_placeholders_in_a_path_are_named() -> None:
    with pytest.raises(BadCall, match=r"Replace \{client-id\} in the path"):
        call("DELETE", "/app-grant/{client-id}")


def test_methods_are_case_insensitive() -> None:
    assert call("delete", "/x").method == "DELETE"
    assert not call("delete", "/x").is_safe
    assert call("Head", "/x").is_safe
    with pytest.raises(BadCall):
        call("CONNECT", "/x")


# Fields


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_fields_go_into_the_query(method: str) -> None:
    made = call(method, "/x?a=0", fields=("a=1", "a=&", "b c=ü"))
    assert parse_qsl(urlsplit(made.address).query) == [
        ("a", "0"),
        ("a", "1"),
        ("a", "&"),
        ("b c", "ü"),
    ]
    assert made.body is None


def test_repeated_fields_become_a_list() -> None:
    made = call("POST", "/x", fields=("a=1", "b=x=y", "a=2", "c="))
    assert made.body is not None
    assert json.loads(made.body.text) == {"a": ["1", "2"], "b": "x=y", "c": ""}
    assert header(made, "content-type") == ["application/json"]


def test_fields_become_a_form() -> None:
    made = call("PUT", "/x", fields=("a=1", "a=b c"), as_form=True)
    assert made.body is not None
    assert made.body.text == "a=1&a=b+c"
    assert header(made, "content-type") == ["application/x-www-form-urlencoded"]


def test_with_a_file_fields_go_into_the_query() -> None:
    made = call("POST", "/x", fields=("a=1",), input_file="body.json")
    assert made.address.endswith("/x?a=1")
    assert made.body is not None
    assert made.body.file == "body.json"


def test_without_fields_there_is_no_body() -> None:
    made = call("POST", "/x")
    assert made.body is None
    assert header(made, "content-type") == []


def test_an_invalid_field_is_not_quoted() -> None:
    for wrong in ("pass-word", "=pass-word", "a=\ud800"):
        with pytest.raises(BadCall) as found:
            call("POST", "/x", fields=(wrong,))
        assert "pass-word" not in str(found.value)


# Headers


def test_headers_replace_the_defaults() -> None:
    made = call("POST", "/x", fields=("a=1",), headers=("accept: text/csv", "X-A: 1", "X-A: 2"))
    assert header(made, "accept") == ["text/csv"]
    assert header(made, "x-a") == ["1", "2"]
    assert header(call("GET", "/x"), "accept") == ["application/json"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Authorization: Bearer x",
            "AUTHORIZATION:x",
            "authorization : x",
            "Host: x",
            "Cookie: a",
        ),
        *("Proxy-Authorization: x", "Content-Length: 1", "Transfer-Encoding: chunked"),
        *(
            "X-A",
            "X-A:",
            "X A: 1",
            ": 1",
            "X-A: 1\r\nAuthorization: x",
            "X-A: \u00e9",
            "X\u00e9: 1",
        ),
    ],
)
def test_reserved_headers_are_rejected(text: str) -> None:
    with pytest.raises(BadCall):
        call("GET", "/x", headers=(text,))


def test_the_representation_contains_no_secret() -> None:
    made = call("POST", "/x", fields=("secret=pass-word",), headers=("X-Key: pass-word",))
    assert "pass-word" not in repr(made)
