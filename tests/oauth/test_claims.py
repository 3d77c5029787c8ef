import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given

from desktop.oauth.addresses import has_hidden_characters
from desktop.oauth.claims import account_in, unverified_claims
from desktop.oauth.model.token_set import Account
from tests.oauth.harness import any_json, any_text, fuzzed, members_named, unsigned_jwt

XDR = "https://schemas.cisco.com/iroh/identity/claims/"


def test_the_claims_of_an_xdr_token_name_user_and_organization() -> None:
    token = unsigned_jwt(
        {
            "iss": "IROH Auth NAM",
            "sub": "0f1e",
            "email": "other@northwind.example",
            f"{XDR}user/email": "dana@northwind.example",
            f"{XDR}user/nick": "Dana",
            f"{XDR}org/name": "Northwind SOC",
        }
    )
    assert account_in(token) == Account("dana@northwind.example", "Northwind SOC")


@pytest.mark.parametrize(
    ("claims", "account"),
    [
        ({"email": "d@n.example", "sub": "1"}, Account("d@n.example")),
        ({"preferred_username": "dana", "name": "Dana D."}, Account("dana")),
        ({"upn": "dana@corp", "org_name": "Corp"}, Account("dana@corp", "Corp")),
        ({f"{XDR}user/nick": "Dana", "organization": "O"}, Account("Dana", "O")),
        ({"name": "Dana D.", "hd": "corp.example"}, Account("Dana D.", "corp.example")),
        ({"sub": "0f1e"}, Account("0f1e")),
        ({"email": None, "sub": "0f1e"}, Account("0f1e")),
        ({"email": 5, "name": ["x"], "sub": 7}, Account()),
        ({"org_name": "Corp"}, Account()),
        ({}, Account()),
    ],
)
def test_the_most_specific_claim_names_the_user(claims: dict[str, Any], account: Account) -> None:
    assert account_in(unsigned_jwt(claims)) == account


def test_the_first_token_that_names_a_user_counts() -> None:
    tokens = (None, "", "opaque", unsigned_jwt({"scope": "x"}), unsigned_jwt({"sub": "1"}))
    assert account_in(*tokens, unsigned_jwt({"sub": "2"})) == Account("1")


def test_no_token_names_nobody() -> None:
    assert account_in() == Account()


def test_names_are_fit_to_print() -> None:
    account = account_in(unsigned_jwt({"email": "dana\u202e\n" + "x" * 100, "org_name": "a\0b"}))
    assert account == Account("dana " + "x" * 74 + "…", "a b")


@pytest.mark.parametrize(
    "token",
    [
        "gho_16C7e42F292c6912E7710c838347Ae178B4a",
        "a.b",
        "a.b.c",
        "....",
        unsigned_jwt([1, 2]),
        unsigned_jwt("text"),
        unsigned_jwt({"sub": "1"}, header=["x"]),
        unsigned_jwt({"sub": "1"}, header={"alg": "none", "crit": ["x"]}),
        unsigned_jwt({"sub": "1"}) + "!!!",
        "e30." + urlsafe_b64encode(b"[" * 100_000).decode() + ".",
        "e30." + urlsafe_b64encode(b'{"a":' + b"9" * 5000 + b"}").decode() + ".",
        "e30." + urlsafe_b64encode(b'{"a":"\xff"}').decode() + ".",
    ],
)
def test_an_opaque_token_has_no_claims(token: str) -> None:
    assert unverified_claims(token) == {}


def test_a_token_with_padding_is_read_too() -> None:
    header, claims = (urlsafe_b64encode(each).decode() for each in (b"{}", b'{"sub": "12"}'))
    assert claims.endswith("=")
    assert unverified_claims(f"{header}.{claims}.") == {"sub": "12"}


def test_reading_claims_loads_no_library_for_signatures() -> None:
    code = (
        "import sys; from desktop.oauth.claims import unverified_claims;"
        "print(unverified_claims('e30.eyJzdWIiOiAiMSJ9.'), 'jwt' in sys.modules,"
        "'cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "{'sub': '1'} False False\n"


def test_an_expired_token_still_names_its_user() -> None:
    claims = {"sub": "1", "exp": 0, "nbf": 2**40, "iat": "soon", "aud": "other"}
    assert unverified_claims(unsigned_jwt(claims, header={"alg": "RS256"})) == claims


@fuzzed
@given(members_named("email", "sub", "org_name", f"{XDR}user/email") | any_json)
def test_no_claims_break_the_reading(claims: object) -> None:
    account = account_in(unsigned_jwt(claims))
    assert not has_hidden_characters(account.user + account.organization)


@fuzzed
@given(any_text.map(lambda text: text.encode("utf-8", "replace").decode()))
def test_no_token_breaks_the_reading(token: str) -> None:
    padded = urlsafe_b64encode(json.dumps(token).encode()).decode()
    assert account_in(token, f"{padded}.{padded}.{padded}") == Account()
