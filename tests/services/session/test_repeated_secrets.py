"""What a session holds is removed from the words of its server, whenever it was sent."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from desktop.oauth.errors import InsufficientScope, ServerFault
from desktop.services.model.profile import tokens_binding, tokens_key
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn
from desktop.services.secrets.secret_encoding import SavedTokens, encode_tokens
from desktop.services.token import queries
from desktop.services.token.details import failure_report, flattened
from tests.oauth.harness import HELD, unsigned_jwt
from tests.services.harness import (
    ACCESS_TOKEN,
    DEVICE_CODE,
    PROFILE,
    REFRESH_TOKEN,
    START,
    TOKENS,
    SessionHarness,
)

USERINFO = {"userinfo_endpoint": "https://login.example/userinfo"}


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    made = SessionHarness()
    yield made
    await made.close()


async def test_a_refresh_token_that_was_loaded_is_not_shown(harness: SessionHarness) -> None:
    tokens = replace(HELD, issued_at=START, expires_at=START + timedelta(hours=1))
    saved = encode_tokens(SavedTokens(tokens, {}), issued_for=tokens_binding(PROFILE))
    harness.keyring.entries[tokens_key(PROFILE)] = saved
    harness.server.metadata = USERINFO
    harness.server.others["/userinfo"] = {"sub": "dana", "echo": f"x {HELD.refresh_token}"}
    harness.session.open(quietly=True)
    await harness.wait_for_state(SignedIn)
    claims = await harness.session.query(queries.fetch_userinfo)
    assert dict(flattened(claims)) == {"sub": "dana", "echo": "x [redacted]"}


async def test_a_refresh_token_that_was_just_issued_is_not_shown(harness: SessionHarness) -> None:
    harness.server.metadata = USERINFO
    harness.server.others["/userinfo"] = {
        REFRESH_TOKEN: "name",
        "list": [ACCESS_TOKEN, {"id": REFRESH_TOKEN}],
    }
    await harness.sign_in()
    rows = flattened(await harness.session.query(queries.fetch_userinfo))
    assert "SECRET" not in str(rows)
    assert ("[redacted]", "name") in rows


async def test_an_error_after_the_sign_in_has_no_token_of_it(harness: SessionHarness) -> None:
    harness.server.metadata = USERINFO
    words = f"{REFRESH_TOKEN}, {ACCESS_TOKEN}"
    refusal = {"error": "insufficient_scope", "error_description": words}
    harness.server.others["/userinfo"] = httpx.Response(403, json=refusal)
    await harness.sign_in()
    with pytest.raises(InsufficientScope) as caught:
        await harness.session.query(queries.fetch_userinfo)
    assert caught.value.description == "[redacted], [redacted]"


async def test_the_report_of_a_failure_has_no_device_code(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    harness.expect(AwaitingApproval)
    harness.server.answers = [{"error": f"bad {DEVICE_CODE}", "error_description": DEVICE_CODE}]
    await harness.clock.advance(6)
    report = failure_report(harness.expect(Failed), PROFILE, harness.clock.utc())
    assert "bad [redacted]" in report
    assert DEVICE_CODE not in report


async def test_the_trouble_while_a_code_waits_has_no_device_code(harness: SessionHarness) -> None:
    await harness.start_sign_in()
    harness.server.answers = [httpx.Response(500, json={"error": f"cannot find {DEVICE_CODE}"})]
    await harness.clock.advance(6)
    trouble = harness.expect(AwaitingApproval).trouble
    assert isinstance(trouble, ServerFault)
    assert trouble.detail == "cannot find [redacted]"
    assert DEVICE_CODE not in str(trouble)


async def test_the_claims_of_a_token_have_no_refresh_token(harness: SessionHarness) -> None:
    token = unsigned_jwt({"sub": "dana", "note": REFRESH_TOKEN})
    harness.server.answers = [{**TOKENS, "access_token": token}]
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert harness.session.claims() == {"sub": "dana", "note": "[redacted]"}
