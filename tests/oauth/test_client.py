import base64
import contextlib
from dataclasses import replace
from urllib.parse import unquote

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.client import Client, ClientConnection, authenticated, methods_to_try, request
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.quota import Quota
from tests.oauth.harness import (
    CONFIDENTIAL,
    DEVICE_ENDPOINT,
    PENDING,
    PUBLIC,
    SECRETS,
    TOKEN_ENDPOINT,
    ClientHarness,
    Reply,
    error_reply,
    failing_reply,
    json_reply,
    raw_reply,
)

AUTO, NONE = ClientAuthentication.AUTO, ClientAuthentication.NONE
BASIC, POST = ClientAuthentication.BASIC, ClientAuthentication.POST
REFUSED = error_reply("invalid_client", 401)


def pair_in(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    assert kind == "Basic"
    name, _, password = base64.b64decode(encoded).decode("ascii").partition(":")
    return name, password


def used_methods(bench: ClientHarness) -> list[ClientAuthentication]:
    """How the client proved itself in each request."""
    return [
        BASIC if "authorization" in request.headers else POST if "client_secret" in form else NONE
        for request, form in zip(bench.requests, bench.forms, strict=True)
    ]


@pytest.mark.parametrize("method", [NONE, BASIC, POST])
def test_a_chosen_method_is_the_only_one(method: ClientAuthentication) -> None:
    client = Client("c", "p", method)
    assert methods_to_try(client, None) == (method,)
    assert methods_to_try(client, BASIC) == (method,)


def test_a_public_client_uses_no_authentication() -> None:
    assert methods_to_try(PUBLIC, None) == (NONE,)
    assert methods_to_try(PUBLIC, BASIC) == (NONE,)


@pytest.mark.parametrize(
    ("known", "order"),
    [
        (None, (BASIC, POST)),
        (BASIC, (BASIC, POST)),
        (POST, (POST, BASIC)),
        (NONE, (NONE, BASIC, POST)),
    ],
)
def test_basic_comes_first_unless_the_other_is_known_to_work(
    known: ClientAuthentication | None, order: tuple[ClientAuthentication, ...]
) -> None:
    assert methods_to_try(CONFIDENTIAL, known) == order


def test_a_public_client_sends_its_id_alone() -> None:
    assert authenticated(PUBLIC, NONE, form={"a": "b"}) == ({"a": "b", "client_id": "client-1"}, {})


def test_a_secret_in_the_body_is_not_in_a_header() -> None:
    body, headers = authenticated(CONFIDENTIAL, POST, form={"a": "b"})
    assert body == {"a": "b", "client_id": "client-1", "client_secret": "pass-word"}
    assert headers == {}


def test_a_secret_in_the_header_is_not_in_the_body() -> None:
    body, headers = authenticated(CONFIDENTIAL, BASIC, form={"a": "b"})
    assert body == {"a": "b", "client_id": "client-1"}
    assert pair_in(headers["Authorization"]) == ("client-1", "pass-word")


@pytest.mark.parametrize(
    ("plain", "encoded"),
    [
        ("a:b", "a%3Ab"),
        ("a b+c", "a%20b%2Bc"),
        ("100%/@&=", "100%25%2F%40%26%3D"),
        ("pa\u00df\u20ac", "pa%C3%9F%E2%82%AC"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil%3A%201"),
        ("Az09-._~", "Az09-._~"),
    ],
)
def test_id_and_secret_are_encoded_before_basic(plain: str, encoded: str) -> None:
    headers = authenticated(Client(plain, plain), BASIC, form={})[1]
    assert pair_in(headers["Authorization"]) == (encoded, encoded)
    assert unquote(encoded) == plain


def test_a_client_without_a_secret_can_be_set_to_basic() -> None:
    headers = authenticated(PUBLIC, BASIC, form={})[1]
    assert pair_in(headers["Authorization"]) == ("client-1", "")


def test_the_methods_have_their_registered_names() -> None:
    names = {"auto", "none", "client_secret_basic", "client_secret_post"}
    assert {str(method) for method in ClientAuthentication} == names


def test_the_client_id_cannot_be_replaced_by_another_parameter() -> None:
    form = {"client_id": "x", "client_secret": "x"}
    body = authenticated(CONFIDENTIAL, POST, form=form)[0]
    assert body == {"client_id": "client-1", "client_secret": "pass-word"}


def test_no_secret_is_shown_by_a_client_or_its_connection() -> None:
    bench = ClientHarness(PENDING, client=CONFIDENTIAL)
    shown = f"{bench.connection!r} {bench.connection} {CONFIDENTIAL}"
    assert not [secret for secret in SECRETS if secret in shown]


async def test_the_members_of_the_answer_are_given() -> None:
    bench = ClientHarness(json_reply({"a": 1}))
    assert await request(bench.connection, TOKEN_ENDPOINT, form={"b": "c"}) == {"a": 1}
    assert bench.forms == [{"b": "c", "client_id": "client-1"}]
    assert bench.connection.known_methods == {TOKEN_ENDPOINT: NONE}


async def test_basic_is_tried_first_and_remembered_when_it_works() -> None:
    bench = ClientHarness(json_reply({}), client=CONFIDENTIAL)
    await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert used_methods(bench) == [BASIC]
    assert bench.connection.known_methods == {TOKEN_ENDPOINT: BASIC}


async def test_the_body_is_tried_when_basic_is_refused_and_remembered() -> None:
    bench = ClientHarness(REFUSED, json_reply({}), client=CONFIDENTIAL)
    await request(bench.connection, TOKEN_ENDPOINT, form={})
    await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert used_methods(bench) == [BASIC, POST, POST]
    assert bench.connection.known_methods == {TOKEN_ENDPOINT: POST}


async def test_the_second_method_waits_a_second() -> None:
    bench = ClientHarness(REFUSED, json_reply({}), client=CONFIDENTIAL)
    await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.pauses == [1.0]


@pytest.mark.parametrize("body", ["", "<html>401</html>"])
async def test_a_401_that_is_no_oauth_answer_counts_as_a_refusal_of_the_method(body: str) -> None:
    bench = ClientHarness(raw_reply(body, 401), json_reply({"a": 1}), client=CONFIDENTIAL)
    assert await request(bench.connection, TOKEN_ENDPOINT, form={}) == {"a": 1}
    assert used_methods(bench) == [BASIC, POST]


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Unauthorized", "status": 401},
        {"message": "No."},
        {"error": {"code": 401, "message": "No."}},
    ],
)
async def test_a_401_with_an_error_of_its_own_counts_as_a_refusal_of_the_method(
    body: dict[str, object],
) -> None:
    bench = ClientHarness(json_reply(body, 401), json_reply({"a": 1}), client=CONFIDENTIAL)
    assert await request(bench.connection, TOKEN_ENDPOINT, form={}) == {"a": 1}
    assert used_methods(bench) == [BASIC, POST]


async def test_a_401_with_another_oauth_error_is_no_refusal_of_the_method() -> None:
    bench = ClientHarness(error_reply("invalid_grant", 401), client=CONFIDENTIAL)
    with pytest.raises(errors.InvalidGrant):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert used_methods(bench) == [BASIC]


async def test_a_401_to_the_last_method_is_raised_unchanged() -> None:
    bench = ClientHarness(raw_reply("", 401), client=CONFIDENTIAL)
    with pytest.raises(errors.UnusableAnswer) as caught:
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert caught.value.status == 401


@pytest.mark.parametrize("status", [200, 400, 403])
async def test_another_unusable_answer_does_not_try_the_next_method(status: int) -> None:
    bench = ClientHarness(raw_reply("<html>", status), client=CONFIDENTIAL)
    with pytest.raises(errors.PageInsteadOfAnswer):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert used_methods(bench) == [BASIC]


async def test_a_secret_that_no_method_gets_accepted_is_an_error_and_no_method_is_remembered() -> (
    None
):
    bench = ClientHarness(REFUSED, client=CONFIDENTIAL)
    bench.connection.known_methods[TOKEN_ENDPOINT] = POST
    with pytest.raises(errors.InvalidClient):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert used_methods(bench) == [POST, BASIC]
    assert bench.connection.known_methods == {}


async def test_a_chosen_method_is_not_replaced_when_it_is_refused() -> None:
    bench = ClientHarness(REFUSED, client=Client("client-1", "pass-word", BASIC))
    with pytest.raises(errors.InvalidClient):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert used_methods(bench) == [BASIC]


async def test_the_two_endpoints_may_want_different_methods() -> None:
    bench = ClientHarness(
        json_reply({}), REFUSED, PENDING, json_reply({}), PENDING, client=CONFIDENTIAL
    )
    await request(bench.connection, DEVICE_ENDPOINT, form={})
    with pytest.raises(errors.AuthorizationPending):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    await request(bench.connection, DEVICE_ENDPOINT, form={})
    with pytest.raises(errors.AuthorizationPending):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.connection.known_methods == {DEVICE_ENDPOINT: BASIC, TOKEN_ENDPOINT: POST}
    assert used_methods(bench) == [BASIC, BASIC, POST, BASIC, POST]


async def test_an_oauth_error_proves_that_the_client_was_known() -> None:
    bench = ClientHarness(error_reply("access_denied"), client=CONFIDENTIAL)
    with pytest.raises(errors.AccessDenied):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.connection.known_methods == {TOKEN_ENDPOINT: BASIC}


async def test_after_a_trouble_no_method_is_remembered_and_no_other_is_tried() -> None:
    bench = ClientHarness(failing_reply(httpx.ConnectError("refused")), client=CONFIDENTIAL)
    with pytest.raises(errors.TransportFailure):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert len(bench.requests) == 1
    assert bench.connection.known_methods == {}


# A secret that the server did not expect

POLL = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "dev-ice-code"}
PUBLIC_AT_ENTRA = error_reply(
    "invalid_client", 401, error_description="AADSTS700025: Client is public so no secret."
)


@pytest.mark.parametrize("method", [AUTO, BASIC, POST])
@pytest.mark.parametrize(
    "refusal",
    [
        PUBLIC_AT_ENTRA,
        error_reply("invalid_request", 400, error_description="AADSTS700025: Client is public."),
        error_reply("unauthorized_client", 400, error_description="Client is public: no secret."),
        error_reply(
            "invalid_client", 401, error_description="A public client must not authenticate."
        ),
    ],
)
async def test_a_public_client_is_tried_at_once_without_its_secret(
    method: ClientAuthentication, refusal: Reply
) -> None:
    client = Client("client-1", "pass-word", method)
    bench = ClientHarness(refusal, json_reply({"a": 1}), client=client)
    assert await request(bench.connection, TOKEN_ENDPOINT, form=POLL) == {"a": 1}
    assert used_methods(bench) == [BASIC if method is AUTO else method, NONE]
    assert bench.pauses == [1.0]


async def test_that_a_client_is_public_is_remembered() -> None:
    bench = ClientHarness(PUBLIC_AT_ENTRA, PENDING, client=CONFIDENTIAL)
    for _ in range(2):
        with pytest.raises(errors.AuthorizationPending):
            await request(bench.connection, TOKEN_ENDPOINT, form=POLL)
    assert used_methods(bench) == [BASIC, NONE, NONE]
    assert bench.connection.known_methods == {TOKEN_ENDPOINT: NONE}


@pytest.mark.parametrize(
    "form",
    [
        POLL,
        {"grant_type": "authorization_code", "code": "x"},
        {"grant_type": "refresh_token", "refresh_token": "ref-resh-token"},
    ],
)
async def test_before_a_code_is_lost_it_is_sent_without_the_secret(form: dict[str, str]) -> None:
    bench = ClientHarness(REFUSED, REFUSED, json_reply({"a": 1}), client=CONFIDENTIAL)
    assert await request(bench.connection, TOKEN_ENDPOINT, form=form) == {"a": 1}
    assert used_methods(bench) == [BASIC, POST, NONE]


@pytest.mark.parametrize("form", [{}, {"scope": "a"}, {"grant_type": "client_credentials"}])
async def test_where_nothing_is_lost_a_wrong_secret_is_not_hidden(form: dict[str, str]) -> None:
    bench = ClientHarness(REFUSED, REFUSED, json_reply({"a": 1}), client=CONFIDENTIAL)
    with pytest.raises(errors.InvalidClient):
        await request(bench.connection, DEVICE_ENDPOINT, form=form)
    assert used_methods(bench) == [BASIC, POST]


@pytest.mark.parametrize(
    "last",
    [
        error_reply("invalid_request", 400, error_description="client_secret is missing"),
        error_reply("unauthorized_client", 401),
        raw_reply("", 401),
    ],
)
async def test_what_is_said_of_the_secret_is_told_if_nothing_else_helps(last: Reply) -> None:
    wrong = error_reply("invalid_client", 401, error_description="AADSTS7000215: wrong secret")
    bench = ClientHarness(raw_reply("", 401), wrong, last, client=CONFIDENTIAL)
    with pytest.raises(errors.InvalidClient) as caught:
        await request(bench.connection, TOKEN_ENDPOINT, form=POLL)
    assert "7000215" in caught.value.description
    assert used_methods(bench) == [BASIC, POST, NONE]
    assert bench.connection.known_methods == {}


@pytest.mark.parametrize(
    "refusal",
    [
        error_reply("invalid_request", error_description="Missing client_secret parameter"),
        error_reply("invalid_request", error_description="Authorization header not supported"),
        error_reply("unauthorized_client", error_description="Invalid client authentication"),
        json_reply({"error": "Unauthorized"}, 401),
    ],
)
async def test_a_server_may_refuse_basic_in_other_words(refusal: Reply) -> None:
    bench = ClientHarness(refusal, json_reply({"a": 1}), client=CONFIDENTIAL)
    assert await request(bench.connection, TOKEN_ENDPOINT, form=POLL) == {"a": 1}
    assert used_methods(bench) == [BASIC, POST]


@pytest.mark.parametrize(
    "refusal",
    [
        error_reply("invalid_request", error_description="Missing parameter: audience"),
        error_reply("unauthorized_client", error_description="Grant not allowed"),
        error_reply("invalid_grant", error_description="client authentication was fine"),
    ],
)
async def test_an_error_about_something_else_is_final(refusal: Reply) -> None:
    bench = ClientHarness(refusal, client=CONFIDENTIAL)
    with pytest.raises(errors.ErrorResponse):
        await request(bench.connection, TOKEN_ENDPOINT, form=POLL)
    assert used_methods(bench) == [BASIC]


async def test_a_client_without_a_secret_is_not_tried_twice() -> None:
    bench = ClientHarness(PUBLIC_AT_ENTRA, client=PUBLIC)
    with pytest.raises(errors.InvalidClient):
        await request(bench.connection, TOKEN_ENDPOINT, form=POLL)
    assert used_methods(bench) == [NONE]


async def test_an_unknown_client_is_told_with_its_region_and_provider() -> None:
    bench = ClientHarness(REFUSED, client=Client("client-1", region="Europe", preset="xdr-eu"))
    with pytest.raises(errors.InvalidClient) as caught:
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert caught.value.region == "Europe"
    assert caught.value.preset == "xdr-eu"


async def test_an_unsafe_endpoint_is_never_requested() -> None:
    bench = ClientHarness(json_reply({}), client=CONFIDENTIAL)
    with pytest.raises(errors.UnsafeAddress):
        await request(bench.connection, "http://login.example/token", form={})
    assert bench.requests == []


# The clocks


DATED = {"Date": "Mon, 23 Nov 2026 02:55:00 GMT"}  # five minutes before the bench's own clock


@pytest.mark.parametrize(
    "reply", [json_reply({}, headers=DATED), json_reply({"error": "slow_down"}, 400, DATED)]
)
async def test_the_clock_offset_is_measured_at_each_answer_of_the_server(reply: Reply) -> None:
    bench = ClientHarness(reply)
    with contextlib.suppress(errors.SlowDown):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.offsets == [299.0]


async def test_a_slow_answer_is_no_difference_between_the_clocks() -> None:
    bench = ClientHarness(json_reply({}, headers={"Date": "Mon, 23 Nov 2026 03:00:20 GMT"}))
    bench.clock.advance(0.5)
    bench.on_request = lambda: bench.clock.advance(30.0)
    await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.offsets == [0.0]


@pytest.mark.parametrize(
    ("body", "status"), [("<html>", 200), ("<html>", 401), ("", 302), ("", 503)]
)
async def test_answers_of_proxies_and_portals_are_not_used_for_the_clock_offset(
    body: str, status: int
) -> None:
    bench = ClientHarness(lambda _: httpx.Response(status, content=body, headers=DATED))
    with pytest.raises(errors.Trouble):
        await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.offsets == []


async def test_a_quota_is_noted_also_from_a_refusal_for_too_many_requests() -> None:
    quota = {"X-Ratelimit-Org-Limit": "8000", "X-Ratelimit-Org-Remaining": "0"}
    bench = ClientHarness(lambda _: httpx.Response(429, headers=quota))
    noted: list[Quota] = []
    connection = replace(bench.connection, note_quota=noted.append)
    with pytest.raises(errors.Trouble):
        await request(connection, TOKEN_ENDPOINT, form={})
    assert noted == [Quota(8000, 0)]


async def test_without_a_date_there_is_no_clock_offset() -> None:
    bench = ClientHarness(json_reply({}))
    await request(bench.connection, TOKEN_ENDPOINT, form={})
    assert bench.offsets == []


async def test_the_clock_offset_is_optional() -> None:
    bench = ClientHarness(json_reply({"a": 1}, headers=DATED))
    connection = ClientConnection(bench.connection.http, bench.clock, PUBLIC)
    assert await request(connection, TOKEN_ENDPOINT, form={}) == {"a": 1}
