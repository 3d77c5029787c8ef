import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth import errors
from desktop.oauth.clock import now
from desktop.oauth.errors import CodeExpired, ErrorResponse, OAuthError, Trouble
from desktop.oauth.grants.polling import LONGEST_PAUSE, Pace, Progress, pace_after, poll
from desktop.oauth.grants.token import parse_token
from desktop.oauth.model.token_set import TokenSet
from tests.oauth.harness import (
    CODE,
    HOST,
    PENDING,
    START,
    TOKEN_ENDPOINT,
    TOKENS,
    ClientHarness,
    ManualClock,
    PollHarness,
    authorization,
    fuzzed,
    json_reply,
)

APPROVED = parse_token(TOKENS, TOKEN_ENDPOINT, requested=now(ManualClock()), requested_scope=())
UNDECIDED = errors.AuthorizationPending("authorization_pending")
SLOW_DOWN = errors.SlowDown("slow_down")
UNREACHABLE = errors.TransportFailure(HOST, detail="no route")


def throttled(retry_after: float) -> Trouble:
    return errors.Throttled(HOST, status=429, retry_after=retry_after)


def slow_down(interval: float | None) -> errors.SlowDown:
    return errors.SlowDown("slow_down", interval=interval)


# The schedule


def test_the_pause_is_the_interval() -> None:
    assert Pace(5.0).pause == Pace(5.0).earliest == 5.0


@pytest.mark.parametrize("interval", [0.0, 0.5, -3.0, 1.0])
def test_requests_are_at_least_a_second_apart(interval: float) -> None:
    assert Pace(interval).pause == Pace(interval).earliest == 1.0


def test_pending_leaves_the_pace_as_it_is() -> None:
    assert pace_after(Pace(5.0), UNDECIDED) == Pace(5.0)


def test_pending_obeys_retry_after_once() -> None:
    pace = pace_after(
        Pace(5.0), errors.AuthorizationPending("authorization_pending", retry_after=30.0)
    )
    assert pace.pause == pace.earliest == 30.0
    assert pace_after(pace, UNDECIDED).pause == 5.0


def test_slow_down_adds_five_seconds_for_good() -> None:
    pace = pace_after(Pace(5.0), SLOW_DOWN)
    assert pace.pause == 10.0
    assert pace_after(pace, UNDECIDED).pause == 10.0
    assert pace_after(pace_after(pace, UNDECIDED), SLOW_DOWN).pause == 15.0


@pytest.mark.parametrize(
    ("named", "interval"),
    [(12.0, 12.0), (5.1, 5.1), (5.0, 10.0), (3.0, 10.0), (0.0, 10.0), (-9.0, 10.0), (None, 10.0)],
)
def test_slow_down_takes_the_interval_of_the_server_if_that_is_slower(
    named: float | None, interval: float
) -> None:
    assert pace_after(Pace(5.0), slow_down(named)).interval == interval


def test_slow_down_obeys_retry_after_too() -> None:
    outcome = errors.SlowDown("slow_down", retry_after=30.0)
    assert pace_after(Pace(5.0), outcome) == Pace(10.0, retry_after=30.0)


def test_failures_in_a_row_double_the_pause_up_to_a_minute() -> None:
    pace, pauses = Pace(5.0), []
    for _ in range(6):
        pace = pace_after(pace, UNREACHABLE)
        pauses.append(pace.pause)
    assert pauses == [10.0, 20.0, 40.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert pace.earliest == 5.0


def test_backing_off_never_shortens_a_long_interval() -> None:
    assert Pace(90.0, failures=3).pause == 90.0


def test_ten_thousand_failures_do_not_overflow() -> None:
    assert Pace(5.0, failures=10_000).pause == LONGEST_PAUSE


def test_an_answer_ends_the_backing_off() -> None:
    assert pace_after(Pace(5.0, failures=4), UNDECIDED) == Pace(5.0)
    assert pace_after(Pace(5.0, failures=4), SLOW_DOWN) == Pace(10.0)


def test_a_failure_keeps_the_interval_that_was_slowed_down() -> None:
    pace = pace_after(pace_after(Pace(5.0), SLOW_DOWN), UNREACHABLE)
    assert (pace.interval, pace.pause) == (10.0, 20.0)


@pytest.mark.parametrize(
    ("retry_after", "pause"), [(30.0, 30.0), (3172.0, 3172.0), (7.0, 10.0), (0.0, 10.0)]
)
def test_retry_after_is_the_least_to_wait(retry_after: float, pause: float) -> None:
    pace = pace_after(Pace(5.0), throttled(retry_after))
    assert pace.pause == pause
    assert pace.earliest == max(5.0, retry_after)


@fuzzed
@given(
    st.floats(-10, 1000),
    st.lists(
        st.sampled_from([UNDECIDED, SLOW_DOWN, UNREACHABLE])
        | st.floats(-10, 4000).map(throttled)
        | st.floats(-10, 4000).map(slow_down)
    ),
)
def test_the_interval_never_shrinks_and_a_second_is_the_least(
    interval: float, outcomes: list[errors.AuthorizationPending | errors.SlowDown | Trouble]
) -> None:
    pace = Pace(interval)
    for outcome in outcomes:
        slower = pace_after(pace, outcome)
        assert slower.interval >= pace.interval
        assert slower.pause >= slower.earliest >= max(1.0, slower.interval)
        pace = slower


# The loop


async def test_the_first_request_waits_one_interval() -> None:
    asking = PollHarness(APPROVED)
    assert await asking.run(interval=5) is APPROVED
    assert asking.asked_at == [5.0]


async def test_it_polls_every_interval_until_it_is_approved() -> None:
    asking = PollHarness(UNDECIDED, UNDECIDED, APPROVED)
    assert await asking.run(interval=7) is APPROVED
    assert asking.asked_at == [7.0, 14.0, 21.0]


async def test_the_interval_counts_from_the_answer_not_from_the_request() -> None:
    asking = PollHarness()
    asked_at = []

    async def slow() -> TokenSet:
        asked_at.append(asking.clock.passed)
        asking.clock.advance(20)
        if len(asked_at) < 2:
            raise UNDECIDED
        return APPROVED

    await asking.run(ask=slow)
    assert asked_at == [5.0, 30.0]


async def test_slow_down_is_obeyed_from_then_on() -> None:
    asking = PollHarness(SLOW_DOWN, UNDECIDED, slow_down(20), UNDECIDED, APPROVED)
    await asking.run()
    assert asking.asked_at == [5.0, 15.0, 25.0, 45.0, 65.0]


async def test_failures_back_off_and_the_first_answer_ends_that() -> None:
    asking = PollHarness(UNREACHABLE, UNREACHABLE, UNREACHABLE, UNDECIDED, APPROVED)
    await asking.run()
    assert asking.asked_at == [5.0, 15.0, 35.0, 75.0, 80.0]


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Trouble)
    ],
)
async def test_no_trouble_ends_polling(kind: type[Trouble]) -> None:
    asking = PollHarness(kind(HOST), kind(HOST, status=503), APPROVED)
    assert await asking.run() is APPROVED


async def test_retry_after_is_obeyed_once() -> None:
    asking = PollHarness(throttled(100), UNDECIDED, APPROVED)
    await asking.run()
    assert asking.asked_at == [5.0, 105.0, 110.0]


@pytest.mark.parametrize("error", [throttled(3172), errors.ServerFault(HOST, retry_after=700)])
async def test_a_retry_after_beyond_the_code_ends_the_wait_at_once(error: Trouble) -> None:
    asking = PollHarness(error)
    with pytest.raises(type(error)) as caught:
        await asking.run()
    assert caught.value is error
    assert asking.clock.passed == 5.0


@pytest.mark.parametrize("outcome", [UNDECIDED, SLOW_DOWN, UNREACHABLE])
async def test_the_code_expires_at_our_own_deadline_whatever_the_server_says(
    outcome: Exception,
) -> None:
    asking = PollHarness(outcome)
    with pytest.raises(CodeExpired):
        await asking.run(lifetime=60)
    assert asking.clock.passed == 60.0
    assert max(asking.asked_at) < 60.0


@pytest.mark.parametrize("error", [UNREACHABLE, errors.ServerFault(HOST, status=503), throttled(9)])
async def test_a_code_that_expired_amid_a_trouble_names_the_trouble(error: Trouble) -> None:
    with pytest.raises(CodeExpired) as caught:
        await PollHarness(UNDECIDED, error).run(lifetime=60)
    assert caught.value.__cause__ is error


async def test_a_trouble_that_has_passed_is_not_why_a_code_expired() -> None:
    with pytest.raises(CodeExpired) as caught:
        await PollHarness(UNREACHABLE, UNDECIDED).run(lifetime=60)
    assert caught.value.__cause__ is None


# Refusals that are no OAuth errors


@pytest.mark.parametrize(
    "error",
    [
        errors.UnusableAnswer(HOST, status=415),
        errors.UnusableAnswer(HOST, status=400),
        errors.UnusableAnswer(HOST, status=401),
        errors.Refusal(HOST, detail="Unsupported Media Type", status=415),
        errors.PageInsteadOfAnswer(HOST, status=403),
        errors.PageInsteadOfAnswer(HOST, status=200),
        errors.UnexpectedRedirect(HOST, status=302),
    ],
)
async def test_a_refusal_that_repeats_is_final(error: Trouble) -> None:
    asking = PollHarness(UNDECIDED, error)
    with pytest.raises(type(error)) as caught:
        await asking.run()
    assert caught.value is error
    assert asking.asked_at == [5.0, 10.0, 20.0, 40.0]


async def test_refusals_with_another_answer_in_between_do_not_repeat() -> None:
    refused = errors.PageInsteadOfAnswer(HOST, status=403)
    twice = (refused, refused)
    asking = PollHarness(*twice, UNDECIDED, *twice, UNREACHABLE, *twice, APPROVED)
    assert await asking.run() is APPROVED


@pytest.mark.parametrize(
    "error",
    [
        errors.PageInsteadOfAnswer(HOST, status=200, by="portal.example"),
        errors.UnexpectedRedirect(HOST, status=302, by="portal.example"),
        errors.CaptivePortal(HOST, by="portal.example", status=511),
        errors.UnusableAnswer(HOST, status=408),
        errors.UnusableAnswer(HOST, status=425),
        errors.UnusableAnswer(HOST, status=407),
        errors.ServerFault(HOST, status=502),
        errors.TransportFailure(HOST),
    ],
)
async def test_what_a_network_says_may_repeat_until_the_code_expires(error: Trouble) -> None:
    asking = PollHarness(*[error] * 5, APPROVED)
    assert await asking.run() is APPROVED


async def test_a_code_that_expires_within_the_interval_is_never_polled() -> None:
    asking = PollHarness(APPROVED)
    with pytest.raises(CodeExpired):
        await asking.run(interval=5, lifetime=3)
    assert asking.asked_at == []


async def test_a_code_is_polled_until_it_expires() -> None:
    asking = PollHarness(APPROVED)
    await asking.run(interval=5, lifetime=5.25)
    assert asking.asked_at == [5.0]


async def test_an_approval_that_arrives_after_the_deadline_counts() -> None:
    asking = PollHarness()

    async def late() -> TokenSet:
        asking.clock.advance(1000)
        return APPROVED

    assert await asking.run(ask=late) is APPROVED


@pytest.mark.parametrize(
    "error",
    [
        kind("x")
        for kind in (*ErrorResponse.__subclasses__(), ErrorResponse)
        if kind not in {errors.AuthorizationPending, errors.SlowDown}
    ]
    + [
        errors.UnsupportedTokenType(HOST, "mac"),
        errors.UnsafeAddress("x", "y"),
        ZeroDivisionError(),
    ],
)
async def test_any_other_error_ends_polling(error: Exception) -> None:
    asking = PollHarness(UNDECIDED, error)
    with pytest.raises(type(error)) as caught:
        await asking.run()
    assert caught.value is error
    assert asking.asked_at == [5.0, 10.0]


async def test_progress_is_reported_before_the_first_request_and_after_each() -> None:
    asking = PollHarness(UNDECIDED, UNREACHABLE, APPROVED)
    await asking.run()
    at = [START + timedelta(seconds=seconds) for seconds in (5, 10, 20)]
    assert asking.progress == [
        Progress(0, None, at[0]),
        Progress(1, at[0], at[1]),
        Progress(2, at[1], at[2], UNREACHABLE),
    ]


async def test_the_farthest_retry_after_can_be_reported() -> None:
    farthest = {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}
    bench = ClientHarness(json_reply(CODE), json_reply({}, 503, farthest))
    with pytest.raises(errors.ServerFault):
        await bench.sign_in()


# The nudge


async def test_a_nudge_during_a_back_off_sends_a_request_at_once() -> None:
    asking = PollHarness(UNREACHABLE, UNREACHABLE, UNREACHABLE, APPROVED)
    asking.clock.schedule(50, asking.nudge.set)
    await asking.run()
    assert asking.asked_at == [5.0, 15.0, 35.0, 50.0]


async def test_a_nudge_within_the_interval_sends_a_request_after_it() -> None:
    asking = PollHarness(UNREACHABLE, UNREACHABLE, UNREACHABLE, APPROVED)
    asking.clock.schedule(37, asking.nudge.set)
    await asking.run()
    assert asking.asked_at == [5.0, 15.0, 35.0, 40.0]


async def test_a_nudge_during_a_request_is_not_forgotten() -> None:
    asking = PollHarness()
    asked_at = []

    async def slow() -> TokenSet:
        asked_at.append(asking.clock.passed)
        asking.nudge.set()
        if len(asked_at) < 2:
            raise UNREACHABLE
        return APPROVED

    await asking.run(ask=slow)
    assert asked_at == [5.0, 10.0]


async def test_many_nudges_do_not_poll_faster_than_the_interval() -> None:
    asking = PollHarness(UNDECIDED, SLOW_DOWN, UNDECIDED, APPROVED)
    asking.nudge.set()
    for quarter in range(160):
        asking.clock.schedule(quarter / 4, asking.nudge.set)
    await asking.run()
    assert asking.asked_at == [5.0, 10.0, 20.0, 30.0]


async def test_a_nudge_respects_retry_after() -> None:
    asking = PollHarness(throttled(100), APPROVED)
    asking.clock.schedule(20, asking.nudge.set)
    asking.clock.schedule(104, asking.nudge.set)
    await asking.run()
    assert asking.asked_at == [5.0, 105.0]


async def test_one_nudge_sends_one_request() -> None:
    asking = PollHarness(UNREACHABLE, UNREACHABLE, UNREACHABLE, UNREACHABLE, APPROVED)
    asking.clock.schedule(50, asking.nudge.set)
    await asking.run()
    assert asking.asked_at == [5.0, 15.0, 35.0, 50.0, 110.0]


# Clocks that jump and stand still


async def test_a_code_that_expired_while_the_computer_slept_is_expired() -> None:
    asking = PollHarness(UNDECIDED)
    asking.clock.schedule(7, lambda: asking.clock.set_wall_clock(3600))
    with pytest.raises(CodeExpired):
        await asking.run()
    assert asking.asked_at == [5.0]
    assert asking.clock.passed == 10.0


async def test_an_expired_code_is_noticed_soon_even_in_a_long_wait() -> None:
    asking = PollHarness(throttled(500))
    asking.clock.schedule(30, lambda: asking.clock.set_wall_clock(3600))
    with pytest.raises(CodeExpired):
        await asking.run()
    assert asking.clock.passed <= 40.0


async def test_a_wall_clock_set_back_does_not_extend_a_code() -> None:
    asking = PollHarness(UNDECIDED)
    asking.clock.schedule(7, lambda: asking.clock.set_wall_clock(-86400))
    with pytest.raises(CodeExpired):
        await asking.run(lifetime=60)
    assert asking.clock.passed == 60.0
    assert asking.asked_at == [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0]


async def test_a_wall_clock_set_forward_never_polls_twice_within_a_second() -> None:
    asking = PollHarness(UNDECIDED)

    async def jumping() -> TokenSet:
        clock = asking.clock
        asking.asked_at.append(clock.passed)
        clock.schedule(clock.passed + 0.25, lambda: clock.set_wall_clock(5))
        clock.schedule(clock.passed + 0.5, asking.nudge.set)
        if len(asking.asked_at) == 4:
            return APPROVED
        raise UNDECIDED

    await asking.run(ask=jumping)
    assert asking.asked_at == [5.0, 6.0, 7.0, 8.0]


@fuzzed
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(-50, 50) | st.none()), max_size=20),
    st.lists(
        st.sampled_from([UNDECIDED, SLOW_DOWN, UNREACHABLE, throttled(17), slow_down(11)]),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 40),
)
def test_polling_always_ends_and_polls_at_most_once_a_second(
    events: list[tuple[int, int | None]], outcomes: list[OAuthError], interval: int
) -> None:
    async def run() -> None:
        asking = PollHarness(*outcomes)
        for at, jump in events:
            action = asking.nudge.set if jump is None else _jump(asking.clock, jump)
            asking.clock.schedule(at, action)
        with pytest.raises((CodeExpired, errors.Throttled)):
            await asking.run(interval=interval, lifetime=200)
        times = asking.asked_at
        pauses = [b - a for a, b in pairwise([0.0, *times])]
        assert all(pause >= 1.0 for pause in pauses)
        assert asking.clock.passed <= 201.0

    asyncio.run(run())


def _jump(clock: ManualClock, seconds: int) -> Callable[[], None]:
    return lambda: clock.set_wall_clock(seconds)


# Canceling


async def test_a_cancel_while_waiting_leaves_nothing_running() -> None:
    class Frozen(ManualClock):
        async def sleep(self, seconds: float) -> None:
            del seconds
            await asyncio.Event().wait()

    asking = PollHarness(APPROVED)
    asking.clock = Frozen()
    task = asyncio.create_task(asking.run())
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) > 2  # this one, the poll, and what it waits for
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert asking.asked_at == []


async def test_a_cancel_during_a_request_leaves_no_request_running() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def silent(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/device":
            return json_reply(CODE)(request)
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("answered")

    bench = ClientHarness(PENDING)
    bench.connection.http._transport = httpx.MockTransport(silent)
    task = asyncio.create_task(bench.sign_in())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_end_of_any_kind_leaves_nothing_running() -> None:
    await PollHarness(UNDECIDED, APPROVED).run()
    with pytest.raises(CodeExpired):
        await PollHarness(UNDECIDED).run(lifetime=20)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_failing_observer_ends_polling() -> None:
    asking = PollHarness(APPROVED)

    def broken(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await poll(
            asking.ask,
            authorization(requested=now(asking.clock)),
            clock=asking.clock,
            nudge=asking.nudge,
            report=broken,
        )
    assert asking.asked_at == []
