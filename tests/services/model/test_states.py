"""The states that window and terminal show."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from desktop.services.model.states import AwaitingApproval, SignedIn

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def signed_in(*, lifetime: float | None) -> SignedIn:
    expires_at = None if lifetime is None else NOW + timedelta(seconds=lifetime)
    return SignedIn(("read",), ("read",), "Bearer", NOW, expires_at, "dana", "Northwind")


def test_a_token_knows_its_remaining_lifetime() -> None:
    state = signed_in(lifetime=600)
    assert (state.lifetime, state.remaining(NOW)) == (600, 600)
    assert state.remaining(NOW + timedelta(seconds=601)) == 0


def test_a_token_that_never_expires_has_no_lifetime() -> None:
    state = signed_in(lifetime=None)
    assert (state.lifetime, state.remaining(NOW)) == (None, None)


@pytest.mark.parametrize("complete", [None, "https://login.example/activate?user_code=X"])
def test_the_link_to_open_contains_the_code_if_the_server_sent_one(complete: str | None) -> None:
    link = "https://login.example/activate"
    state = AwaitingApproval(
        "X", link, complete, "login.example", True, NOW, 600, NOW, 0, None, NOW
    )
    assert state.link == (complete or link)


def test_states_load_nothing_heavy() -> None:
    code = (
        "import sys, desktop.services.model.states;"
        "print({'httpx', 'asyncio', 'keyring'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
