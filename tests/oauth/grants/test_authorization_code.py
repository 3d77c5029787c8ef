import base64
import hashlib
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth import errors
from desktop.oauth.grants.authorization_code import (
    AuthorizationRequest,
    code_in,
    is_answer,
    new_request,
    redeem,
)
from desktop.oauth.metadata import ServerMetadata
from desktop.oauth.model.token_set import TokenSet
from tests.oauth.harness import (
    ENDPOINTS,
    HOST,
    TOKEN_ENDPOINT,
    TOKENS,
    ClientHarness,
    error_reply,
    fuzzed,
    json_reply,
)

ISSUER = f"https://{HOST}"
REDIRECT = "http://127.0.0.1:49152/callback"
METADATA = replace(ENDPOINTS, authorization_endpoint=f"{ISSUER}/authorize")
SCOPE = ("profile", "inspect")
BENCH = ClientHarness(json_reply(TOKENS))


def asked(
    metadata: ServerMetadata = METADATA,
    *,
    scope: tuple[str, ...] = SCOPE,
    extra: dict[str, str] | None = None,
) -> AuthorizationRequest:
    return new_request(
        BENCH.connection, metadata, redirect_uri=REDIRECT, scope=scope, extra=extra or {}
    )


def query_of(request: AuthorizationRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.address).query, strict_parsing=True))


def answered(request: AuthorizationRequest, **members: str) -> str:
    return urlencode({"state": request.state, **members})


def test_the_authorization_request_follows_the_standards() -> None:
    request = asked()
    query = query_of(request)
    digest = hashlib.sha256(request.code_verifier.encode()).digest()
    assert request.address.startswith(f"{ISSUER}/authorize?")
    assert request.host == HOST
    assert query == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": REDIRECT,
        "scope": "profile inspect",
        "state": request.state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert "scope=profile%20inspect" in request.address


def test_each_authorization_request_is_different_and_hides_its_secrets() -> None:
    one, other = asked(), asked()
    assert one.state != other.state
    assert one.code_verifier != other.code_verifier
    assert len(one.code_verifier) >= 43  # RFC 7636 section 4.1
    assert one.state not in repr(one)
    assert one.code_verifier not in repr(one)
    assert one.code_verifier not in one.address


@pytest.mark.parametrize(
    ("scope", "extra", "prompt"),
    [
        (("openid", "offline_access"), {}, "consent"),
        (("openid", "offline_access"), {"prompt": "select_account"}, "select_account"),
        (("openid", "offline_access:x"), {}, None),
        ((), {}, None),
    ],
)
def test_offline_access_asks_for_consent_unless_the_profile_has_another_prompt(
    scope: tuple[str, ...], extra: dict[str, str], prompt: str | None
) -> None:
    assert query_of(asked(scope=scope, extra=extra)).get("prompt") == prompt


def test_without_scopes_the_server_chooses() -> None:
    assert "scope" not in query_of(asked(scope=()))


def test_further_parameters_do_not_replace_those_that_protect() -> None:
    extra = {"audience": "https://api.example", "state": "fixed", "code_challenge_method": "plain"}
    query = query_of(asked(extra=extra))
    assert query["audience"] == "https://api.example"
    assert query["state"] != "fixed"
    assert query["code_challenge_method"] == "S256"


def test_a_query_of_the_endpoint_stays_and_a_fragment_goes() -> None:
    request = asked(replace(METADATA, authorization_endpoint=f"{ISSUER}/a?tenant=soc#top"))
    assert query_of(request)["tenant"] == "soc"
    assert "#" not in request.address


@pytest.mark.parametrize(
    "endpoint", ["http://login.example/a", "https://lógin.example/a", "file:///a"]
)
def test_a_page_that_no_browser_should_open_is_refused(endpoint: str) -> None:
    with pytest.raises(errors.UnsafeAddress):
        asked(replace(METADATA, authorization_endpoint=endpoint))


def test_the_code_is_taken_from_the_redirect() -> None:
    request = asked()
    query = answered(request, code="the-code")
    assert is_answer(query, request)
    assert code_in(query, request) == "the-code"


@pytest.mark.parametrize(
    "query", ["", "code=x", "code=x&state=guessed", "state=%ff", "state=\u00e9", "a=1&" * 60]
)
def test_a_redirect_without_the_state_is_ignored(query: str) -> None:
    assert not is_answer(query, asked())


def test_a_redirect_with_a_repeated_parameter_is_ignored() -> None:
    request = asked()
    assert not is_answer(f"{answered(request, code='a')}&code=b", request)


@fuzzed
@given(st.text())
def test_any_other_query_is_ignored(query: str) -> None:
    request = asked()
    assert not is_answer(query, request)
    with pytest.raises(errors.OAuthError):
        code_in(query, request)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("access_denied", errors.AccessDenied),
        ("unauthorized_client", errors.UnauthorizedClient),
        ("invalid_scope", errors.InvalidScope),
        ("unsupported_response_type", errors.UnsupportedGrantType),
        ("something_new", errors.ErrorResponse),
        ("temporarily_unavailable", errors.ServerFault),
    ],
)
def test_an_error_in_the_redirect_is_raised(error: str, kind: type[errors.OAuthError]) -> None:
    request = asked()
    with pytest.raises(errors.OAuthError) as caught:
        code_in(answered(request, error=error, error_description="Some words"), request)
    assert type(caught.value) is kind
    assert getattr(caught.value, "host", "") == HOST


def test_a_policy_of_the_organization_is_recognized() -> None:
    request = asked()
    with pytest.raises(errors.ForbiddenByPolicy):
        code_in(answered(request, error="x", error_description="AADSTS53003: no"), request)


def test_an_answer_without_code_is_unusable() -> None:
    request = asked()
    with pytest.raises(errors.UnusableAnswer):
        code_in(answered(request), request)


@pytest.mark.parametrize("issuer", [ISSUER, f"{ISSUER}/"])
def test_a_redirect_may_name_the_expected_issuer(issuer: str) -> None:
    request = asked()
    assert code_in(answered(request, code="x", iss=issuer), request) == "x"


@pytest.mark.parametrize("members", [{"code": "x"}, {"error": "access_denied"}])
def test_a_redirect_of_another_issuer_is_rejected(members: dict[str, str]) -> None:
    request = asked()
    with pytest.raises(errors.WrongIssuer) as caught:
        code_in(answered(request, iss="https://evil.example", **members), request)
    assert caught.value.found == "https://evil.example"


def test_a_redirect_of_an_issuer_that_looks_like_the_expected_one_shows_it() -> None:
    request = asked()
    lookalike = ISSUER.replace("o", "\u043e")
    with pytest.raises(errors.WrongIssuer) as caught:
        code_in(answered(request, iss=lookalike, code="x"), request)
    assert caught.value.found.startswith("https://xn--")


def test_an_announced_issuer_must_be_in_the_redirect() -> None:
    request = asked(replace(METADATA, authorization_response_iss_parameter_supported=True))
    with pytest.raises(errors.WrongIssuer):
        code_in(answered(request, code="x"), request)
    assert code_in(answered(request, code="x", iss=ISSUER), request) == "x"


@pytest.mark.parametrize("issuer", ["IROH Auth", ""])
def test_an_issuer_that_is_no_address_is_not_compared(issuer: str) -> None:
    metadata = replace(METADATA, issuer=issuer, authorization_response_iss_parameter_supported=True)
    request = asked(metadata)
    assert code_in(answered(request, code="x", iss="IROH Auth NAM"), request) == "x"


async def redeemed(bench: ClientHarness, request: AuthorizationRequest) -> TokenSet:
    return await redeem(
        bench.connection,
        TOKEN_ENDPOINT,
        authorization_request=request,
        code="the-code",
        scope=SCOPE,
    )


async def test_the_code_is_exchanged_with_the_verifier_and_the_same_redirect_uri() -> None:
    bench, request = ClientHarness(json_reply(TOKENS)), asked()
    tokens = await redeemed(bench, request)
    assert (tokens.access_token, tokens.refresh_token) == ("acc-ess-token", "ref-resh-token")
    assert tokens.scope == SCOPE
    assert bench.forms == [
        {
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": REDIRECT,
            "code_verifier": request.code_verifier,
            "client_id": "client-1",
        }
    ]


async def test_a_rejected_code_requires_another_sign_in() -> None:
    with pytest.raises(errors.ApprovalLost) as caught:
        await redeemed(
            ClientHarness(error_reply("invalid_grant", error_description="used", trace_id="t")),
            asked(),
        )
    assert (caught.value.error, caught.value.description) == ("invalid_grant", "used")
    assert (caught.value.host, caught.value.trace_id) == (HOST, "t")


async def test_other_errors_are_raised_unchanged() -> None:
    with pytest.raises(errors.InvalidClient):
        await redeemed(ClientHarness(error_reply("invalid_client", 401)), asked())
