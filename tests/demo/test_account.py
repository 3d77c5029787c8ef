from collections.abc import Callable

import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from tests.demo.bench import Bench, assert_error

GRANT = f"/iroh/oauth2/app-grant/{PUBLIC_CLIENT_ID}"


def bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


async def test_whoami_names_the_user_and_the_organization(bench: Bench) -> None:
    token = (await bench.signed_in(scope="profile"))["access_token"]
    body = (await bench.whoami(token)).json()
    assert body["user"]["user-email"] == "dana@northwind.example"
    assert body["user"]["user-name"] == "Dana"
    assert body["user"]["scopes"] == ["profile"]
    assert body["org"]["name"] == "Northwind SOC"


async def test_an_expired_token_is_refused(bench: Bench) -> None:
    token = (await bench.signed_in())["access_token"]
    bench.clock.advance(600)
    answer = await bench.whoami(token)
    assert_error(answer, 401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("spoil", [lambda t: t[:-8], lambda t: t + "A", lambda _: "a.b.c"])
async def test_a_forged_token_is_refused(bench: Bench, spoil: Callable[[str], str]) -> None:
    token = (await bench.signed_in())["access_token"]
    assert_error(await bench.whoami(spoil(token)), 401, "invalid_token")


async def test_a_request_without_token_is_told_which_scheme(bench: Bench) -> None:
    answer = await bench.client.get("/iroh/profile/whoami")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="IROH"'


async def test_revoking_the_grant_ends_every_token_of_the_client(bench: Bench) -> None:
    one, other = await bench.signed_in(), await bench.signed_in()
    answer = await bench.client.delete(GRANT, headers=bearer(one["access_token"]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert_error(await bench.whoami(one["access_token"]), 401, "invalid_token")
    assert_error(await bench.renew(one["refresh_token"]), 400, "invalid_grant")
    assert_error(await bench.renew(other["refresh_token"]), 400, "invalid_grant")


async def test_revoking_twice_is_refused_for_want_of_a_token(bench: Bench) -> None:
    token = (await bench.signed_in())["access_token"]
    await bench.client.delete(GRANT, headers=bearer(token))
    again = await bench.client.delete(GRANT, headers=bearer(token))
    assert_error(again, 401, "invalid_token")


async def test_revoking_for_an_unknown_client_says_so(bench: Bench) -> None:
    token = (await bench.signed_in())["access_token"]
    path = "/iroh/oauth2/app-grant/client-unknown"
    assert_error(await bench.client.delete(path, headers=bearer(token)), 404, "not_found")
    assert (await bench.whoami(token)).status_code == 200


async def test_the_grant_status_tells_what_was_granted(bench: Bench) -> None:
    token = (await bench.signed_in(scope="profile enrich"))["access_token"]
    query = {"client_id": PUBLIC_CLIENT_ID}
    answer = await bench.client.get(
        "/iroh/oauth2/grant-status", params=query, headers=bearer(token)
    )
    expected = {"granted": True, "scopes": ["profile", "enrich:read"]}
    assert answer.json() == {"client-id": PUBLIC_CLIENT_ID} | expected
