import base64
import hashlib
from collections.abc import Callable

import pytest

from desktop.demo.clients import CONFIDENTIAL_CLIENT_ID, CONFIDENTIAL_CLIENT_SECRET, DEVICE_CODE
from tests.demo.harness import Harness, assert_error

VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def test_an_undecided_code_is_pending(harness: Harness) -> None:
    issued = await harness.device()
    assert_error(await harness.poll(issued["device_code"]), 400, "authorization_pending")


async def test_an_approved_code_gives_tokens_once(harness: Harness) -> None:
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=True)
    answer = await harness.poll(issued["device_code"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    harness.clock.advance(1)
    assert_error(await harness.poll(issued["device_code"]), 400, "invalid_grant")


async def test_a_denied_code_stays_denied(harness: Harness) -> None:
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=False)
    harness.decide(issued["user_code"], approve=True)
    assert_error(await harness.poll(issued["device_code"]), 400, "access_denied")


async def test_a_code_expires_even_when_approved(harness: Harness) -> None:
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=True)
    harness.clock.advance(600)
    assert_error(await harness.poll(issued["device_code"]), 400, "expired_token")


async def test_a_code_that_expired_long_ago_is_forgotten(harness: Harness) -> None:
    issued = await harness.device()
    harness.clock.advance(600 + 301)
    await harness.device()
    assert_error(await harness.poll(issued["device_code"]), 400, "invalid_grant")


async def test_polling_too_fast_slows_the_client_down_for_good(harness: Harness) -> None:
    code = (await harness.device())["device_code"]
    assert_error(await harness.poll(code), 400, "authorization_pending")
    harness.clock.advance(0.5)
    assert_error(await harness.poll(code), 400, "slow_down")
    harness.clock.advance(5)
    assert_error(await harness.poll(code), 400, "slow_down")  # the interval is 6 now, then 11
    harness.clock.advance(11)
    assert_error(await harness.poll(code), 400, "authorization_pending")


async def test_a_poll_a_tenth_of_a_second_early_is_on_time(harness: Harness) -> None:
    code = (await harness.device())["device_code"]
    await harness.poll(code)
    harness.clock.advance(0.95)
    assert_error(await harness.poll(code), 400, "authorization_pending")


async def test_an_interval_of_zero_enforces_nothing(harness_with: Callable[..., Harness]) -> None:
    harness = harness_with(interval=0)
    code = (await harness.device())["device_code"]
    await harness.poll(code)
    assert_error(await harness.poll(code), 400, "authorization_pending")


async def test_a_code_is_refused_to_another_client(harness: Harness) -> None:
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=True)
    other = {"client_id": CONFIDENTIAL_CLIENT_ID, "client_secret": CONFIDENTIAL_CLIENT_SECRET}
    assert_error(await harness.poll(issued["device_code"], **other), 400, "invalid_grant")
    assert (await harness.poll(issued["device_code"])).status_code == 200


async def test_an_unknown_code_is_an_invalid_grant(harness: Harness) -> None:
    assert_error(await harness.poll("made-up"), 400, "invalid_grant")


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
    harness: Harness, form: dict[str, str], error: str
) -> None:
    assert_error(await harness.token(**form), 400, error)


@pytest.mark.parametrize(("method", "challenge"), [("S256", S256), ("plain", VERIFIER)])
async def test_a_challenge_wants_its_verifier(
    harness: Harness, method: str, challenge: str
) -> None:
    issued = await harness.device(code_challenge=challenge, code_challenge_method=method)
    harness.decide(issued["user_code"], approve=True)
    assert_error(await harness.poll(issued["device_code"]), 400, "invalid_grant")
    harness.clock.advance(1)
    wrong = await harness.poll(issued["device_code"], code_verifier="w" * 43)
    assert_error(wrong, 400, "invalid_grant")
    harness.clock.advance(1)
    right = await harness.poll(issued["device_code"], code_verifier=VERIFIER)
    assert right.status_code == 200


async def test_an_approval_with_nothing_to_grant_is_a_denial(
    harness_with: Callable[..., Harness],
) -> None:
    harness = harness_with(approve_after=0)
    issued = await harness.device(scope="admin")
    assert_error(await harness.poll(issued["device_code"]), 400, "access_denied")


async def test_the_demo_analyst_can_approve_by_itself(harness_with: Callable[..., Harness]) -> None:
    harness = harness_with(approve_after=3)
    issued = await harness.device()
    assert_error(await harness.poll(issued["device_code"]), 400, "authorization_pending")
    harness.clock.advance(3)
    assert (await harness.poll(issued["device_code"])).status_code == 200


async def test_a_person_can_be_faster_than_the_demo_analyst(
    harness_with: Callable[..., Harness],
) -> None:
    harness = harness_with(approve_after=3)
    issued = await harness.device()
    harness.decide(issued["user_code"], approve=False)
    harness.clock.advance(3)
    assert_error(await harness.poll(issued["device_code"]), 400, "access_denied")
