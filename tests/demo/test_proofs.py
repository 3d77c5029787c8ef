"""Bound tokens of the demo server: which proofs it accepts, and what a token is worth without."""

import base64
import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.demo.harness import BASE, Harness

TOKEN, WHOAMI = f"{BASE}/iroh/oauth2/token", f"{BASE}/iroh/profile/whoami"
MakeHarness = Callable[..., Harness]


class Key:
    """The key of a client, with a library that the app doesn't use for it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def proof(self, harness: Harness, url: str, **changes: Any) -> str:  # noqa: ANN401 - claims
        jwk = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        header = {"typ": "dpop+jwt", "jwk": {name: jwk[name] for name in ("kty", "crv", "x", "y")}}
        header |= changes.pop("header", {})
        claims = {
            "jti": str(uuid.uuid4()),
            "htm": "POST" if url == TOKEN else "GET",
            "htu": url,
            "iat": int(harness.clock()),
        }
        return jwt.encode(claims | changes, self._key, "ES256", headers=header)


@pytest.fixture
def harness(harness_with: MakeHarness) -> Harness:
    return harness_with(dpop="required", interval=0)


@pytest.fixture
def key() -> Key:
    return Key()


async def sign_in(harness: Harness, key: Key, **changes: Any) -> httpx.Response:  # noqa: ANN401
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=True)
    harness.client.headers["DPoP"] = key.proof(harness, TOKEN, **changes)
    try:
        return await harness.poll(issued["device_code"])
    finally:
        del harness.client.headers["DPoP"]


async def renew(harness: Harness, refresh_token: str, proof: str | None) -> httpx.Response:
    if proof is not None:
        harness.client.headers["DPoP"] = proof
    try:
        return await harness.renew(refresh_token)
    finally:
        harness.client.headers.pop("DPoP", None)


async def whoami(harness: Harness, token: str, proof: str, scheme: str = "DPoP") -> httpx.Response:
    headers = {"Authorization": f"{scheme} {token}", "DPoP": proof}
    return await harness.client.get(WHOAMI, headers=headers)


def digest(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


async def test_the_metadata_names_the_algorithm(harness_with: MakeHarness) -> None:
    path = "/.well-known/oauth-authorization-server"
    offered = (await harness_with(dpop="on").client.get(path)).json()
    assert offered["dpop_signing_alg_values_supported"] == ["ES256"]
    silent = (await harness_with().client.get(path)).json()
    assert "dpop_signing_alg_values_supported" not in silent


async def test_tokens_are_bound_to_the_key_of_the_proof(harness: Harness, key: Key) -> None:
    tokens = (await sign_in(harness, key)).json()
    assert tokens["token_type"] == "DPoP"
    proof = key.proof(harness, WHOAMI, ath=digest(tokens["access_token"]))
    assert (await whoami(harness, tokens["access_token"], proof)).status_code == 200
    renewed = await renew(harness, tokens["refresh_token"], key.proof(harness, TOKEN))
    assert renewed.json()["token_type"] == "DPoP"


async def test_a_leaked_access_token_is_worth_nothing(harness: Harness, key: Key) -> None:
    token = (await sign_in(harness, key)).json()["access_token"]
    proof, thief = key.proof(harness, WHOAMI, ath=digest(token)), Key()
    attempts = [
        await harness.whoami(token),
        await whoami(harness, token, proof, scheme="Bearer"),
        await whoami(harness, token, thief.proof(harness, WHOAMI, ath=digest(token))),
        await whoami(harness, token, key.proof(harness, WHOAMI, ath=digest("another"))),
        await whoami(harness, token, key.proof(harness, TOKEN, ath=digest(token))),
    ]
    assert {each.status_code for each in attempts} == {401}
    assert (await whoami(harness, token, proof)).status_code == 200
    replayed = await whoami(harness, token, proof)
    assert (replayed.status_code, replayed.json()["error"]) == (401, "invalid_dpop_proof")
    assert replayed.headers["www-authenticate"].startswith("DPoP ")


async def test_a_leaked_refresh_token_is_worth_nothing(harness: Harness, key: Key) -> None:
    token = (await sign_in(harness, key)).json()["refresh_token"]
    without = await renew(harness, token, None)
    assert (without.status_code, without.json()["error"]) == (400, "invalid_dpop_proof")
    other = await renew(harness, token, Key().proof(harness, TOKEN))
    assert (other.status_code, other.json()["error"]) == (400, "invalid_grant")
    assert (await renew(harness, token, key.proof(harness, TOKEN))).status_code == 200


async def test_where_it_is_optional_a_bound_refresh_token_still_needs_its_key(
    harness_with: MakeHarness, key: Key
) -> None:
    harness = harness_with(dpop="on", interval=0)
    bearer = await harness.signed_in()
    assert bearer["token_type"] == "bearer"
    token = (await sign_in(harness, key)).json()["refresh_token"]
    assert (await renew(harness, token, None)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htu": WHOAMI},
        {"iat": 0},
        {"jti": ""},
        {"header": {"typ": "JWT"}},
        {"header": {"jwk": {"kty": "RSA"}}},
        {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
    ],
)
async def test_a_proof_for_something_else_is_refused(
    harness: Harness, key: Key, changes: dict[str, Any]
) -> None:
    answer = await sign_in(harness, key, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


async def test_a_proof_that_another_key_signed_is_refused(harness: Harness, key: Key) -> None:
    jwk = jwt.get_unverified_header(Key().proof(harness, TOKEN))["jwk"]
    answer = await sign_in(harness, key, header={"jwk": jwk})
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_with_a_nonce_a_proof_must_have_it(harness_with: MakeHarness, key: Key) -> None:
    harness = harness_with(dpop="nonce", interval=0)
    first = await sign_in(harness, key)
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    nonce = first.headers["dpop-nonce"]
    tokens = (await sign_in(harness, key, nonce=nonce)).json()
    assert tokens["token_type"] == "DPoP"
    token = tokens["access_token"]
    refused = await whoami(harness, token, key.proof(harness, WHOAMI, ath=digest(token)))
    assert (refused.status_code, refused.json()["error"]) == (401, "use_dpop_nonce")
    assert refused.headers["dpop-nonce"] == nonce
    good = key.proof(harness, WHOAMI, ath=digest(token), nonce=nonce)
    assert (await whoami(harness, token, good)).status_code == 200


async def test_a_bearer_token_is_refused_as_a_bound_one(
    harness_with: MakeHarness, key: Key
) -> None:
    harness = harness_with(dpop="on", interval=0)
    token = (await harness.signed_in())["access_token"]
    proof = key.proof(harness, WHOAMI, ath=digest(token))
    assert (await whoami(harness, token, proof)).status_code == 401
