"""A server that repeats what it was sent: nothing of it leaves the protocol."""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote, urlencode

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.client import Client
from desktop.oauth.grants.authorization_code import code_in, new_request, redeem
from desktop.oauth.grants.device import DeviceAuthorization
from desktop.oauth.grants.token import refresh, request_own_token, request_token
from desktop.oauth.grants.token_exchange import exchange_token, request_with_bearer
from desktop.oauth.http import get
from desktop.oauth.identity import fetch_userinfo
from desktop.oauth.metadata import Issuer, discover
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.portal import find_portal
from desktop.oauth.redaction.causes import causes_of
from desktop.oauth.redaction.known_secrets import KnownSecrets
from desktop.oauth.resource import ResourceRequest, open_resource
from desktop.oauth.revocation import revoke
from tests.oauth.harness import (
    CODE,
    ENDPOINTS,
    HELD,
    HOST,
    REVOCATION_ENDPOINT,
    TOKEN_ENDPOINT,
    TOKENS,
    USERINFO_ENDPOINT,
    ClientHarness,
    Reply,
    authorization,
    failing_reply,
    json_reply,
    raw_reply,
    unsigned_jwt,
)

SECRETS = {
    "refresh token": "0.AXYAp7Kq2Lm9/Rt4+Wz8=",
    "device code": "GMMhmHCXhWEzkobqIHGG",
    "verifier": "dBjftJeZ4CVPmB92K27u",
    "client secret": 'k8Q~4Vb7/xT2&Lw"9z',
    "access token": "ya29.Hq3Zt8Nc5Wv1Lp6",
    "code": "SplxlOBeZQQYbYS6WxSb",
}
CLIENT = Client("client-1", SECRETS["client secret"])
TOKENS_HELD = replace(HELD, refresh_token=SECRETS["refresh token"])
DEVICE = replace(
    authorization(), device_code=SECRETS["device code"], code_verifier=SECRETS["verifier"]
)

Place = Callable[[str], Reply]
PLACES: dict[str, Place] = {
    "error": lambda words: json_reply({"error": words}, 400),
    "description": lambda words: json_reply(
        {"error": "invalid_request", "error_description": words, "error_uri": words}, 400
    ),
    "description of a fault": lambda words: json_reply(
        {"error": "server_error", "error_description": words}, 500
    ),
    "free text with 500": lambda words: json_reply({"error": words}, 500),
    "429": lambda words: json_reply({"error": words, "trace_id": words}, 429),
    "trace": lambda words: json_reply({"error": "invalid_request", "trace_id": words}, 400),
    "form": lambda words: raw_reply(
        urlencode({"error": "x", "error_description": words}),
        400,
        "application/x-www-form-urlencoded",
    ),
    "token type": lambda words: json_reply({**TOKENS, "token_type": words}),
    "content type": lambda words: raw_reply("?", 400, quote(words, safe="/+ ")),
    "content type of a 200": lambda words: raw_reply("[]", 200, quote(words, safe="/+ ")),
}


def redirect(host: str) -> Reply:
    return lambda _: httpx.Response(302, headers={"location": f"https://{host}/x"})


async def failure(work: Awaitable[object]) -> errors.OAuthError:
    with pytest.raises(errors.OAuthError) as caught:
        await work
    return caught.value


def texts_in(error: BaseException) -> str:
    """Everything that the error and its causes say."""
    return "\n".join(f"{each!r} {each} {each.args} {vars(each)}" for each in causes_of(error))


def polled(bench: ClientHarness, device: DeviceAuthorization) -> Awaitable[object]:
    return request_token(bench.connection, TOKEN_ENDPOINT, authorization=device, scope=())


def redeemed(bench: ClientHarness) -> Awaitable[object]:
    metadata = replace(ENDPOINTS, authorization_endpoint=f"https://{HOST}/authorize")
    asked = new_request(
        bench.connection, metadata, redirect_uri="http://127.0.0.1:1/", scope=(), extra={}
    )
    return redeem(
        bench.connection,
        TOKEN_ENDPOINT,
        authorization_request=asked,
        code=SECRETS["code"],
        scope=(),
    )


REQUESTS: dict[str, Callable[[ClientHarness], Awaitable[object]]] = {
    "refresh token": lambda bench: refresh(bench.connection, TOKEN_ENDPOINT, held=TOKENS_HELD),
    "device code": lambda bench: polled(bench, DEVICE),
    "verifier": lambda bench: polled(bench, DEVICE),
    "client secret": lambda bench: request_own_token(
        bench.connection, TOKEN_ENDPOINT, scope=("read",), extra={}
    ),
    "access token": lambda bench: revoke(
        bench.connection,
        REVOCATION_ENDPOINT,
        token=SECRETS["access token"],
        token_type_hint="access_token",
    ),
    "code": redeemed,
}


EXCHANGES: list[Callable[[ClientHarness], Awaitable[object]]] = [
    lambda bench: exchange_token(
        bench.connection, TOKEN_ENDPOINT, subject_token=SECRETS["access token"]
    ),
    lambda bench: request_with_bearer(
        bench.connection, "https://api.example/x", access_token=SECRETS["access token"]
    ),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_a_token_that_is_exchanged_is_not_in_the_error(
    exchange: Callable[[ClientHarness], Awaitable[object]], place: str
) -> None:
    secret = SECRETS["access token"]
    for spelling in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
        bench = ClientHarness(PLACES[place](f"Invalid {spelling}!"), client=CLIENT)
        said = texts_in(await failure(exchange(bench)))
        assert spelling not in said
        assert secret[:8] not in said


NEEDS_NO_BODY = {("access token", "token type"), ("access token", "content type of a 200")}


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name in SECRETS for place in PLACES if (name, place) not in NEEDS_NO_BODY],
)
async def test_no_secret_that_was_sent_is_in_the_error(name: str, place: str) -> None:
    secret = SECRETS[name]
    spellings = (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
    for spelling in spellings:
        bench = ClientHarness(PLACES[place](f"Invalid {spelling}!"), client=CLIENT)
        said = texts_in(await failure(REQUESTS[name](bench)))
        assert spelling not in said
        assert secret[:8] not in said


@pytest.mark.parametrize("method", [ClientAuthentication.BASIC, ClientAuthentication.POST])
async def test_an_echo_of_the_whole_request_has_no_secret(method: ClientAuthentication) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        words = f"{request.content.decode()} {request.headers.get('authorization', '')}"
        return httpx.Response(400, json={"error": "invalid_grant", "error_description": words})

    bench = ClientHarness(echo, client=replace(CLIENT, authentication=method))
    error = await failure(refresh(bench.connection, TOKEN_ENDPOINT, held=TOKENS_HELD))
    assert isinstance(error, errors.InvalidGrant)
    assert "grant_type=refresh_token" in error.description
    said = texts_in(error)
    for secret in (SECRETS["refresh token"], SECRETS["client secret"]):
        assert secret[:8] not in said
        assert quote(secret, safe="")[:12] not in said
    sent = bench.requests[0].headers.get("authorization", "Basic none").partition(" ")[2]
    assert sent not in said


async def test_the_host_of_a_redirect_has_no_secret() -> None:
    device = replace(DEVICE, device_code="abcdef0123456789")
    for host in ("abcdef0123456789.example", "abcdef01.23456789.example", "ABCDEF012345.example"):
        error = await failure(polled(ClientHarness(redirect(host)), device))
        assert isinstance(error, errors.UnexpectedRedirect)
        assert "abcdef01" not in texts_in(error).lower()


async def test_the_host_that_a_page_names_has_no_secret() -> None:
    page = "<meta http-equiv=refresh content='0; url=https://abcdef0123456789.example/'>"
    device = replace(DEVICE, device_code="abcdef0123456789")
    error = await failure(polled(ClientHarness(raw_reply(page)), device))
    assert isinstance(error, errors.PageInsteadOfAnswer)
    assert "abcdef01" not in texts_in(error)
    portal = await find_portal(
        ClientHarness(redirect("abcdef0123456789.example")).connection.http,
        HOST,
        secrets=KnownSecrets("abcdef0123456789"),
    )
    assert portal is None or "abcdef01" not in portal.by


async def test_a_malformed_answer_has_no_secret() -> None:
    words = f"illegal header line: bytearray(b'X {SECRETS['device code']}')"
    bench = ClientHarness(failing_reply(httpx.RemoteProtocolError(words)))
    error = await failure(polled(bench, DEVICE))
    assert isinstance(error, errors.TransportFailure)
    assert error.detail == "illegal header line: bytearray(b'X [redacted]')"
    assert SECRETS["device code"] not in texts_in(error)


async def test_an_unexpected_error_has_no_secret() -> None:
    bench = ClientHarness(failing_reply(RuntimeError(f"cannot parse {SECRETS['device code']}")))
    with pytest.raises(RuntimeError, match=r"^cannot parse \[redacted\]$"):
        await polled(bench, DEVICE)


async def test_a_challenge_has_no_secret() -> None:
    token = SECRETS["access token"]
    quoted = "".join(f"\\{character}" for character in token)
    for words in (token, quoted, token.upper(), quote(token)):
        challenge = f'Bearer error="invalid_token", error_description="bad {words}"'
        reply = json_reply({}, 401, {"www-authenticate": challenge})
        bench = ClientHarness(reply)
        error = await failure(
            fetch_userinfo(bench.connection, USERINFO_ENDPOINT, access_token=token)
        )
        assert isinstance(error, errors.InvalidToken)
        assert error.description == "bad [redacted]"


# What was sent earlier


async def test_a_later_answer_repeats_what_an_earlier_request_contained() -> None:
    device, client_secret = SECRETS["device code"], SECRETS["client secret"]
    words = json_reply(
        {"error": "invalid_client", "error_description": f"{device} {client_secret}"}
    )
    bench = ClientHarness(json_reply({"error": "authorization_pending"}), words, client=CLIENT)
    await failure(polled(bench, DEVICE))
    error = await failure(get_metadata(bench))
    assert "[redacted]" not in str(error), "a document with an error is skipped"
    error = await failure(request_own_token(bench.connection, TOKEN_ENDPOINT, scope=(), extra={}))
    assert isinstance(error, errors.InvalidClient)
    assert error.description == "[redacted] [redacted]"


def get_metadata(bench: ClientHarness) -> Awaitable[object]:
    return discover(bench.connection, Issuer(f"https://{HOST}"))


# Answers without an error


async def test_a_code_that_shows_the_device_code_is_not_usable() -> None:
    for member in ("user_code", "verification_uri"):
        value = CODE["device_code"] if member == "user_code" else f"https://{HOST}/dev-ice-code"
        bench = ClientHarness(json_reply({**CODE, member: value}))
        assert isinstance(await failure(bench.request_code()), errors.UnsafeAddress)


async def test_a_complete_link_with_the_device_code_is_not_used() -> None:
    for spelling in ("dev-ice-code", "dev%2Dice%2Dcode", "ZGV2LWljZS1jb2Rl"):
        link = f"https://{HOST}/activate?code={spelling}"
        bench = ClientHarness(json_reply({**CODE, "verification_uri_complete": link}))
        assert (await bench.request_code()).verification_uri_complete is None


async def test_a_link_with_the_client_secret_is_not_opened() -> None:
    link = f"https://{HOST}/activate?x={quote(SECRETS['client secret'], safe='')}"
    bench = ClientHarness(json_reply({**CODE, "verification_uri": link}), client=CLIENT)
    assert "[redacted]" in str(await failure(bench.request_code()))


async def test_an_endpoint_with_the_client_secret_is_not_used() -> None:
    secret = SECRETS["client secret"].encode().hex()
    document = {
        "issuer": f"https://{HOST}",
        "token_endpoint": f"https://{HOST}/{secret}",
        "device_authorization_endpoint": f"https://{HOST}/device",
    }
    bench = ClientHarness(json_reply(document), client=CLIENT)
    assert isinstance(await failure(get_metadata(bench)), errors.UnsafeAddress)


async def test_tokens_are_taken_as_they_are_and_shown_nowhere() -> None:
    refresh_token, secret = SECRETS["refresh token"], SECRETS["client secret"]
    claims = {"email": f"dana {refresh_token}", "org_name": secret}
    reply = json_reply(
        {
            "access_token": SECRETS["access token"],
            "refresh_token": refresh_token,
            "id_token": unsigned_jwt(claims),
            "scope": f"read {secret} {SECRETS['access token']}",
        }
    )
    bench = ClientHarness(reply, client=CLIENT)
    renewed = await refresh(bench.connection, TOKEN_ENDPOINT, held=TOKENS_HELD)
    assert (renewed.access_token, renewed.refresh_token) == (SECRETS["access token"], refresh_token)
    assert renewed.scope == ("read", "[redacted]")
    assert renewed.account.user == "dana [redacted]"
    assert renewed.account.organization == "[redacted]"


@pytest.mark.parametrize("media_type", ["application/json", "application/jwt"])
async def test_userinfo_has_no_secret(media_type: str) -> None:
    token = SECRETS["access token"]
    claims = {"sub": "dana", "note": f"you sent {token}", "list": [{token: 1}]}
    body = json.dumps(claims) if media_type == "application/json" else unsigned_jwt(claims)
    reply = raw_reply(body, 200, media_type)
    bench = ClientHarness(reply)
    found = await fetch_userinfo(bench.connection, USERINFO_ENDPOINT, access_token=token)
    assert found == {"sub": "dana", "note": "you sent [redacted]", "list": [{"[redacted]": 1}]}


# The browser


def test_the_answer_of_a_browser_has_no_secret() -> None:
    bench = ClientHarness(json_reply({}), client=CLIENT)
    bench.connection.secrets.add(SECRETS["refresh token"])
    metadata = replace(ENDPOINTS, authorization_endpoint=f"https://{HOST}/authorize")
    asked = new_request(
        bench.connection, metadata, redirect_uri="http://127.0.0.1:1/", scope=(), extra={}
    )
    for secret in (SECRETS["refresh token"], SECRETS["client secret"], asked.state):
        query = {"state": asked.state, "error": "access_denied", "error_description": f"x {secret}"}
        with pytest.raises(errors.AccessDenied) as caught:
            code_in(urlencode(query), asked)
        assert caught.value.description == "x [redacted]"
    with pytest.raises(errors.WrongIssuer) as wrong:
        code_in(urlencode({"state": asked.state, "code": "c", "iss": asked.code_verifier}), asked)
    assert wrong.value.found == "[redacted]"
    assert code_in(urlencode({"state": asked.state, "code": asked.state}), asked) == asked.state


async def test_an_address_that_is_refused_is_named_without_a_piece_of_a_secret() -> None:
    piece = SECRETS["client secret"][:9]
    for member, value in (
        ("verification_uri", f"http://{HOST}/{quote(piece)}"),
        ("user_code", f"{piece}!"),
    ):
        bench = ClientHarness(json_reply({**CODE, member: value}), client=CLIENT)
        error = await failure(bench.request_code())
        assert isinstance(error, errors.UnsafeAddress)
        assert "[redacted]" in error.address
        assert quote(piece)[:8] not in texts_in(error)
    bench = ClientHarness(json_reply({"issuer": f"https://{HOST}/{quote(piece)}"}), client=CLIENT)
    error = await failure(get_metadata(bench))
    assert isinstance(error, errors.MetadataMismatch)
    assert error.found == f"https://{HOST}/[redacted]/"


# Routes of the server


async def test_a_response_has_no_secret_in_its_head() -> None:
    token = SECRETS["access token"]

    def reply(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            401,
            headers={b"x-echo": f"é {token}".encode("latin-1")},
            extensions={"reason_phrase": f"no {token}".encode()},
            json={"message": token},
        )

    bench = ClientHarness(reply)
    request = ResourceRequest("GET", f"https://{HOST}/x?api_key=Qx7Lm2Vb9Kt4", (), None)
    async with open_resource(bench.connection.http, request, access_token=token) as answer:
        assert answer.reason == "no [redacted]"
        assert ("x-echo", "é [redacted]") in answer.header_lines
        assert answer.headers["x-echo"] == "é [redacted]"
        assert answer.secrets.strike(f"{token} Qx7Lm2Vb9Kt4") == "[redacted] [redacted]"


@pytest.mark.parametrize(
    ("headers", "content", "secret"),
    [
        ((("X-Api-Key", "Qx7Lm2Vb9Kt4"),), None, "Qx7Lm2Vb9Kt4"),
        ((("Content-Type", "application/json"),), b'{"a": {"password": "hunter22"}}', "hunter22"),
        ((("Content-Type", "x"),), b"name=dana&otp=Qx7Lm2Vb9Kt4", "Qx7Lm2Vb9Kt4"),
    ],
)
async def test_what_a_call_contains_is_not_repeated(
    headers: tuple[tuple[str, str], ...], content: bytes | None, secret: str
) -> None:
    bench = ClientHarness(json_reply({}, 400))
    request = ResourceRequest("POST", f"https://{HOST}/x?name=dana-rivers", headers, content)
    async with open_resource(bench.connection.http, request, access_token="acc-ess") as answer:
        assert answer.secrets.strike(f"dana-rivers: {secret}") == "dana-rivers: [redacted]"


async def test_public_parameters_are_repeated() -> None:
    words = "client-1 may not have the scope enrich:read at https://login.example/token"
    bench = ClientHarness(json_reply({"error": "invalid_scope", "error_description": words}, 400))
    scope = ("enrich:read", "profile")
    error = await failure(
        request_own_token(bench.connection, TOKEN_ENDPOINT, scope=scope, extra={"audience": "x"})
    )
    assert isinstance(error, errors.InvalidScope)
    assert error.description == words


async def test_a_request_without_a_client_removes_its_own_secrets() -> None:
    bench = ClientHarness(raw_reply("", 200, "text/Qx7Lm2Vb9Kt4"))
    answer = await get(bench.connection.http, f"https://{HOST}/x?token=Qx7Lm2Vb9Kt4")
    assert answer.headers["content-type"] == "text/[redacted]"


async def test_a_form_with_too_many_fields_is_sent_and_the_token_still_known() -> None:
    bench = ClientHarness(json_reply({}))
    content = b"&".join([b"a=1"] * 2000)
    request = ResourceRequest("POST", f"https://{HOST}/x", (("Content-Type", "x"),), content)
    token = SECRETS["access token"]
    async with open_resource(bench.connection.http, request, access_token=token) as answer:
        assert answer.secrets.strike(f"x {token}") == "x [redacted]"
