"""Seeded lives in virtual time: 300 in every run, 10,000 at night, one with `--seed N`."""

import sys

import pytest

from tests.simulation.simulation import KNOWN, simulate

ORDINARY, NIGHTLY, AT_ONCE = 300, 10_000, 50


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" in metafunc.fixturenames:
        config = metafunc.config
        count = NIGHTLY if config.getoption("--simulation") else ORDINARY
        chosen = config.getoption("--seed")
        starts = range(0, count, AT_ONCE)
        ranges = [range(start, start + AT_ONCE) for start in starts]
        if chosen is not None:
            ranges = [range(chosen, chosen + 1)]
        metafunc.parametrize("seeds", ranges, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")


def test_whatever_happens_the_rules_hold(seeds: range, request: pytest.FixtureRequest) -> None:
    for seed in seeds:
        result = simulate(seed)
        if request.config.getoption("--seed") is not None:
            sys.stdout.write("\n".join(["", *result.trace, ""]))
        said = "\n".join([*result.trace[-60:], *result.violations])
        assert not result.violations, f"replay it with --seed {seed} -s\n{said}"


def test_a_seed_gives_the_same_life_each_time() -> None:
    assert simulate(7).trace == simulate(7).trace


def test_everything_that_can_happen_does() -> None:
    """A simulation in which hardly anything happens would not find anything."""
    seen = set().union(*(simulate(seed).counts for seed in range(60)))
    wanted = {
        *("SignedIn", "SignedIn renewing", "Failed AccessDenied", "Failed CodeExpired"),
        *("Failed SignedOutByServer", "SignedOut REVOKED", "SignedOut FAILED", "is killed"),
        *("SignedIn KeyringLocked", "SignedIn TransportFailure", "AwaitingApproval ServerFault"),
    }
    assert wanted <= seen, wanted - seen


@pytest.mark.xfail(reason="a token request is given up after 10 s instead of 30, and repeated")
def test_what_was_sent_is_not_sent_again_while_an_answer_may_come() -> None:
    assert KNOWN, "delete this test"
    for seed in range(60):
        assert not simulate(seed, known=frozenset()).violations
