from typing import Any

import jwt
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.analyst import HELD_SCOPES
from desktop.demo.clients import (
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    SERVICE_CLIENT_ID,
    SERVICE_CLIENT_SECRET,
)
from desktop.demo.scopes import format_scopes
from desktop.demo.store import MOST_VALUES
from desktop.demo.tokens import REFRESH_LIFETIME
from tests.demo.harness import Harness, assert_error

PREFIX = "https://schemas.cisco.com/iroh/identity/claims/"
SERVICE = {
    "client_id": SERVICE_CLIENT_ID,
    "client_secret": SERVICE_CLIENT_SECRET,
    "grant_type": "client_credentials",
}


async def claims_of(harness: Harness, access_token: str) -> dict[str, Any]:
    """Check the signature with the published key, as a stranger would."""
    keys = (await harness.client.get("/.well-known/jwks")).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(access_token)["kid"]]
    options: Any = {"verify_nbf": False, "verify_iat": False, "verify_exp": False}
    return dict(jwt.decode(access_token, key, algorithms=["RS256"], options=options))


async def test_the_token_answer_is_that_of_the_facts(harness: Harness) -> None:
    answer = await harness.signed_in()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 600
    assert answer["scope"] == format_scopes(HELD_SCOPES)
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}


async def test_the_access_token_is_signed_by_the_published_key(harness: Harness) -> None:
    access_token = (await harness.signed_in())["access_token"]
    claims = await claims_of(harness, access_token)
    assert claims["iss"] == "IROH Auth NAM"
    assert claims["email"] == claims[f"{PREFIX}user/email"] == "dana@northwind.example"
    assert claims[f"{PREFIX}user/nick"] == "Dana"
    assert claims[f"{PREFIX}org/name"] == "Northwind SOC"
    assert claims[f"{PREFIX}scopes"] == [str(scope) for scope in HELD_SCOPES]
    assert claims["exp"] - claims["iat"] == 600
    assert 1000 < len(access_token) < 3000


async def test_fewer_scopes_are_granted_than_asked(harness: Harness) -> None:
    answer = await harness.signed_in(scope="admin enrich casebook:read")
    assert answer["scope"] == "enrich:read casebook:read"


async def test_a_refresh_token_is_replaced_when_used(harness: Harness) -> None:
    first = await harness.signed_in()
    second = (await harness.renew(first["refresh_token"])).json()
    third = await harness.renew(second["refresh_token"])
    assert third.status_code == 200
    assert (
        len({first["refresh_token"], second["refresh_token"], third.json()["refresh_token"]}) == 3
    )
    assert (await harness.whoami(first["access_token"])).status_code == 200


async def test_the_published_refresh_url_renews_too(harness: Harness) -> None:
    form = {"grant_type": "refresh_token", "client_id": PUBLIC_CLIENT_ID}
    form["refresh_token"] = (await harness.signed_in())["refresh_token"]
    assert (await harness.client.post("/iroh/oauth2/refresh", data=form)).status_code == 200


async def test_using_a_refresh_token_again_ends_the_family(harness: Harness) -> None:
    first = await harness.signed_in()
    second = (await harness.renew(first["refresh_token"])).json()
    assert_error(await harness.renew(first["refresh_token"]), 400, "invalid_grant")
    assert_error(await harness.renew(second["refresh_token"]), 400, "invalid_grant")
    assert_error(await harness.whoami(second["access_token"]), 401, "invalid_token")


async def test_another_family_survives_the_reuse(harness: Harness) -> None:
    first, other = await harness.signed_in(), await harness.signed_in()
    await harness.renew(first["refresh_token"])
    await harness.renew(first["refresh_token"])
    assert (await harness.renew(other["refresh_token"])).status_code == 200


async def test_an_unused_refresh_token_expires(harness: Harness) -> None:
    token = (await harness.signed_in())["refresh_token"]
    harness.clock.advance(REFRESH_LIFETIME)
    assert_error(await harness.renew(token), 400, "invalid_grant")


@pytest.mark.parametrize("token", ["made-up", "made.up", "."])
async def test_an_unknown_refresh_token_is_refused(harness: Harness, token: str) -> None:
    assert_error(await harness.renew(token), 400, "invalid_grant")


async def test_a_refresh_token_is_refused_to_another_client(harness: Harness) -> None:
    token = (await harness.signed_in())["refresh_token"]
    other = {"client_id": CONFIDENTIAL_CLIENT_ID, "client_secret": CONFIDENTIAL_CLIENT_SECRET}
    assert_error(await harness.renew(token, **other), 400, "invalid_grant")
    assert (await harness.renew(token)).status_code == 200


async def test_renewing_can_narrow_the_scopes_of_one_token(harness: Harness) -> None:
    first = await harness.signed_in()
    second = (await harness.renew(first["refresh_token"], scope="enrich:read")).json()
    third = (await harness.renew(second["refresh_token"])).json()
    assert (second["scope"], third["scope"]) == ("enrich:read", format_scopes(HELD_SCOPES))


@pytest.mark.parametrize("scope", ["admin", "enrich", "coffee", " "])
async def test_renewing_cannot_widen_the_scopes(harness: Harness, scope: str) -> None:
    token = (await harness.signed_in())["refresh_token"]
    assert_error(await harness.renew(token, scope=scope), 400, "invalid_scope")
    assert (await harness.renew(token)).status_code == 200


async def test_a_service_gets_a_token_of_its_own_without_refresh_token(harness: Harness) -> None:
    answer = (await harness.token(**SERVICE, scope="enrich admin")).json()
    assert answer["scope"] == "enrich:read"
    assert "refresh_token" not in answer
    claims = await claims_of(harness, answer["access_token"])
    assert claims["sub"] == SERVICE_CLIENT_ID
    assert "email" not in claims


@pytest.mark.parametrize("scope", ["admin", "coffee"])
async def test_a_service_gets_no_scope_that_it_does_not_hold(harness: Harness, scope: str) -> None:
    assert_error(await harness.token(**SERVICE, scope=scope), 400, "invalid_scope")


async def test_the_families_kept_are_bounded(harness: Harness) -> None:
    first = await harness.signed_in()
    for _ in range(MOST_VALUES):
        harness.state.tokens.issue_to_client("client", ())
    assert_error(await harness.renew(first["refresh_token"]), 400, "invalid_grant")
