from collections.abc import Callable
from typing import Any

import pytest

from desktop.demo import DemoOptions
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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("outcome", "maybe", "outcome is one of ask, approve, deny, expire, not maybe"),
        ("refresh", "no", "refresh is one of rotate, keep, none, not no"),
        ("faults", ("flood",), "fault is one of .*, not flood"),
        ("port", 70000, "port is a number from 0 to 65535, not 70000"),
        ("held_scopes", "coffee", "There is no scope coffee"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(name: str, value: object, words: str) -> None:
    options: Any = {name: value}
    with pytest.raises(ValueError, match=words):
        DemoOptions(**options)
