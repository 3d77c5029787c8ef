import pytest

from desktop.oauth import errors
from desktop.oauth.errors import OAuthError
from desktop.oauth.fields import Members
from desktop.oauth.identity import fetch_userinfo
from tests.oauth.harness import (
    USERINFO_ENDPOINT,
    ClientHarness,
    Reply,
    error_reply,
    json_reply,
    raw_reply,
    unsigned_jwt,
)

JWT = "application/jwt; charset=utf-8"


async def said_by(reply: Reply) -> Members:
    return await fetch_userinfo(
        ClientHarness(reply).connection, USERINFO_ENDPOINT, access_token="acc-ess-token"
    )


async def test_the_signed_in_user_comes_in_the_servers_own_words() -> None:
    found = {"user": {"user-email": "dana@northwind.example"}, "org": {"name": "Northwind SOC"}}
    bench = ClientHarness(json_reply(found))
    assert (
        await fetch_userinfo(bench.connection, USERINFO_ENDPOINT, access_token="acc-ess-token")
        == found
    )
    (request,) = bench.requests
    assert (request.method, str(request.url)) == ("GET", USERINFO_ENDPOINT)
    assert request.headers["authorization"] == "Bearer acc-ess-token"
    assert request.headers["accept"] == "application/json"


async def test_a_signed_answer_is_read_unverified() -> None:
    claims = {"sub": "0f1e", "email": "dana@northwind.example"}
    assert await said_by(raw_reply(f"{unsigned_jwt(claims)}\n", content_type=JWT)) == claims


@pytest.mark.parametrize("body", ["", "a.b.c", "a.b.c.d.e", "\u20ac", unsigned_jwt({}), "{}"])
async def test_a_signed_answer_that_cannot_be_read_is_unusable(body: str) -> None:
    with pytest.raises(errors.UnusableAnswer) as caught:
        await said_by(raw_reply(body, content_type=JWT))
    assert (caught.value.status, caught.value.detail) == (200, "no readable application/jwt")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply("invalid_token", 401), errors.InvalidToken),
        (raw_reply("", 401), errors.InvalidToken),
        (raw_reply("", 401, JWT), errors.InvalidToken),
        (error_reply("insufficient_scope", 403), errors.InsufficientScope),
        (raw_reply("", 403), errors.InsufficientScope),
        (raw_reply("", 404), errors.NothingThere),
        (raw_reply("", 503, JWT), errors.ServerFault),
        (raw_reply("", 200), errors.UnusableAnswer),
        (json_reply(["dana"]), errors.UnusableAnswer),
        (raw_reply("<html>", 200), errors.PageInsteadOfAnswer),
        (raw_reply("<html>", 401), errors.PageInsteadOfAnswer),
    ],
)
async def test_an_answer_without_claims_is_an_error(reply: Reply, kind: type[OAuthError]) -> None:
    with pytest.raises(OAuthError) as caught:
        await said_by(reply)
    assert type(caught.value) is kind


async def test_the_token_is_sent_to_no_unsafe_address() -> None:
    bench = ClientHarness(json_reply({}))
    with pytest.raises(errors.UnsafeAddress):
        await fetch_userinfo(
            bench.connection, "http://login.example/me", access_token="acc-ess-token"
        )
    assert bench.requests == []
