"""The details of a sign-in, for the window and for support."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth.metadata import ServerMetadata
from desktop.services.model.profile import Profile
from desktop.services.model.states import Revocation, SignedIn
from desktop.services.token.details import (
    Claim,
    ScopeStatus,
    TokenDetails,
    details_for_support,
    flattened,
    flattened_for_programs,
    revocation_offered,
    token_details,
)
from tests.pseudo_language import real_language
from tests.sample_states import NOW, PROFILE, signed_in

METADATA = ServerMetadata(
    issuer="https://login.example",
    device_authorization_endpoint="https://login.example/device",
    token_endpoint="https://login.example/token",
    revocation_endpoint="https://login.example/revoke",
    userinfo_endpoint="https://login.example/userinfo",
)
CLAIMS = {
    "iss": "IROH Auth NAM",
    "email": "dana@northwind.example",
    "exp": 1795402923,
    "org": {"id": 7, "name": "Northwind SOC"},
}


def found(
    state: SignedIn | None = None,
    *,
    profile: Profile = PROFILE,
    metadata: ServerMetadata | None = METADATA,
    claims: Mapping[str, object] = CLAIMS,
) -> TokenDetails:
    return token_details(state or signed_in(), profile=profile, metadata=metadata, claims=claims)


def test_requested_and_granted_scopes_are_distinguished() -> None:
    state = signed_in(scope=("enrich:read", "extra"), requested_scope=("enrich:read", "admin"))
    assert found(state).scopes == (
        ScopeStatus("enrich:read", requested=True, granted=True),
        ScopeStatus("admin", requested=True, granted=False),
        ScopeStatus("extra", requested=False, granted=True),
    )


def test_the_endpoints_are_those_of_the_server() -> None:
    assert found().endpoints == (
        ("Device authorization endpoint", "https://login.example/device"),
        ("Token endpoint", "https://login.example/token"),
        ("Revocation endpoint", "https://login.example/revoke"),
        ("Userinfo endpoint", "https://login.example/userinfo"),
    )


def test_endpoints_of_the_profile_take_precedence() -> None:
    own = replace(
        PROFILE, token_endpoint="https://own.example/token", app_grant_endpoint="https://g"
    )
    endpoints = dict(found(profile=own).endpoints)
    assert endpoints["Token endpoint"] == "https://own.example/token"
    assert endpoints["App grant endpoint"] == "https://g"


def test_without_metadata_the_issuer_comes_from_the_profile() -> None:
    assert found(metadata=None).issuer == "IROH Auth"
    assert found(metadata=None).endpoints == ()


def test_a_claim_that_is_an_instant_is_read_as_one() -> None:
    claims = {claim.name: claim for claim in found().claims}
    assert claims["exp"] == Claim("exp", "1795402923", datetime(2026, 11, 23, 3, 2, 3, tzinfo=UTC))
    assert claims["iss"].at is None
    assert claims["org › name"] == Claim("org › name", "Northwind SOC")


@pytest.mark.parametrize("value", ["soon", 1e300, -1e300, float("nan"), float("inf"), None])
def test_an_invalid_instant_stays_text(value: object) -> None:
    (claim,) = found(claims={"exp": value}).claims
    assert claim.at is None


@pytest.mark.parametrize(
    ("members", "rows"),
    [
        ({}, ()),
        ({"a": None, "b": "", "c": [], "d": {}}, tuple((name, "–") for name in "abcd")),
        ({"scopes": ["x", "y"]}, (("scopes", "x, y"),)),
        ({"on": True, "off": False}, (("on", "yes"), ("off", "no"))),
        ({"a": {"b": {"c": 1}}}, (("a › b › c", "1"),)),
        ({"a": [{"b": 1}, {"b": 2}]}, (("a › 1 › b", "1"), ("a › 2 › b", "2"))),
        ({"a\n\u202eb": "c\x00d"}, (("a b", "c d"),)),
    ],
)
def test_nested_members_become_rows(members: dict[str, object], rows: object) -> None:
    assert flattened(members) == rows


@pytest.mark.parametrize("language", ["ar", "en", "ja"])
def test_values_that_people_paste_are_joined_alike_in_every_language(language: str) -> None:
    with real_language(language):
        assert flattened({"scopes": ["x", "y"]}) == (("scopes", "x, y"),)


@pytest.mark.parametrize("language", ["de", "en", "ja"])
def test_programs_get_the_same_in_every_language(language: str) -> None:
    members: dict[str, object] = {
        "on": True,
        "off": False,
        "a": None,
        "user": {"scopes": ["x", "y"], "groups": ["SOC team", "Hunters", True]},
        "teams": [{"id": 1}],
        "scope": "x\ty",
        "tokens": ["opaque"],
        "nick": "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2ln",
        "iat": 1700000000,
    }
    with real_language(language):
        assert flattened_for_programs(members) == {
            "on": True,
            "off": False,
            "a": None,
            "user › scopes": "x y",
            "user › groups": ["SOC team", "Hunters", True],
            "teams › 1 › id": "1",
            "scope": "x y",
            "tokens": "[redacted]",
            "nick": "[redacted]",
            "iat": "1700000000",
        }


def test_deep_nesting_is_cut() -> None:
    members: dict[str, object] = {"end": 1}
    for _ in range(900):
        members = {"a": members}
    ((name, value),) = flattened(members)
    assert (name.count("›"), value) == (6, "…")


def test_deeply_nested_lists_are_cut() -> None:
    members: object = 1
    for _ in range(900):
        members = [members]
    ((_, value),) = flattened({"a": members})
    assert value == "…"


def test_long_values_and_many_rows_are_cut() -> None:
    rows = flattened({str(number): "x" * 5000 for number in range(500)})
    assert len(rows) == 201
    assert rows[-1] == ("…", "…")
    assert max(len(value) for _, value in rows) == 1000


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=12,
        ),
        max_size=3,
    )
)
def test_whatever_a_server_sends_becomes_rows(members: dict[str, object]) -> None:
    assert all(isinstance(text, str) for row in flattened(members) for text in row)


def test_a_token_in_a_claim_is_not_shown() -> None:
    ((_, value),) = flattened({"act": "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2ln"})
    assert value == "[redacted]"


def test_the_details_have_no_field_for_a_token() -> None:
    assert not [field.name for field in fields(TokenDetails) if "access" in field.name]


@pytest.mark.parametrize(
    ("profile", "metadata", "offered"),
    [
        (PROFILE, None, None),
        (PROFILE, ServerMetadata(), Revocation.NOT_OFFERED),
        (PROFILE, METADATA, Revocation.REVOKED),
        (replace(PROFILE, revocation_endpoint="https://r"), None, Revocation.REVOKED),
        (replace(PROFILE, app_grant_endpoint="https://g"), METADATA, Revocation.GRANT_REVOKED),
    ],
)
def test_the_effect_of_signing_out_is_known_in_advance(
    profile: Profile,
    metadata: ServerMetadata | None,
    offered: Revocation | None,
) -> None:
    assert revocation_offered(profile, metadata) is offered


def test_the_support_text_contains_what_support_needs() -> None:
    state = replace(signed_in(), renewable=True, renews_at=NOW + timedelta(seconds=312))
    lines = details_for_support(found(state), NOW).splitlines()
    assert lines[0].startswith("XDR Login 0.")
    assert lines[1:4] == [
        "Time: 2026-11-23T03:00:00+00:00",
        (
            "Profile: Northwind SOC · Cisco XDR · North America, client ID "
            "client-00000000-0000-4000-8000-000000000000"
        ),
        "Issuer: https://login.example",
    ]
    assert "Token endpoint: https://login.example/token" in lines
    assert "Expires: 2026-11-23T03:07:12+00:00" in lines
    assert "Renews: 2026-11-23T03:05:12+00:00" in lines
    assert (
        "Scopes granted: enrich:read inspect:read casebook private-intel:read profile response"
    ) in lines
    assert "iss: IROH Auth NAM" in lines
    assert "exp: 1795402923" in lines


def test_the_support_text_contains_no_personal_data() -> None:
    state = replace(signed_in(), user="dana@northwind.example", organization="Northwind Secret")
    text = details_for_support(found(state), NOW)
    assert "dana@" not in text
    assert "Secret" not in text


def test_a_token_that_never_expires_is_described_as_such() -> None:
    lines = details_for_support(found(signed_in(left=None, scope=())), NOW).splitlines()
    assert "Expires: never" in lines
    assert "Not renewable" in lines
    assert "Scopes granted: none" in lines


@pytest.mark.parametrize(
    "members",
    [
        {"access_token": "opaque"},
        {"user": {"refreshToken": "opaque"}},
        {"client_secret": "opaque"},
        {"Password": "opaque"},
        {"client_assertion": "opaque"},
        {"device_code": "opaque"},
        {"tokens": ["opaque", "more"]},
        {"tokens": [{"value": "opaque"}]},
        {"token": [["opaque"]]},
    ],
)
def test_values_with_the_name_of_a_secret_are_redacted(members: dict[str, object]) -> None:
    assert {value for _, value in flattened(members)} == {"[redacted]"}


def test_values_about_a_secret_are_shown() -> None:
    members = {"token_type": "Bearer", "code_challenge_method": "S256", "password": ""}
    assert flattened(members) == tuple((name, value or "–") for name, value in members.items())


def test_an_issuer_that_looks_like_another_is_shown_as_what_it_is() -> None:
    lookalike, shown = "https://l\u043egin.example", "https://xn--lgin-55d.example"
    details = found(metadata=replace(METADATA, issuer=lookalike), claims={"iss": lookalike})
    assert details.issuer == shown
    assert details.claims == (Claim("iss", shown),)
