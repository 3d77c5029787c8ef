"""When a renewal is due, who counts as using the token, and how long to wait after a failure."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth import errors
from desktop.oauth.clock import now
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.model.settings import Settings
from desktop.services.secrets.keystore import KeyringLocked
from desktop.services.session.schedule import (
    Failures,
    is_over,
    is_valid_for,
    renewal_due_at,
    with_failure,
)
from desktop.services.session.usage import Usage
from tests.services.harness import ACCESS_TOKEN, HOST, REFRESH_TOKEN, START, FakeClock

JITTERS = st.floats(0, 1, exclude_max=True)


def tokens(lifetime: float | None) -> TokenSet:
    return TokenSet(
        access_token=ACCESS_TOKEN,
        refresh_token=REFRESH_TOKEN,
        token_type="Bearer",
        scope=(),
        requested_scope=(),
        issued_at=START,
        expires_at=None if lifetime is None else START + timedelta(seconds=lifetime),
        account=Account(),
    )


@given(st.floats(20, 86400), JITTERS)
def test_a_renewal_falls_due_in_the_last_fifth_of_the_lifetime(
    lifetime: float, jitter: float
) -> None:
    due = renewal_due_at(tokens(lifetime), jitter)
    assert due is not None
    assert 0.8 * lifetime - 0.001 <= (due - START).total_seconds() < lifetime


@given(JITTERS)
def test_after_a_failure_the_next_renewal_is_spread_wider(jitter: float) -> None:
    due = renewal_due_at(tokens(600), jitter, after_failure=True)
    assert due is not None
    assert 239 <= (due - START).total_seconds() < 600
    if jitter < 0.5:
        assert due < START + timedelta(seconds=480)


def test_two_computers_renew_at_different_times() -> None:
    assert renewal_due_at(tokens(600), 0.1) != renewal_due_at(tokens(600), 0.9)


@given(JITTERS)
def test_an_hour_of_ten_minute_tokens_takes_seven_renewals_at_most(jitter: float) -> None:
    due = renewal_due_at(tokens(600), jitter)
    assert due is not None
    assert 3600 / (due - START).total_seconds() < 8


@pytest.mark.parametrize("lifetime", [0, 1, 5])
def test_very_short_tokens_do_not_cause_constant_renewals(lifetime: float) -> None:
    assert renewal_due_at(tokens(lifetime), 0) == START + timedelta(seconds=10)


def test_a_token_that_never_expires_is_never_due() -> None:
    assert renewal_due_at(tokens(None), 0.5) is None


# Validity


@pytest.mark.parametrize(
    ("lifetime", "required", "age", "is_valid"),
    [
        (600, 60, 540, True),
        (600, 60, 541, False),
        (600, 3600, 300, True),
        (600, 3600, 301, False),
        (600, 0, 599, True),
        (600, 0, 600, False),
        (0, 60, 0, False),
        (None, 3600, 10**6, True),
    ],
)
def test_half_of_the_lifetime_is_always_enough(
    lifetime: float | None, required: float, age: float, *, is_valid: bool
) -> None:
    at = START + timedelta(seconds=age)
    assert is_valid_for(tokens(lifetime), required, at) is is_valid


# Use


def test_a_token_is_unused_at_first() -> None:
    assert Usage().seconds_left(FakeClock()) == 0


def test_an_always_fresh_token_stays_in_use() -> None:
    use = Usage(Settings(keep_fresh=True))
    assert use.seconds_left(FakeClock()) == math.inf
    assert use.seconds_to_change(FakeClock()) == math.inf


def test_a_copy_counts_as_use_for_the_time_in_the_settings() -> None:
    clock = FakeClock()
    use = Usage(Settings(in_use_minutes=2), last_used=now(clock))
    assert use.seconds_left(clock) == 120
    clock.elapsed = 119
    assert use.seconds_left(clock) == 1
    clock.elapsed = 500
    assert use.seconds_left(clock) == 0


def test_a_copy_before_sleep_no_longer_counts_as_use() -> None:
    clock = FakeClock()
    use = Usage(Settings(in_use_minutes=15), last_used=now(clock))
    clock.set_wall_clock(3600)
    assert use.seconds_left(clock) == 0


# Failures

UNREACHABLE = errors.TransportFailure(HOST)


def failed(*found: Exception, jitter: float = 0.5, clock: FakeClock | None = None) -> Failures:
    failures = Failures()
    for error in found:
        failures = with_failure(failures, error, at=now(clock or FakeClock()), jitter=jitter)
    return failures


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [failed(*[UNREACHABLE] * count, jitter=1).pause for count in range(1, 12)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == 600
    assert pauses == sorted(pauses)


@given(JITTERS)
def test_pauses_differ_between_computers_by_half(jitter: float) -> None:
    assert 2.5 <= failed(UNREACHABLE, jitter=jitter).pause <= 5


def test_without_a_failure_there_is_no_pause() -> None:
    assert Failures().seconds_to_retry(FakeClock()) == 0
    assert Failures().next_at is None


def test_retry_after_binds_people_too() -> None:
    clock = FakeClock()
    failures = failed(errors.Throttled(HOST, retry_after=3172.0), clock=clock)
    assert failures.seconds_to_retry(clock) == failures.seconds_to_manual_retry(clock) == 3172
    assert failures.next_at == START + timedelta(seconds=3172)
    assert failures.without_pause().seconds_to_retry(clock) == 3172
    clock.elapsed = 3172
    assert failures.seconds_to_manual_retry(clock) == 0


def test_retry_after_is_limited_to_an_hour() -> None:
    assert (
        failed(errors.ServerFault(HOST, retry_after=1e9)).seconds_to_manual_retry(FakeClock())
        == 3600
    )


def test_a_person_may_skip_our_own_pause() -> None:
    clock = FakeClock()
    failures = failed(UNREACHABLE, clock=clock)
    assert failures.seconds_to_retry(clock) > 0
    assert failures.seconds_to_manual_retry(clock) == 0
    assert failures.without_pause().seconds_to_retry(clock) == 0
    assert failures.without_pause().error is UNREACHABLE


REFUSALS = [
    errors.InvalidClient("invalid_client", host=HOST, status=401),
    errors.UnauthorizedClient("unauthorized_client", host=HOST),
    errors.ForbiddenByPolicy("access_denied", host=HOST, status=403),
    errors.UnusableAnswer(HOST, status=401),
    errors.UnusableAnswer(HOST, status=403),
]


@pytest.mark.parametrize("error", REFUSALS, ids=repr)
def test_a_refusal_waits_for_a_person(error: Exception) -> None:
    failures = failed(error)
    assert failures.seconds_to_retry(FakeClock()) == math.inf
    assert failures.seconds_to_manual_retry(FakeClock()) == 0
    assert failures.next_at is None


@pytest.mark.parametrize(
    "error",
    [
        UNREACHABLE,
        errors.PageInsteadOfAnswer(HOST, status=403),
        errors.UnusableAnswer(HOST, status=404),
        errors.ServerFault(HOST, status=503),
        KeyringLocked(),
    ],
    ids=repr,
)
def test_transient_errors_are_retried(error: Exception) -> None:
    assert 0 < failed(error).seconds_to_retry(FakeClock()) < math.inf


def test_time_that_passed_asleep_counts_for_a_pause() -> None:
    clock = FakeClock()
    failures = failed(UNREACHABLE, clock=clock)
    clock.set_wall_clock(60)
    assert failures.seconds_to_retry(clock) == 0


@pytest.mark.parametrize("id_token", [False, True])
def test_without_tokens_every_token_is_over(*, id_token: bool) -> None:
    assert is_over(None, START, id_token=id_token)
