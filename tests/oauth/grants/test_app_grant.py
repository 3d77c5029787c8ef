from datetime import UTC, datetime

import pytest

from desktop.oauth import errors
from desktop.oauth.errors import OAuthError
from desktop.oauth.grants.app_grant import AppGrant, fetch_app_grant
from tests.oauth.harness import (
    HOST,
    PUBLIC,
    ClientHarness,
    Reply,
    error_reply,
    json_reply,
    raw_reply,
)

APP_GRANT_ENDPOINT = f"https://{HOST}/iroh/oauth2/app-grant"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def told(reply: Reply, endpoint: str = APP_GRANT_ENDPOINT) -> AppGrant:
    bench = ClientHarness(reply)
    return await fetch_app_grant(bench.connection, endpoint, access_token="acc-ess-token")


@pytest.mark.parametrize("endpoint", [APP_GRANT_ENDPOINT, f"{APP_GRANT_ENDPOINT}/"])
async def test_the_grant_status_is_requested_for_this_client(endpoint: str) -> None:
    bench = ClientHarness(json_reply({"granted": True}))
    await fetch_app_grant(bench.connection, endpoint, access_token="acc-ess-token")
    (request,) = bench.requests
    assert request.method == "GET"
    assert str(request.url) == (
        f"https://{HOST}/iroh/oauth2/grant-status?client_id={PUBLIC.client_id}"
    )
    assert request.headers["authorization"] == "Bearer acc-ess-token"


@pytest.mark.parametrize(
    ("said", "grant"),
    [
        (
            {"granted": True, "scopes": ["a", "b"], "granted-at": "2026-11-23T12:00:00Z"},
            AppGrant(granted=True, scope=("a", "b"), since=NOON),
        ),
        ({"granted": False, "scopes": []}, AppGrant(granted=False, scope=(), since=None)),
        ({"granted": False}, AppGrant(granted=False, scope=(), since=None)),
        ({"scopes": ["a"]}, AppGrant(granted=True, scope=("a",), since=None)),
        ({"scope": "a b"}, AppGrant(granted=True, scope=("a", "b"), since=None)),
        ({"granted": "yes", "scope": 1}, AppGrant(granted=False, scope=(), since=None)),
    ],
)
async def test_what_is_granted_is_read(said: dict[str, object], grant: AppGrant) -> None:
    assert await told(json_reply(said)) == grant


@pytest.mark.parametrize(
    ("member", "written", "since"),
    [
        ("granted_at", "2026-11-23T12:00:00+00:00", NOON),
        ("created-at", "2026-11-23T13:00:00.000+01:00", NOON),
        ("created_at", "2026-11-23T12:00:00", NOON),
        ("granted-at", "yesterday", None),
        ("granted-at", 1_800_000_000, None),
        ("granted-at", "0001-01-01T00:00:00+23:59", None),
        ("modified-at", "2026-11-23T12:00:00Z", None),
    ],
)
async def test_a_valid_date_of_the_grant_is_read(
    member: str, written: object, since: datetime | None
) -> None:
    assert (await told(json_reply({"granted": True, member: written}))).since == since


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply("invalid_token", 401), errors.InvalidToken),
        (raw_reply("", 403), errors.InsufficientScope),
        (raw_reply("", 404), errors.NothingThere),
        (json_reply({}), errors.UnusableAnswer),
        (json_reply([]), errors.UnusableAnswer),
        (raw_reply("<html>", 200), errors.PageInsteadOfAnswer),
    ],
)
async def test_an_answer_without_a_grant_status_is_an_error(
    reply: Reply, kind: type[OAuthError]
) -> None:
    with pytest.raises(OAuthError) as caught:
        await told(reply)
    assert type(caught.value) is kind
