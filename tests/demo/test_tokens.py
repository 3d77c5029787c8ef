from collections.abc import Callable
from typing import Any

import jwt
import pytest

from desktop.demo import (
    CONFIDENTIAL_CLIENT_ID,
    CONFIDENTIAL_CLIENT_SECRET,
    SERVICE_CLIENT_ID,
    SERVICE_CLIENT_SECRET,
)
from desktop.demo.options import HELD_SCOPES
from desktop.demo.tokens import MOST_FAMILIES
from tests.demo.bench import Bench, assert_error

PREFIX = "https://schemas.cisco.com/iroh/identity/claims/"
SERVICE = {
    "client_id": SERVICE_CLIENT_ID,
    "client_secret": SERVICE_CLIENT_SECRET,
    "grant_type": "client_credentials",
}


async def claims_of(bench: Bench, access_token: str) -> dict[str, Any]:
    """Check the signature with the published key, as a stranger would."""
    keys = (await bench.client.get("/.well-known/jwks")).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(access_token)["kid"]]
    options: Any = {"verify_nbf": False, "verify_iat": False, "verify_exp": False}
    return dict(jwt.decode(access_token, key, algorithms=["RS256"], options=options))


async def test_the_token_answer_is_that_of_the_facts(bench: Bench) -> None:
    answer = await bench.signed_in()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 600
    assert answer["scope"] == HELD_SCOPES
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}


async def test_the_access_token_is_signed_by_the_published_key(bench: Bench) -> None:
    access_token = (await bench.signed_in())["access_token"]
    claims = await claims_of(bench, access_token)
    assert claims["iss"] == "IROH Auth NAM"
    assert claims["email"] == claims[f"{PREFIX}user/email"] == "dana@northwind.example"
    assert claims[f"{PREFIX}user/nick"] == "Dana"
    assert claims[f"{PREFIX}org/name"] == "Northwind SOC"
    assert claims[f"{PREFIX}scopes"] == HELD_SCOPES.split()
    assert claims["exp"] - claims["iat"] == 600
    assert 1000 < len(access_token) < 3000


async def test_a_token_can_be_made_large(bench_with: Callable[..., Bench]) -> None:
    access_token = (await bench_with(token_size=8192).signed_in())["access_token"]
    assert 8192 <= len(access_token) < 8300


async def test_fewer_scopes_are_granted_than_asked(bench: Bench) -> None:
    answer = await bench.signed_in(scope="admin enrich casebook:read")
    assert answer["scope"] == "enrich:read casebook:read"


async def test_a_refresh_token_is_replaced_when_used(bench: Bench) -> None:
    first = await bench.signed_in()
    second = (await bench.renew(first["refresh_token"])).json()
    third = await bench.renew(second["refresh_token"])
    assert third.status_code == 200
    assert (
        len({first["refresh_token"], second["refresh_token"], third.json()["refresh_token"]}) == 3
    )
    assert (await bench.whoami(first["access_token"])).status_code == 200


async def test_the_published_refresh_url_renews_too(bench: Bench) -> None:
    form = {"grant_type": "refresh_token", "client_id": next(iter(bench.state.clients))}
    form["refresh_token"] = (await bench.signed_in())["refresh_token"]
    assert (await bench.client.post("/iroh/oauth2/refresh", data=form)).status_code == 200


async def test_using_a_refresh_token_again_ends_the_family(bench: Bench) -> None:
    first = await bench.signed_in()
    second = (await bench.renew(first["refresh_token"])).json()
    assert_error(await bench.renew(first["refresh_token"]), 400, "invalid_grant")
    assert_error(await bench.renew(second["refresh_token"]), 400, "invalid_grant")
    assert_error(await bench.whoami(second["access_token"]), 401, "invalid_token")


async def test_another_family_survives_the_reuse(bench: Bench) -> None:
    first, other = await bench.signed_in(), await bench.signed_in()
    await bench.renew(first["refresh_token"])
    await bench.renew(first["refresh_token"])
    assert (await bench.renew(other["refresh_token"])).status_code == 200


async def test_a_kept_refresh_token_works_again(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(refresh="keep")
    first = await bench.signed_in()
    second = (await bench.renew(first["refresh_token"])).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert (await bench.renew(first["refresh_token"])).status_code == 200


async def test_the_options_can_leave_the_refresh_token_out(
    bench_with: Callable[..., Bench],
) -> None:
    assert "refresh_token" not in await bench_with(refresh="none").signed_in()


async def test_an_unused_refresh_token_expires(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(refresh_lifetime=60)
    token = (await bench.signed_in())["refresh_token"]
    bench.clock.advance(60)
    assert_error(await bench.renew(token), 400, "invalid_grant")


@pytest.mark.parametrize("token", ["made-up", "made.up", "."])
async def test_an_unknown_refresh_token_is_refused(bench: Bench, token: str) -> None:
    assert_error(await bench.renew(token), 400, "invalid_grant")


async def test_a_refresh_token_is_refused_to_another_client(bench: Bench) -> None:
    token = (await bench.signed_in())["refresh_token"]
    other = {"client_id": CONFIDENTIAL_CLIENT_ID, "client_secret": CONFIDENTIAL_CLIENT_SECRET}
    assert_error(await bench.renew(token, **other), 400, "invalid_grant")
    assert (await bench.renew(token)).status_code == 200


async def test_renewing_can_narrow_the_scopes_of_one_token(bench: Bench) -> None:
    first = await bench.signed_in()
    second = (await bench.renew(first["refresh_token"], scope="enrich:read")).json()
    third = (await bench.renew(second["refresh_token"])).json()
    assert (second["scope"], third["scope"]) == ("enrich:read", HELD_SCOPES)


@pytest.mark.parametrize("scope", ["admin", "enrich", "coffee", " "])
async def test_renewing_cannot_widen_the_scopes(bench: Bench, scope: str) -> None:
    token = (await bench.signed_in())["refresh_token"]
    assert_error(await bench.renew(token, scope=scope), 400, "invalid_scope")
    assert (await bench.renew(token)).status_code == 200


async def test_a_service_gets_a_token_of_its_own_without_refresh_token(bench: Bench) -> None:
    answer = (await bench.token(**SERVICE, scope="enrich admin")).json()
    assert answer["scope"] == "enrich:read"
    assert "refresh_token" not in answer
    claims = await claims_of(bench, answer["access_token"])
    assert claims["sub"] == SERVICE_CLIENT_ID
    assert "email" not in claims


@pytest.mark.parametrize("scope", ["admin", "coffee"])
async def test_a_service_gets_no_scope_that_it_does_not_hold(bench: Bench, scope: str) -> None:
    assert_error(await bench.token(**SERVICE, scope=scope), 400, "invalid_scope")


async def test_the_families_kept_are_bounded(bench: Bench) -> None:
    first = await bench.signed_in()
    for _ in range(MOST_FAMILIES):
        bench.state.tokens.open_service("client", scopes=())
    assert_error(await bench.renew(first["refresh_token"]), 400, "invalid_grant")
