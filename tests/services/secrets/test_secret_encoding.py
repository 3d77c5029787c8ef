"""Encoding and decoding tokens."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth.grants.token import LONGEST_ID_TOKEN
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.secrets.keystore import _split
from desktop.services.secrets.secret_encoding import SavedTokens, decode_tokens, encode_tokens

TOKENS = TokenSet(
    access_token="access",
    refresh_token="refresh",
    token_type="Bearer",
    scope=("read", "write"),
    requested_scope=("read", "write", "admin"),
    issued_at=datetime(2026, 11, 23, 3, 0, 0, 123456, tzinfo=UTC),
    expires_at=datetime(2026, 11, 23, 3, 10, tzinfo=UTC),
    account=Account("dana@northwind.example", "Northwind"),
)
SAVED = SavedTokens(TOKENS, {"https://login.example/token": ClientAuthentication.POST})
ISSUED_FOR = "https://login.example client-1"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
words = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), unique=True).map(tuple)
instants = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the time zone itself
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
token_sets = st.builds(
    TokenSet,
    access_token=texts,
    refresh_token=st.none() | texts,
    token_type=texts,
    scope=words,
    requested_scope=words,
    issued_at=instants,
    expires_at=st.none() | instants,
    account=st.builds(Account, st.text(), st.text()),
    id_token=st.none() | texts,
    id_expires_at=st.none() | instants,
    refresh_expires_at=st.none() | instants,
    lost_renewals=st.integers(0, 9),
    lost_at=st.none() | instants,
    key=st.none() | texts,
)


def members() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode_tokens(SAVED, issued_for=ISSUED_FOR))
    return found


def test_all_of_many_scopes_are_saved() -> None:
    many = tuple(f"enrich/part-{number}:read" for number in range(5000))
    saved = replace(SAVED, tokens=replace(TOKENS, scope=many, requested_scope=many))
    text = encode_tokens(saved, issued_for=ISSUED_FOR)
    assert decode_tokens(text, issued_for=ISSUED_FOR) == saved


@given(token_sets, st.dictionaries(texts, st.sampled_from(ClientAuthentication)))
def test_everything_comes_back_and_the_text_is_ascii(
    tokens: TokenSet, methods: dict[str, ClientAuthentication]
) -> None:
    text = encode_tokens(SavedTokens(tokens, methods), issued_for=ISSUED_FOR)
    assert decode_tokens(text, issued_for=ISSUED_FOR) == SavedTokens(tokens, methods)
    assert text.isascii()


def test_a_token_that_never_expires_stays_so() -> None:
    saved = replace(SAVED, tokens=replace(TOKENS, expires_at=None))
    assert (
        decode_tokens(encode_tokens(saved, issued_for=ISSUED_FOR), issued_for=ISSUED_FOR) == saved
    )


@pytest.mark.parametrize(
    "other", ["https://login.example client-2", "https://evil.example client-1"]
)
def test_tokens_of_another_server_or_client_are_none(other: str) -> None:
    assert decode_tokens(encode_tokens(SAVED, issued_for=ISSUED_FOR), issued_for=other) is None


@pytest.mark.parametrize("token_type", ["Bearer", "DPoP"])
def test_tokens_that_are_not_bound_are_none_where_they_must_be(token_type: str) -> None:
    text = json.dumps(members() | {"token_type": token_type})
    found = decode_tokens(text, issued_for=ISSUED_FOR, must_be_bound=True)
    assert (found is not None) is (token_type == "DPoP")
    assert decode_tokens(text, issued_for=ISSUED_FOR) is not None


def test_tokens_in_a_later_format_are_ignored() -> None:
    assert decode_tokens(json.dumps(members() | {"format": 2}), issued_for=ISSUED_FOR) is None


@pytest.mark.parametrize(
    "name", sorted(set(members()) - {"refresh_token", "scope", "requested_scope"})
)
@pytest.mark.parametrize("wrong", [{}, [], "", True, 1e308, float("nan"), "\N{BELL}"])
def test_a_member_of_a_wrong_kind_breaks_nothing(name: str, wrong: object) -> None:
    found = decode_tokens(json.dumps(members() | {name: wrong}), issued_for=ISSUED_FOR)
    assert found is None or isinstance(found, SavedTokens)


@pytest.mark.parametrize(
    "name", sorted(set(members()) - {"refresh_token", "scope", "requested_scope"})
)
def test_a_missing_member_is_damage(name: str) -> None:
    found = members()
    del found[name]
    assert decode_tokens(json.dumps(found), issued_for=ISSUED_FOR) is None


@pytest.mark.parametrize("name", ["issued_at", "expires_at"])
@pytest.mark.parametrize("instant", [-1, -1e18, 253402300799, 1e300, True, float("nan")])
def test_an_instant_that_no_clock_shows_is_damage(name: str, instant: float) -> None:
    text = json.dumps(members() | {name: instant})
    assert decode_tokens(text, issued_for=ISSUED_FOR) is None


def test_optional_members_may_be_missing() -> None:
    found = members()
    for name in ("refresh_token", "scope", "requested_scope"):
        del found[name]
    saved = decode_tokens(json.dumps(found), issued_for=ISSUED_FOR)
    assert saved is not None
    assert (saved.tokens.refresh_token, saved.tokens.scope) == (None, ())


@pytest.mark.parametrize(
    "damaged", ["", "{", "null", "[]", "7", '"x"', "[" * 100_000, "{}", "\x00"]
)
def test_damaged_text_gives_no_tokens(damaged: str) -> None:
    assert decode_tokens(damaged, issued_for=ISSUED_FOR) is None


any_json = st.recursive(
    st.none() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=8
)


@given(st.text() | any_json.map(json.dumps))
def test_any_text_is_decoded_or_ignored(text: str) -> None:
    assert decode_tokens(text, issued_for=ISSUED_FOR) is None


def test_tokens_are_not_in_the_representation() -> None:
    assert "access" not in repr(SAVED).replace("access_token", "")
    assert "'refresh'" not in repr(SAVED)


def test_what_an_older_version_has_saved_is_read() -> None:
    older = {
        "access_token": "access",
        "refresh_token": "refresh",
        "token_type": "Bearer",
        "scope": ["read", "write"],
        "requested_scope": ["read", "write", "admin"],
        "issued_at": TOKENS.issued_at.timestamp(),
        "expires_at": 1795403400.0,
        "account": {"user": "dana@northwind.example", "organization": "Northwind"},
        "format": 1,
        "issued_for": ISSUED_FOR,
        "known_methods": {"https://login.example/token": "client_secret_post"},
    }
    assert decode_tokens(json.dumps(older), issued_for=ISSUED_FOR) == SAVED
    assert members() == older, "and an older version reads what this one saves"


def test_a_keyring_with_small_entries_holds_the_largest_id_token() -> None:
    tokens = replace(TOKENS, access_token="a" * 8192, id_token="i" * LONGEST_ID_TOKEN)
    text = encode_tokens(SavedTokens(tokens, {}), issued_for=ISSUED_FOR)
    assert len(_split(text, 1280)) < 32


def test_reading_saved_tokens_loads_no_protocol() -> None:
    script = (
        "import sys, desktop.services.secrets.secret_encoding, desktop.services.session.schedule;"
        "print(*(each for each in sys.modules if each.startswith('desktop.oauth.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == {
        f"desktop.oauth.{name}"
        for name in (
            *("clock", "errors", "fields", "model"),
            *("model.client_authentication", "model.quota", "model.token_set"),
        )
    }
