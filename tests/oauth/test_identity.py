import pytest

from desktop.oauth import errors
from desktop.oauth.errors import OAuthError
from desktop.oauth.fields import Members
from desktop.oauth.identity import who_am_i
from tests.oauth.harness import USERINFO_ENDPOINT, Bench, Reply, refuses, says, sends, unsigned

JWT = "application/jwt; charset=utf-8"


async def said_by(reply: Reply) -> Members:
    return await who_am_i(Bench(reply).connection, USERINFO_ENDPOINT, access_token="acc-ess-token")


async def test_who_one_is_comes_in_the_words_of_the_server() -> None:
    found = {"user": {"user-email": "dana@northwind.example"}, "org": {"name": "Northwind SOC"}}
    bench = Bench(says(found))
    assert (
        await who_am_i(bench.connection, USERINFO_ENDPOINT, access_token="acc-ess-token") == found
    )
    (request,) = bench.requests
    assert (request.method, str(request.url)) == ("GET", USERINFO_ENDPOINT)
    assert request.headers["authorization"] == "Bearer acc-ess-token"
    assert request.headers["accept"] == "application/json"


async def test_a_signed_answer_is_read_unverified() -> None:
    claims = {"sub": "0f1e", "email": "dana@northwind.example"}
    assert await said_by(sends(f"{unsigned(claims)}\n", content_type=JWT)) == claims


@pytest.mark.parametrize("body", ["", "a.b.c", "a.b.c.d.e", "\u20ac", unsigned({}), "{}"])
async def test_a_signed_answer_that_cannot_be_read_is_unusable(body: str) -> None:
    with pytest.raises(errors.UnusableAnswer) as caught:
        await said_by(sends(body, content_type=JWT))
    assert (caught.value.status, caught.value.detail) == (200, "no readable application/jwt")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refuses("invalid_token", 401), errors.InvalidToken),
        (sends("", 401), errors.InvalidToken),
        (sends("", 401, JWT), errors.InvalidToken),
        (refuses("insufficient_scope", 403), errors.InsufficientScope),
        (sends("", 403), errors.InsufficientScope),
        (sends("", 404), errors.UnusableAnswer),
        (sends("", 503, JWT), errors.ServerFault),
        (sends("", 200), errors.UnusableAnswer),
        (says(["dana"]), errors.UnusableAnswer),
        (sends("<html>", 200), errors.PageInsteadOfAnswer),
        (sends("<html>", 401), errors.PageInsteadOfAnswer),
    ],
)
async def test_what_is_no_description_is_told(reply: Reply, kind: type[OAuthError]) -> None:
    with pytest.raises(OAuthError) as caught:
        await said_by(reply)
    assert type(caught.value) is kind


async def test_the_token_goes_to_no_unsafe_address() -> None:
    bench = Bench(says({}))
    with pytest.raises(errors.UnsafeAddress):
        await who_am_i(bench.connection, "http://login.example/me", access_token="acc-ess-token")
    assert bench.requests == []
