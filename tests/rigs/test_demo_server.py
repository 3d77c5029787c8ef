"""What tests can make the demo server do."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import jwt
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.app import create_app
from desktop.demo.clients import DEVICE_CODE
from desktop.demo.tokens import Signer
from tests.demo.harness import Clock, Harness, assert_error, make_clients
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.demo_server.__main__ import main
from tests.rigs.demo_server.app import ControlledApp
from tests.rigs.demo_server.state import make_controlled_state
from tests.rigs.process import wait_until


@dataclass
class ControlledHarness(Harness):
    """A controlled server in this process."""

    app: ControlledApp


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
async def harness_with(signer: Signer) -> AsyncIterator[Callable[..., ControlledHarness]]:
    """Give a maker of harnesses: `harness_with(clock_skew=300)`."""
    made: list[ControlledHarness] = []

    def make(**given: Any) -> ControlledHarness:  # noqa: ANN401 - DemoOptions' own
        options, clock = DemoOptions(**given), Clock()

        def skewed() -> float:
            return clock() + options.clock_skew

        state = make_controlled_state(options, skewed, signer=signer)
        app = ControlledApp(create_app(state), options, skewed)
        made.append(ControlledHarness(state, clock, *make_clients(app), app))
        return made[-1]

    yield make
    for harness in made:
        await harness.client.aclose()
        await harness.browser.aclose()


@pytest.fixture
def harness(harness_with: Callable[..., ControlledHarness]) -> ControlledHarness:
    return harness_with()


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    with DemoServer(DemoOptions(interval=0)) as server:
        yield server


def ask(server: DemoServer) -> dict[str, str]:
    form = {"client_id": PUBLIC_CLIENT_ID}
    answer = httpx.post(f"{server.url}/iroh/oauth2/device_authorization", data=form)
    return dict(answer.raise_for_status().json())


def poll(server: DemoServer, device_code: str) -> httpx.Response:
    form = {"client_id": PUBLIC_CLIENT_ID, "grant_type": DEVICE_CODE, "device_code": device_code}
    return httpx.post(f"{server.url}/iroh/oauth2/token", data=form)


async def test_the_quota_counts_down_on_every_answer(harness: ControlledHarness) -> None:
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=True)
    answers = [await harness.poll(issued["device_code"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert [answer.headers["x-ratelimit-org-limit"] for answer in answers] == ["8000"] * 2
    remaining = [answer.headers["x-ratelimit-org-remaining"] for answer in answers]
    assert remaining == ["7999", "7998"]


async def test_a_used_up_quota_says_when_it_opens_again(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(rate_limit_after=2, rate_limit_window=100)
    await harness.renew("x")
    harness.clock.advance(30)
    await harness.renew("x")
    refused = await harness.renew("x")
    assert_error(refused, 429, "too_many_requests")
    assert refused.headers["retry-after"] == "70s"
    assert refused.headers["x-ratelimit-org-remaining"] == "0"
    harness.clock.advance(70)
    assert_error(await harness.renew("x"), 400, "invalid_grant")


async def test_faults_are_met_one_by_one_and_then_are_over(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(faults=("ok", "429", "503:2", "500", "html"))
    assert_error(await harness.renew("x"), 400, "invalid_grant")
    limited = await harness.renew("x")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3172s")
    updating = await harness.renew("x")
    assert (updating.status_code, updating.headers["retry-after"]) == (503, "2")
    broken = await harness.renew("x")
    assert (broken.status_code, broken.json()["error"]) == (500, "unknown server error")
    middlebox = await harness.renew("x")
    assert (middlebox.status_code, middlebox.headers["content-type"][:9]) == (200, "text/html")
    assert_error(await harness.renew("x"), 400, "invalid_grant")


async def test_other_paths_do_not_meet_the_faults_of_the_token_endpoint(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(faults=("503",))
    await harness.device()
    assert (await harness.renew("x")).status_code == 503


@pytest.mark.parametrize("path", ["/iroh/oauth2/token", "/iroh/oauth2/refresh"])
async def test_a_fault_of_renewals_leaves_polling_alone(
    harness: ControlledHarness, path: str
) -> None:
    harness.app.faults.add("403", path=path, grant_type="refresh_token")
    issued = await harness.device()
    assert_error(await harness.poll(issued["device_code"]), 400, "authorization_pending")
    form = {"client_id": PUBLIC_CLIENT_ID, "grant_type": "refresh_token", "refresh_token": "x"}
    answers = [await harness.client.post(path, data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 400]


async def test_a_fault_of_renewals_comes_before_one_of_any_request(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(faults=("503",), refresh_faults=("429", "ok"))
    answers = [await harness.renew("x") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 400, 503, 400]


@pytest.mark.parametrize("name", ["401", "403"])
async def test_a_policy_refuses_without_a_word(harness: ControlledHarness, name: str) -> None:
    harness.app.faults.add(name, path="/iroh/profile/whoami")
    answer = await harness.whoami("any")
    assert (answer.status_code, answer.content) == (int(name), b"")
    assert "www-authenticate" not in answer.headers


async def test_a_grant_can_be_refused_on_demand(harness: ControlledHarness) -> None:
    token = (await harness.signed_in())["refresh_token"]
    harness.app.faults.add("invalid_grant")
    refused = await harness.renew(token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (await harness.renew(token)).status_code == 200


async def test_the_history_tells_the_grant_types_of_token_requests(
    harness: ControlledHarness,
) -> None:
    tokens = await harness.signed_in()
    harness.app.faults.add("503")
    await harness.renew(tokens["refresh_token"])
    await harness.renew(tokens["refresh_token"])
    assert [(each.grant_type, each.status) for each in harness.app.history] == [
        ("", 200),
        (DEVICE_CODE, 200),
        ("refresh_token", 503),
        ("refresh_token", 200),
    ]


@pytest.mark.parametrize("body", [b"", b"\xff=\xff", b"grant_type", b"&".join([b"a=b"] * 33)])
async def test_a_form_that_cannot_be_read_has_no_grant_type(
    harness: ControlledHarness, body: bytes
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    await harness.client.post("/iroh/oauth2/token", content=body, headers=headers)
    assert [each.grant_type for each in harness.app.history] == [""]


async def test_a_body_that_comes_in_pieces_is_looked_into_and_read(
    harness: ControlledHarness,
) -> None:
    token = (await harness.signed_in())["refresh_token"]

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (f"client_id={PUBLIC_CLIENT_ID}&grant_ty", "pe=refresh_token&refresh_token="):
            yield piece.encode()
        yield token.encode()

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await harness.client.post("/iroh/oauth2/token", content=pieces(), headers=headers)
    assert answer.status_code == 200
    assert harness.app.history[-1].grant_type == "refresh_token"


async def test_a_body_without_end_is_looked_into_no_further_than_it_is_read(
    harness: ControlledHarness,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"grant_type=refresh_token&" + b"x" * 49_999

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await harness.client.post("/iroh/oauth2/token", content=endless(), headers=headers)
    assert_error(answer, 413, "invalid_request")
    assert harness.app.history[-1].grant_type == "refresh_token"


async def test_a_clock_that_is_ahead_shows_in_the_date_and_in_what_is_signed(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(clock_skew=300)
    tokens = await harness.signed_in()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["iat"] == harness.clock() + 300
    assert claims["exp"] == harness.clock() + 900
    assert tokens["expires_in"] == 600
    answer = await harness.whoami(tokens["access_token"])
    assert answer.status_code == 200
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == harness.clock() + 300


async def test_even_a_fault_tells_the_time(harness: ControlledHarness) -> None:
    harness.app.faults.add("html")
    date = (await harness.renew("x")).headers["date"]
    assert parsedate_to_datetime(date).timestamp() == harness.clock()


async def test_a_token_can_be_made_large(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    access_token = (await harness_with(token_size=8192).signed_in())["access_token"]
    assert 8192 <= len(access_token) < 8300


async def test_a_kept_refresh_token_works_again(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(refresh="keep")
    first = await harness.signed_in()
    second = (await harness.renew(first["refresh_token"])).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert (await harness.renew(first["refresh_token"])).status_code == 200


async def test_the_options_can_leave_the_refresh_token_out(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    assert "refresh_token" not in await harness_with(refresh="none").signed_in()


def test_a_refresh_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="refresh must be one of rotate, keep, none"):
        DemoOptions(refresh="no")


@pytest.mark.parametrize("option", ["--fault", "--refresh-fault"])
def test_an_unknown_fault_is_refused(capsys: pytest.CaptureFixture[str], option: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([option, "flood"])
    assert "fault must be one of ok, invalid_grant, slow_down, 429" in capsys.readouterr().err


# Over the loopback interface


def test_the_analyst_and_the_administrator_can_be_played(server: DemoServer) -> None:
    issued = ask(server)
    assert poll(server, issued["device_code"]).json()["error"] == "authorization_pending"
    server.approve(issued["user_code"])
    token = poll(server, issued["device_code"]).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{server.url}/iroh/profile/whoami", headers=headers).status_code == 200
    server.revoke_all()
    assert httpx.get(f"{server.url}/iroh/profile/whoami", headers=headers).status_code == 401


def test_a_denial_can_be_played(server: DemoServer) -> None:
    issued = ask(server)
    server.deny(issued["user_code"])
    assert poll(server, issued["device_code"]).json()["error"] == "access_denied"


def test_deciding_an_unknown_code_is_a_mistake_of_the_test(server: DemoServer) -> None:
    with pytest.raises(LookupError, match="BBBB-BBBB"):
        server.approve("BBBB-BBBB")


def test_the_history_tells_what_was_answered(server: DemoServer) -> None:
    ask(server)
    last = server.history()[-1]
    assert (last.method, last.path) == ("POST", "/iroh/oauth2/device_authorization")
    assert last.status == 200


def test_a_reset_cuts_the_connection_and_nothing_else(server: DemoServer) -> None:
    server.inject("reset")
    with pytest.raises(httpx.TransportError):
        poll(server, "any")
    assert poll(server, "any").status_code == 400


def test_a_fault_can_be_aimed_at_another_path(server: DemoServer) -> None:
    server.inject("503", path="/iroh/profile/whoami")
    assert httpx.get(f"{server.url}/iroh/profile/whoami").status_code == 503


def test_a_fault_can_be_aimed_at_renewals_alone(server: DemoServer) -> None:
    server.inject("reset", grant_type="refresh_token")
    assert poll(server, "any").json()["error"] == "invalid_grant"
    form = {"client_id": PUBLIC_CLIENT_ID, "grant_type": "refresh_token", "refresh_token": "x"}
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{server.url}/iroh/oauth2/token", data=form)
    answer = httpx.post(f"{server.url}/iroh/oauth2/token", data=form)
    assert answer.json()["error"] == "invalid_grant"
    last = server.history()[-1]
    assert (last.grant_type, last.status) == ("refresh_token", 400)


def test_a_hanging_request_ends_when_the_client_gives_up(server: DemoServer) -> None:
    server.inject("hang")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/iroh/oauth2/token", data={"a": "b"}, timeout=0.05)
    assert poll(server, "any").status_code == 400


def test_a_hanging_request_does_not_keep_the_server_from_stopping() -> None:
    with DemoServer(DemoOptions(faults=("hang",))) as server:
        failed = threading.Event()

        def hang() -> None:
            with pytest.raises(httpx.TransportError):
                poll(server, "any")
            failed.set()

        thread = threading.Thread(target=hang)
        thread.start()
        wait_until(lambda: server.pending_faults() == 0, "the request that hangs")
    assert failed.wait(10)
    thread.join()


def test_the_date_is_sent_once_and_by_the_clock_of_the_server() -> None:
    options = DemoOptions(clock_skew=600)
    with DemoServer(options, clock=lambda: 1_800_000_000.0) as server:
        answer = httpx.get(f"{server.url}/.well-known/jwks")
    assert answer.headers.get_list("date") == ["Fri, 15 Jan 2027 08:10:00 GMT"]


async def test_large_tokens_are_issued_and_renewed(
    harness_with: Callable[..., ControlledHarness],
) -> None:
    harness = harness_with(token_size=100_000, refresh_size=100_000)
    first = await harness.signed_in()
    renewed = await harness.renew(first["refresh_token"])
    for answer in (first, renewed.json()):
        assert min(len(answer["access_token"]), len(answer["refresh_token"])) >= 100_000
