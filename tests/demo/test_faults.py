from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
import pytest

from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions
from desktop.demo.clients import DEVICE_CODE
from tests.demo.bench import Bench, assert_error


async def test_the_quota_counts_down_on_every_answer(bench: Bench) -> None:
    issued = await bench.device()
    bench.state.devices.decide(issued["user_code"], approve=True)
    answers = [await bench.poll(issued["device_code"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert [answer.headers["x-ratelimit-org-limit"] for answer in answers] == ["8000"] * 2
    remaining = [answer.headers["x-ratelimit-org-remaining"] for answer in answers]
    assert remaining == ["7999", "7998"]


async def test_a_used_up_quota_says_when_it_opens_again(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(rate_limit_after=2, rate_limit_window=100)
    await bench.renew("x")
    bench.clock.advance(30)
    await bench.renew("x")
    refused = await bench.renew("x")
    assert_error(refused, 429, "too_many_requests")
    assert refused.headers["retry-after"] == "70s"
    assert refused.headers["x-ratelimit-org-remaining"] == "0"
    bench.clock.advance(70)
    assert_error(await bench.renew("x"), 400, "invalid_grant")


async def test_faults_are_met_one_by_one_and_then_are_over(
    bench_with: Callable[..., Bench],
) -> None:
    bench = bench_with(faults=("ok", "429", "503:2", "500", "html"))
    assert_error(await bench.renew("x"), 400, "invalid_grant")
    limited = await bench.renew("x")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3172s")
    updating = await bench.renew("x")
    assert (updating.status_code, updating.headers["retry-after"]) == (503, "2")
    broken = await bench.renew("x")
    assert (broken.status_code, broken.json()["error"]) == (500, "unknown server error")
    middlebox = await bench.renew("x")
    assert (middlebox.status_code, middlebox.headers["content-type"][:9]) == (200, "text/html")
    assert_error(await bench.renew("x"), 400, "invalid_grant")


async def test_other_paths_do_not_meet_the_faults_of_the_token_endpoint(
    bench_with: Callable[..., Bench],
) -> None:
    bench = bench_with(faults=("503",))
    await bench.device()
    assert (await bench.renew("x")).status_code == 503


@pytest.mark.parametrize("path", ["/iroh/oauth2/token", "/iroh/oauth2/refresh"])
async def test_a_fault_of_renewals_leaves_polling_alone(bench: Bench, path: str) -> None:
    bench.state.faults.add("403", path=path, grant_type="refresh_token")
    issued = await bench.device()
    assert_error(await bench.poll(issued["device_code"]), 400, "authorization_pending")
    form = {"client_id": PUBLIC_CLIENT_ID, "grant_type": "refresh_token", "refresh_token": "x"}
    answers = [await bench.client.post(path, data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 400]


async def test_a_fault_of_renewals_comes_before_one_of_any_request(
    bench_with: Callable[..., Bench],
) -> None:
    bench = bench_with(faults=("503",), refresh_faults=("429", "ok"))
    answers = [await bench.renew("x") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 400, 503, 400]


@pytest.mark.parametrize("name", ["401", "403"])
async def test_a_policy_refuses_without_a_word(bench: Bench, name: str) -> None:
    bench.state.faults.add(name, path="/iroh/profile/whoami")
    answer = await bench.whoami("any")
    assert (answer.status_code, answer.content) == (int(name), b"")
    assert "www-authenticate" not in answer.headers


async def test_a_grant_can_be_refused_on_demand(bench: Bench) -> None:
    token = (await bench.signed_in())["refresh_token"]
    bench.state.faults.add("invalid_grant")
    refused = await bench.renew(token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (await bench.renew(token)).status_code == 200


async def test_the_history_tells_the_grant_types_of_token_requests(bench: Bench) -> None:
    tokens = await bench.signed_in()
    bench.state.faults.add("503")
    await bench.renew(tokens["refresh_token"])
    await bench.renew(tokens["refresh_token"])
    assert [(each.grant_type, each.status) for each in bench.state.history] == [
        ("", 200),
        (DEVICE_CODE, 200),
        ("refresh_token", 503),
        ("refresh_token", 200),
    ]


@pytest.mark.parametrize("body", [b"", b"\xff=\xff", b"grant_type", b"&".join([b"a=b"] * 33)])
async def test_a_form_that_cannot_be_read_has_no_grant_type(bench: Bench, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    await bench.client.post("/iroh/oauth2/token", content=body, headers=headers)
    assert [each.grant_type for each in bench.state.history] == [""]


async def test_a_body_that_comes_in_pieces_is_looked_into_and_read(bench: Bench) -> None:
    token = (await bench.signed_in())["refresh_token"]

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (f"client_id={PUBLIC_CLIENT_ID}&grant_ty", "pe=refresh_token&refresh_token="):
            yield piece.encode()
        yield token.encode()

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await bench.client.post("/iroh/oauth2/token", content=pieces(), headers=headers)
    assert answer.status_code == 200
    assert bench.state.history[-1].grant_type == "refresh_token"


async def test_a_body_without_end_is_looked_into_no_further_than_it_is_read(bench: Bench) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"grant_type=refresh_token&" + b"x" * 9999

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await bench.client.post("/iroh/oauth2/token", content=endless(), headers=headers)
    assert_error(answer, 413, "invalid_request")
    assert bench.state.history[-1].grant_type == "refresh_token"


async def test_a_clock_that_is_ahead_shows_in_the_date_and_in_what_is_signed(
    bench_with: Callable[..., Bench],
) -> None:
    bench = bench_with(clock_skew=300)
    tokens = await bench.signed_in()
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["iat"] == bench.clock() + 300
    assert claims["exp"] == bench.clock() + 900
    assert tokens["expires_in"] == 600
    answer = await bench.whoami(tokens["access_token"])
    assert answer.status_code == 200
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == bench.clock() + 300


async def test_even_a_fault_tells_the_time(bench: Bench) -> None:
    bench.state.faults.add("html")
    date = (await bench.renew("x")).headers["date"]
    assert parsedate_to_datetime(date).timestamp() == bench.clock()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("outcome", "maybe", "outcome is one of ask, approve, deny, expire, not maybe"),
        ("refresh", "no", "refresh is one of rotate, keep, none, not no"),
        ("faults", ("flood",), "fault is one of .*, not flood"),
        ("refresh_faults", ("flood",), "fault is one of .*, not flood"),
        ("port", 70000, "port is a number from 0 to 65535, not 70000"),
        ("held_scopes", "coffee", "There is no scope coffee"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(name: str, value: object, words: str) -> None:
    options: Any = {name: value}
    with pytest.raises(ValueError, match=words):
        DemoOptions(**options)
