"""`Auth` with the real clients: who gets the token, and what happens when it is refused."""

import asyncio
import copy
import io
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import httpx2
import pytest
import requests

from desktop import xdr_login
from desktop.ipc.messages import RefusedByAgent
from desktop.xdr_login import _auth
from tests.xdr_login.conftest import FakeApi, FakeApp

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")

Send = Callable[..., int]
"""Sends a request with `auth`, follows redirects, and returns the status."""


def by_requests(method: str, url: str, auth: xdr_login.Auth, **more: Any) -> int:
    with requests.Session() as session:
        session.auth = auth
        return session.request(method, url, timeout=20, **more).status_code


def by_httpx(method: str, url: str, auth: xdr_login.Auth, **more: Any) -> int:
    data = {"content": more["data"]} if "data" in more else {}
    with httpx.Client(auth=auth, follow_redirects=True, trust_env=False) as client:
        return client.request(method, url, **data).status_code


def by_httpx2(method: str, url: str, auth: xdr_login.Auth, **more: Any) -> int:
    data = {"content": more["data"]} if "data" in more else {}
    with httpx2.Client(auth=auth, follow_redirects=True, trust_env=False) as client:
        return client.request(method, url, **data).status_code


def by_async_httpx(method: str, url: str, auth: xdr_login.Auth, **more: Any) -> int:
    async def send() -> int:
        data = {"content": more["data"]} if "data" in more else {}
        async with httpx.AsyncClient(auth=auth, follow_redirects=True, trust_env=False) as client:
            return (await client.request(method, url, **data)).status_code

    return asyncio.run(send())


def by_async_httpx2(method: str, url: str, auth: xdr_login.Auth, **more: Any) -> int:
    async def send() -> int:
        data = {"content": more["data"]} if "data" in more else {}
        async with httpx2.AsyncClient(auth=auth, follow_redirects=True, trust_env=False) as client:
            return (await client.request(method, url, **data)).status_code

    return asyncio.run(send())


@pytest.fixture(params=[by_requests, by_httpx, by_httpx2, by_async_httpx, by_async_httpx2])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


def test_each_request_asks_for_the_token(send: Send, app: FakeApp, api: FakeApi) -> None:
    auth = xdr_login.Auth()
    assert send("GET", f"{api.url}/iroh/profile/whoami", auth) == 200
    app.renew()
    api.valid = app.token
    assert send("GET", f"{api.url}/other", auth) == 200
    assert api.tokens == ["Bearer token-1", "Bearer token-2"]
    assert app.count("services") == 1


def test_a_refused_token_is_replaced_and_the_request_sent_once_more(
    send: Send, app: FakeApp, api: FakeApi
) -> None:
    api.valid = "token-2"
    assert send("POST", api.url, xdr_login.Auth(), data=b"body") == 200
    assert api.tokens == ["Bearer token-1", "Bearer token-2"]
    assert [each.body for each in api.received] == [b"body", b"body"]
    assert app.renewals == 1


def test_a_second_refusal_is_the_answer(send: Send, api: FakeApi) -> None:
    api.valid = "another"
    assert send("GET", api.url, xdr_login.Auth()) == 401
    assert api.tokens == ["Bearer token-1", "Bearer token-2"]


def test_a_request_is_not_repeated_with_the_same_token(
    send: Send, app: FakeApp, api: FakeApi
) -> None:
    api.valid, app.can_renew = "another", False
    assert send("GET", api.url, xdr_login.Auth()) == 401
    assert api.tokens == ["Bearer token-1"]


def test_a_foreign_host_gets_nothing_and_is_named(
    send: Send, app: FakeApp, api: FakeApi, foreign: FakeApi
) -> None:
    with pytest.raises(xdr_login.ForeignHost) as caught:
        send("GET", f"{foreign.url}/iroh", xdr_login.Auth())
    assert str(caught.value) == (
        "127.0.0.1 is not an API service of the profile soc, so it doesn't get the token. "
        f"Its services: platform ({api.url}/iroh). If you trust 127.0.0.1, add it: "
        f"xdr-login profiles edit soc --service NAME={foreign.url}"
    )
    assert caught.value.origin == foreign.url
    assert (foreign.received, app.count("token")) == ([], 0)


@pytest.mark.usefixtures("api")
def test_the_host_of_another_region_is_named(send: Send, app: FakeApp, foreign: FakeApi) -> None:
    for service, use in (("conure", ""), ("platform", ' Use xdr_login.services()["platform"].')):
        app.elsewhere = [service, "Europe"]
        with pytest.raises(xdr_login.ForeignHost) as caught:
            send("GET", f"{foreign.url}/iroh", xdr_login.Auth())
        assert str(caught.value) == (
            f"127.0.0.1 is the host of {service} in Europe, so it doesn't get the token of the "
            f"profile soc.{use}"
        )
        assert caught.value.origin == foreign.url
    assert (foreign.received, app.count("token")) == ([], 0)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1", "https://127.0.0.1:{port}", "http://localhost:{port}"],
)
def test_another_port_scheme_or_name_is_a_foreign_host(
    send: Send, app: FakeApp, api: FakeApi, address: str
) -> None:
    port = api.url.rpartition(":")[2]
    with pytest.raises(xdr_login.ForeignHost):
        send("GET", address.format(port=port), xdr_login.Auth())
    assert (api.received, app.count("token")) == ([], 0)


def test_a_service_that_was_added_since_gets_the_token(
    send: Send, app: FakeApp, api: FakeApi, foreign: FakeApi
) -> None:
    auth = xdr_login.Auth()
    assert send("GET", api.url, auth) == 200
    app.services["more"] = foreign.url
    assert send("GET", foreign.url, auth) == 200


def test_a_redirect_to_another_server_takes_no_token_along(
    send: Send, app: FakeApp, api: FakeApi, foreign: FakeApi
) -> None:
    api.redirects["/away"] = f"{foreign.url}/stolen"
    assert send("GET", f"{api.url}/away", xdr_login.Auth()) == 401
    assert foreign.tokens == [None]
    assert app.renewals == 0, "its 401 is not a refusal of the token"
    assert api.tokens == ["Bearer token-1"]


def test_a_redirect_to_another_service_takes_no_token_along_either(
    send: Send, app: FakeApp, api: FakeApi, foreign: FakeApi
) -> None:
    app.services["more"] = foreign.url
    api.redirects["/away"] = f"{foreign.url}/there"
    assert send("GET", f"{api.url}/away", xdr_login.Auth()) == 401
    assert (foreign.tokens, app.renewals) == ([None], 0)


def test_a_redirect_within_the_server_keeps_the_token(
    send: Send, app: FakeApp, api: FakeApi
) -> None:
    api.redirects["/old"] = "/new"
    api.valid = "token-2"
    assert send("GET", f"{api.url}/old", xdr_login.Auth()) == 200
    assert app.renewals == 1
    assert set(api.tokens) == {"Bearer token-1", "Bearer token-2"}


def test_a_refusal_of_the_app_ends_the_request(send: Send, app: FakeApp, api: FakeApi) -> None:
    app.refusal = RefusedByAgent("sign_in_needed", "You are not signed in", "Sign in.")
    with pytest.raises(xdr_login.SignInNeeded, match=r"^You are not signed in\. Sign in\.$"):
        send("GET", api.url, xdr_login.Auth())
    assert api.received == []


def test_a_profile_is_chosen_once(send: Send, app: FakeApp, api: FakeApi) -> None:
    assert send("GET", api.url, xdr_login.Auth("SOC «Nord»")) == 200
    assert [each["profile"] for each in app.requests] == ["SOC «Nord»", "soc"]


def test_a_refused_token_is_replaced_by_one_of_the_same_profile(
    send: Send, app: FakeApp, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_auth, "_READ_AGAIN", -1.0)  # as if the server took a minute to refuse
    api.valid = "token-2"
    api.on_refusal = lambda: setattr(app, "profile", "other")  # is the first one now
    assert send("GET", api.url, xdr_login.Auth()) == 200
    asked = [each["profile"] for each in app.requests if each["command"] == "token"]
    assert asked == ["soc", "soc"]


@pytest.mark.parametrize(("issued_for", "reads"), [("https://login.example client", 1), ("", 2)])
def test_services_that_nothing_binds_to_a_server_are_read_again_after_seconds(
    app: FakeApp, api: FakeApi, monkeypatch: pytest.MonkeyPatch, issued_for: str, reads: int
) -> None:
    app.issued_for = issued_for  # empty without the running app, which refuses another's tokens
    auth, now = xdr_login.Auth(), 1000.0
    monkeypatch.setattr(_auth, "time", SimpleNamespace(monotonic=lambda: now))
    for now in (1000.0, 1004.0, 1010.0):  # noqa: B007 - the clock
        requests.get(api.url, auth=auth, timeout=10)
    assert app.count("services") == reads


def test_a_profile_that_names_another_server_now_gives_the_old_services_nothing(
    send: Send, app: FakeApp, api: FakeApi, foreign: FakeApi
) -> None:
    auth = xdr_login.Auth()
    assert send("GET", api.url, auth) == 200
    app.services, app.issued_for = {"other": foreign.url}, "https://other.example client"
    with pytest.raises(xdr_login.ForeignHost):
        send("GET", api.url, auth)
    assert api.tokens == ["Bearer token-1"]
    assert send("GET", foreign.url, auth) == 200


def test_an_edit_that_keeps_the_service_goes_unnoticed(
    send: Send, app: FakeApp, api: FakeApi
) -> None:
    auth = xdr_login.Auth()
    assert send("GET", api.url, auth) == 200
    app.issued_for = "https://other.example client"
    assert send("GET", api.url, auth) == 200
    assert app.count("services") == 2


def test_requests_shows_no_token_in_its_hooks(app: FakeApp, api: FakeApi) -> None:
    prepared = requests.Request("GET", api.url, auth=xdr_login.Auth()).prepare()
    assert prepared.headers["Authorization"] == f"Bearer {app.token}"
    assert app.token not in f"{prepared.hooks!r} {pickle.dumps(prepared.hooks)!r}"


def test_a_stream_that_is_gone_is_not_sent_again(send: Send, app: FakeApp, api: FakeApi) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"a"

    async def pieces_later() -> Any:
        yield b"a"

    api.valid = "token-2"
    is_async = send in {by_async_httpx, by_async_httpx2}
    assert (
        send("GET", api.url, xdr_login.Auth(), data=(pieces_later if is_async else pieces)()) == 401
    )
    assert (len(api.received), app.renewals) == (1, 0)


def test_requests_sends_a_file_again_from_where_it_was(app: FakeApp, api: FakeApi) -> None:
    api.valid = "token-2"
    file = io.BytesIO(b"--body")
    file.seek(2)
    assert by_requests("POST", api.url, xdr_login.Auth(), data=file) == 200
    assert [each.body for each in api.received] == [b"body", b"body"]
    assert app.renewals == 1


def test_requests_rejects_a_user_name_in_the_address(api: FakeApi) -> None:
    address = api.url.replace("http://", "http://user:pass@")
    with pytest.raises(xdr_login.ForeignHost, match="no user name"):
        requests.get(address, auth=xdr_login.Auth(), timeout=20)
    assert api.received == []


def test_one_object_serves_many_threads(app: FakeApp, api: FakeApi) -> None:
    api.valid = "token-2"
    auth, statuses = xdr_login.Auth(), list[int]()
    with httpx.Client(auth=auth, trust_env=False) as client:
        threads = [
            threading.Thread(target=lambda: statuses.append(client.get(api.url).status_code))
            for _ in range(20)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert statuses == [200] * 20
    assert app.renewals == 1


async def test_a_slow_app_does_not_stop_an_event_loop(app: FakeApp, api: FakeApi) -> None:
    app._lock.acquire()
    async with httpx.AsyncClient(auth=xdr_login.Auth(), trust_env=False) as client:
        request = asyncio.ensure_future(client.get(api.url))
        await asyncio.sleep(0.05)  # the loop runs
        assert not request.done()
        app._lock.release()
        assert (await request).status_code == 200


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_it_is_an_auth_of_the_libraries_that_are_loaded(library: Any) -> None:
    assert isinstance(xdr_login.Auth(), library.Auth)
    assert isinstance(xdr_login.Auth(), xdr_login.Auth)
    assert type(xdr_login.Auth()) is xdr_login.Auth


def test_a_session_with_it_can_be_copied_and_pickled() -> None:
    with requests.Session() as session:
        session.auth = xdr_login.Auth("soc")
        for made in (pickle.loads(pickle.dumps(session)), copy.deepcopy(session)):  # noqa: S301
            assert repr(made.auth) == "Auth(profile='soc')"
