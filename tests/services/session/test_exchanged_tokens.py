"""Tokens of other services: requested for the session's own, and held as long as they are good."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import jwt
import pytest

from desktop.oauth import errors
from desktop.services.model.access_token import AccessToken
from desktop.services.model.errors import (
    ExchangeNotAllowed,
    ExchangeRefused,
    NoToken,
    SignedOutByServer,
)
from desktop.services.model.exchanges import Exchange, ExchangedToken
from desktop.services.model.profile import client_secret_key
from desktop.services.model.states import Failed, SignedIn, SignedOut
from desktop.services.wording.error_codes import error_code
from desktop.services.wording.messages import Surface, advice_for
from tests.oauth.harness import unsigned_jwt
from tests.services.harness import (
    ACCESS_TOKEN,
    HOST,
    PASSWORD,
    PROFILE,
    START,
    TOKENS,
    SessionHarness,
    saved_client_secret,
    settle,
)

SERVICE = "https://api.example/v3/access_tokens"
PATH = "/v3/access_tokens"
SECOND = "second-SECRET"
BEARER = Exchange("secure-endpoint", "bearer", SERVICE)
ORDERS = Exchange("orders", audience="orders", scope=("read",))


def issued(token: str = SECOND, lifetime: float | None = 300) -> dict[str, object]:
    answer: dict[str, object] = {"access_token": token, "token_type": "Bearer"}
    return answer if lifetime is None else answer | {"expires_in": lifetime}


@pytest.fixture
async def harness() -> AsyncIterator[SessionHarness]:
    """Be signed in after 6 seconds, for 600; the other token lives for 300."""
    made = SessionHarness()
    made.server.others[PATH] = issued()
    await made.sign_in()
    yield made
    await made.close()
    assert not made.crashes


async def fetch(
    harness: SessionHarness, validity: float = 0.0, exchange: Exchange = BEARER
) -> AccessToken:
    fetching = asyncio.ensure_future(harness.session.exchanged.fetch(exchange, validity))
    await harness.clock.advance(1)
    return await fetching


def count(harness: SessionHarness) -> int:
    return harness.server.count_requests(PATH)


async def test_it_is_requested_with_the_first_and_held(harness: SessionHarness) -> None:
    found = await fetch(harness)
    assert found == AccessToken(SECOND, "Bearer", START + timedelta(seconds=306), ())
    assert harness.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}"
    assert await fetch(harness) == found
    assert count(harness) == 1


async def test_nothing_is_requested_before_somebody_asks(harness: SessionHarness) -> None:
    await harness.clock.advance(300)
    assert count(harness) == 0
    assert harness.expect(SignedIn).exchanged == ()


async def test_the_state_lists_it_by_name_and_expiry_but_without_the_token(
    harness: SessionHarness,
) -> None:
    await fetch(harness)
    state = harness.expect(SignedIn)
    assert state.exchanged == (ExchangedToken("secure-endpoint", START + timedelta(seconds=306)),)
    shown = f"{harness.states!r} {harness.session.exchanged!r}"
    assert SECOND not in shown
    assert ACCESS_TOKEN not in shown


async def test_it_is_saved_nowhere(harness: SessionHarness) -> None:
    await fetch(harness)
    assert SECOND not in str(harness.keyring.entries)


async def test_those_who_ask_at_once_cause_one_request(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests(PATH)
    asking = [asyncio.ensure_future(harness.session.exchanged.fetch(BEARER, 60)) for _ in range(50)]
    await settle()
    gate.set()
    found = await asyncio.gather(*asking)
    assert {each.access_token for each in found} == {SECOND}
    assert count(harness) == 1


async def test_those_who_ask_at_once_hear_the_same_refusal(harness: SessionHarness) -> None:
    harness.server.others[PATH] = {"error": "invalid_target"}
    gate = harness.server.hold_requests(PATH)
    asking = [asyncio.ensure_future(harness.session.exchanged.fetch(BEARER, 0)) for _ in range(5)]
    await settle()
    gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(each) for each in found} == {ExchangeRefused}
    assert count(harness) == 1
    with pytest.raises(ExchangeRefused):  # who asks later asks the server
        await fetch(harness)
    assert count(harness) == 2


async def test_the_next_one_asks_if_the_first_gives_up(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests(PATH)
    first, second = (
        asyncio.ensure_future(harness.session.exchanged.fetch(BEARER, 0)) for _ in range(2)
    )
    await settle()
    first.cancel()
    await settle()
    gate.set()
    assert (await second).access_token == SECOND
    assert first.cancelled()
    assert count(harness) == 2


async def test_different_exchanges_do_not_wait_for_each_other(harness: SessionHarness) -> None:
    harness.server.others["/other"] = issued("other-SECRET")
    harness.server.hold_requests(PATH)
    waiting = asyncio.ensure_future(harness.session.exchanged.fetch(BEARER, 0))
    other = Exchange("other", "bearer", "https://api.example/other")
    assert (await fetch(harness, exchange=other)).access_token == "other-SECRET"
    waiting.cancel()


async def test_it_is_renewed_when_it_is_about_to_lapse_and_somebody_asks(
    harness: SessionHarness,
) -> None:
    await fetch(harness)
    harness.server.others[PATH] = issued("third-SECRET")
    await harness.clock.advance(200)
    assert (await fetch(harness)).access_token == SECOND
    await harness.clock.advance(60)
    assert count(harness) == 1
    assert (await fetch(harness)).access_token == "third-SECRET"
    assert count(harness) == 2


async def test_it_is_renewed_if_it_is_not_valid_for_long_enough(harness: SessionHarness) -> None:
    await fetch(harness)
    harness.server.others[PATH] = issued("third-SECRET")
    await harness.clock.advance(180)
    assert (await fetch(harness, 60)).access_token == SECOND
    assert (await fetch(harness, 150)).access_token == "third-SECRET"


async def test_who_wants_more_than_it_lives_gets_the_first_half_of_its_life(
    harness: SessionHarness,
) -> None:
    await fetch(harness, 86400)
    await fetch(harness, 86400)
    assert count(harness) == 1


async def test_the_old_one_is_good_while_the_server_fails(harness: SessionHarness) -> None:
    await fetch(harness)
    await harness.clock.advance(250)
    harness.server.others[PATH] = httpx.Response(503)
    assert (await fetch(harness)).access_token == SECOND
    assert (await fetch(harness, 60)).access_token == SECOND
    assert count(harness) == 2, "a server that fails is left alone for a moment"
    await harness.clock.advance(30)
    assert (await fetch(harness)).access_token == SECOND
    assert count(harness) == 3
    await harness.clock.advance(30)
    with pytest.raises(errors.ServerFault):
        await fetch(harness)


async def test_one_without_an_expiry_is_held_as_long_as_the_first(
    harness: SessionHarness,
) -> None:
    harness.server.others[PATH] = issued(lifetime=None)
    assert (await fetch(harness)).expires_at is None
    await fetch(harness, 3600)
    assert count(harness) == 1
    harness.session.renew()
    await settle()
    await fetch(harness)
    assert count(harness) == 2


async def test_a_renewal_of_the_first_leaves_it(harness: SessionHarness) -> None:
    await fetch(harness)
    harness.session.renew()
    await settle()
    assert (await fetch(harness)).access_token == SECOND
    assert count(harness) == 1


async def test_an_expired_first_one_is_renewed_before(harness: SessionHarness) -> None:
    await harness.clock.advance(700)
    assert (await fetch(harness)).access_token == SECOND
    assert harness.server.authorizations[-1] == f"Bearer {ACCESS_TOKEN}-1"


async def test_a_first_one_that_is_not_accepted_is_renewed_once(harness: SessionHarness) -> None:
    await harness.clock.advance(60)
    harness.server.others[PATH] = httpx.Response(401, json={"error": "invalid_token"})
    with pytest.raises(ExchangeRefused) as caught:
        await fetch(harness)
    assert isinstance(caught.value.__cause__, errors.InvalidToken)
    assert error_code(caught.value) == "server"
    assert harness.server.count_renewals() == 1
    assert count(harness) == 2


@pytest.mark.parametrize(
    ("exchange", "refusal"),
    [
        (BEARER, httpx.Response(401, json={"error": "invalid_token"})),
        (replace(ORDERS, url=SERVICE), httpx.Response(400, json={"error": "invalid_grant"})),
    ],
)
async def test_a_service_that_refuses_every_token_causes_one_renewal_a_minute(
    harness: SessionHarness, exchange: Exchange, refusal: httpx.Response
) -> None:
    harness.server.others[PATH] = refusal
    await harness.clock.advance(60)
    for _ in range(20):
        with pytest.raises(ExchangeRefused):
            await fetch(harness, exchange=exchange)
    assert harness.server.count_renewals() == 1
    await harness.clock.advance(60)
    with pytest.raises(ExchangeRefused):
        await fetch(harness, exchange=exchange)
    assert harness.server.count_renewals() == 2


async def test_signing_out_forgets_it(harness: SessionHarness) -> None:
    await fetch(harness)
    harness.session.sign_out()
    await settle()
    assert isinstance(harness.state, SignedOut)
    assert harness.session.exchanged.held() == ()
    with pytest.raises(NoToken):
        await fetch(harness)
    assert count(harness) == 1


async def test_who_waits_while_somebody_signs_out_gets_nothing(harness: SessionHarness) -> None:
    gate = harness.server.hold_requests(PATH)
    waiting = asyncio.ensure_future(harness.session.exchanged.fetch(BEARER, 0))
    await settle()
    harness.session.sign_out()
    await settle()
    gate.set()
    with pytest.raises(NoToken):
        await waiting
    assert harness.session.exchanged.held() == ()


async def test_another_sign_in_forgets_it(harness: SessionHarness) -> None:
    await fetch(harness)
    harness.server.others[PATH] = issued("third-SECRET")
    await harness.sign_in()
    assert (await fetch(harness)).access_token == "third-SECRET"


async def test_a_token_of_another_user_forgets_it(harness: SessionHarness) -> None:
    await fetch(harness)
    other = unsigned_jwt({"email": "robin@northwind.example"})
    harness.server.rotation.troubles = [httpx.Response(200, json=TOKENS | {"access_token": other})]
    harness.session.renew()
    await settle()
    harness.server.others[PATH] = issued("third-SECRET")
    assert (await fetch(harness)).access_token == "third-SECRET"


async def test_a_sign_in_that_the_server_ended_gives_none(harness: SessionHarness) -> None:
    await fetch(harness)
    harness.server.rotation.revoked = True
    harness.session.renew()
    await settle()
    assert isinstance(harness.expect(Failed).error, SignedOutByServer)
    with pytest.raises(NoToken):
        await fetch(harness)


async def test_a_changed_exchange_does_not_give_the_old_token(harness: SessionHarness) -> None:
    await fetch(harness)
    harness.server.others["/other"] = issued("other-SECRET")
    changed = replace(BEARER, url="https://api.example/other")
    assert (await fetch(harness, exchange=changed)).access_token == "other-SECRET"


async def test_a_clock_that_was_set_back_does_not_prolong_its_life(
    harness: SessionHarness,
) -> None:
    await fetch(harness)
    harness.clock.set_wall_clock(-3600)
    await harness.clock.advance(300)
    await fetch(harness)
    assert count(harness) == 2


async def test_token_exchange_goes_to_the_token_endpoint() -> None:
    harness = SessionHarness()
    await harness.sign_in()
    harness.server.answers = [issued() | {"issued_token_type": "x"}]
    assert (await fetch(harness, exchange=ORDERS)).access_token == SECOND
    path, form = harness.server.requests[-1]
    assert path == "/token"
    assert form["subject_token"] == ACCESS_TOKEN
    assert (form["audience"], form["scope"]) == ("orders", "read")
    await harness.close()


@pytest.mark.parametrize(
    ("url", "sends_secret"),
    [
        (f"https://{HOST}/exchange", True),
        ("https://sts.example/exchange", False),
        (f"https://{HOST}:8443/exchange", False),
    ],
)
async def test_the_client_secret_stays_on_the_server_that_it_is_for(
    url: str, *, sends_secret: bool
) -> None:
    confidential = replace(PROFILE, client_authentication="client_secret_post")
    harness = SessionHarness(confidential)
    key, value = client_secret_key(confidential), saved_client_secret(PASSWORD, confidential)
    await harness.keyring.save(key, value)
    await harness.sign_in()
    harness.server.others["/exchange"] = issued()
    await fetch(harness, exchange=replace(ORDERS, url=url))
    _, form = harness.server.requests[-1]
    assert form["client_id"] == "client-1"
    assert (form.get("client_secret") == PASSWORD) is sends_secret
    assert harness.server.authorizations[-1] == ""
    await harness.close()


BINDING = {
    "dpop_signing_alg_values_supported": ["ES256"],
    "revocation_endpoint": f"https://{HOST}/revoke",
}
BOUND = {"token_type": "DPoP"}


async def sign_in_bound(**profile: object) -> SessionHarness:
    """Sign in with a token that is bound to a key."""
    harness = SessionHarness(replace(PROFILE, **profile))  # type: ignore[arg-type]
    harness.server.metadata = dict(BINDING)
    harness.server.answers = [TOKENS | BOUND]
    harness.session.sign_in()
    await harness.clock.advance(6)
    assert harness.expect(SignedIn).is_bound
    return harness


@pytest.mark.parametrize("url", ["", f"https://{HOST}/exchange"])
@pytest.mark.parametrize("answer", [{}, BOUND], ids=["bearer", "bound"])
async def test_a_bound_token_is_exchanged_with_a_proof_of_its_key(
    url: str, answer: dict[str, object]
) -> None:
    harness = await sign_in_bound()
    harness.server.answers = [issued() | answer]
    harness.server.others["/exchange"] = issued() | answer
    found = await fetch(harness, exchange=replace(ORDERS, url=url))
    keys = [jwt.get_unverified_header(each)["jwk"] for each in harness.server.proofs if each]
    assert harness.server.proofs[-1]
    assert keys[0] == keys[-1]
    proof = jwt.decode(harness.server.proofs[-1], options={"verify_signature": False})
    assert (proof["htm"], proof["htu"]) == ("POST", url or f"https://{HOST}/token")
    assert found.is_bound == bool(answer)
    await harness.close()


async def test_the_nonce_that_the_server_requires_is_in_the_proof_of_an_exchange() -> None:
    harness = await sign_in_bound()
    harness.server.answers = [
        httpx.Response(400, json={"error": "use_dpop_nonce"}, headers={"DPoP-Nonce": "n1"}),
        issued(),
    ]
    assert (await fetch(harness, exchange=ORDERS)).access_token == SECOND
    proof = jwt.decode(harness.server.proofs[-1], options={"verify_signature": False})
    assert proof["nonce"] == "n1"
    await harness.close()


async def test_another_server_gets_no_proof_for_an_exchange() -> None:
    harness = await sign_in_bound()
    harness.server.others["/exchange"] = issued()
    await fetch(harness, exchange=replace(ORDERS, url="https://sts.example/exchange"))
    assert harness.server.proofs[-1] == ""
    await harness.close()


async def test_a_bearer_token_is_exchanged_without_a_proof() -> None:
    harness = SessionHarness()
    harness.server.metadata = dict(BINDING)
    await harness.sign_in()  # the server answers with a bearer token
    harness.server.answers = [issued()]
    await fetch(harness, exchange=ORDERS)
    assert harness.server.proofs[-1] == ""
    await harness.close()


async def test_where_it_is_required_an_exchanged_bearer_token_is_refused_and_revoked() -> None:
    harness = await sign_in_bound(dpop="required")
    harness.server.others["/revoke"] = {}
    harness.server.answers = [issued()]
    with pytest.raises(ExchangeRefused):
        await fetch(harness, exchange=ORDERS)
    path, form = harness.server.requests[-1]
    assert (path, form["token"]) == ("/revoke", SECOND)
    await harness.close()


async def test_the_token_of_another_server_is_not_sent_to_ours_to_be_revoked() -> None:
    harness = await sign_in_bound(dpop="required")
    harness.server.others |= {"/revoke": {}, "/exchange": issued()}
    with pytest.raises(ExchangeRefused):
        await fetch(harness, exchange=replace(ORDERS, url="https://sts.example/exchange"))
    assert not harness.server.count_requests("/revoke")
    await harness.close()


@pytest.mark.parametrize(
    ("answer", "kind", "code", "words"),
    [
        (
            httpx.Response(403, json={"error": "insufficient_scope"}),
            ExchangeNotAllowed,
            "forbidden",
            "api.example requires a scope or role that your sign-in doesn't have.",
        ),
        (
            {"error": "unauthorized_client", "error_description": "No exchange for you"},
            ExchangeNotAllowed,
            "forbidden",
            "The server says: “No exchange for you”.",
        ),
        (
            httpx.Response(404),
            ExchangeRefused,
            "server",
            "Check that your organization uses this service",
        ),
        (
            httpx.Response(400, json={"errors": [{"details": ["Not a business"]}]}),
            ExchangeRefused,
            "server",
            "api.example didn't issue a token for your sign-in.",
        ),
        (
            issued() | {"token_type": "N_A"},
            ExchangeRefused,
            "server",
            "api.example didn't issue a token for your sign-in.",
        ),
    ],
)
async def test_a_refusal_names_the_exchange_and_what_helps(
    harness: SessionHarness, answer: object, kind: type[Exception], code: str, words: str
) -> None:
    harness.server.others[PATH] = answer  # type: ignore[assignment] # an answer of any kind
    with pytest.raises(ExchangeRefused) as caught:
        await fetch(harness)
    assert type(caught.value) is kind
    assert error_code(caught.value) == code
    advice = advice_for(caught.value, surface=Surface.TERMINAL)
    assert "“secure-endpoint”" in advice.title
    assert words in advice.text


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (httpx.ConnectError("refused"), errors.TransportFailure, "network"),
        (httpx.Response(503), errors.ServerFault, "network"),
        (httpx.Response(429), errors.Throttled, "network"),
        (httpx.Response(200, html="<html>"), errors.PageInsteadOfAnswer, "server"),
    ],
)
async def test_what_may_pass_is_no_refusal(
    harness: SessionHarness, answer: Exception | httpx.Response, kind: type[Exception], code: str
) -> None:
    harness.server.others[PATH] = answer
    with pytest.raises(kind) as caught:
        await fetch(harness)
    assert error_code(caught.value) == code


async def test_who_waits_while_somebody_else_signs_in_gets_nothing_of_the_one_before(
    harness: SessionHarness,
) -> None:
    gate = harness.server.hold_requests(PATH)
    waiting = asyncio.ensure_future(harness.session.exchanged.fetch(BEARER, 0))
    await settle()
    harness.session.sign_out()
    await settle()
    await harness.sign_in()  # with opaque tokens, nobody knows as whom
    gate.set()
    with pytest.raises(NoToken):
        await waiting
    assert harness.session.exchanged.held() == ()
