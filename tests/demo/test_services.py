"""The API services of the tenant: other origins, which take the token of the sign-in."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.clients import DEVICE_CODE
from tests.rigs.demo_server import DemoOptions, DemoServer


@dataclass
class Caller:
    """A program with a token."""

    server: DemoServer
    http: httpx.Client

    def get(self, service: str, path: str, **given: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        return self.http.get(self.server.services[service] + path, **given)

    def post(self, service: str, path: str, **given: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        return self.http.post(self.server.services[service] + path, **given)


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoOptions(interval=0, approve_after=0)) as server:
        yield server


@pytest.fixture(scope="module")
def caller(server: DemoServer) -> Iterator[Caller]:
    url, form = f"{server.url}/iroh/oauth2", {"client_id": PUBLIC_CLIENT_ID}
    issued = httpx.post(f"{url}/device_authorization", data=form).json()
    form |= {"grant_type": DEVICE_CODE, "device_code": issued["device_code"]}
    token = httpx.post(f"{url}/token", data=form).json()["access_token"]
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as http:
        yield Caller(server, http)


def test_each_service_is_another_origin_with_its_own_base_path(server: DemoServer) -> None:
    parts = {name: urlsplit(address) for name, address in server.services.items()}
    assert {name: each.path for name, each in parts.items()} == {
        "platform": "/iroh",
        "private-intel": "/ctia",
        "intel": "/ctia",
        "conure": "",
        "automate": "/api",
    }
    assert {each.hostname for each in parts.values()} == {"127.0.0.1"}
    origins = {each.netloc for each in parts.values()} | {urlsplit(server.secure_endpoint).netloc}
    assert len(origins) == 6
    assert server.services["platform"] == f"{server.url}/iroh"


ROUTES = [
    ("GET", "platform", "/profile/whoami"),
    ("GET", "private-intel", "/incident/search"),
    ("GET", "intel", "/indicator/search"),
    ("POST", "conure", "/v2/incident/search"),
    ("GET", "automate", "/v1/workflows"),
]


@pytest.mark.parametrize(("method", "service", "path"), ROUTES)
def test_one_token_opens_them_all_and_none_opens_without(
    caller: Caller, method: str, service: str, path: str
) -> None:
    address = caller.server.services[service] + path
    body: dict[str, str] | None = {} if method == "POST" else None
    assert caller.http.request(method, address, json=body).status_code == 200
    refused = httpx.request(method, address, json=body)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (
        401,
        'Bearer realm="IROH"',
    )
    forged = httpx.request(method, address, headers={"Authorization": "Bearer x.y.z"}, json=body)
    assert forged.status_code == 401


def test_a_route_is_on_its_own_service_only(caller: Caller) -> None:
    elsewhere = urlsplit(caller.server.services["conure"])
    assert caller.get("intel", "/incident/search").status_code == 404
    assert caller.http.get(f"http://{elsewhere.netloc}/iroh/profile/whoami").status_code == 404
    assert caller.http.get(f"{caller.server.url}/ctia/incident/search").status_code == 404


def test_pages_of_other_sites_are_refused_by_the_services_too(caller: Caller) -> None:
    rebound = caller.get("conure", "/v2/incident/search", headers={"Host": "rebound.example"})
    assert rebound.status_code == 421


def test_every_incident_comes_once_when_x_next_is_followed(caller: Caller) -> None:
    query: dict[str, str] | None = {"limit": "50"}
    seen: list[str] = []
    pages = 0
    while query is not None:
        answer = caller.get("private-intel", "/incident/search", params=query)
        assert answer.headers["x-total-hits"] == "120"
        seen += [each["id"] for each in answer.json()]
        following = answer.headers.get("x-next")
        query = dict(parse_qsl(following)) if following else None
        if query is not None:
            assert query["search_after"] == seen[-1]
        pages += 1
    assert (pages, len(seen), len(set(seen))) == (3, 120, 120)


def test_a_page_is_limited_unless_more_is_requested(caller: Caller) -> None:
    first = caller.get("private-intel", "/incident/search")
    assert (len(first.json()), "x-previous" in first.headers) == (100, False)
    later = caller.get("private-intel", "/incident/search?offset=110&limit=20")
    assert len(later.json()) == 10
    assert later.headers["x-previous"] == "limit=20&offset=90"
    assert "x-next" not in later.headers
    assert caller.get("private-intel", "/incident/search?offset=500").json() == []
    assert caller.get("private-intel", "/incident/search?limit=-1").status_code == 400


def test_an_incident_is_the_same_on_both_services(caller: Caller) -> None:
    found = caller.post("conure", "/v2/incident/search", json={"limit": 1}).json()[0]
    assert caller.get("conure", f"/v2/incident/{found['id']}").json() == found
    assert caller.get("private-intel", f"/incident/{found['id']}").json() == found
    assert caller.get("private-intel", "/incident/none").status_code == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b'{"limit": "\\ud800"}'])
def test_a_body_that_is_no_object_is_rejected(caller: Caller, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = caller.post("conure", "/v2/incident/search", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_workflows_are_paged_by_link(caller: Caller) -> None:
    address: str | None = f"{caller.server.services['automate']}/v1/workflows?limit=10"
    sizes = []
    while address is not None:
        answer = caller.http.get(address)
        sizes.append(len(answer.json()))
        address = answer.links.get("next", {}).get("url")
        assert address is None or address.startswith(caller.server.services["automate"])
    assert sizes == [10, 10, 5]


def test_secure_endpoint_exchanges_the_token_for_one_of_its_own(caller: Caller) -> None:
    endpoint = caller.server.secure_endpoint
    assert httpx.post(f"{endpoint}/v3/access_tokens").status_code == 401
    answer = caller.http.post(f"{endpoint}/v3/access_tokens").json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 600)
    own = {"Authorization": f"Bearer {answer['access_token']}"}
    found = httpx.get(f"{endpoint}/v3/organizations", headers=own)
    assert found.json()["data"][0]["name"] == "Northwind SOC"
    # Neither token opens what the other does.
    assert caller.http.get(f"{endpoint}/v3/organizations").status_code == 401
    assert httpx.get(f"{caller.server.url}/iroh/profile/whoami", headers=own).status_code == 401


def test_a_token_of_secure_endpoint_expires() -> None:
    now = 1_800_000_000.0
    options = DemoOptions(interval=0, approve_after=0, token_lifetime=40)
    with DemoServer(options, clock=lambda: now) as server:
        url, form = f"{server.url}/iroh/oauth2", {"client_id": PUBLIC_CLIENT_ID}
        issued = httpx.post(f"{url}/device_authorization", data=form).json()
        form |= {"grant_type": DEVICE_CODE, "device_code": issued["device_code"]}
        token = httpx.post(f"{url}/token", data=form).json()["access_token"]
        exchanged = httpx.post(
            f"{server.secure_endpoint}/v3/access_tokens",
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        own = {"Authorization": f"Bearer {exchanged['access_token']}"}
        where = f"{server.secure_endpoint}/v3/organizations"
        before = httpx.get(where, headers=own).status_code
        now += 41
        after = httpx.get(where, headers=own).status_code
    assert (exchanged["expires_in"], before, after) == (40, 200, 401)


def test_a_redirect_to_another_origin_tells_whether_the_token_came_along(
    caller: Caller, server: DemoServer
) -> None:
    thief = f"{server.secure_endpoint}/v3/organizations"
    server.inject(f"redirect:{thief}", path="/api/v1/workflows")
    answer = caller.get("automate", "/v1/workflows")
    assert (answer.status_code, answer.headers["location"]) == (307, thief)
    caller.http.get(thief)
    last = server.history()[-1]
    assert last.port == urlsplit(thief).port
    assert last.authorization == caller.http.headers["Authorization"]


def test_a_chosen_port_is_followed_by_those_of_the_services() -> None:
    with DemoServer(DemoOptions(port=_six_free_ports())) as server:
        first = urlsplit(server.url).port or 0
        ports = [
            urlsplit(each).port for each in (*server.services.values(), server.secure_endpoint)
        ]
    assert ports == list(range(first, first + 6))


def test_a_port_of_a_service_that_is_taken_is_named_and_nothing_stays_open() -> None:
    first = _six_free_ports()
    with (
        socket.create_server(("127.0.0.1", first + 3)),
        pytest.raises(OSError, match=r"in use|only one usage|forbidden") as raised,
    ):
        DemoServer(DemoOptions(port=first)).start()
    assert raised.value.filename == str(first + 3)
    socket.create_server(("127.0.0.1", first)).close()


def _six_free_ports() -> int:
    """Find the first of six that nobody listens on; below those that systems hand out."""
    for first in range(20_000 + os.getpid() % 1000 * 6, 30_000, 6):  # others look for some too
        try:
            for port in range(first, first + 6):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no ports are free")
