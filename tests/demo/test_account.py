import base64
import hashlib
from collections.abc import Callable

import httpx
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from tests.demo.harness import Harness, assert_error

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
GRANT = f"/iroh/oauth2/app-grant/{PUBLIC_CLIENT_ID}"


def bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


async def test_whoami_names_the_user_and_the_organization(harness: Harness) -> None:
    token = (await harness.signed_in(scope="profile"))["access_token"]
    body = (await harness.whoami(token)).json()
    assert body["user"]["user-email"] == "dana@northwind.example"
    assert body["user"]["user-name"] == "Dana"
    assert body["user"]["scopes"] == ["profile"]
    assert body["org"]["name"] == "Northwind SOC"


async def test_an_expired_token_is_refused(harness: Harness) -> None:
    token = (await harness.signed_in())["access_token"]
    harness.clock.advance(600)
    answer = await harness.whoami(token)
    assert_error(answer, 401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("spoil", [lambda t: t[:-8], lambda t: t + "A", lambda _: "a.b.c"])
async def test_a_forged_token_is_refused(harness: Harness, spoil: Callable[[str], str]) -> None:
    token = (await harness.signed_in())["access_token"]
    assert_error(await harness.whoami(spoil(token)), 401, "invalid_token")


async def test_a_request_without_token_is_told_which_scheme(harness: Harness) -> None:
    answer = await harness.client.get("/iroh/profile/whoami")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="IROH"'


async def test_revoking_the_grant_ends_every_token_of_the_client(harness: Harness) -> None:
    one, other = await harness.signed_in(), await harness.signed_in()
    answer = await harness.client.delete(GRANT, headers=bearer(one["access_token"]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert_error(await harness.whoami(one["access_token"]), 401, "invalid_token")
    assert_error(await harness.renew(one["refresh_token"]), 400, "invalid_grant")
    assert_error(await harness.renew(other["refresh_token"]), 400, "invalid_grant")


async def test_revoking_twice_is_refused_for_want_of_a_token(harness: Harness) -> None:
    token = (await harness.signed_in())["access_token"]
    await harness.client.delete(GRANT, headers=bearer(token))
    again = await harness.client.delete(GRANT, headers=bearer(token))
    assert_error(again, 401, "invalid_token")


async def test_revoking_for_an_unknown_client_says_so(harness: Harness) -> None:
    token = (await harness.signed_in())["access_token"]
    path = "/iroh/oauth2/app-grant/client-unknown"
    assert_error(await harness.client.delete(path, headers=bearer(token)), 404, "not_found")
    assert (await harness.whoami(token)).status_code == 200


async def test_the_grant_status_tells_what_was_granted(harness: Harness) -> None:
    token = (await harness.signed_in(scope="profile enrich"))["access_token"]
    query = {"client_id": PUBLIC_CLIENT_ID}
    answer = await harness.client.get(
        "/iroh/oauth2/grant-status", params=query, headers=bearer(token)
    )
    assert answer.json() == {
        "client-id": PUBLIC_CLIENT_ID,
        "granted": True,
        "scopes": ["profile", "enrich:read"],
        "granted-at": "2027-01-15T08:00:00Z",
    }


async def test_a_grant_holds_since_the_first_sign_in_that_still_holds(harness: Harness) -> None:
    await harness.signed_in()
    harness.clock.advance(60)
    token = (await harness.signed_in())["access_token"]
    answer = await harness.client.get("/iroh/oauth2/grant-status", headers=bearer(token))
    assert answer.json()["granted-at"] == "2027-01-15T08:00:00Z"


async def test_what_was_never_granted_has_no_beginning(harness: Harness) -> None:
    token = (await harness.signed_in())["access_token"]
    query = {"client_id": "client-unknown"}
    path = "/iroh/oauth2/grant-status"
    answer = await harness.client.get(path, params=query, headers=bearer(token))
    assert answer.json() == {"client-id": "client-unknown", "granted": False, "scopes": []}


# Codes without a page


def code_request(csrf: str, **members: object) -> dict[str, object]:
    return {
        "client_id": PUBLIC_CLIENT_ID,
        "redirect_uri": "http://127.0.0.1:8080/callback",
        "code_challenge": CHALLENGE,
        "csrf_token": csrf,
    } | members


async def csrf_of(harness: Harness, access_token: str) -> str:
    answer = await harness.client.get("/iroh/oauth2/csrf-token", headers=bearer(access_token))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires-in"] == 60
    return str(answer.json()["csrf-token"])


async def ask_for_code(harness: Harness, access_token: str, **members: object) -> httpx.Response:
    body = code_request(await csrf_of(harness, access_token)) | members
    return await harness.client.post("/iroh/oauth2/code", json=body, headers=bearer(access_token))


async def test_a_code_can_be_had_without_a_page_and_redeemed(harness: Harness) -> None:
    token = (await harness.signed_in(scope="profile casebook"))["access_token"]
    answer = await ask_for_code(harness, token, scope="casebook enrich", state="s-1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "s-1"
    redeemed = await harness.token(
        grant_type="authorization_code",
        code=answer.json()["code"],
        redirect_uri=answer.json()["redirect_uri"],
        code_verifier=VERIFIER,
    )
    assert redeemed.json()["scope"] == "casebook"  # what the token did not hold is not granted


async def test_a_csrf_token_of_the_api_works_once(harness: Harness) -> None:
    token = (await harness.signed_in())["access_token"]
    csrf = await csrf_of(harness, token)
    answers = [
        await harness.client.post(
            "/iroh/oauth2/code", json=code_request(csrf), headers=bearer(token)
        )
        for _ in range(2)
    ]
    assert answers[0].status_code == 200
    assert_error(answers[1], 403, "invalid_csrf_token")


async def test_a_csrf_token_of_the_api_lives_a_minute(harness: Harness) -> None:
    token = (await harness.signed_in())["access_token"]
    body = code_request(await csrf_of(harness, token))
    harness.clock.advance(60)
    answer = await harness.client.post("/iroh/oauth2/code", json=body, headers=bearer(token))
    assert_error(answer, 403, "invalid_csrf_token")


@pytest.mark.parametrize(
    ("members", "status", "error"),
    [
        ({"client_id": "client-unknown"}, 400, "invalid_request"),
        ({"redirect_uri": "https://evil.example/callback"}, 400, "invalid_request"),
        ({"code_challenge": "short"}, 400, "invalid_request"),
        ({"scope": "coffee"}, 400, "invalid_scope"),
        ({"scope": "admin"}, 403, "access_denied"),
        ({"state": 1}, 400, "invalid_request"),
    ],
)
async def test_a_code_is_not_given_for_anything(
    harness: Harness, members: dict[str, object], status: int, error: str
) -> None:
    token = (await harness.signed_in())["access_token"]
    assert_error(await ask_for_code(harness, token, **members), status, error)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"[" * 60_000, b"[" * 100_000, rb'{"state": "\ud800"}']
)
async def test_a_body_that_is_no_object_is_refused(harness: Harness, body: bytes) -> None:
    token = (await harness.signed_in())["access_token"]
    headers = bearer(token) | {"Content-Type": "application/json"}
    answer = await harness.client.post("/iroh/oauth2/code", content=body, headers=headers)
    assert answer.status_code in {400, 413}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/iroh/oauth2/csrf-token"),
        ("GET", "/iroh/oauth2/grant-status"),
        ("POST", "/iroh/oauth2/code"),
        ("DELETE", GRANT),
    ],
)
async def test_all_of_it_needs_a_token(harness: Harness, method: str, path: str) -> None:
    assert_error(await harness.client.request(method, path), 401, "invalid_token")
