"""Proofs of a key (RFC 9449): what is in them, and when another one is sent."""

import asyncio
import base64
import hashlib
import json
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import jwt
import pytest
from jwt.algorithms import ECAlgorithm

from desktop.oauth import errors
from desktop.oauth.bearer import request_with_token, required_nonce
from desktop.oauth.client import Client, ClientConnection, request
from desktop.oauth.clock import now
from desktop.oauth.dpop import (
    Authorizer,
    ProofRequest,
    Proofs,
    load_cryptography,
    make_proof,
    new_key,
    nonce_in,
    public_key,
    target_of,
    thumbprint,
)
from desktop.oauth.grants.authorization_code import new_request
from desktop.oauth.grants.token import parse_token
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import TokenSet
from desktop.oauth.resource import ResourceRequest, open_resource
from tests.oauth.harness import START, ManualClock

KEY = new_key()
ENDPOINT = "https://login.example/token"
RESOURCE = "https://login.example/me?x=1"
# RFC 7638 section 3.1 has RSA only; this one is from RFC 9449 section 6.1.
RFC_JWK = {
    "kty": "EC",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    "crv": "P-256",
}
RFC_THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def verified(proof: str) -> dict[str, Any]:
    """Verify `proof` with the key in its header, by another library; return its claims."""
    header = jwt.get_unverified_header(proof)
    assert (header["typ"], header["alg"], set(header["jwk"])) == (
        "dpop+jwt",
        "ES256",
        {"kty", "crv", "x", "y"},
    )
    key = ECAlgorithm.from_jwk(header["jwk"])
    options: Any = {"verify_iat": False}
    claims: dict[str, Any] = jwt.decode(proof, key, algorithms=["ES256"], options=options)  # type: ignore[arg-type]
    return claims


class Server:
    """Answers with `answers`, the last one again and again; `requests` are what it got."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def proofs(self) -> list[dict[str, Any]]:
        return [verified(each.headers["dpop"]) for each in self.requests]


def connection_to(
    server: Server, *, clock: ManualClock | None = None, key: str | None = KEY
) -> ClientConnection:
    clock = clock or ManualClock()
    made = Proofs(clock, key)
    return ClientConnection(server.http, clock, Client("c"), proofs=made)


def refusal(error: str, status: int = 400, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": error}, headers=names)


def test_a_proof_is_for_one_request() -> None:
    asked = ProofRequest("post", "https://login.example/token?a=1#b", START)
    first, second = verified(make_proof(KEY, asked)), verified(make_proof(KEY, asked))
    assert first["jti"] != second["jti"]
    assert len(first.pop("jti")) >= 20
    assert first == {
        "htm": "POST",
        "htu": "https://login.example/token",
        "iat": int(START.timestamp()),
    }


def test_a_proof_for_a_resource_names_the_token_and_the_nonce() -> None:
    claims = verified(make_proof(KEY, ProofRequest("GET", RESOURCE, START, "n1", "acc-ess")))
    digest = hashlib.sha256(b"acc-ess").digest()
    assert claims["ath"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert claims["nonce"] == "n1"


def test_a_proof_contains_the_public_half_of_the_key_alone() -> None:
    load_cryptography()
    proof = make_proof(KEY, ProofRequest("GET", RESOURCE, START))
    assert jwt.get_unverified_header(proof)["jwk"] == public_key(KEY)
    assert KEY not in proof
    assert KEY not in json.dumps(public_key(KEY))
    assert len(KEY) == 43
    assert new_key() != KEY


def test_the_thumbprint_is_that_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.oauth.dpop.public_key", lambda _key: RFC_JWK)
    assert thumbprint(KEY) == RFC_THUMBPRINT


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://Login.Example:443/a/b?c=d#e", "https://login.example/a/b"),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400/"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("https://login.example/ä%20(b)", "https://login.example/%C3%A4%20(b)"),
    ],
)
def test_the_target_is_the_address_as_a_server_compares_it(address: str, target: str) -> None:
    assert target_of(address) == target


@pytest.mark.parametrize("nonce", ["", "ü", "a\tb", "x" * 1025])
def test_a_nonce_that_does_not_fit_a_proof_is_ignored(nonce: str) -> None:
    assert nonce_in({"dpop-nonce": nonce}) is None


async def test_without_a_key_a_request_has_no_proof() -> None:
    server = Server(refusal("use_dpop_nonce", DPoP_Nonce="n"))
    with pytest.raises(errors.ProofRejected):
        await request(connection_to(server, key=None), ENDPOINT, form={})
    assert len(server.requests) == 1
    assert "dpop" not in server.requests[0].headers


async def test_a_request_is_sent_again_with_the_nonce_that_the_server_requires() -> None:
    server = Server(
        refusal("use_dpop_nonce", DPoP_Nonce="n1"),
        httpx.Response(200, json={"a": 1}, headers={"DPoP-Nonce": "n2"}),
    )
    connection = connection_to(server)
    assert await request(connection, ENDPOINT, form={}) == {"a": 1}
    assert await request(connection, ENDPOINT, form={}) == {"a": 1}
    assert [each.get("nonce") for each in server.proofs] == [None, "n1", "n2"]
    assert len({each["jti"] for each in server.proofs}) == 3


async def test_requests_at_the_same_time_are_all_sent_again_with_the_nonce() -> None:
    both = asyncio.Barrier(2)

    async def answer(sent: httpx.Request) -> httpx.Response:
        await both.wait()
        if verified(sent.headers["dpop"]).get("nonce") == "n1":
            return httpx.Response(200, json={"a": 1})
        return refusal("use_dpop_nonce", DPoP_Nonce="n1")

    http, clock = httpx.AsyncClient(transport=httpx.MockTransport(answer)), ManualClock()
    nonces: dict[str, str] = {}  # of one profile, whatever the connection
    connections = [
        ClientConnection(http, clock, Client("c"), proofs=Proofs(clock, KEY, nonces))
        for _ in range(2)
    ]
    work = (request(each, ENDPOINT, form={}) for each in connections)
    assert await asyncio.gather(*work) == [{"a": 1}, {"a": 1}]


async def test_a_nonce_is_sent_to_its_server_only() -> None:
    server = Server(httpx.Response(200, json={"a": 1}, headers={"DPoP-Nonce": "n1"}))
    connection = connection_to(server)
    await request(connection, ENDPOINT, form={})
    await request(connection, "https://other.example/token", form={})
    assert "nonce" not in server.proofs[1]


@pytest.mark.parametrize("nonce", ["n1", ""])
async def test_a_server_that_is_never_satisfied_is_asked_twice_at_most(nonce: str) -> None:
    server = Server(refusal("use_dpop_nonce", DPoP_Nonce=nonce))
    with pytest.raises(errors.ProofRejected):
        await request(connection_to(server), ENDPOINT, form={})
    assert len(server.requests) == (2 if nonce else 1)


@pytest.mark.parametrize(
    "answer",
    [
        refusal("invalid_grant", DPoP_Nonce="n"),
        refusal("use_dpop_nonce", 403, DPoP_Nonce="n"),
        httpx.Response(400, text="no JSON", headers={"DPoP-Nonce": "n"}),
        httpx.Response(400, json=["use_dpop_nonce"], headers={"DPoP-Nonce": "n"}),
        refusal("invalid_dpop_proof"),
    ],
)
async def test_another_refusal_is_final(answer: httpx.Response) -> None:
    server = Server(answer)
    with pytest.raises(errors.OAuthError):
        await request(connection_to(server), ENDPOINT, form={})
    assert len(server.requests) == 1


async def test_a_proof_has_the_time_of_the_server_after_it_was_rejected() -> None:
    clock = ManualClock()
    date = format_datetime(clock.utc() - timedelta(hours=2), usegmt=True)
    server = Server(refusal("invalid_dpop_proof", Date=date), httpx.Response(200, json={"a": 1}))
    connection = connection_to(server, clock=clock)
    assert await request(connection, ENDPOINT, form={}) == {"a": 1}
    assert server.proofs[0]["iat"] - server.proofs[1]["iat"] == pytest.approx(7200, abs=2)


async def test_every_answer_tells_the_time_of_the_server() -> None:
    clock = ManualClock()
    date = format_datetime(clock.utc() + timedelta(hours=1), usegmt=True)
    server = Server(httpx.Response(200, json={"a": 1}, headers={"Date": date}))
    connection = connection_to(server, clock=clock)
    await request(connection, ENDPOINT, form={})
    await request(connection, ENDPOINT, form={})
    assert server.proofs[1]["iat"] - server.proofs[0]["iat"] == pytest.approx(3600, abs=2)


async def test_a_rejected_proof_with_a_new_nonce_is_repeated() -> None:
    server = Server(
        refusal("invalid_dpop_proof", DPoP_Nonce="n1"), httpx.Response(200, json={"a": 1})
    )
    assert await request(connection_to(server), ENDPOINT, form={}) == {"a": 1}


def authorizer() -> Authorizer:
    return Proofs(ManualClock(), KEY).authorizer("acc-ess")


CHALLENGE = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce", algs="ES256"', "DPoP-Nonce": "n1"}


async def test_a_resource_gets_the_token_with_a_proof_and_the_nonce_that_it_requires() -> None:
    server = Server(httpx.Response(401, headers=CHALLENGE), httpx.Response(200, json={"a": 1}))
    found = await request_with_token(
        connection_to(server),
        "GET",
        address=RESOURCE,
        access_token="acc-ess",
        read=lambda answer, _at: json.loads(answer.body),
        authorize=authorizer(),
    )
    assert found == {"a": 1}
    assert server.requests[1].headers["authorization"] == "DPoP acc-ess"
    assert [each.get("nonce") for each in server.proofs] == [None, "n1"]


async def test_a_call_is_sent_again_with_its_body_once() -> None:
    server = Server(httpx.Response(401, headers=CHALLENGE))
    asked = ResourceRequest("POST", RESOURCE, content=b"body")
    async with open_resource(
        server.http, asked, access_token="acc-ess", authorize=authorizer()
    ) as answer:
        assert answer.status == 401
    assert [each.content for each in server.requests] == [b"body", b"body"]
    assert [each.get("nonce") for each in server.proofs] == [None, "n1"]


async def test_a_bearer_token_is_never_sent_twice() -> None:
    server = Server(httpx.Response(401, headers=CHALLENGE))
    async with open_resource(
        server.http, ResourceRequest("GET", RESOURCE), access_token="acc-ess"
    ) as answer:
        assert answer.status == 401
    with pytest.raises(errors.ProofRejected):
        await request_with_token(
            connection_to(server),
            "GET",
            address=RESOURCE,
            access_token="acc-ess",
            read=lambda _answer, _at: {},
        )
    assert len(server.requests) == 2
    assert {each.headers["authorization"] for each in server.requests} == {"Bearer acc-ess"}


@pytest.mark.parametrize(
    ("status", "challenge"),
    [(200, CHALLENGE["WWW-Authenticate"]), (401, 'DPoP error="invalid_token"'), (401, "")],
)
def test_only_a_challenge_requires_a_nonce(status: int, challenge: str) -> None:
    headers = httpx.Headers({"www-authenticate": challenge, "dpop-nonce": "n"})
    assert required_nonce(status, headers) is None


def tokens_from(token_type: str, *, key: str | None = None, is_required: bool = False) -> TokenSet:
    clock = ManualClock()
    return parse_token(
        {"access_token": "acc-ess", "token_type": token_type},
        ENDPOINT,
        requested=now(clock),
        requested_scope=(),
        proofs=Proofs(clock, key, is_required=is_required),
    )


def test_the_type_says_whether_the_access_token_is_bound() -> None:
    bound, bearer = tokens_from("dpop", key=KEY), tokens_from("Bearer", key=KEY)
    assert (bound.token_type, bound.key) == ("DPoP", KEY)
    # The refresh token may be bound all the same.
    assert (bearer.token_type, bearer.key) == ("Bearer", KEY)
    assert KEY not in repr(bound)


def test_a_bound_token_without_a_key_cannot_be_used() -> None:
    with pytest.raises(errors.UnsupportedTokenType):
        tokens_from("DPoP")


def test_where_tokens_must_be_bound_a_bearer_token_is_refused() -> None:
    with pytest.raises(errors.TokenNotBound) as caught:
        tokens_from("Bearer", key=KEY, is_required=True)
    assert caught.value.tokens.access_token == "acc-ess"
    assert "acc-ess" not in f"{caught.value!r} {caught.value} {caught.value.tokens!r}"
    assert tokens_from("DPoP", key=KEY, is_required=True).token_type == "DPoP"


@pytest.mark.parametrize("key", [KEY, None], ids=["bound", "bearer"])
def test_a_code_from_the_browser_is_bound_too(key: str | None) -> None:
    metadata = ServerMetadata(
        authorization_endpoint="https://login.example/authorize", token_endpoint=ENDPOINT
    )
    connection = connection_to(Server(httpx.Response(200)), key=key)
    asked = new_request(connection, metadata, redirect_uri="http://127.0.0.1/", scope=(), extra={})
    query = httpx.URL(asked.address).params
    assert query.get("dpop_jkt") == (None if key is None else thumbprint(key))
