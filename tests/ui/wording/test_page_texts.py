"""What the pages say."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from desktop.services.model.profile import Profile
from desktop.services.token.details import token_details
from desktop.services.wording.formats import format_exact_time
from desktop.ui.wording.page_texts import cost_of_keeping_fresh, parties, setting_not_saved
from tests.sample_states import PROFILE, signed_in

OTHER = Profile(id="other", name="Other", client_id="c")
SHARED = " Your organization's limit is 8,000 an hour."


@pytest.fixture
def in_warsaw(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system's zone cannot be set for one program")
    monkeypatch.setenv("TZ", "Europe/Warsaw")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_warsaw")
@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 23, 3, 0, 5, tzinfo=UTC), "23 November 2026, 04:00:05 CET"),
        (datetime(2026, 7, 1, 22, 30, 0, tzinfo=UTC), "2 July 2026, 00:30:00 CEST"),
    ],
)
def test_a_time_is_local_and_names_its_zone(at: datetime, words: str) -> None:
    assert format_exact_time(at) == words


@pytest.mark.parametrize(
    ("lifetime", "profile", "words"),
    [
        (600.0, PROFILE, f"160 requests a day on this computer.{SHARED}"),
        (None, PROFILE, f"160 requests a day on this computer.{SHARED}"),
        (3600.0, OTHER, "27 requests a day on this computer."),
        (864000.0, OTHER, "1 request a day on this computer."),
        (1.0, None, "1440 requests a day on this computer."),
    ],
)
def test_what_keeping_fresh_costs_is_computed(
    lifetime: float | None, profile: Profile | None, words: str
) -> None:
    assert cost_of_keeping_fresh(lifetime, profile) == f"Uses about {words}"


def test_a_setting_that_could_not_be_saved_is_told_with_its_reason() -> None:
    error = OSError(28, "No space left on device")
    assert setting_not_saved(error, at_login=False) == (
        "Your settings apply until you quit, but couldn't be saved: No space left on device."
    )
    assert setting_not_saved(OSError(), at_login=True) == (
        "Couldn't change “Start at login”: unknown error."
    )


@pytest.mark.parametrize(
    ("token_type", "words"), [("Bearer", "Bearer"), ("DPoP", "DPoP (bound to this computer)")]
)
def test_the_details_say_whether_the_token_is_bound(token_type: str, words: str) -> None:
    state = replace(signed_in(), token_type=token_type)
    details = token_details(state, profile=PROFILE, metadata=None, claims={})
    assert ("Token type", words) in parties(details)
