"""Captive portals, as the answers of a network show them."""

from collections.abc import Callable

import httpx
import pytest

from desktop.oauth.errors import CaptivePortal, PageInsteadOfAnswer, UnexpectedRedirect
from desktop.oauth.http import Answer
from desktop.oauth.portal import find_portal, redirect_host
from tests.oauth.harness import HOST

PORTAL = "wifi.airport.example"


def page(body: str, status: int = 200, **headers: str) -> Answer:
    return Answer(f"https://{HOST}/x", status, headers, body.encode())


async def before(handler: Callable[[httpx.Request], httpx.Response], host: str = HOST) -> object:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        return await find_portal(http, host)


@pytest.mark.parametrize(
    "answer",
    [
        page("", 302, location=f"http://{PORTAL}/login?from=x"),
        page("", 307, location=f"https://{PORTAL}"),
        page(f'<meta http-equiv="refresh" content="0; URL=http://{PORTAL}/">'),
        page(f"<script>window.location.href = 'https://{PORTAL}/a'</script>"),
        page(f'<!-- portal --><script>top.location="http://{PORTAL}"</script>'),
        page(f"<form method=post action=http://{PORTAL}/go>"),
        page(f"<x><LoginURL>http://{PORTAL}/wispr</LoginURL></x>"),
    ],
)
def test_a_portal_is_found_by_its_redirect(answer: Answer) -> None:
    assert redirect_host(answer) == PORTAL


@pytest.mark.parametrize(
    "answer",
    [
        page("<p>Nothing to press here."),
        page(f'{{"action=http://{PORTAL}": 1}}'),
        page("", 302),
        page("", 302, location="/login"),
        page("", 302, location=f"https://{HOST}/y"),
        page("", 302, location="javascript:alert(1)"),
        page("", 302, location="http://[bad"),
        page("", 302, location="http://b\u202ead.example/"),
        page("", 200, location=f"http://{PORTAL}"),
    ],
)
def test_an_answer_without_another_host_is_no_portal(answer: Answer) -> None:
    assert redirect_host(answer) == ""


async def test_an_unexpected_answer_names_the_host_it_redirects_to() -> None:
    from desktop.oauth.answers import members
    from desktop.oauth.clock import SystemClock

    now = SystemClock().utc()
    with pytest.raises(PageInsteadOfAnswer) as caught:
        members(page(f"<form action='http://{PORTAL}/'>"), now)
    assert caught.value.by == PORTAL
    with pytest.raises(UnexpectedRedirect) as redirected:
        members(page("", 302, location=f"http://{PORTAL}/"), now)
    assert redirected.value.by == PORTAL


async def test_plain_http_shows_the_portal_before_a_server() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(302, headers={"location": f"http://{PORTAL}/"})

    found = await before(handler)
    assert isinstance(found, CaptivePortal)
    assert (found.host, found.by) == (HOST, PORTAL)
    (request,) = asked
    assert str(request.url) == f"http://{HOST}/"
    assert not {"authorization", "cookie"} & request.headers.keys()


async def test_status_511_is_a_portal() -> None:
    found = await before(lambda _: httpx.Response(511, text="<p>Sign in"))
    assert isinstance(found, CaptivePortal)
    assert found.by == ""


async def test_an_ip_address_is_probed_as_one() -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    assert await before(handler, "2001:db8::1") is None
    assert asked == ["http://[2001:db8::1]/"]


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, text="<p>It works"),
        httpx.Response(301, headers={"location": f"https://{HOST}/"}),
        httpx.Response(301, headers={"location": f"https://www.{HOST}/"}),
        httpx.Response(404),
    ],
)
async def test_the_servers_own_front_page_is_no_portal(response: httpx.Response) -> None:
    assert await before(lambda _: response) is None


async def test_without_an_answer_no_portal_is_found() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no network")

    assert await before(handler) is None


async def test_this_computer_is_not_probed_for_a_portal() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    assert await before(handler, "127.0.0.1") is None
