"""What real providers do differently: one test for each row of the list of their quirks."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from desktop.oauth import errors
from desktop.oauth.client import Client
from desktop.oauth.grants.token import refresh
from desktop.oauth.metadata import Issuer, ServerMetadata, discover
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.token_set import TokenSet
from tests.oauth.harness import (
    CODE,
    CONFIDENTIAL,
    DEVICE_ENDPOINT,
    ENDPOINTS,
    HELD,
    HOST,
    NOT_FOUND,
    PENDING,
    TOKEN_ENDPOINT,
    TOKENS,
    ClientHarness,
    Reply,
    error_reply,
    failing_reply,
    json_reply,
    raw_reply,
    unsigned_jwt,
)

XDR_HOST = "https://visibility.eu.amp.cisco.com"
XDR_ISSUER = Issuer(XDR_HOST, "IROH Auth")
XDR_ENDPOINTS = {
    "device_authorization_endpoint": f"{XDR_HOST}/iroh/oauth2/device_authorization",
    "authorization_endpoint": f"{XDR_HOST}/iroh/oauth2/authorize",
    "token_endpoint": f"{XDR_HOST}/iroh/oauth2/token",
    "jwks_uri": f"{XDR_HOST}/.well-known/jwks",
}
XDR_DOCUMENT: dict[str, object] = {
    "issuer": "IROH Auth",
    **XDR_ENDPOINTS,
    "service_documentation": "https://visibility.eu.amp.cisco.com/iroh/doc",
    "scopes_supported": ["enrich", "inspect", "casebook"],
    "response_types_supported": ["code", "token"],
    "code_challenge_methods_supported": ["S256", "plain"],
    "grant_types_supported": [
        "authorization_code",
        "client_credential",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ],
}
XDR_CODE = {**CODE, "verification_uri": f"{XDR_HOST}/iroh/oauth2/device", "interval": None}


async def renewed(*replies: Reply, held: TokenSet = HELD) -> TokenSet:
    """What a renewal of `held` yields."""
    return await refresh(ClientHarness(*replies).connection, TOKEN_ENDPOINT, held=held)


# Cisco XDR


async def test_xdr_names_an_issuer_that_is_no_address() -> None:
    found = await discover(ClientHarness(json_reply(XDR_DOCUMENT)).connection, XDR_ISSUER)
    endpoints: dict[str, Any] = dict(XDR_ENDPOINTS)
    assert found == ServerMetadata(
        issuer="IROH Auth",
        code_challenge_methods_supported=("S256", "plain"),
        grant_types_supported=(
            "authorization_code",
            "client_credential",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        response_types_supported=("code", "token"),
        scopes_supported=("enrich", "inspect", "casebook"),
        **endpoints,
    )


async def test_xdr_endpoints_are_bound_to_the_host_that_was_asked() -> None:
    elsewhere = {**XDR_DOCUMENT, "token_endpoint": "https://visibility.amp.cisco.com/token"}
    with pytest.raises(errors.MetadataMismatch):
        await discover(ClientHarness(json_reply(elsewhere)).connection, XDR_ISSUER)


async def test_xdr_tokens_may_name_any_issuer() -> None:
    token = unsigned_jwt({"iss": "IROH Auth NAM", "email": "dana@northwind.example"})
    bench = ClientHarness(json_reply(XDR_CODE), json_reply({**TOKENS, "access_token": token}))
    assert (await bench.sign_in()).account.user == "dana@northwind.example"


async def test_xdr_does_not_list_authentication_methods_so_both_are_tried() -> None:
    refused = error_reply("invalid_client", 401, trace_id="t-1")
    bench = ClientHarness(refused, json_reply(XDR_CODE), json_reply(TOKENS), client=CONFIDENTIAL)
    await bench.sign_in()
    assert ["client_secret" in form for form in bench.forms] == [False, True, False]
    assert bench.connection.known_methods == {
        ENDPOINTS.device_authorization_endpoint: ClientAuthentication.POST,
        ENDPOINTS.token_endpoint: ClientAuthentication.BASIC,
    }


async def test_xdr_oidc_document_lacks_the_device_endpoint() -> None:
    lacking = {**XDR_DOCUMENT, "device_authorization_endpoint": None}
    bench = ClientHarness(json_reply(XDR_DOCUMENT), json_reply(lacking))
    assert (await discover(bench.connection, XDR_ISSUER)).device_authorization_endpoint
    assert bench.addresses == [f"{XDR_HOST}/.well-known/oauth-authorization-server"]
    with pytest.raises(errors.MissingEndpoint, match="device_authorization_endpoint"):
        await discover(ClientHarness(NOT_FOUND, json_reply(lacking)).connection, XDR_ISSUER)


async def test_xdr_grants_fewer_scopes_than_asked_and_says_bearer_in_lower_case() -> None:
    granted = {
        **TOKENS,
        "token_type": "bearer",
        "scope": "enrich:read private-intel/incident:write",
    }
    tokens = await ClientHarness(json_reply(XDR_CODE), json_reply(granted)).sign_in(
        scope=("enrich", "admin")
    )
    assert tokens.token_type == "Bearer"
    assert tokens.requested_scope == ("enrich", "admin")
    assert tokens.scope == ("enrich:read", "private-intel/incident:write")


async def test_xdr_gives_no_interval_and_a_retry_after_with_a_unit() -> None:
    limited = json_reply({"error": "too many requests"}, 429, {"Retry-After": "42s"})
    bench = ClientHarness(json_reply(XDR_CODE), PENDING, limited, json_reply(TOKENS))
    await bench.sign_in()
    assert bench.asked_at == [0.0, 5.0, 10.0, 52.0]


async def test_xdr_answers_a_500_with_free_text() -> None:
    fault = json_reply({"error": "unknown server error", "trace_id": "t-1"}, 500)
    await ClientHarness(json_reply(XDR_CODE), fault, fault, json_reply(TOKENS)).sign_in()


async def test_xdr_replaces_the_refresh_token_and_takes_the_old_one_for_a_short_time() -> None:
    first = await renewed(json_reply({**TOKENS, "refresh_token": "second"}))
    again = await renewed(json_reply({**TOKENS, "refresh_token": "third"}))
    assert (first.refresh_token, again.refresh_token) == ("second", "third")
    gone = error_reply("invalid_grant", error_code="invalid-grant", trace_id="t-1")
    with pytest.raises(errors.InvalidGrant) as caught:
        await renewed(gone)
    assert caught.value.trace_id == "t-1"


async def test_xdr_may_grant_less_at_a_renewal() -> None:
    tokens = await renewed(json_reply({**TOKENS, "scope": "inspect:read"}))
    assert tokens.scope == ("inspect:read",)
    assert tokens.requested_scope == HELD.requested_scope


async def test_xdr_limits_renewals_with_a_unit_in_the_header() -> None:
    limited = json_reply({"error": "too many requests"}, 429, {"Retry-After": "3172s"})
    with pytest.raises(errors.Throttled) as caught:
        await renewed(limited)
    assert caught.value.retry_after == 3172.0


# GitHub

GITHUB_FORM = "application/x-www-form-urlencoded; charset=utf-8"


async def test_github_sends_forms_and_errors_with_status_200() -> None:
    code = (
        "device_code=3584d83&expires_in=899&interval=5&user_code=WDJB-MJHT"
        "&verification_uri=https%3A%2F%2Fgithub.com%2Flogin%2Fdevice"
    )
    pending = "error=authorization_pending&error_description=Not+yet."
    tokens = "access_token=gho_16C7&scope=repo%2Cread%3Aorg&token_type=bearer"
    bench = ClientHarness(
        *(raw_reply(body, content_type=GITHUB_FORM) for body in (code, pending, tokens))
    )
    found = await bench.sign_in()
    assert (found.access_token, found.scope) == ("gho_16C7", ("repo", "read:org"))
    assert (found.refresh_token, found.expires_at) == (None, None)
    assert all(request.headers["accept"] == "application/json" for request in bench.requests)


async def test_github_names_the_new_interval_when_it_is_asked_too_fast() -> None:
    slower = error_reply("slow_down", 200, interval=11)
    bench = ClientHarness(json_reply(CODE), slower, PENDING, json_reply(TOKENS))
    await bench.sign_in()
    assert bench.asked_at == [0.0, 5.0, 16.0, 27.0]


async def test_github_gives_no_link_with_the_code_in_it() -> None:
    assert (await ClientHarness(json_reply(CODE)).request_code()).verification_uri_complete is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("device_flow_disabled", errors.UnauthorizedClient),
        ("incorrect_client_credentials", errors.InvalidClient),
        ("incorrect_device_code", errors.InvalidGrant),
        ("token_expired", errors.ExpiredToken),
    ],
)
async def test_github_has_error_codes_of_its_own(
    code: str, kind: type[errors.ErrorResponse]
) -> None:
    with pytest.raises(kind):
        await ClientHarness(json_reply(CODE), error_reply(code, 200)).sign_in()


async def test_github_says_that_a_refresh_token_is_bad_with_status_200() -> None:
    body = "error=bad_refresh_token&error_description=The+refresh+token+is+incorrect+or+expired."
    with pytest.raises(errors.InvalidGrant) as caught:
        await renewed(raw_reply(body, content_type=GITHUB_FORM))
    assert (caught.value.error, caught.value.status) == ("bad_refresh_token", 200)


async def test_github_renews_with_a_form_in_which_an_empty_scope_means_none() -> None:
    body = (
        "access_token=ghu_1&expires_in=28800&refresh_token=ghr_2&refresh_token_expires_in=15897600"
        "&scope=&token_type=bearer"
    )
    tokens = await renewed(raw_reply(body, content_type=GITHUB_FORM))
    assert (tokens.access_token, tokens.refresh_token, tokens.scope) == ("ghu_1", "ghr_2", ())


# Google


async def test_google_says_verification_url_and_wants_the_secret_of_a_public_client() -> None:
    code = {**CODE, "verification_url": "https://www.google.com/device"}
    del code["verification_uri"]
    client = Client("id", "pass-word", ClientAuthentication.POST)
    bench = ClientHarness(json_reply(code), json_reply(code), json_reply(TOKENS), client=client)
    assert (await bench.request_code()).verification_uri == "https://www.google.com/device"
    await bench.sign_in()
    assert bench.forms[-1]["client_secret"] == "pass-word"


@pytest.mark.parametrize("status", [428, 403])
async def test_google_says_pending_and_slow_down_with_other_statuses(status: int) -> None:
    pending, slower = error_reply("authorization_pending", status), error_reply("slow_down", status)
    bench = ClientHarness(json_reply(CODE), pending, slower, json_reply(TOKENS))
    await bench.sign_in()
    assert bench.asked_at == [0.0, 5.0, 10.0, 20.0]


async def test_google_never_replaces_the_refresh_token() -> None:
    tokens = {key: value for key, value in TOKENS.items() if key != "refresh_token"}
    assert (await renewed(json_reply(tokens))).refresh_token == HELD.refresh_token


@pytest.mark.parametrize("subtype", [None, "invalid_rapt"])
async def test_google_requires_a_new_sign_in_after_revocation_or_for_reauthentication(
    subtype: str | None,
) -> None:
    with pytest.raises(errors.InvalidGrant):
        await renewed(error_reply("invalid_grant", error_subtype=subtype))


# Microsoft Entra


async def test_entra_says_declined_in_its_own_word() -> None:
    with pytest.raises(errors.AccessDenied):
        await ClientHarness(json_reply(CODE), error_reply("authorization_declined")).sign_in()


async def test_entra_says_unknown_code_in_its_own_word() -> None:
    with pytest.raises(errors.InvalidGrant):
        await ClientHarness(json_reply(CODE), error_reply("bad_verification_code")).sign_in()


async def test_entra_forbids_device_codes_by_policy() -> None:
    blocked = error_reply(
        "access_denied",
        error_description="AADSTS53003: Access has been blocked by Conditional Access policies.",
        correlation_id="c-1",
    )
    with pytest.raises(errors.ForbiddenByPolicy) as caught:
        await ClientHarness(json_reply(CODE), blocked).sign_in()
    assert caught.value.trace_id == "c-1"


@pytest.mark.parametrize("code", ["invalid_grant", "interaction_required"])
async def test_entra_wants_a_new_sign_in_when_a_renewal_needs_a_person(code: str) -> None:
    description = "AADSTS50076: Due to a configuration change you must use multi-factor."
    with pytest.raises(errors.InvalidGrant):
        await renewed(error_reply(code, error_description=description))


async def test_entra_forbids_a_renewal_by_policy_and_a_new_sign_in_would_not_help() -> None:
    description = "AADSTS53003: Access has been blocked by Conditional Access policies."
    with pytest.raises(errors.ForbiddenByPolicy):
        await renewed(error_reply("invalid_grant", error_description=description))


async def test_entra_renewals_name_the_account_in_the_identity_token() -> None:
    tokens = {**TOKENS, "id_token": unsigned_jwt({"preferred_username": "dana@corp"})}
    assert (await renewed(json_reply(tokens))).account.user == "dana@corp"


# Okta


async def test_okta_gives_no_refresh_token_without_offline_access() -> None:
    tokens = {key: value for key, value in TOKENS.items() if key != "refresh_token"}
    assert (
        await ClientHarness(json_reply(CODE), json_reply(tokens)).sign_in()
    ).refresh_token is None


async def test_okta_may_leave_the_refresh_token_as_it_is() -> None:
    tokens = await renewed(json_reply({**TOKENS, "refresh_token": HELD.refresh_token}))
    assert tokens.refresh_token == HELD.refresh_token


# Auth0


async def test_auth0_wants_an_audience_and_says_pending_with_403_and_slow_down_with_429() -> None:
    pending, slower = error_reply("authorization_pending", 403), error_reply("slow_down", 429)
    bench = ClientHarness(json_reply(CODE), pending, slower, pending, json_reply(TOKENS))
    await bench.sign_in(extra={"audience": "https://api.example"})
    assert bench.forms[0]["audience"] == "https://api.example"
    assert bench.asked_at == [0.0, 5.0, 10.0, 20.0, 30.0]


async def test_auth0_says_that_a_refresh_token_is_unknown_with_403() -> None:
    with pytest.raises(errors.InvalidGrant):
        await renewed(
            error_reply("invalid_grant", 403, error_description="Unknown or invalid refresh token.")
        )


async def test_auth0_denies_a_renewal_by_a_rule_and_nobody_declined_it() -> None:
    with pytest.raises(errors.ForbiddenByPolicy):
        await renewed(error_reply("access_denied", 403, error_description="Not at night."))


# Keycloak


async def test_keycloak_may_demand_pkce() -> None:
    bench = ClientHarness(json_reply(CODE), json_reply(TOKENS))
    await bench.sign_in(replace(ENDPOINTS, code_challenge_methods_supported=("plain", "S256")))
    assert bench.forms[0]["code_challenge_method"] == "S256"
    assert bench.forms[1]["code_verifier"]


async def test_keycloak_once_sent_an_interval_as_long_as_the_code() -> None:
    bench = ClientHarness(json_reply({**CODE, "interval": 600}), json_reply(TOKENS))
    await bench.sign_in()
    assert bench.asked_at == [0.0, 5.0]


# GitLab


async def test_gitlab_leaves_the_device_endpoint_out_of_discovery() -> None:
    address = "https://gitlab.example"
    document = {"issuer": address, "token_endpoint": f"{address}/oauth/token"}
    manual = ServerMetadata(device_authorization_endpoint=f"{address}/oauth/authorize_device")
    bench = ClientHarness(NOT_FOUND, json_reply(document))
    found = await discover(bench.connection, Issuer(address), manual=manual)
    assert found.device_authorization_endpoint == f"{address}/oauth/authorize_device"
    assert found.token_endpoint == f"{address}/oauth/token"


# Dex


async def test_dex_sends_errors_without_a_json_content_type() -> None:
    pending = raw_reply('{"error":"authorization_pending"}', 401, "text/plain; charset=utf-8")
    bench = ClientHarness(json_reply(CODE), pending, json_reply(TOKENS))
    await bench.sign_in()
    assert bench.asked_at == [0.0, 5.0, 10.0]


@pytest.mark.parametrize(
    "description",
    [
        "Refresh token is invalid or has already been claimed by another client.",
        "Refresh token expired.",
    ],
)
async def test_dex_calls_a_refused_refresh_token_an_invalid_request(description: str) -> None:
    with pytest.raises(errors.InvalidGrant) as caught:
        await renewed(error_reply("invalid_request", error_description=description))
    assert caught.value.description == description


# OpenAM


async def test_openam_says_pending_with_403() -> None:
    await ClientHarness(
        json_reply(CODE), error_reply("authorization_pending", 403), json_reply(TOKENS)
    ).sign_in()


# Spring Authorization Server


async def test_spring_calls_an_expired_code_pending_for_ever() -> None:
    bench = ClientHarness(json_reply({**CODE, "expires_in": 60}), PENDING)
    with pytest.raises(errors.CodeExpired):
        await bench.sign_in()
    assert bench.clock.passed == 60.0


# Nextcloud OIDC


async def test_nextcloud_never_recovers_from_slow_down() -> None:
    bench = ClientHarness(json_reply(CODE), error_reply("slow_down"))
    with pytest.raises(errors.CodeExpired):
        await bench.sign_in()
    assert bench.clock.passed == 600.0
    assert bench.pauses[:4] == [5.0, 10.0, 15.0, 20.0]


# Cloud Foundry UAA


async def test_uaa_calls_a_refused_refresh_token_an_invalid_token() -> None:
    with pytest.raises(errors.InvalidGrant):
        await renewed(error_reply("invalid_token", 401, error_description="The token expired."))


# Various


async def test_numbers_come_as_strings_and_with_further_members() -> None:
    code = {**CODE, "interval": "7", "expires_in": "60", "message": "To sign in, …", "x": [None]}
    bench = ClientHarness(
        json_reply(code), PENDING, json_reply({**TOKENS, "expires_in": "3600", "x": {}})
    )
    tokens = await bench.sign_in()
    assert bench.asked_at == [0.0, 7.0, 14.0]
    assert tokens.expires_at is not None
    assert (tokens.expires_at - tokens.issued_at).total_seconds() == 3600.0


@pytest.mark.parametrize("status", [307, 308, 302])
async def test_no_redirect_takes_the_device_code_elsewhere(status: int) -> None:
    def away(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"location": "https://evil.example/token"})

    bench = ClientHarness(json_reply(CODE), away, json_reply(TOKENS))
    await bench.sign_in()
    assert {request.url.host for request in bench.requests} == {HOST}


async def test_nothing_that_a_network_does_ends_the_sign_in_before_the_code_does() -> None:
    bench = ClientHarness(
        json_reply({**CODE, "expires_in": 1800}),
        failing_reply(httpx.ConnectError("reset by peer")),
        failing_reply(httpx.ReadTimeout("")),
        raw_reply("", 500),
        json_reply({"error": "overloaded"}, 503),
        json_reply({}, 429, {"Retry-After": "30"}),
        raw_reply("<!doctype html><title>Welcome to the hotel</title>"),
        raw_reply("<html>blocked</html>", 403),
        raw_reply("", 407),
        raw_reply("", 302),
        PENDING,
        json_reply(TOKENS),
    )
    assert (await bench.sign_in()).access_token == "acc-ess-token"
    assert len(bench.requests) == 12


async def test_basic_wants_id_and_password_encoded_and_the_id_in_the_body_as_well() -> None:
    client = Client("a b", "c:d", ClientAuthentication.BASIC)
    bench = ClientHarness(json_reply(CODE), client=client)
    await bench.request_code()
    assert bench.requests[0].headers["authorization"] == "Basic YSUyMGI6YyUzQWQ="  # a%20b:c%3Ad
    assert bench.forms[0]["client_id"] == "a b"
    assert bench.addresses == [DEVICE_ENDPOINT]
