import inspect
import re

import pytest
from hypothesis import given

from desktop.oauth import errors
from desktop.oauth.addresses import has_hidden_characters
from desktop.oauth.errors import printable, without_joiners
from tests.oauth.harness import HOST, any_text, fuzzed

KINDS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.OAuthError)
]
TROUBLES = [kind for kind in KINDS if issubclass(kind, errors.Trouble)]
RESPONSES = [kind for kind in KINDS if issubclass(kind, errors.ErrorResponse)]


def drawn_tree() -> dict[str, str]:
    """Each error of the module's drawing, with the one above it."""
    above: dict[int, str] = {}
    parents: dict[str, str] = {}
    for line in (inspect.getdoc(errors) or "").splitlines():
        if found := re.match(r"[\s│├└─]*(?=[A-Z]\w+(\s{2,}|$))", line):
            name = re.split(r"\s", line[found.end() :])[0]
            depth = found.end()
            parents[name] = next((above[d] for d in sorted(above, reverse=True) if d < depth), "")
            above = {d: n for d, n in above.items() if d < depth} | {depth: name}
    return parents


def test_the_diagram_shows_the_class_hierarchy() -> None:
    real = {kind.__name__: kind.__mro__[1].__name__ for kind in KINDS}
    assert drawn_tree() == real | {"OAuthError": ""}


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_trouble_says_where_and_what(kind: type[errors.Trouble]) -> None:
    error = kind(HOST, detail="no\nroute", status=503, retry_after=7.0, trace_id="t\x1b1")
    assert str(error) == f"{HOST}: no route"
    assert (error.status, error.retry_after, error.trace_id) == (503, 7.0, "t 1")


def test_a_trouble_without_a_detail_gives_the_status() -> None:
    assert str(errors.ServerFault(HOST, status=502)) == f"{HOST}: 502"


@pytest.mark.parametrize("kind", RESPONSES)
def test_an_error_response_carries_its_facts(kind: type[errors.ErrorResponse]) -> None:
    error = kind(
        "bad\u202ething",
        host=HOST,
        description="x" * 400,
        status=400,
        trace_id=None,
        interval=7.0,
        retry_after=3.0,
    )
    assert str(error) == f"bad thing ({HOST})"
    assert error.error == "bad thing"
    assert error.description == "x" * 299 + "…"
    assert (error.status, error.trace_id) == (400, None)
    assert (error.interval, error.retry_after) == (7.0, 3.0)


def test_a_mismatch_says_what_was_expected_and_what_came() -> None:
    error = errors.MetadataMismatch(HOST, "https://a\n", "b")
    assert str(error) == f"{HOST}: expected https://a, found b"
    assert (error.host, error.expected, error.found) == (HOST, "https://a", "b")


def test_a_wrong_issuer_is_reported_with_the_expected_one() -> None:
    error = errors.WrongIssuer(HOST, "https://a\n", "b")
    assert str(error) == f"{HOST}: expected https://a, found b"
    assert (error.host, error.expected, error.found) == (HOST, "https://a", "b")


def test_a_missing_endpoint_is_named() -> None:
    error = errors.MissingEndpoint(HOST, "token_endpoint")
    assert str(error) == f"{HOST}: no token_endpoint"
    assert (error.host, error.endpoint) == (HOST, "token_endpoint")


def test_an_unsupported_token_type_is_cut() -> None:
    error = errors.UnsupportedTokenType(HOST, "M" * 50)
    assert error.token_type == "M" * 39 + "…"
    assert str(error) == f"{HOST}: token_type {error.token_type}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand  more ", "two lines and more"),
        ("\u202eevil\u2066\u200b", "evil"),
        ("\x1b[31mred", "[31mred"),
        ("`[profiles.\u2068a\u2069]`", "`[profiles.a]`"),
        ("\ud800", ""),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_what_a_server_sent_is_printed_on_one_short_line(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
            "\u0646\u0645\u06cc\u062f\u0627\u0646\u0645",
        ),
        ("a\u200cb", "a\u200cb"),
    ],
)
def test_only_joiners_that_the_script_needs_are_taken_out(text: str, left: str) -> None:
    assert without_joiners(text) == left


def test_a_huge_text_is_cut_before_it_is_looked_at() -> None:
    assert printable("\n" * 10**7 + "x", 10) == ""


@fuzzed
@given(any_text)
def test_whatever_comes_can_be_printed(text: str) -> None:
    shown = printable(text, 20)
    assert len(shown) <= 20
    assert not has_hidden_characters(shown)


def test_a_ca_file_that_cannot_be_used_is_named_with_the_reason() -> None:
    error = errors.AuthorityUnusable("/etc/ca\u202e.pem", "no certificate\nin it")
    assert (error.where, error.reason) == ("/etc/ca .pem", "no certificate in it")
    assert str(error).startswith("/etc/ca")


def test_marks_of_direction_leave_no_space_in_a_word() -> None:
    assert printable("\u2068name\u2069: \u2067x\u2069") == "name: x"
