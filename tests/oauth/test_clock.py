import asyncio
from datetime import UTC, datetime, timedelta

from desktop.oauth.clock import Moment, SystemClock, now
from tests.oauth.harness import START, ManualClock


def test_time_that_passes_on_both_clocks_counts_once() -> None:
    clock = ManualClock()
    moment = now(clock)
    clock.advance(5)
    assert moment.elapsed(clock) == 5.0


def test_sleep_counts_though_the_monotonic_clock_stood_still() -> None:
    clock = ManualClock()
    moment = now(clock)
    clock.set_wall_clock(3600)
    assert moment.elapsed(clock) == 3600.0


def test_a_wall_clock_set_back_takes_no_time_back() -> None:
    clock = ManualClock()
    moment = now(clock)
    clock.advance(5)
    clock.set_wall_clock(-3600)
    assert moment.elapsed(clock) == 5.0


def test_elapsed_time_is_never_negative() -> None:
    moment = Moment(2000.0, START + timedelta(days=1))
    assert moment.elapsed(ManualClock()) == 0.0


def test_later_is_told_by_the_wall_clock() -> None:
    assert Moment(7.0, START).later(90.5) == START + timedelta(seconds=90.5)


def test_the_clock_of_this_computer_goes_forward_and_knows_its_zone() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()
    assert clock.utc().tzinfo is UTC
    assert abs(clock.utc() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_the_clock_of_this_computer_lets_others_run_while_it_sleeps() -> None:
    ran = asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)
    await SystemClock().sleep(0)
    assert ran.is_set()
