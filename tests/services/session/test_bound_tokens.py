"""Bound tokens (DPoP): when they are, and that their key stays with them until the sign-out."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from desktop.oauth import errors
from desktop.oauth.dpop import thumbprint
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import TokenNotBoundHere
from desktop.services.model.profile import tokens_key
from desktop.services.model.states import Failed, SignedIn, SignedOut
from desktop.services.session.provider import Provider
from desktop.services.token import queries
from desktop.services.token.bound_request import BoundRequest, bound_headers
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PROFILE,
    REFRESH_TOKEN,
    TOKENS,
    SessionHarness,
    settle,
)

OFFERED = {
    "dpop_signing_alg_values_supported": ["RS256", "ES256"],
    "userinfo_endpoint": f"https://{HOST}/me",
    "revocation_endpoint": f"https://{HOST}/revoke",
}
BOUND = TOKENS | {"token_type": "DPoP"}
REQUIRED = replace(PROFILE, dpop="required")


def jwk_in(proof: str) -> object:
    return jwt.get_unverified_header(proof)["jwk"]


def saved(harness: SessionHarness) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(harness.keyring.entries[tokens_key(PROFILE)])
    return found


async def sign_in(harness: SessionHarness, **answer: object) -> None:
    harness.server.metadata = dict(OFFERED)
    harness.server.answers = [BOUND | answer]
    harness.session.sign_in()
    await harness.clock.advance(6)


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()
    assert not made.crashes


def proofs_at(harness: SessionHarness, path: str) -> list[str]:
    server = harness.server
    return [
        proof for (at, _), proof in zip(server.requests, server.proofs, strict=True) if at == path
    ]


async def test_where_the_server_offers_it_every_request_has_a_proof_of_one_key(
    harness: SessionHarness,
) -> None:
    harness.server.answers = [{"error": "authorization_pending"}, BOUND]
    harness.server.metadata = dict(OFFERED)
    harness.session.sign_in()
    await harness.clock.advance(11)
    assert harness.expect(SignedIn).is_bound
    harness.server.rotation.troubles = [BOUND]  # the answer to the renewal
    harness.session.renew()
    await settle()
    harness.server.others = {"/me": {"sub": "dana"}, "/revoke": {}}
    await harness.session.query(queries.fetch_userinfo)
    key = saved(harness)["key"]
    harness.session.sign_out()
    await settle()
    harness.expect(SignedOut)
    proofs = [
        proof
        for path in ("/device", "/token", "/me", "/revoke")
        for proof in proofs_at(harness, path)
    ]
    assert len(proofs) == 7
    assert len(set(proofs)) == 7
    assert {json.dumps(jwk_in(each)) for each in proofs} == {json.dumps(jwk_in(proofs[0]))}
    assert key not in str(harness.server.requests)


async def test_the_key_is_in_the_keyring_until_the_sign_out(harness: SessionHarness) -> None:
    await sign_in(harness)
    assert len(saved(harness)["key"]) == 43
    harness.session.sign_out()
    await settle()
    assert not harness.keyring.entries


async def test_a_renewal_keeps_the_key_and_a_new_sign_in_makes_another(
    harness: SessionHarness,
) -> None:
    await sign_in(harness)
    first = saved(harness)["key"]
    harness.session.renew()
    await settle()
    assert harness.server.count_renewals() == 1
    assert saved(harness)["key"] == first
    await sign_in(harness)
    assert saved(harness)["key"] != first


async def test_after_a_restart_the_saved_key_proves_the_renewal(harness: SessionHarness) -> None:
    await sign_in(harness)
    session = harness.new_session()
    session.open()
    await settle()
    session.renew()
    await settle()
    assert thumbprint(saved(harness)["key"])
    first, *_, last = proofs_at(harness, "/token")
    assert jwk_in(first) == jwk_in(last)


@pytest.mark.parametrize(
    ("wish", "offered"), [("off", ["ES256"]), ("auto", []), ("auto", ["RS256"])]
)
async def test_otherwise_no_key_is_made(
    harness: SessionHarness, wish: str, offered: list[str]
) -> None:
    harness.new_session(replace(PROFILE, dpop=wish))
    harness.server.metadata = {"dpop_signing_alg_values_supported": offered}
    await harness.sign_in()
    assert not harness.expect(SignedIn).is_bound
    assert not any(harness.server.proofs)
    assert "key" not in saved(harness)


async def test_a_bearer_token_in_the_answer_is_not_bound(harness: SessionHarness) -> None:
    await sign_in(harness, token_type="Bearer")
    assert not harness.expect(SignedIn).is_bound
    harness.server.others = {"/me": {"sub": "dana"}}
    await harness.session.query(queries.fetch_userinfo)
    assert proofs_at(harness, "/me") == [""]
    harness.session.renew()
    await settle()
    assert proofs_at(harness, "/token")[-1], "the refresh token may be bound all the same"


async def test_where_it_is_required_a_bearer_token_is_refused(harness: SessionHarness) -> None:
    harness.new_session(REQUIRED)
    await sign_in(harness, token_type="Bearer")
    assert isinstance(harness.expect(Failed).error, errors.TokenNotBound)
    assert not harness.keyring.entries


def revoked(harness: SessionHarness) -> list[str]:
    return [form["token"] for path, form in harness.server.requests if path == "/revoke"]


async def test_tokens_that_are_refused_are_revoked(harness: SessionHarness) -> None:
    harness.server.others = {"/revoke": {}}
    harness.new_session(REQUIRED)
    await sign_in(harness, token_type="Bearer")
    assert revoked(harness) == [REFRESH_TOKEN, ACCESS_TOKEN]
    assert all(proofs_at(harness, "/revoke"))
    assert isinstance(harness.expect(Failed).error, errors.TokenNotBound)


async def test_so_is_one_without_a_refresh_token(harness: SessionHarness) -> None:
    harness.server.others = {"/revoke": {}}
    harness.new_session(REQUIRED)
    await sign_in(harness, token_type="Bearer", refresh_token=None)
    assert revoked(harness) == [ACCESS_TOKEN]


@pytest.mark.parametrize("answer", [httpx.ConnectError("no network"), httpx.Response(503), None])
async def test_what_cannot_be_revoked_is_refused_all_the_same(
    harness: SessionHarness, answer: httpx.Response | Exception | None
) -> None:
    if answer is not None:
        harness.server.others = {"/revoke": answer}
    harness.new_session(REQUIRED)
    harness.server.metadata = dict(OFFERED)
    if answer is None:
        del harness.server.metadata["revocation_endpoint"]
    harness.server.answers = [TOKENS]
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert isinstance(harness.expect(Failed).error, errors.TokenNotBound)
    assert not harness.keyring.entries
    assert len(revoked(harness)) == (0 if answer is None else 1)


async def test_a_renewal_without_binding_is_revoked_and_what_is_held_stays(
    harness: SessionHarness,
) -> None:
    harness.server.others = {"/revoke": {}}
    harness.new_session(REQUIRED)
    await sign_in(harness)
    harness.server.rotation.troubles = [TOKENS | {"access_token": "new", "refresh_token": "newer"}]
    harness.session.renew()
    await settle()
    assert revoked(harness) == ["newer", "new"]
    state = harness.expect(SignedIn)
    assert state.is_bound
    assert isinstance(state.trouble, errors.TokenNotBound)
    assert saved(harness)["access_token"] == ACCESS_TOKEN


async def test_the_refresh_token_that_is_held_is_not_revoked_with_a_renewal(
    harness: SessionHarness,
) -> None:
    harness.server.others = {"/revoke": {}}
    harness.new_session(REQUIRED)
    await sign_in(harness)
    harness.server.rotation.troubles = [TOKENS | {"access_token": "new"}]
    harness.session.renew()
    await settle()
    assert revoked(harness) == ["new"]


async def test_where_it_is_required_but_not_offered_nobody_has_to_approve(
    harness: SessionHarness,
) -> None:
    harness.new_session(REQUIRED)
    await harness.sign_in()
    assert isinstance(harness.expect(Failed).error, errors.BindingNotOffered)
    assert not harness.server.count_requests("/device")


async def test_where_it_is_required_endpoints_without_metadata_are_tried(
    harness: SessionHarness,
) -> None:
    profile = replace(
        REQUIRED,
        device_authorization_endpoint=f"https://{HOST}/device",
        token_endpoint=f"https://{HOST}/token",
    )
    harness.new_session(profile)
    harness.server.answers = [BOUND]
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert harness.expect(SignedIn).is_bound


async def test_where_it_is_required_a_saved_bearer_token_is_not_used(
    harness: SessionHarness,
) -> None:
    await harness.sign_in()
    harness.new_session(REQUIRED).open(quietly=True)
    await settle()
    harness.expect(SignedOut)


async def test_the_first_code_is_requested_with_a_proof_by_kept_metadata(
    harness: SessionHarness, tmp_path: Path
) -> None:
    harness.metadata_folder = tmp_path
    harness.new_session()
    await sign_in(harness)
    harness.new_session()
    await sign_in(harness)
    assert harness.server.count_requests("/device") == 2
    assert all(proofs_at(harness, "/device"))


async def test_a_server_that_began_to_offer_it_gets_another_request_for_a_code(
    harness: SessionHarness, tmp_path: Path
) -> None:
    harness.metadata_folder = tmp_path
    harness.new_session()
    await harness.sign_in()
    harness.new_session()
    await sign_in(harness)
    first, second, third = proofs_at(harness, "/device")
    assert not first
    assert not second
    assert third


async def test_a_client_binds_its_own_tokens_too(harness: SessionHarness) -> None:
    from tests.services.harness import PASSWORD, saved_client_secret

    profile = replace(PROFILE, grant="client-credentials", client_authentication="auto")
    secret = saved_client_secret(PASSWORD, profile)
    harness.keyring.entries[f"{PROFILE.id} (client password)"] = secret
    harness.new_session(profile)
    await sign_in(harness)
    assert harness.expect(SignedIn).is_bound
    harness.session.renew()
    await settle()
    first, second = proofs_at(harness, "/token")
    assert jwk_in(first) == jwk_in(second)


async def test_the_headers_of_a_request_name_the_nonce_that_its_server_requires(
    harness: SessionHarness,
) -> None:
    await sign_in(harness)
    address = f"https://{HOST}/api"

    async def ask(provider: Provider, token: AccessToken) -> tuple[str, str]:
        first = await bound_headers(provider, token, request=BoundRequest("GET", address, "n1"))
        second = await bound_headers(provider, token, request=BoundRequest("GET", address))
        assert first["Authorization"] == f"DPoP {ACCESS_TOKEN}"
        return first["DPoP"], second["DPoP"]

    for proof in await harness.session.query(ask):
        claims = jwt.decode(proof, options={"verify_signature": False})
        assert (claims["htm"], claims["htu"], claims["nonce"]) == ("GET", address, "n1")


async def test_a_bearer_token_has_no_proofs(harness: SessionHarness) -> None:
    await harness.sign_in()

    async def ask(provider: Provider, token: AccessToken) -> object:
        return await bound_headers(provider, token, request=BoundRequest("GET", "https://x"))

    with pytest.raises(TokenNotBoundHere):
        await harness.session.query(ask)


async def test_a_leaked_key_is_nowhere_on_screen(harness: SessionHarness) -> None:
    await sign_in(harness)
    key = saved(harness)["key"]
    assert key not in repr(harness.states)
    token = await harness.session.fetch_token()
    assert key not in repr(token)
