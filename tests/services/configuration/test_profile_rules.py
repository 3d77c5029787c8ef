"""What a profile must obey: every rule by what breaks it, and by what does not."""

from dataclasses import replace
from typing import Any

import pytest

from desktop.services.configuration.profile_rules import find_faults
from desktop.services.model.profile import Profile

GOOD = Profile(id="x", name="x", client_id="c", issuer="https://login.example")


def test_what_is_usual_has_no_faults() -> None:
    assert list(find_faults(GOOD)) == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("grant", "code"),
        ("grant", "client-credentials"),
        *(
            ("redirect_uri", address)
            for address in ("http://127.0.0.1/cb", "http://[::1]:8400/cb", "http://localhost:1")
        ),
        *(("letter", letter) for letter in ("N", "NW", "日本", "é")),
        *(("color", color) for color in ("blue", "grey", "#1a2B3c")),
        *(
            ("proxy", proxy)
            for proxy in ("none", "http://proxy.example:3128", "https://[::1]:1080")
        ),
        *(("ca_file", file) for file in ("/etc/ssl/northwind.pem", r"C:\northwind.pem")),
        ("extra_parameters", {"audience": "https://api.example", "token_type": "jwt"}),
        *(
            ("extra_parameters", {name: "x"})
            for name in (
                *("resource", "prompt", "login_hint", "acr_values", "max_age", "access_type"),
                *("authorization_details", "claims", "domain_hint", "organization", "connection"),
                *("ui_locales", "include_granted_scopes", "hd", "tenant", "id_token_signed_alg"),
            )
        ),
        ("settings", {"keep_fresh": True, "clipboard_seconds": 5, "in_use_minutes": 480}),
        *(
            ("services", {name: address})
            for name, address in (
                *(("a", "https://api.example"), ("a-1", "https://api.example:8443/v1/")),
                ("a" * 31, "http://127.0.0.1:8000/ctia"),
            )
        ),
    ],
)
def test_what_makes_sense_is_taken(member: str, value: Any) -> None:  # noqa: ANN401 - of any kind
    assert list(find_faults(replace(GOOD, **{member: value}))) == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("grant", "password"),
        ("issuer", "https://dana:SECRET@login.example"),
        ("token_endpoint", "https://dana@login.example/token"),
        *(
            ("redirect_uri", address)
            for address in (
                "https://127.0.0.1/cb",
                "http://login.example/cb",
                "http://127.0.0.1.evil.example/cb",
                "http://127.0.0.1:0/cb",
                "http://127.0.0.1:99999/cb",
                "http://127.0.0.1@evil.example/cb",
                "http://me@127.0.0.1/cb",
                "http://127.0.0.1/cb?x=1",
                "http://127.0.0.1/cb#x",
                "http://[::1/cb",
                "xdr-login://cb",
            )
        ),
        ("letter", "ABC"),
        *(("color", color) for color in ("mauve", "#12345", "#gggggg", "#1234567", "Blue")),
        *(
            ("proxy", proxy)
            for proxy in (
                "proxy.example:3128",
                "http://proxy.example",
                "http://proxy.example:x",
                "http://[::1:3128",
                "ftp://proxy.example:21",
                "socks5://proxy.example:1080",
                "http://dana:SECRET@proxy.example:3128",
                "http://dana:SECRET/x@proxy.example:3128",
                "direct",
            )
        ),
        *(
            ("settings", table)
            for table in (
                {"clipboard_seconds": 4},
                {"clipboard_seconds": True},
                {"keep_fresh": 1},
                {"start_hidden": True},
                {"unknown": 1},
            )
        ),
        *(
            ("ca_file", file)
            for file in (
                r"\\share.example\x\ca.pem",
                "//share.example/x/ca.pem",
                r"\/share.example\x\ca.pem",
                r"/\share.example\x\ca.pem",
                r"\??\UNC\share.example\x\ca.pem",
                r"\\.\pipe\ca",
                *("own.pem", "./own.pem", "~/own.pem", "../own.pem", r"C:own.pem", r"\own.pem"),
            )
        ),
        *(
            ("extra_parameters", {name: "SECRET"})
            for name in (
                *("client_secret", "Client-Secret", "password", "refresh_token", "clientSecret"),
                *("client_assertion", "CLIENT-ASSERTION", " client_assertion ", "assertion"),
                *("client_assertion_type", "subject_token", "actor_token", "id_token_hint"),
                *("device_code", "user_code", "code", "code_verifier", "request", "auth_req_id"),
                *("login_hint_token", "api_key", "private-key", "device_secret", "accessToken"),
                "\uff43lient_assertion",  # full width: some servers normalize
                *("client_s\u0435cret", "p\u0430ssword"),  # Cyrillic letters
                *("access_key", "Ocp-Apim-Subscription-Key", "pin", "totp", "mfa_code", "authCode"),
                *(
                    "SAMLResponse",
                    "session_id",
                    "jwt",
                    "pass",
                    "pass_phrase",
                    "dpop_proof",
                    "tokens",
                ),
                *("cookie", "client_assertion[]", "key", "recovery_code", "signature"),
            )
        ),
        *(
            ("extra_parameters", {"audience": "x", name: "SECRET"})
            for name in (
                *("client_id", "grant_type", "response_type", "response_mode", "redirect_uri"),
                *("client_id[]", "grantType"),
                *("scope", "Scope", "state", "nonce", "username", "request_uri", "code_challenge"),
                *("code-challenge-method", "requested_token_type", "subject_token_type"),
            )
        ),
        ("client_id", '{"id": "client-1", "password": "SECRET'),
        ("client_id", '"id": "client-1", "password": "SECRET"}'),
        ("client_authentication", "magic"),
        ("scope_guide", "../../etc"),
        *(
            ("services", {name: "https://api.example"})
            for name in ("", "A", "1a", "a_b", "a b", "a:", "\u0430", "a" * 32, "https", "server")
        ),
        *(
            ("services", {"api": address})
            for address in (
                *("", "api.example", "http://api.example", "ftp://api.example", "https://"),
                *("https://dana:SECRET@api.example", "https://api.example\\evil.example"),
                *("https://api.example/?a=b", "https://api.example/#a", "https://api.example/ b"),
            )
        ),
    ],
)
def test_what_makes_no_sense_is_told_at_its_member(
    member: str,
    value: Any,  # noqa: ANN401 - of any kind
) -> None:
    found = list(find_faults(replace(GOOD, **{member: value})))
    assert [fault.member for fault in found] == [member]
    assert "SECRET" not in found[0].describe()


def test_a_parameter_of_the_protocol_is_named_in_the_refusal() -> None:
    (fault,) = find_faults(replace(GOOD, extra_parameters={"audience": "a", "grant_type": "x"}))
    assert fault.describe() == (
        "`extra_parameters` can't contain “grant_type”: XDR Login sets this parameter itself"
    )


def test_an_api_client_needs_a_password() -> None:
    profile = replace(GOOD, grant="client-credentials", client_authentication="none")
    assert [fault.member for fault in find_faults(profile)] == ["client_authentication"]


@pytest.mark.parametrize(
    ("grant", "endpoints", "missing"),
    [
        (
            "device",
            ("token_endpoint",),
            "`device_authorization_endpoint` and `token_endpoint`",
        ),
        (
            "code",
            ("token_endpoint", "device_authorization_endpoint"),
            "`authorization_endpoint` and `token_endpoint`",
        ),
        ("client-credentials", (), "`token_endpoint`"),
    ],
)
def test_without_an_issuer_the_endpoints_of_the_grant_are_needed(
    grant: str, endpoints: tuple[str, ...], missing: str
) -> None:
    members = dict.fromkeys(endpoints, "https://login.example/x")
    profile = Profile(id="x", name="x", client_id="c", grant=grant, **members)  # type: ignore[arg-type]
    assert [fault.describe() for fault in find_faults(profile)] == [
        f"missing a preset, an issuer, or {missing}"
    ]


def test_all_faults_are_told_at_once_for_a_form() -> None:
    profile = replace(GOOD, letter="ABC", color="mauve", proxy="x")
    assert [fault.member for fault in find_faults(profile)] == ["letter", "color", "proxy"]


def test_a_fault_names_the_member_as_it_is_told() -> None:
    (fault,) = find_faults(replace(GOOD, letter="ABC"))
    assert fault.describe() == "`letter` must be one or two characters"
    assert fault.describe("Letter") == "Letter must be one or two characters"


def test_an_unattended_profile_cannot_demand_that_somebody_is_there() -> None:
    assert not list(find_faults(replace(GOOD, presence="ask")))
    (fault,) = find_faults(replace(GOOD, presence="ask", unattended=True))
    assert fault.describe() == (
        "`presence` must be never if `unattended` is true: nobody is there to confirm it"
    )
