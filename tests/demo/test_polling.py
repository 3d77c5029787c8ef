import base64
import hashlib
from collections.abc import Callable

import pytest

from desktop.demo import CONFIDENTIAL_CLIENT_ID, CONFIDENTIAL_CLIENT_SECRET
from desktop.demo.clients import DEVICE_CODE
from tests.demo.bench import Bench, assert_error

VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def test_an_undecided_code_is_pending(bench: Bench) -> None:
    issued = await bench.device()
    assert_error(await bench.poll(issued["device_code"]), 400, "authorization_pending")


async def test_an_approved_code_gives_tokens_once(bench: Bench) -> None:
    issued = await bench.device()
    bench.state.devices.decide(issued["user_code"], approve=True)
    answer = await bench.poll(issued["device_code"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    bench.clock.advance(1)
    assert_error(await bench.poll(issued["device_code"]), 400, "invalid_grant")


async def test_a_denied_code_stays_denied(bench: Bench) -> None:
    issued = await bench.device()
    bench.state.devices.decide(issued["user_code"], approve=False)
    bench.state.devices.decide(issued["user_code"], approve=True)
    assert_error(await bench.poll(issued["device_code"]), 400, "access_denied")


async def test_a_code_expires_even_when_approved(bench: Bench) -> None:
    issued = await bench.device()
    bench.state.devices.decide(issued["user_code"], approve=True)
    bench.clock.advance(600)
    assert_error(await bench.poll(issued["device_code"]), 400, "expired_token")


async def test_a_code_that_expired_long_ago_is_forgotten(bench: Bench) -> None:
    issued = await bench.device()
    bench.clock.advance(600 + 301)
    await bench.device()
    assert_error(await bench.poll(issued["device_code"]), 400, "invalid_grant")


async def test_polling_too_fast_slows_the_client_down_for_good(bench: Bench) -> None:
    code = (await bench.device())["device_code"]
    assert_error(await bench.poll(code), 400, "authorization_pending")
    bench.clock.advance(0.5)
    assert_error(await bench.poll(code), 400, "slow_down")
    bench.clock.advance(5)
    assert_error(await bench.poll(code), 400, "slow_down")  # the interval is 6 now, then 11
    bench.clock.advance(11)
    assert_error(await bench.poll(code), 400, "authorization_pending")


async def test_a_poll_a_tenth_of_a_second_early_is_on_time(bench: Bench) -> None:
    code = (await bench.device())["device_code"]
    await bench.poll(code)
    bench.clock.advance(0.95)
    assert_error(await bench.poll(code), 400, "authorization_pending")


async def test_an_interval_left_out_is_five_seconds(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(interval=None)
    code = (await bench.device())["device_code"]
    await bench.poll(code)
    bench.clock.advance(4)
    assert_error(await bench.poll(code), 400, "slow_down")


async def test_an_interval_of_zero_enforces_nothing(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(interval=0)
    code = (await bench.device())["device_code"]
    await bench.poll(code)
    assert_error(await bench.poll(code), 400, "authorization_pending")


async def test_a_code_is_refused_to_another_client(bench: Bench) -> None:
    issued = await bench.device()
    bench.state.devices.decide(issued["user_code"], approve=True)
    other = {"client_id": CONFIDENTIAL_CLIENT_ID, "client_secret": CONFIDENTIAL_CLIENT_SECRET}
    assert_error(await bench.poll(issued["device_code"], **other), 400, "invalid_grant")
    assert (await bench.poll(issued["device_code"])).status_code == 200


async def test_an_unknown_code_is_an_invalid_grant(bench: Bench) -> None:
    assert_error(await bench.poll("made-up"), 400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": DEVICE_CODE}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
async def test_a_request_that_lacks_something_says_what(
    bench: Bench, form: dict[str, str], error: str
) -> None:
    assert_error(await bench.token(**form), 400, error)


@pytest.mark.parametrize(("method", "challenge"), [("S256", S256), ("plain", VERIFIER)])
async def test_a_challenge_wants_its_verifier(bench: Bench, method: str, challenge: str) -> None:
    issued = await bench.device(code_challenge=challenge, code_challenge_method=method)
    bench.state.devices.decide(issued["user_code"], approve=True)
    assert_error(await bench.poll(issued["device_code"]), 400, "invalid_grant")
    bench.clock.advance(1)
    wrong = await bench.poll(issued["device_code"], code_verifier="w" * 43)
    assert_error(wrong, 400, "invalid_grant")
    bench.clock.advance(1)
    right = await bench.poll(issued["device_code"], code_verifier=VERIFIER)
    assert right.status_code == 200


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"outcome": "deny"}, "access_denied"),
        ({"outcome": "expire"}, "expired_token"),
        ({"outcome": "approve", "held_scopes": "profile"}, "access_denied"),
    ],
    ids=["deny", "expire", "nothing to grant"],
)
async def test_an_outcome_can_be_chosen(
    bench_with: Callable[..., Bench], options: dict[str, str], error: str
) -> None:
    bench = bench_with(**options)
    issued = await bench.device(scope="admin")
    assert_error(await bench.poll(issued["device_code"]), 400, error)


async def test_the_demo_analyst_can_approve_by_itself(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(approve_after=3)
    issued = await bench.device()
    assert_error(await bench.poll(issued["device_code"]), 400, "authorization_pending")
    bench.clock.advance(3)
    assert (await bench.poll(issued["device_code"])).status_code == 200


async def test_a_person_can_be_faster_than_the_demo_analyst(
    bench_with: Callable[..., Bench],
) -> None:
    bench = bench_with(approve_after=3)
    issued = await bench.device()
    bench.state.devices.decide(issued["user_code"], approve=False)
    bench.clock.advance(3)
    assert_error(await bench.poll(issued["device_code"]), 400, "access_denied")
