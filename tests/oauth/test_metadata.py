import json
from dataclasses import fields, replace
from typing import Any

import httpx
import pytest
from hypothesis import given

from desktop.oauth import errors
from desktop.oauth.errors import MetadataMismatch, OAuthError, UnsafeAddress, UnusableAnswer
from desktop.oauth.metadata import (
    FOR_CODE,
    FOR_DEVICE,
    Issuer,
    ServerMetadata,
    discover,
    metadata_addresses,
    parse_metadata,
)
from tests.oauth.harness import (
    DEVICE_ENDPOINT,
    HOST,
    NOT_FOUND,
    TOKEN_ENDPOINT,
    ClientHarness,
    Reply,
    error_reply,
    failing_reply,
    fuzzed,
    json_reply,
    members_named,
    raw_reply,
)

ADDRESS = f"https://{HOST}"
ISSUER = Issuer(ADDRESS)
OAUTH = f"{ADDRESS}/.well-known/oauth-authorization-server"
OPENID = f"{ADDRESS}/.well-known/openid-configuration"
NAMES = (
    "device_authorization_endpoint",
    "token_endpoint",
    "authorization_endpoint",
    "userinfo_endpoint",
    "revocation_endpoint",
    "jwks_uri",
)
BOTH = {
    "issuer": ADDRESS,
    "device_authorization_endpoint": DEVICE_ENDPOINT,
    "token_endpoint": TOKEN_ENDPOINT,
}
FULL = ServerMetadata(
    issuer=ADDRESS,
    device_authorization_endpoint=DEVICE_ENDPOINT,
    token_endpoint=TOKEN_ENDPOINT,
)


def test_every_member_is_read() -> None:
    document: dict[str, Any] = {name: f"{ADDRESS}/{name}" for name in NAMES}
    found = parse_metadata(
        {
            "issuer": ADDRESS,
            "code_challenge_methods_supported": ["S256", "plain"],
            "scopes_supported": ["enrich", "casebook"],
            "dpop_signing_alg_values_supported": ["ES256"],
            **document,
        },
        ISSUER,
    )
    assert found == ServerMetadata(
        issuer=ADDRESS,
        code_challenge_methods_supported=("S256", "plain"),
        scopes_supported=("enrich", "casebook"),
        dpop_signing_alg_values_supported=("ES256",),
        **document,
    )
    assert {field.name for field in fields(ServerMetadata)} == {
        "issuer",
        "code_challenge_methods_supported",
        "grant_types_supported",
        "response_types_supported",
        "scopes_supported",
        "dpop_signing_alg_values_supported",
        "authorization_response_iss_parameter_supported",
        *NAMES,
    }


def test_further_members_are_ignored_whatever_they_hold() -> None:
    document = {**BOTH, "ui_locales_supported": ["en"], "mtls": {"a": [None]}}
    assert parse_metadata(document, ISSUER) == FULL


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [None, "", " ", 5, True, [], {}, ["https://login.example/"]])
def test_an_endpoint_that_is_not_a_string_counts_as_absent(name: str, value: object) -> None:
    assert getattr(parse_metadata({**BOTH, name: value}, ISSUER), name) == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value",
    ["http://login.example/", "/token", "javascript:alert(1)", "https://a@b/", "https://h\\x/"],
)
def test_an_unsafe_endpoint_is_an_error(name: str, value: str) -> None:
    with pytest.raises(UnsafeAddress):
        parse_metadata({**BOTH, name: value}, ISSUER)


@pytest.mark.parametrize(
    ("value", "methods"),
    [(["S256"], ("S256",)), ("S256 plain", ("S256", "plain")), (None, ()), (5, ()), ([256], ())],
)
def test_challenge_methods_are_read_tolerantly(value: object, methods: tuple[str, ...]) -> None:
    found = parse_metadata({**BOTH, "code_challenge_methods_supported": value}, ISSUER)
    assert found.code_challenge_methods_supported == methods


@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example",
        "http://login.example",
        "https://login.example/tenant",
        "https://login.example.evil.example",
        "https://login.example?x",
        "IROH Auth",
    ],
)
def test_a_document_of_another_issuer_is_an_error(named: str) -> None:
    with pytest.raises(MetadataMismatch) as caught:
        parse_metadata({**BOTH, "issuer": named}, ISSUER)
    assert (caught.value.host, caught.value.expected) == (HOST, ADDRESS)
    assert caught.value.found == named


def test_an_issuer_that_looks_like_the_expected_one_is_shown_as_what_it_is() -> None:
    with pytest.raises(MetadataMismatch) as caught:
        parse_metadata({**BOTH, "issuer": "https://l\u043egin.example"}, ISSUER)
    assert caught.value.found == "https://xn--lgin-55d.example"
    document = {**BOTH, "token_endpoint": "https://l\u043egin.example/token"}
    found = parse_metadata(document, ISSUER)
    assert found.token_endpoint == "https://xn--lgin-55d.example/token"


def test_an_issuer_may_write_its_host_in_either_form() -> None:
    for address, named in (("xn--bcher-kva", "b\u00fccher"), ("b\u00fccher", "xn--bcher-kva")):
        issuer = Issuer(f"https://{address}.example")
        found = parse_metadata({**BOTH, "issuer": f"https://{named}.example"}, issuer)
        assert found.token_endpoint == TOKEN_ENDPOINT


@pytest.mark.parametrize("issuer", [None, "", 5, [ADDRESS]])
def test_a_document_without_an_issuer_is_no_metadata(issuer: object) -> None:
    with pytest.raises(UnusableAnswer, match="no usable issuer"):
        parse_metadata({**BOTH, "issuer": issuer}, ISSUER)


def test_a_slash_at_the_end_of_the_issuer_makes_no_difference() -> None:
    assert parse_metadata({**BOTH, "issuer": f"{ADDRESS}/"}, ISSUER).issuer == f"{ADDRESS}/"
    assert parse_metadata(BOTH, Issuer(f"{ADDRESS}/")).issuer == ADDRESS


def test_endpoints_may_be_on_another_host_when_the_issuer_is_an_address() -> None:
    found = parse_metadata({**BOTH, "token_endpoint": "https://oauth2.example/token"}, ISSUER)
    assert found.token_endpoint == "https://oauth2.example/token"


def test_the_expected_issuer_may_be_a_text() -> None:
    found = parse_metadata({**BOTH, "issuer": "IROH Auth"}, Issuer(ADDRESS, "IROH Auth"))
    assert found == replace(FULL, issuer="IROH Auth")


def test_an_expected_text_is_compared_too() -> None:
    with pytest.raises(MetadataMismatch) as caught:
        parse_metadata(BOTH, Issuer(ADDRESS, "IROH Auth"))
    assert (caught.value.expected, caught.value.found) == ("IROH Auth", ADDRESS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "endpoint",
    ["https://evil.example/x", "https://login.example:8443/x", "https://x.login.example/"],
)
def test_an_expected_text_binds_every_endpoint_to_the_host(name: str, endpoint: str) -> None:
    document = {**BOTH, "issuer": "IROH Auth", name: endpoint}
    with pytest.raises(MetadataMismatch) as caught:
        parse_metadata(document, Issuer(ADDRESS, "IROH Auth"))
    assert caught.value.expected == "https://login.example:443"


def test_an_explicit_default_port_is_the_same_host() -> None:
    document = {**BOTH, "issuer": "X", "jwks_uri": "https://LOGIN.example:443/jwks"}
    assert parse_metadata(document, Issuer(ADDRESS, "X")).jwks_uri


def test_both_addresses_of_an_issuer_without_a_path() -> None:
    assert metadata_addresses(ADDRESS) == (OAUTH, OPENID)
    assert metadata_addresses(f"{ADDRESS}/") == (OAUTH, OPENID)


def test_both_addresses_of_an_issuer_with_a_path() -> None:
    assert metadata_addresses(f"{ADDRESS}:8443/realms/soc/") == (
        f"{ADDRESS}:8443/.well-known/oauth-authorization-server/realms/soc",
        f"{ADDRESS}:8443/realms/soc/.well-known/openid-configuration",
    )


@pytest.mark.parametrize("issuer", ["", "login.example", "http://login.example", "IROH Auth"])
def test_an_issuer_that_is_no_safe_address_is_an_error(issuer: str) -> None:
    with pytest.raises(UnsafeAddress):
        metadata_addresses(issuer)


def test_what_is_known_counts_more_than_what_is_found() -> None:
    known = ServerMetadata(token_endpoint="https://a/", code_challenge_methods_supported=("S256",))
    found = ServerMetadata(token_endpoint="https://b/", jwks_uri="https://c/")
    assert known.merged(found) == replace(known, jwks_uri="https://c/")


def test_the_first_missing_endpoint_is_named() -> None:
    assert FULL.missing(FOR_DEVICE) == ""
    assert replace(FULL, token_endpoint="").missing(FOR_DEVICE) == "token_endpoint"
    without_device = replace(FULL, device_authorization_endpoint="")
    assert without_device.missing(FOR_DEVICE) == "device_authorization_endpoint"


async def test_one_document_is_enough_when_it_names_both_endpoints() -> None:
    bench = ClientHarness(json_reply(BOTH))
    assert await discover(bench.connection, ISSUER) == FULL
    assert bench.addresses == [OAUTH]
    assert bench.requests[0].method == "GET"


async def test_no_credentials_are_sent_with_discovery() -> None:
    bench = ClientHarness(json_reply(BOTH))
    await discover(bench.connection, ISSUER)
    assert "authorization" not in bench.requests[0].headers
    assert bench.requests[0].content == b""


async def test_the_second_document_fills_the_gaps_of_the_first() -> None:
    first = {**BOTH, "device_authorization_endpoint": None, "token_endpoint": f"{ADDRESS}/first"}
    bench = ClientHarness(
        json_reply(first), json_reply({**BOTH, "userinfo_endpoint": f"{ADDRESS}/me"})
    )
    found = await discover(bench.connection, ISSUER)
    assert found == replace(
        FULL, token_endpoint=f"{ADDRESS}/first", userinfo_endpoint=f"{ADDRESS}/me"
    )
    assert bench.addresses == [OAUTH, OPENID]


@pytest.mark.parametrize(
    "reply",
    [
        NOT_FOUND,
        error_reply("Not Found", 404),
        error_reply("access_denied", 403),
        raw_reply("<html>Welcome", 200),
        raw_reply("", 302),
        raw_reply("busy", 503),
        raw_reply("x" * 2**21),
        json_reply({}),
        json_reply({"message": "no such path"}),
        json_reply([BOTH]),
        json_reply({**BOTH, "issuer": None}),
    ],
)
async def test_a_document_that_is_no_metadata_is_passed_over(reply: Reply) -> None:
    bench = ClientHarness(reply, json_reply(BOTH))
    assert await discover(bench.connection, ISSUER) == FULL


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (json_reply({**BOTH, "issuer": "https://evil.example"}), MetadataMismatch),
        (json_reply({**BOTH, "token_endpoint": "http://login.example/"}), UnsafeAddress),
        (failing_reply(httpx.ConnectError("refused")), errors.TransportFailure),
        (failing_reply(httpx.ReadTimeout("")), errors.NoAnswerInTime),
        (raw_reply("", 429), errors.Throttled),
    ],
)
async def test_a_wrong_or_unreachable_document_ends_discovery(
    reply: Reply, kind: type[OAuthError]
) -> None:
    bench = ClientHarness(reply, json_reply(BOTH))
    with pytest.raises(kind):
        await discover(bench.connection, ISSUER)
    assert len(bench.requests) == 1


async def test_manual_endpoints_need_no_discovery() -> None:
    bench = ClientHarness(NOT_FOUND)
    assert await discover(bench.connection, ISSUER, manual=FULL) == FULL
    assert bench.requests == []


async def test_a_manual_endpoint_counts_more_than_discovery() -> None:
    manual = ServerMetadata(device_authorization_endpoint=f"{ADDRESS}/manual")
    found = await discover(ClientHarness(json_reply(BOTH)).connection, ISSUER, manual=manual)
    assert found == replace(FULL, device_authorization_endpoint=f"{ADDRESS}/manual")


@pytest.mark.parametrize("missing", NAMES[:2])
async def test_an_endpoint_in_no_document_is_missing(missing: str) -> None:
    bench = ClientHarness(json_reply({**BOTH, missing: None}))
    with pytest.raises(errors.MissingEndpoint) as caught:
        await discover(bench.connection, ISSUER)
    assert (caught.value.host, caught.value.endpoint) == (HOST, missing)


async def test_endpoints_that_a_grant_does_not_need_may_be_missing() -> None:
    document = {**BOTH, "device_authorization_endpoint": None, "authorization_endpoint": ADDRESS}
    found = await discover(ClientHarness(json_reply(document)).connection, ISSUER, needs=FOR_CODE)
    assert found.missing(FOR_CODE) == ""
    assert found.missing(FOR_DEVICE) == "device_authorization_endpoint"


async def test_a_missing_endpoint_that_a_grant_needs_is_named() -> None:
    with pytest.raises(errors.MissingEndpoint) as caught:
        await discover(ClientHarness(json_reply(BOTH)).connection, ISSUER, needs=FOR_CODE)
    assert caught.value.endpoint == "authorization_endpoint"


@pytest.mark.parametrize(("said", "promised"), [(True, True), ("true", False), (None, False)])
def test_what_the_server_offers_is_read(said: object, *, promised: bool) -> None:
    found = parse_metadata(
        {
            **BOTH,
            "grant_types_supported": ["authorization_code"],
            "response_types_supported": ["code", "token"],
            "authorization_response_iss_parameter_supported": said,
        },
        ISSUER,
    )
    assert found.grant_types_supported == ("authorization_code",)
    assert found.response_types_supported == ("code", "token")
    assert found.authorization_response_iss_parameter_supported is promised


async def test_a_missing_endpoint_counts_more_than_a_missing_document() -> None:
    bench = ClientHarness(json_reply({**BOTH, "device_authorization_endpoint": None}), NOT_FOUND)
    with pytest.raises(errors.MissingEndpoint):
        await discover(bench.connection, ISSUER)


async def test_without_any_document_what_says_more_than_a_missing_one_is_raised() -> None:
    for replies in ((raw_reply("<html>", 200), NOT_FOUND), (NOT_FOUND, raw_reply("<html>", 200))):
        with pytest.raises(errors.PageInsteadOfAnswer):
            await discover(ClientHarness(*replies).connection, ISSUER)


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (NOT_FOUND, ""),
        (raw_reply("<html>404</html>", 404), ""),
        (raw_reply("404 page not found\n", 404, "text/plain"), "404 page not found"),
        (error_reply("not_found", 404), "not_found"),
        (error_reply("Realm does not exist", 404), "Realm does not exist"),
        (json_reply({"message": "no Route matched"}, 404), "no Route matched"),
    ],
)
async def test_a_server_without_any_document_has_nothing_there(reply: Reply, sentence: str) -> None:
    with pytest.raises(errors.NothingThere) as caught:
        await discover(ClientHarness(reply).connection, ISSUER)
    assert (caught.value.status, caught.value.description) == (404, sentence)
    assert caught.value.address == metadata_addresses(ADDRESS)[0 if not sentence else 1]


async def test_the_sentence_of_one_missing_document_is_kept() -> None:
    said = error_reply("Realm does not exist", 404)
    for replies in ((said, NOT_FOUND), (NOT_FOUND, said)):
        with pytest.raises(errors.NothingThere, match=HOST) as caught:
            await discover(ClientHarness(*replies).connection, ISSUER)
        assert caught.value.description == "Realm does not exist"


async def test_a_server_that_rejects_the_issuer_is_quoted() -> None:
    refused = error_reply("invalid_tenant", error_description="AADSTS90002: Tenant not found.")
    with pytest.raises(errors.ErrorResponse) as caught:
        await discover(ClientHarness(refused).connection, ISSUER)
    assert caught.value.description == "AADSTS90002: Tenant not found."


@fuzzed
@given(members_named("issuer", "code_challenge_methods_supported", *NAMES))
def test_any_document_gives_safe_endpoints_or_an_error_of_ours(found: dict[str, Any]) -> None:
    for issuer in (ISSUER, Issuer(ADDRESS, "IROH Auth")):
        named = issuer.expected or issuer.address
        try:
            metadata = parse_metadata({"issuer": named, **found}, issuer)
        except OAuthError:
            continue
        assert all(getattr(metadata, name).startswith(("https://", "")) for name in NAMES)
        assert json.dumps(metadata.code_challenge_methods_supported)
