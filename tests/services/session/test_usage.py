"""Who uses the token: a window that somebody touches, a copy, and how much of the quota is left."""

import math
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from desktop.oauth.clock import now
from desktop.oauth.model.quota import Quota
from desktop.services.model.settings import Settings
from desktop.services.model.states import SignedIn
from desktop.services.session.usage import KnownQuota, Usage
from desktop.services.token import queries
from tests.services.harness import FakeClock, SessionHarness, settle

HOUR = 3600


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    await made.sign_in()
    yield made
    await made.close()
    assert not made.crashes


def report(harness: SessionHarness, remaining: int) -> None:
    """Let every answer from now on report the quota."""
    harness.server.headers = {
        "X-Ratelimit-Org-Limit": "8000",
        "X-Ratelimit-Org-Remaining": str(remaining),
    }


async def watch(harness: SessionHarness, minutes: int) -> int:
    """Look at the window and touch it every minute; return how often the token was renewed."""
    before = harness.server.count_renewals()
    for _ in range(minutes):
        harness.session.set_visible(visible=True)
        await harness.clock.advance(60)
    return harness.server.count_renewals() - before


# A window that nobody touches


async def test_a_visible_window_that_nobody_touches_stops_renewing(harness: SessionHarness) -> None:
    harness.session.set_visible(visible=True)
    await harness.clock.advance(15 * 60)
    assert harness.server.count_renewals() == 1
    assert harness.expect(SignedIn).renews_at is None
    await harness.clock.advance(8 * HOUR)
    assert harness.server.count_renewals() == 1


async def test_a_touched_window_renews_again_at_once(harness: SessionHarness) -> None:
    harness.session.set_visible(visible=True)
    await harness.clock.advance(HOUR)
    assert harness.session.access_token() is None
    harness.session.set_visible(visible=True)
    await settle()
    assert harness.session.access_token() is not None
    assert harness.expect(SignedIn).renews_at is not None


async def test_a_copy_in_an_untouched_window_renews_first(harness: SessionHarness) -> None:
    harness.session.set_visible(visible=True)
    await harness.clock.advance(HOUR)
    token = await harness.session.fetch_token()
    assert token.expires_at is not None
    assert token.expires_at > harness.clock.utc()


async def test_a_window_in_use_renews_all_the_time(harness: SessionHarness) -> None:
    assert await watch(harness, 60) >= 6


def test_the_setting_says_for_how_long_a_touch_counts() -> None:
    clock = FakeClock()
    use = Usage(Settings(in_use_minutes=2), in_sight=True, last_touched=now(clock))
    assert use.seconds_left(clock) == math.inf
    assert use.seconds_to_change(clock) == 120
    clock.elapsed = 120
    assert use.seconds_left(clock) == 0
    assert use.seconds_to_change(clock) == 0
    assert replace(use, settings=Settings(keep_fresh=True)).seconds_left(clock) == math.inf


def test_a_hidden_window_is_not_in_use_whoever_touched_it() -> None:
    clock = FakeClock()
    assert Usage(last_touched=now(clock)).seconds_left(clock) == 0


# A quota of which little is left


@pytest.mark.parametrize("settings", [Settings(), Settings(keep_fresh=True)])
async def test_below_half_of_the_quota_only_a_copy_renews(
    harness: SessionHarness, settings: Settings
) -> None:
    harness.session.apply(settings)
    report(harness, 3999)
    harness.session.set_visible(visible=True)
    await harness.clock.advance(10 * 60)
    assert harness.server.count_renewals() == 1, "nothing was known before the first answer"
    assert harness.expect(SignedIn).is_quota_low
    assert harness.expect(SignedIn).renews_at is None
    assert await watch(harness, 30) == 0
    await harness.session.fetch_token()
    assert harness.server.count_renewals() == 2
    assert await watch(harness, 30) == 0, "also not because it was copied recently"


async def test_a_copy_of_a_token_that_still_lives_costs_nothing_then(
    harness: SessionHarness,
) -> None:
    report(harness, 10)
    harness.session.set_visible(visible=True)
    await harness.clock.advance(10 * 60)
    renewed = harness.server.count_renewals()
    await harness.session.fetch_token()
    assert harness.server.count_renewals() == renewed


async def test_it_renews_again_once_enough_is_left(harness: SessionHarness) -> None:
    report(harness, 10)
    harness.session.set_visible(visible=True)
    await harness.clock.advance(20 * 60)
    report(harness, 4000)
    await harness.session.fetch_token()
    assert not harness.expect(SignedIn).is_quota_low
    assert await watch(harness, 30) >= 3


async def test_it_renews_again_after_an_hour_without_news(harness: SessionHarness) -> None:
    report(harness, 10)
    await watch(harness, 10)
    harness.server.headers = {}
    assert await watch(harness, 50) == 0
    assert await watch(harness, 15) >= 1
    assert not harness.expect(SignedIn).is_quota_low


async def test_a_server_without_a_quota_changes_nothing(harness: SessionHarness) -> None:
    assert await watch(harness, 60) >= 6
    assert not harness.expect(SignedIn).is_quota_low


async def test_a_quota_is_read_from_other_answers_too() -> None:
    harness = SessionHarness()
    harness.server.metadata["userinfo_endpoint"] = "https://login.example/me"
    harness.server.others["/me"] = httpx.Response(
        200,
        json={"name": "Ada"},
        headers={"X-Ratelimit-Org-Limit": "8000", "X-Ratelimit-Org-Remaining": "1"},
    )
    await harness.sign_in()
    await harness.session.query(queries.fetch_userinfo)
    await settle()
    assert harness.expect(SignedIn).is_quota_low
    await harness.close()


def test_what_was_reported_more_than_an_hour_ago_says_nothing() -> None:
    clock = FakeClock()
    known = KnownQuota(Quota(8000, 0), now(clock))
    use = Usage(in_sight=True, last_touched=now(clock), known_quota=known)
    assert use.seconds_to_change(clock) == HOUR
    clock.elapsed = HOUR
    assert use.seconds_of_low_quota(clock) == 0
