import pytest

from desktop.oauth import errors
from desktop.oauth.grants.token import request_own_token
from desktop.oauth.model.token_set import TokenSet
from tests.oauth.harness import (
    CONFIDENTIAL,
    TOKEN_ENDPOINT,
    TOKENS,
    ClientHarness,
    error_reply,
    json_reply,
)


async def own_token(
    bench: ClientHarness, *, scope: tuple[str, ...] = (), extra: dict[str, str] | None = None
) -> TokenSet:
    return await request_own_token(bench.connection, TOKEN_ENDPOINT, scope=scope, extra=extra or {})


async def test_a_client_gets_a_token_with_its_secret_alone() -> None:
    bench = ClientHarness(json_reply(TOKENS), client=CONFIDENTIAL)
    tokens = await own_token(bench, scope=("inspect", "enrich:read"))
    assert tokens.access_token == "acc-ess-token"
    assert tokens.scope == ("inspect", "enrich:read")
    assert bench.forms == [
        {
            "grant_type": "client_credentials",
            "scope": "inspect enrich:read",
            "client_id": "client-1",
        }
    ]
    assert bench.requests[0].headers["authorization"].startswith("Basic ")


async def test_a_refresh_token_that_should_not_be_there_is_not_kept() -> None:
    assert (
        await own_token(ClientHarness(json_reply(TOKENS), client=CONFIDENTIAL))
    ).refresh_token is None


async def test_further_parameters_do_not_change_the_grant() -> None:
    bench = ClientHarness(json_reply(TOKENS), client=CONFIDENTIAL)
    await own_token(bench, extra={"audience": "https://api.example", "grant_type": "password"})
    assert bench.forms[0]["audience"] == "https://api.example"
    assert bench.forms[0]["grant_type"] == "client_credentials"
    assert "scope" not in bench.forms[0]


async def test_a_client_that_may_not_use_the_grant_gets_an_error() -> None:
    with pytest.raises(errors.UnauthorizedClient):
        await own_token(ClientHarness(error_reply("unauthorized_client"), client=CONFIDENTIAL))


async def test_a_client_that_is_denied_a_token_was_not_denied_by_a_user() -> None:
    reply = error_reply("access_denied", 403, error_description="Service not found: x")
    with pytest.raises(errors.ForbiddenByPolicy) as caught:
        await own_token(ClientHarness(reply, client=CONFIDENTIAL))
    assert caught.value.description == "Service not found: x"


async def test_a_prompt_is_not_sent_where_no_browser_opens() -> None:
    bench = ClientHarness(json_reply(TOKENS))
    extra = {"audience": "a", "prompt": "select_account"}
    await own_token(bench, extra=extra)
    assert bench.forms[0]["audience"] == "a"
    assert "prompt" not in bench.forms[0]
