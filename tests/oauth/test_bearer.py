import httpx
import pytest
from hypothesis import given

from desktop.oauth import errors
from desktop.oauth.answers import members
from desktop.oauth.bearer import challenge_in, raise_for_token, request_with_token
from desktop.oauth.errors import ErrorResponse
from desktop.oauth.http import Answer
from tests.oauth.harness import (
    CONFIDENTIAL,
    HOST,
    START,
    USERINFO_ENDPOINT,
    ClientHarness,
    any_json,
    any_text,
    fuzzed,
    json_reply,
    make_answer,
)


def refused(reply: Answer) -> ErrorResponse:
    with pytest.raises(ErrorResponse) as caught:
        raise_for_token(reply, START)
    return caught.value


def is_refused(reply: Answer) -> bool:
    try:
        raise_for_token(reply, START)
    except ErrorResponse:
        return True
    return False


def challenge(value: str) -> dict[str, str]:
    return {"WWW-Authenticate": value}


async def test_the_token_is_sent_in_the_header_without_client_authentication() -> None:
    bench = ClientHarness(json_reply({"a": 1}), client=CONFIDENTIAL)
    found = await request_with_token(
        bench.connection,
        "GET",
        address=USERINFO_ENDPOINT,
        access_token="acc-ess-token",
        read=members,
    )
    assert found == {"a": 1}
    (request,) = bench.requests
    assert (request.method, str(request.url)) == ("GET", USERINFO_ENDPOINT)
    assert request.headers["authorization"] == "Bearer acc-ess-token"
    assert request.content == b""


@pytest.mark.parametrize(
    "address", ["http://login.example/userinfo", "https://dana@login.example/", "/userinfo"]
)
async def test_the_token_is_sent_to_no_unsafe_address(address: str) -> None:
    bench = ClientHarness(json_reply({}))
    with pytest.raises(errors.UnsafeAddress):
        await request_with_token(
            bench.connection, "GET", address=address, access_token="acc-ess-token", read=members
        )
    assert bench.requests == []


async def test_a_redirect_does_not_take_the_token_elsewhere() -> None:
    away = httpx.Response(307, headers={"location": "https://evil.example/"})
    bench = ClientHarness(lambda _: away)
    with pytest.raises(errors.UnexpectedRedirect):
        await request_with_token(
            bench.connection,
            "GET",
            address=USERINFO_ENDPOINT,
            access_token="acc-ess-token",
            read=members,
        )
    assert len(bench.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(
    ("code", "kind"),
    [("invalid_token", errors.InvalidToken), ("insufficient_scope", errors.InsufficientScope)],
)
def test_the_code_in_the_body_decides_whatever_the_status(
    code: str, kind: type[ErrorResponse], status: int
) -> None:
    error = refused(make_answer({"error": f" {code.upper()}"}, status))
    assert type(error) is kind
    assert (error.host, error.status) == (HOST, status)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("body", ["", "Unauthorized", "<html>"])
def test_the_code_in_the_challenge_decides_where_the_body_says_nothing(
    status: int, body: str
) -> None:
    header = 'Bearer realm="x", error="insufficient_scope", error_description="Wants profile."'
    error = refused(make_answer(body, status, challenge(header)))
    assert type(error) is errors.InsufficientScope
    assert (error.error, error.description) == ("insufficient_scope", "Wants profile.")


@pytest.mark.parametrize("body", ["", "no", "{}", '{"message": "no"}', '{"error": "unauthorized"}'])
@pytest.mark.parametrize(
    ("status", "kind"), [(401, errors.InvalidToken), (403, errors.InsufficientScope)]
)
def test_the_status_decides_where_nothing_is_said(
    status: int, kind: type[ErrorResponse], body: str
) -> None:
    assert type(refused(make_answer(body, status))) is kind


def test_a_page_with_a_challenge_counts_as_an_answer_of_the_server() -> None:
    error = refused(make_answer("<html>", 401, challenge('Bearer realm="x"')))
    assert (type(error), error.error) == (errors.InvalidToken, "invalid_token")


@pytest.mark.parametrize("header", ["", "Basic realm=proxy", "Negotiate", "BearerX a=b"])
@pytest.mark.parametrize("status", [401, 403])
def test_the_page_of_a_proxy_says_nothing_about_the_token(status: int, header: str) -> None:
    assert not is_refused(make_answer("<html>Blocked", status, challenge(header)))


@pytest.mark.parametrize(
    "reply",
    [
        make_answer({}, 200),
        make_answer("", 404),
        make_answer("", 503),
        make_answer({"error": "invalid_request"}, 400),
        make_answer({"error": "too_many_requests"}, 429),
    ],
)
def test_answers_that_are_not_about_the_token_are_passed_on(reply: Answer) -> None:
    assert not is_refused(reply)


def test_a_refused_token_has_every_fact_of_the_answer() -> None:
    body = {"error": "invalid_jwt", "error_description": "Expired.", "trace_id": "t-1"}
    header = 'Bearer error="invalid_token", error_description="In the challenge."'
    error = refused(make_answer(body, 401, {"Retry-After": "7", **challenge(header)}))
    assert type(error) is errors.InvalidToken
    assert (error.error, error.description) == ("invalid_jwt", "Expired.")
    assert (error.trace_id, error.retry_after, error.status) == ("t-1", 7.0, 401)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", None),
        ('Basic realm="Bearer of news"', None),
        ("Bearerrealm=x", None),
        ("Bearer", {}),
        ("bearer", {}),
        ("Bearer error=invalid_token", {"error": "invalid_token"}),
        ('Bearer REALM="a", Error = "b"', {"realm": "a", "error": "b"}),
        ('Basic realm="a", Bearer error="b"', {"error": "b"}),
        ('Bearer realm="a", Basic realm="b"', {"realm": "a"}),
        (
            r'Bearer error_description="say \"no\" \\ stop"',
            {"error_description": r'say "no" \ stop'},
        ),
        ('Bearer error="', {}),
        ('Bearer scope=""', {"scope": ""}),
    ],
)
def test_a_challenge_is_read_tolerantly(header: str, found: dict[str, str] | None) -> None:
    assert challenge_in(httpx.Headers(challenge(header))) == found


def test_only_the_beginning_of_a_long_challenge_is_read() -> None:
    header = f'Bearer error="a", {"x" * 10**6}, realm="b"'
    assert challenge_in(httpx.Headers(challenge(header))) == {"error": "a"}


def test_an_absent_challenge_is_none() -> None:
    assert challenge_in({}) is None


@fuzzed
@given(any_text, any_json)
def test_any_challenge_is_read_or_ignored(header: str, body: object) -> None:
    challenge_in({"www-authenticate": f"Bearer {header}"})
    reply = make_answer({"error": body}, 401, challenge("Bearer"))
    assert type(refused(reply)) in {errors.InvalidToken, errors.InsufficientScope}
