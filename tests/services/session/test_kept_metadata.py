"""A sign-in asks for a code at once with kept metadata, and never fails because of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from desktop.oauth import errors
from desktop.services.model.profile import client_secret_key
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut
from tests.services.harness import (
    HOST,
    PASSWORD,
    PENDING,
    PROFILE,
    TOKENS,
    SessionHarness,
    saved_client_secret,
    settle,
)

WELL_KNOWN = "/.well-known/oauth-authorization-server"
CONFIDENTIAL = replace(PROFILE, client_authentication="client_secret_post")
MOVED = {"device_authorization_endpoint": f"https://{HOST}/new-device"}
NEW_CODE = {
    "device_code": "other-SECRET",
    "user_code": "NEW-CODE",
    "verification_uri": f"https://{HOST}/activate",
    "expires_in": 600,
    "interval": 5,
}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SessionHarness]:
    """A harness whose last run has signed in."""
    made = SessionHarness()
    made.metadata_folder = tmp_path / "metadata"
    made.new_session()
    await made.sign_in()
    made.expect(SignedIn)
    start_again(made)
    yield made
    await made.close()
    assert made.server.open == 0
    assert not made.crashes


def start_again(harness: SessionHarness) -> None:
    """Start the next run of the app, with nothing in the keyring."""
    harness.keyring.entries.pop(PROFILE.id, None)
    harness.server.requests.clear()
    harness.server.answers = [PENDING]
    harness.new_session()


def paths(harness: SessionHarness) -> list[str]:
    return [path for path, _ in harness.server.requests]


def file_of(harness: SessionHarness) -> Path:
    assert harness.metadata_folder is not None
    return harness.metadata_folder / "northwind.json"


async def test_one_request_stands_before_the_code(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests(WELL_KNOWN)
    await harness.start_sign_in()
    assert harness.expect(AwaitingApproval).user_code == "CODE-1"
    assert paths(harness) == ["/device", WELL_KNOWN]
    gate.set()
    harness.server.answers = [TOKENS]
    await harness.clock.advance(6)
    harness.expect(SignedIn)
    assert paths(harness) == ["/device", WELL_KNOWN, "/token"]


async def test_without_kept_metadata_the_metadata_comes_first(harness: SessionHarness) -> None:
    file_of(harness).unlink()
    await harness.start_sign_in()
    assert paths(harness) == [WELL_KNOWN, "/device"]


async def test_known_metadata_is_not_fetched_for_the_next_code(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    harness.session.sign_in()
    await settle()
    assert paths(harness) == ["/device", WELL_KNOWN, "/device"]


async def test_tokens_are_requested_where_fresh_metadata_says(harness: SessionHarness) -> None:
    harness.server.metadata = {"token_endpoint": f"https://{HOST}/new-token"}
    harness.server.others["/new-token"] = TOKENS
    await harness.start_sign_in()
    await harness.clock.advance(6)
    harness.expect(SignedIn)
    assert paths(harness) == ["/device", WELL_KNOWN, "/new-token"]


async def test_a_sign_in_that_does_not_end_well_keeps_nothing(harness: SessionHarness) -> None:
    file_of(harness).unlink()
    harness.server.answers = [{"error": "access_denied"}]
    await harness.start_sign_in()
    await harness.clock.advance(6)
    harness.expect(Failed)
    assert not file_of(harness).exists()


async def test_signing_out_removes_what_was_kept(harness: SessionHarness) -> None:
    await harness.sign_in()
    assert file_of(harness).exists()
    harness.session.sign_out()
    await settle()
    harness.expect(SignedOut)
    assert not file_of(harness).exists()


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(400, json={"error": "invalid_request"}),
        httpx.Response(401, json={"error": "invalid_client"}),
        httpx.Response(403),
        httpx.Response(404),
        httpx.Response(302, headers={"location": "https://portal.example/"}),
        httpx.Response(200, html="<html>Please sign in</html>"),
        httpx.Response(503),
        httpx.ReadError("broken off"),
    ],
    ids=str,
)
async def test_a_moved_endpoint_is_found_again(
    harness: SessionHarness, refusal: httpx.Response | Exception
) -> None:
    harness.server.metadata = MOVED
    harness.server.device_answer = refusal
    harness.server.others["/new-device"] = NEW_CODE
    await harness.start_sign_in()
    assert harness.expect(AwaitingApproval).user_code == "NEW-CODE"
    assert paths(harness) == ["/device", WELL_KNOWN, "/new-device"]
    assert not file_of(harness).exists()
    assert harness.state_names[-2:] == ["Requesting", "AwaitingApproval"]


async def test_a_code_of_an_endpoint_that_moved_is_replaced(harness: SessionHarness) -> None:
    harness.server.metadata = MOVED
    harness.server.others["/new-device"] = NEW_CODE
    await harness.start_sign_in()
    assert harness.expect(AwaitingApproval).user_code == "NEW-CODE"
    harness.server.answers = [TOKENS]
    await harness.clock.advance(6)
    harness.expect(SignedIn)
    assert harness.server.requests[-1][1]["device_code"] == "other-SECRET"


async def test_a_client_secret_that_is_refused_is_sent_once(tmp_path: Path) -> None:
    harness = SessionHarness(CONFIDENTIAL)
    harness.metadata_folder = tmp_path
    secret = saved_client_secret(PASSWORD, CONFIDENTIAL)
    harness.keyring.entries[client_secret_key(CONFIDENTIAL)] = secret
    harness.new_session(CONFIDENTIAL)
    await harness.sign_in()
    start_again(harness)
    harness.new_session(CONFIDENTIAL)
    harness.server.device_answer = httpx.Response(401, json={"error": "invalid_client"})
    await harness.start_sign_in()
    assert isinstance(harness.expect(Failed).error, errors.InvalidClient)
    assert paths(harness) == ["/device", WELL_KNOWN]
    await harness.close()


async def test_metadata_that_now_names_another_issuer_ends_the_sign_in(
    harness: SessionHarness,
) -> None:
    harness.server.metadata = {"issuer": "https://evil.example"}
    await harness.start_sign_in()
    assert isinstance(harness.expect(Failed).error, errors.MetadataMismatch)
    assert "/token" not in paths(harness)
    assert not file_of(harness).exists()


async def test_a_code_on_screen_outlives_metadata_that_cannot_be_fetched(
    harness: SessionHarness,
) -> None:
    harness.server.description = httpx.Response(503)
    await harness.start_sign_in()
    assert harness.expect(AwaitingApproval).user_code == "CODE-1"
    await harness.clock.advance(6)
    trouble = harness.expect(AwaitingApproval).trouble
    assert isinstance(trouble, errors.ServerFault)
    assert "/token" not in paths(harness)
    harness.server.description = None
    harness.server.answers = [TOKENS]
    await harness.clock.advance(20)
    harness.expect(SignedIn)


async def test_without_a_network_the_sign_in_says_so(harness: SessionHarness) -> None:
    harness.server.offline = True
    await harness.start_sign_in()
    assert isinstance(harness.expect(Failed).error, errors.TransportFailure)
    assert paths(harness) == ["/device", WELL_KNOWN, "/"]  # is there a portal in front of it?
