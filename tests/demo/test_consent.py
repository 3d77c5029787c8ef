"""The way without a code: a page that sends the browser back to the program (RFC 6749, 4.1)."""

import base64
import hashlib
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.demo.authorization_codes import CODE_LIFETIME, PAGE_LIFETIME
from desktop.demo.clients import POST_ONLY_CLIENT_ID
from desktop.demo.pages import AUTHORIZE_PATH
from desktop.demo.store import MOST_VALUES
from tests.demo.harness import Harness, assert_error, request_key

VERIFIER = "veri-fier-" * 5
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
BACK = "http://127.0.0.1:49152/callback"
ASKED = {
    "response_type": "code",
    "client_id": PUBLIC_CLIENT_ID,
    "redirect_uri": BACK,
    "scope": "enrich:read admin",
    "state": "the-state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


async def ask(harness: Harness, **changes: str) -> httpx.Response:
    query = {name: value for name, value in (ASKED | changes).items() if value}
    return await harness.browser.get(AUTHORIZE_PATH, params=query, follow_redirects=False)


async def decide(harness: Harness, name: str, decision: str) -> httpx.Response:
    data = {"request_key": name, "decision": decision}
    return await harness.browser.post(AUTHORIZE_PATH, data=data, follow_redirects=False)


def brought(answer: httpx.Response) -> dict[str, str]:
    """What the browser brings back to the program."""
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{BACK}?")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: value for name, (value,) in query.items()}


async def approved(harness: Harness, **changes: str) -> str:
    answer = await decide(harness, request_key(await ask(harness, **changes)), "approve")
    found = brought(answer)
    assert found["state"] == "the-state"
    return found["code"]


async def redeem(harness: Harness, code: str, **changes: str) -> httpx.Response:
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return await harness.token(grant_type="authorization_code", **(form | changes))


async def test_an_approval_brings_a_code_that_is_good_for_a_token(harness: Harness) -> None:
    answer = (await redeem(harness, await approved(harness))).json()
    assert answer["scope"] == "enrich:read"
    assert answer["refresh_token"]


async def test_the_page_says_what_is_asked_and_lets_the_browser_go_back(harness: Harness) -> None:
    page = await ask(harness)
    assert "Approve only if you started this yourself" in page.text
    assert "<code>admin</code>" in page.text
    assert "form-action 'self' http://127.0.0.1:49152;" in page.headers["content-security-policy"]


async def test_a_refusal_is_brought_back(harness: Harness) -> None:
    found = brought(await decide(harness, request_key(await ask(harness)), "deny"))
    assert (found["error"], found["state"]) == ("access_denied", "the-state")


async def test_nothing_to_grant_is_a_refusal(harness: Harness) -> None:
    page = await ask(harness, scope="admin")
    assert 'id="approve"' not in page.text
    assert brought(await decide(harness, request_key(page), "approve"))["error"] == "access_denied"


@pytest.mark.parametrize("seconds", [0, 3.0])
async def test_the_analyst_may_approve_without_a_page(
    harness_with: Callable[..., Harness], seconds: float
) -> None:
    assert "code" in brought(await ask(harness_with(approve_after=seconds)))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"client_id": POST_ONLY_CLIENT_ID}, "unauthorized_client"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "enrich:nonsense"}, "invalid_scope"),
    ],
)
async def test_a_wrong_question_is_answered_to_the_program(
    harness: Harness, changes: dict[str, str], error: str
) -> None:
    assert brought(await ask(harness, **changes))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": ""},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:49152/elsewhere"},
        {"redirect_uri": "http://127.0.0.1:x/callback"},
        {"redirect_uri": "http://127.0.0.1:49152/callback?a=b"},
    ],
)
async def test_no_browser_is_sent_to_an_address_that_is_not_known(
    harness: Harness, changes: dict[str, str]
) -> None:
    assert_error(await ask(harness, **changes), 400, "invalid_request")


async def test_without_scopes_all_that_the_analyst_holds_is_asked_for(harness: Harness) -> None:
    answer = await redeem(harness, await approved(harness, scope=""))
    assert "casebook" in answer.json()["scope"]


async def test_a_page_decides_once_and_not_for_ever(harness: Harness) -> None:
    name = request_key(await ask(harness))
    await decide(harness, name, "approve")
    assert_error(await decide(harness, name, "approve"), 400, "invalid_request")
    late = request_key(await ask(harness))
    harness.clock.advance(PAGE_LIFETIME)
    assert_error(await decide(harness, late, "approve"), 400, "invalid_request")


async def test_a_code_is_good_once_and_for_a_minute(harness: Harness) -> None:
    code = await approved(harness)
    assert (await redeem(harness, code)).status_code == 200
    assert_error(await redeem(harness, code), 400, "invalid_grant")
    late = await approved(harness)
    harness.clock.advance(CODE_LIFETIME)
    assert_error(await redeem(harness, late), 400, "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:1/callback"},
        {"code_verifier": "another-" * 6},
        {"code": "guessed"},
    ],
)
async def test_a_code_is_good_only_with_what_it_was_asked_with(
    harness: Harness, changes: dict[str, str]
) -> None:
    code = await approved(harness)
    assert_error(await redeem(harness, **({"code": code} | changes)), 400, "invalid_grant")


async def test_old_questions_and_codes_make_room(harness: Harness) -> None:
    first_page, first_code = request_key(await ask(harness)), await approved(harness)
    request = harness.state.codes.requests.pop(request_key(await ask(harness)))
    assert request is not None
    for _ in range(MOST_VALUES):
        harness.state.codes.requests.add(request)
        harness.state.codes.issued.add(request)
    assert_error(await decide(harness, first_page, "approve"), 400, "invalid_request")
    assert_error(await redeem(harness, first_code), 400, "invalid_grant")
