"""Eight hours in virtual time: sleep, lost networks, clocks that are set, two programs.

Whatever happens, no refresh token is ever used twice, the quota is spared, and who copies gets a
token that is valid.
"""

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from desktop.oauth.errors import OAuthError
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.model.states import SignedIn
from tests.services.harness import SessionHarness, settle

HOUR = 3600


@dataclass
class Analyst:
    """A user who copies the token, and the tokens they got."""

    harness: SessionHarness
    copies: list[str] = field(default_factory=list)
    refused: int = 0

    async def minutes(self, count: int, *, copies: bool = False) -> None:
        """Let time pass as it passes with the tray: a tick a minute."""
        for _ in range(count):
            if copies:
                await self.copy()
            await self.harness.clock.advance(60)
            self.harness.session.check_clock()
            await settle()

    async def copy(self) -> None:
        """Copy the token; what comes is valid now."""
        copying = asyncio.ensure_future(self.harness.session.fetch_token())
        await self.harness.clock.advance(7)
        try:
            found = await copying
        except (OAuthError, RenewalTimedOut):
            self.refused += 1
            return
        assert found.expires_at is not None
        assert found.expires_at > self.harness.clock.utc()
        self.copies.append(found.access_token)

    def sleep(self, seconds: float) -> None:
        """Close the lid: the monotonic clock stands still, the wall clock does not."""
        self.harness.clock.set_wall_clock(seconds)


async def signed_in() -> Analyst:
    harness = SessionHarness()
    await harness.sign_in()
    return Analyst(harness)


async def end(analyst: Analyst) -> None:
    """End the shift: nothing is left running, and no refresh token was used twice."""
    harness = analyst.harness
    await harness.close()
    assert harness.crashes == []
    assert harness.server.open == 0
    rotation = harness.server.rotation
    assert rotation.reused == 0
    assert len(set(rotation.used)) == len(rotation.used)


async def test_a_shift_with_all_that_happens_in_one() -> None:
    analyst = await signed_in()
    harness = analyst.harness
    harness.session.set_visible(visible=True)
    await analyst.minutes(30)
    harness.session.set_visible(visible=False)
    await analyst.minutes(60, copies=True)
    in_use = harness.server.count_renewals()
    await analyst.minutes(60)  # a briefing: the last copy counts for a quarter of an hour
    assert harness.server.count_renewals() - in_use <= 2
    analyst.sleep(HOUR)  # lunch, with the lid closed
    harness.session.wake()
    await analyst.copy()
    assert analyst.refused == 0
    harness.server.offline = True  # the VPN is gone for twenty minutes
    await analyst.minutes(20, copies=True)
    assert analyst.refused > 0
    harness.server.offline = False
    harness.session.wake()
    await settle()
    refused = analyst.refused
    await analyst.minutes(30, copies=True)
    assert analyst.refused == refused, "and at once when it is back"
    harness.clock.set_wall_clock(-1200)  # somebody sets the clock right
    await analyst.minutes(60, copies=True)
    harness.clock.set_wall_clock(+300)
    await analyst.minutes(40, copies=True)
    assert analyst.refused == refused
    assert isinstance(harness.state, SignedIn)
    await end(analyst)


async def test_an_idle_shift_sends_no_requests() -> None:
    analyst = await signed_in()
    await analyst.minutes(8 * 60)
    assert analyst.harness.server.count_renewals() == 0
    await end(analyst)


async def test_a_busy_shift_renews_seven_times_an_hour_at_most() -> None:
    analyst = await signed_in()
    dice = random.Random(8628)  # noqa: S311 - the same each time
    for hour in range(1, 9):
        analyst.harness.jitter = dice.random()
        await analyst.minutes(50, copies=True)  # a copy takes seven seconds of its own
        assert analyst.harness.server.count_renewals() <= 7 * hour
    assert analyst.refused == 0
    await end(analyst)


@pytest.mark.parametrize("seed", range(3))
async def test_two_programs_share_one_sign_in_all_day(seed: int) -> None:
    analyst = await signed_in()
    other = SessionHarness(beside=analyst.harness)
    other.session.open()
    await settle()
    dice = random.Random(seed)  # noqa: S311 - the same each time
    programs = [analyst, Analyst(other)]
    for _ in range(4 * 60):
        analyst.harness.jitter, other.jitter = dice.random(), dice.random()
        analyst.harness.server.offline = dice.random() < 0.1
        if dice.random() < 0.02:
            analyst.sleep(dice.uniform(60, HOUR))
        if dice.random() < 0.02:
            analyst.harness.clock.set_wall_clock(dice.uniform(-600, 600))
        await asyncio.gather(*(each.copy() for each in programs if dice.random() < 0.7))
        for each in programs:
            each.harness.session.check_clock()
        await analyst.harness.clock.advance(60)
    analyst.harness.server.offline = False
    await analyst.harness.clock.advance(900)
    for each in programs:
        await each.copy()
    assert len({each.copies[-1] for each in programs}) == 1, "both hold the same token"
    assert all(isinstance(each.harness.state, SignedIn) for each in programs)
    await other.close()
    await end(analyst)
