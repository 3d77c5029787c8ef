from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.errors import OAuthError
from desktop.oauth.grants.token_exchange import exchange_token, request_with_bearer
from desktop.oauth.model.token_set import TokenSet
from tests.oauth.harness import (
    CONFIDENTIAL,
    HOST,
    START,
    TOKEN_ENDPOINT,
    ClientHarness,
    Reply,
    error_reply,
    failing_reply,
    json_reply,
    raw_reply,
    unsigned_jwt,
)

SERVICE = "https://api.example/v3/access_tokens"
FIRST = "first-acc-ess-token"
ISSUED = {
    "access_token": "second-acc-ess-token",
    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "token_type": "Bearer",
    "expires_in": 600,
}


async def exchanged(harness: ClientHarness) -> TokenSet:
    return await exchange_token(harness.connection, TOKEN_ENDPOINT, subject_token=FIRST)


async def requested(harness: ClientHarness) -> TokenSet:
    return await request_with_bearer(harness.connection, SERVICE, access_token=FIRST)


Fetch = Callable[[ClientHarness], Awaitable[TokenSet]]
BOTH = pytest.mark.parametrize("fetch", [exchanged, requested])


async def test_the_request_is_that_of_the_rfc() -> None:
    harness = ClientHarness(json_reply(ISSUED), client=CONFIDENTIAL)
    await exchange_token(
        harness.connection,
        TOKEN_ENDPOINT,
        subject_token=FIRST,
        scope=("read", "write"),
        parameters={"audience": "orders", "resource": "https://orders.example"},
    )
    (form,) = harness.forms
    assert form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": FIRST,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "orders",
        "resource": "https://orders.example",
        "scope": "read write",
        "client_id": "client-1",
    }
    assert harness.requests[0].headers["authorization"].startswith("Basic ")


async def test_a_parameter_cannot_replace_the_token_that_is_exchanged() -> None:
    harness = ClientHarness(json_reply(ISSUED))
    await exchange_token(
        harness.connection,
        TOKEN_ENDPOINT,
        subject_token=FIRST,
        parameters={"subject_token": "other", "grant_type": "password"},
    )
    (form,) = harness.forms
    assert form["subject_token"] == FIRST
    assert form["grant_type"].endswith("token-exchange")
    assert "scope" not in form


async def test_the_access_token_is_sent_as_cisco_has_it_and_no_client_with_it() -> None:
    harness = ClientHarness(json_reply(ISSUED), client=CONFIDENTIAL)
    await requested(harness)
    (request,) = harness.requests
    assert (request.method, str(request.url)) == ("POST", SERVICE)
    assert request.headers["authorization"] == f"Bearer {FIRST}"
    assert harness.forms == [{"grant_type": "client_credentials"}]


@BOTH
async def test_the_token_has_an_end_of_its_own_and_nothing_that_renews_it(fetch: Fetch) -> None:
    answer = ISSUED | {"refresh_token": "ref-resh-token", "id_token": unsigned_jwt({"sub": "x"})}
    tokens = await fetch(ClientHarness(json_reply(answer)))
    assert tokens.access_token == "second-acc-ess-token"
    assert tokens.expires_at == START + timedelta(seconds=600)
    assert (tokens.refresh_token, tokens.id_token, tokens.id_expires_at) == (None, None, None)


@BOTH
async def test_a_jwt_says_when_it_expires_where_the_server_does_not(fetch: Fetch) -> None:
    issued = START.timestamp()
    token = unsigned_jwt({"iat": issued, "exp": issued + 300})
    answer = {"access_token": token, "token_type": "Bearer"}
    tokens = await fetch(ClientHarness(json_reply(answer)))
    assert tokens.expires_at == START + timedelta(seconds=300)


@BOTH
async def test_a_token_may_say_nowhere_when_it_expires(fetch: Fetch) -> None:
    tokens = await fetch(ClientHarness(json_reply({"access_token": "opaque-token"})))
    assert tokens.expires_at is None


@BOTH
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply("invalid_token", 401), errors.InvalidToken),
        (error_reply("insufficient_scope", 403), errors.InsufficientScope),
        (error_reply("invalid_target"), errors.ErrorResponse),  # RFC 8693 section 2.2.2
        (error_reply("invalid_request"), errors.InvalidRequest),
        (error_reply("unsupported_grant_type"), errors.UnsupportedGrantType),
        (json_reply(ISSUED | {"token_type": "N_A"}), errors.UnsupportedTokenType),
        (json_reply(ISSUED | {"expires_in": 0}), errors.NoUsableToken),
        (json_reply({"issued_token_type": "x"}), errors.NoUsableToken),
        (json_reply(ISSUED | {"access_token": "two words"}), errors.NoUsableToken),
        (raw_reply("", 404), errors.NothingThere),
        (raw_reply("", 503), errors.ServerFault),
        (json_reply({}, 429), errors.Throttled),
        (raw_reply("<html>", 200), errors.PageInsteadOfAnswer),
        (json_reply({"errors": [{"details": ["no"]}]}, 400), errors.Refusal),
        (failing_reply(httpx.ConnectError("refused")), errors.TransportFailure),
    ],
)
async def test_anything_but_a_token_is_an_error(
    fetch: Fetch, reply: Reply, kind: type[OAuthError]
) -> None:
    with pytest.raises(OAuthError) as caught:
        await fetch(ClientHarness(reply))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(401, errors.InvalidToken), (403, errors.InsufficientScope)]
)
async def test_a_status_alone_says_what_is_wrong_with_the_access_token(
    status: int, kind: type[OAuthError]
) -> None:
    with pytest.raises(kind):
        await requested(ClientHarness(raw_reply("", status)))


@pytest.mark.parametrize("code", ["invalid_grant", "expired_token", "invalid_request"])
async def test_a_subject_token_that_is_not_accepted_is_an_invalid_token(code: str) -> None:
    harness = ClientHarness(error_reply(code, error_description="Subject token is gone"))
    with pytest.raises(errors.InvalidToken) as caught:
        await exchanged(harness)
    assert caught.value.description == "Subject token is gone"


@pytest.mark.parametrize(
    "said", ["subject_token_type is missing", "Unsupported subject token type", "no audience", ""]
)
async def test_another_incomplete_request_is_not_about_the_token(said: str) -> None:
    harness = ClientHarness(error_reply("invalid_request", error_description=said))
    with pytest.raises(errors.InvalidRequest):
        await exchanged(harness)


@BOTH
async def test_a_redirect_is_not_followed_with_the_token(fetch: Fetch) -> None:
    harness = ClientHarness(
        lambda _: httpx.Response(307, headers={"location": "https://thief.example/"})
    )
    with pytest.raises(errors.UnexpectedRedirect) as caught:
        await fetch(harness)
    assert caught.value.by == "thief.example"
    assert len(harness.requests) == 1


@BOTH
async def test_a_long_answer_is_cut_off(fetch: Fetch) -> None:
    harness = ClientHarness(raw_reply(b"x" * (1024 * 1024 + 1), 400))
    with pytest.raises(errors.AnswerTooLarge):
        await fetch(harness)


@BOTH
async def test_the_servers_words_contain_no_token(fetch: Fetch) -> None:
    said = f"{FIRST} is not good enough, nor is {FIRST.upper()}"
    harness = ClientHarness(error_reply("invalid_target", error_description=said))
    with pytest.raises(errors.ErrorResponse) as caught:
        await fetch(harness)
    assert "not good enough" in caught.value.description
    assert FIRST not in caught.value.description.lower()


@BOTH
async def test_the_new_token_is_known_as_a_secret(fetch: Fetch) -> None:
    harness = ClientHarness(json_reply(ISSUED))
    await fetch(harness)
    struck = harness.connection.secrets.strike("said second-acc-ess-token again")
    assert struck == "said [redacted] again"


async def test_a_host_that_is_not_safe_is_not_asked() -> None:
    harness = ClientHarness(json_reply(ISSUED))
    with pytest.raises(errors.UnsafeAddress):
        await request_with_bearer(
            harness.connection, f"http://{HOST}/v3/access_tokens", access_token=FIRST
        )
    assert not harness.requests
