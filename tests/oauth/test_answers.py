import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth import errors
from desktop.oauth.answers import acknowledged, members
from desktop.oauth.errors import ErrorResponse, OAuthError, Trouble
from desktop.oauth.fields import text
from desktop.oauth.http import Answer
from tests.oauth.harness import HOST, START, any_json, fuzzed, make_answer, members_named

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def error_in(reply: Answer) -> Any:  # noqa: ANN401 - each kind has members of its own
    with pytest.raises(OAuthError) as caught:
        members(reply, START)
    return caught.value


def test_the_members_of_a_json_object_are_given() -> None:
    found = {"a": 1, "b": None, "c": [{"d": "e"}]}
    assert members(make_answer(found), START) == found


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_status_of_success_will_do(status: int) -> None:
    assert members(make_answer({"a": 1}, status), START) == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a": "b"}',
        b' \r\n{"a": "b"} ',
        '{"a": "b"}'.encode("utf-16"),
        b'{"a": "x", "a": "b"}',
    ],
    ids=["byte order mark", "space", "utf-16", "twice: the last one counts"],
)
def test_json_is_read_tolerantly(body: bytes) -> None:
    assert members(make_answer(body), START) == {"a": "b"}


def test_json_is_read_whatever_its_content_type() -> None:
    reply = make_answer({"a": 1}, headers={"content-type": "text/html"})
    assert members(reply, START) == {"a": 1}


def test_a_form_is_read_when_it_is_declared() -> None:
    assert members(make_answer("a=1&b=x%20y+z\n", headers=FORM), START) == {"a": "1", "b": "x y z"}


def test_an_empty_member_of_a_form_is_kept() -> None:
    reply = make_answer("access_token=x&scope=&token_type=bearer")
    assert members(reply, START) == {"access_token": "x", "scope": "", "token_type": "bearer"}


@pytest.mark.parametrize("name", ["access_token", "device_code"])
def test_an_undeclared_form_is_read_when_it_cannot_be_anything_else(name: str) -> None:
    assert members(make_answer(f"{name}=x&b=y"), START) == {name: "x", "b": "y"}


def test_a_declared_but_empty_form_has_no_members() -> None:
    assert members(make_answer("", headers=FORM), START) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"access_token=x"',
        b'[{"a": 1}]',
        b'{"access_token": "x',
        b"{'a': 1}",
        b"a=1&b=2",
        b"access_token=x&junk",
        b"&".join([b"access_token=x"] * 101),
        b"access_token=\xff",
        b"[" * 500_000,
        b'{"a":' * 200_000,
        b'{"a": ' + b"9" * 5000 + b"}",
        bytes(range(256)),
    ],
    ids=range(15),
)
def test_an_answer_that_is_neither_json_object_nor_form_is_unusable(body: bytes) -> None:
    error = error_in(make_answer(body, headers={"content-type": "Text/Plain ; charset=x"}))
    assert type(error) is errors.UnusableAnswer
    assert (error.host, error.status, error.detail) == (HOST, 200, "text/plain")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("authorization_pending", errors.AuthorizationPending),
        ("slow_down", errors.SlowDown),
        ("access_denied", errors.AccessDenied),
        ("authorization_declined", errors.AccessDenied),
        ("expired_token", errors.ExpiredToken),
        ("token_expired", errors.ExpiredToken),
        ("invalid_client", errors.InvalidClient),
        ("incorrect_client_credentials", errors.InvalidClient),
        ("unauthorized_client", errors.UnauthorizedClient),
        ("device_flow_disabled", errors.UnauthorizedClient),
        ("invalid_scope", errors.InvalidScope),
        ("invalid_grant", errors.InvalidGrant),
        ("bad_verification_code", errors.InvalidGrant),
        ("incorrect_device_code", errors.InvalidGrant),
        ("bad_refresh_token", errors.InvalidGrant),
        ("interaction_required", errors.InvalidGrant),
        ("invalid_request", errors.InvalidRequest),
        ("unsupported_grant_type", errors.UnsupportedGrantType),
        ("admin_policy_enforced", errors.ForbiddenByPolicy),
        ("org_internal", errors.ForbiddenByPolicy),
        ("unsupported_token_type", errors.NotRevocable),
        ("invalid_token", errors.InvalidToken),
        ("insufficient_scope", errors.InsufficientScope),
        ("something_else", errors.ErrorResponse),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 428, 302])
def test_the_error_code_decides_whatever_the_status(
    code: str, kind: type[ErrorResponse], status: int
) -> None:
    error = error_in(make_answer({"error": code}, status))
    assert type(error) is kind
    assert (error.error, error.host, error.status) == (code, HOST, status)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_known_error_code_counts_more_than_a_passing_trouble(status: int) -> None:
    assert type(error_in(make_answer({"error": "slow_down"}, status))) is errors.SlowDown


def test_an_error_code_is_compared_without_case_and_space() -> None:
    assert type(error_in(make_answer({"error": " Slow_Down "}))) is errors.SlowDown
    assert type(error_in(make_answer({"error": "Server_Error"}))) is errors.ServerFault


def test_an_error_hides_the_other_members() -> None:
    reply = make_answer({"error": "access_denied", "access_token": "x"})
    assert type(error_in(reply)) is errors.AccessDenied


def test_an_error_may_come_as_a_form() -> None:
    error = error_in(
        make_answer("error=authorization_pending&error_description=Not+yet.&interval=7")
    )
    assert type(error) is errors.AuthorizationPending
    assert (error.description, error.interval) == ("Not yet.", 7.0)


@pytest.mark.parametrize("code", [None, "", "  ", 5, True, [], {"code": 400}])
def test_an_error_without_a_code_is_no_oauth_error(code: object) -> None:
    assert members(make_answer({"error": code, "a": 1}), START)["a"] == 1
    assert type(error_in(make_answer({"error": code}, 400))) is errors.Refusal


def test_an_error_response_has_every_fact_of_the_answer() -> None:
    body = {
        "error": "slow_down",
        "error_description": "Too fast.\r\n\u202eWait.",
        "interval": "10",
        "trace_id": "2e790e2c",
    }
    error = error_in(make_answer(body, 400, {"Retry-After": "3172s"}))
    assert (error.description, error.interval) == ("Too fast. Wait.", 10.0)
    assert (error.trace_id, error.retry_after, error.status) == ("2e790e2c", 3172.0, 400)


@pytest.mark.parametrize(
    "facts",
    [
        {"error_description": 5, "interval": "soon", "trace_id": ["x"]},
        {"error_description": None, "interval": None, "trace_id": None},
        {"error_description": "", "interval": True, "trace_id": ""},
        {},
    ],
)
def test_useless_facts_beside_an_error_count_as_absent(facts: dict[str, object]) -> None:
    error = error_in(make_answer({"error": "slow_down", **facts}, 400, {"retry-after": "soon"}))
    assert (error.description, error.interval, error.trace_id) == ("", None, None)
    assert error.retry_after is None


def test_the_trace_id_may_be_called_correlation_id() -> None:
    error = error_in(make_answer({"error": "invalid_client", "correlation_id": "c-1"}))
    assert error.trace_id == "c-1"


def test_conditional_access_of_entra_is_recognized_by_its_number() -> None:
    description = "AADSTS53003: Access has been blocked by Conditional Access policies."
    error = error_in(make_answer({"error": "invalid_grant", "error_description": description}, 400))
    assert type(error) is errors.ForbiddenByPolicy
    assert (error.error, error.description) == ("invalid_grant", description)


@pytest.mark.parametrize("code", ["temporarily_unavailable", "server_error"])
@pytest.mark.parametrize("status", [200, 400, 503])
def test_a_temporary_error_is_a_server_fault(code: str, status: int) -> None:
    error = error_in(make_answer({"error": code, "error_description": "Later."}, status))
    assert type(error) is errors.ServerFault
    assert (error.detail, error.status) == ("Later.", status)


def test_free_text_as_error_of_a_500_is_a_server_fault() -> None:
    error = error_in(make_answer({"error": "unknown server error", "trace_id": "t-1"}, 500))
    assert type(error) is errors.ServerFault
    assert (error.detail, error.trace_id) == ("unknown server error", "t-1")


def test_free_text_as_error_of_a_429_is_throttling() -> None:
    error = error_in(make_answer({"error": "too many"}, 429, {"retry-after": "30"}))
    assert type(error) is errors.Throttled
    assert (error.detail, error.retry_after) == ("too many", 30.0)


@pytest.mark.parametrize("body", ["", "<html>busy</html>", '{"message": "busy"}', '{"error": 1}'])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, errors.Throttled),
        (500, errors.ServerFault),
        (503, errors.ServerFault),
        (504, errors.ServerFault),
        (301, errors.UnexpectedRedirect),
        (307, errors.UnexpectedRedirect),
    ],
)
def test_the_status_speaks_where_the_body_is_no_oauth_answer(
    body: str, status: int, kind: type[Trouble]
) -> None:
    error = error_in(make_answer(body, status, {"retry-after": "7"}))
    assert type(error) is kind
    assert (error.host, error.status, error.retry_after) == (HOST, status, 7.0)


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><title>Welcome to the hotel</title>",
        "<html>",
        "\n\t<HTML lang=en>",
        "\ufeff<!-- portal --><html>",
        '<script>location="https://portal.example?x=1&error=login"</script>',
        "<?xml version='1.0'?><html/>",
    ],
)
@pytest.mark.parametrize("status", [200, 401, 403, 511])
def test_a_page_is_distinguished_from_an_answer(body: str, status: int) -> None:
    kind = errors.PageInsteadOfAnswer if status < 500 else errors.ServerFault
    assert type(error_in(make_answer(body, status))) is kind


def test_a_page_is_no_form_even_if_it_says_so() -> None:
    reply = make_answer('<a href="?a=1&access_token=x">', headers=FORM)
    assert type(error_in(reply)) is errors.PageInsteadOfAnswer


@pytest.mark.parametrize("status", [400, 401, 403, 428])
def test_tokens_in_an_error_response_are_ignored(status: int) -> None:
    reply = make_answer({"access_token": "x", "token_type": "bearer"}, status)
    assert type(error_in(reply)) is errors.Refusal


@pytest.mark.parametrize("status", [400, 401, 403, 406, 415, 422, 451])
def test_a_refusal_without_a_word_is_one_all_the_same(status: int) -> None:
    error = error_in(make_answer("", status))
    assert isinstance(error, errors.Refusal)
    assert error.status == status


def test_a_status_that_is_no_final_one_is_unusable() -> None:
    assert type(error_in(make_answer("", 199))) is errors.UnusableAnswer


def test_the_body_of_an_answer_is_in_no_error() -> None:
    for status in (200, 302, 400, 429, 500):
        error = error_in(make_answer('"acc-ess-token"', status))
        assert "acc-ess-token" not in f"{error} {error!r} {vars(error)}"


@fuzzed
@given(
    st.binary()
    | any_json.map(json.dumps)
    | members_named("error", "error_description", "interval", "trace_id", "a").map(json.dumps),
    st.integers(200, 599),
    st.sampled_from(["", "7", "3172s", "Fri, 31 Dec 9999 23:59:59 GMT"]),
)
def test_any_answer_gives_members_or_an_error_of_ours(
    body: bytes | str, status: int, retry_after: str
) -> None:
    try:
        found = members(make_answer(body, status, {**FORM, "retry-after": retry_after}), START)
    except OAuthError:
        return
    assert 200 <= status < 300
    assert not text(found, "error")


# Where success needs no body


@pytest.mark.parametrize(
    ("body", "found"), [("", {}), ("OK", {}), ("[1]", {}), ({"a": 1}, {"a": 1}), ("null", {})]
)
@pytest.mark.parametrize("status", [200, 204])
def test_a_body_does_not_matter_where_none_is_needed(
    status: int, body: str, found: dict[str, object]
) -> None:
    assert acknowledged(make_answer(body, status), START) == found


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (make_answer({"error": "invalid_client"}, 200), errors.InvalidClient),
        (make_answer("<html>Welcome to the hotel</html>", 200), errors.PageInsteadOfAnswer),
        (make_answer("", 302), errors.UnexpectedRedirect),
        (make_answer("", 404), errors.NothingThere),
        (make_answer("", 503), errors.ServerFault),
    ],
)
def test_without_a_body_other_statuses_are_errors_too(
    reply: Answer, kind: type[OAuthError]
) -> None:
    with pytest.raises(kind):
        acknowledged(reply, START)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", ["", "<html>Forbidden</html>", "Forbidden"])
def test_a_refusal_without_an_oauth_error_is_a_trouble_that_tells_its_status(
    status: int, body: str
) -> None:
    error = error_in(make_answer(body, status, {"Retry-After": "30"}))
    assert isinstance(error, errors.UnusableAnswer)
    assert (error.status, error.retry_after) == (status, 30.0)
