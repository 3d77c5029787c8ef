import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given

from desktop.oauth import errors
from desktop.oauth.clock import Moment
from desktop.oauth.errors import NoUsableToken, OAuthError, UnsupportedTokenType
from desktop.oauth.fields import LONGEST_DURATION
from desktop.oauth.grants.token import (
    is_unexplained_refusal,
    parse_token,
    refresh,
    request_token,
)
from desktop.oauth.model.token_set import Account, TokenSet
from tests.oauth.harness import (
    CODE,
    CONFIDENTIAL,
    HELD,
    HOST,
    PENDING,
    SECRETS,
    START,
    TOKEN_ENDPOINT,
    TOKENS,
    ClientHarness,
    Reply,
    authorization,
    error_reply,
    fuzzed,
    json_reply,
    members_named,
    raw_reply,
    unsigned_jwt,
)

MOMENT = Moment(1000.0, START)


def parsed(**changes: object) -> TokenSet:
    return parse_token(
        {**TOKENS, **changes}, TOKEN_ENDPOINT, requested=MOMENT, requested_scope=("a", "b")
    )


def test_every_member_of_the_answer_is_read() -> None:
    assert parsed(scope="a", extra={"ignored": True}) == TokenSet(
        access_token="acc-ess-token",
        refresh_token="ref-resh-token",
        token_type="Bearer",
        scope=("a",),
        requested_scope=("a", "b"),
        issued_at=START,
        expires_at=START + timedelta(seconds=600),
        account=Account(),
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        5,
        True,
        [],
        {},
        "a b",
        "a\r\nX-Evil: 1",
        "a\0",
        "caf\u00e9",
        "a\u202eb",
        "\ud800",
    ],
)
def test_an_access_token_that_does_not_fit_a_header_is_unusable(value: object) -> None:
    with pytest.raises(NoUsableToken) as caught:
        parsed(access_token=value)
    assert (caught.value.host, caught.value.detail) == (HOST, "no usable access_token")


def test_a_long_access_token_of_any_printable_characters_is_taken() -> None:
    token = "".join(map(chr, range(0x21, 0x7F))) * 100
    assert parsed(access_token=token).access_token == token


@pytest.mark.parametrize("value", [None, "", 5, True, ["x"], {}, "\ud800"])
def test_a_refresh_token_that_is_not_a_string_counts_as_absent(value: object) -> None:
    assert parsed(refresh_token=value).refresh_token is None


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_a_token_of_256_kb_is_taken_and_a_longer_one_is_reported(name: str) -> None:
    assert getattr(parsed(**{name: "x" * 262_144}), name) == "x" * 262_144
    with pytest.raises(NoUsableToken) as caught:
        parsed(**{name: "x" * 262_145})
    assert caught.value.detail == "a token is longer than 256 kB"


@pytest.mark.parametrize("value", ["bearer", "Bearer", "BEARER", "BearerToken", None, "", 5])
def test_the_token_type_is_compared_without_case(value: object) -> None:
    assert parsed(token_type=value).token_type == "Bearer"


@pytest.mark.parametrize("value", ["mac", "DPoP", "N_A", "JWT", "bearer\n", "bearer dpop"])
def test_a_token_of_another_type_is_an_error(value: str) -> None:
    with pytest.raises(UnsupportedTokenType) as caught:
        parsed(token_type=value)
    assert caught.value.host == HOST


@pytest.mark.parametrize(
    ("value", "lifetime"),
    [
        (600, 600.0),
        ("3600", 3600.0),
        (0.5, 0.5),
        (0, 0.0),
        (-5, 0.0),
        (10**30, LONGEST_DURATION),
        (math.inf, LONGEST_DURATION),
    ],
)
def test_expiry_counts_from_before_the_request(value: object, lifetime: float) -> None:
    expires_at = parsed(expires_in=value).expires_at
    assert expires_at == START + timedelta(seconds=lifetime)
    assert expires_at.tzinfo is UTC


@pytest.mark.parametrize("value", [None, "never", True, [600], math.nan, 10**400])
def test_a_token_without_a_lifetime_does_not_expire(value: object) -> None:
    assert parsed(expires_in=value).expires_at is None


@pytest.mark.parametrize(
    ("value", "scope"),
    [
        ("b a", ("b", "a")),
        ("a,c", ("a", "c")),
        (["a"], ("a",)),
        ("", ()),
        ([], ()),
        (None, ("a", "b")),
        (5, ("a", "b")),
        ("a\u202eb", ("a", "b")),
    ],
)
def test_the_granted_scope_counts_and_an_absent_one_is_the_requested_scope(
    value: object, scope: tuple[str, ...]
) -> None:
    tokens = parsed(scope=value)
    assert (tokens.scope, tokens.requested_scope) == (scope, ("a", "b"))


MANY = tuple(f"enrich/part-{number}:read" for number in range(5000))


@pytest.mark.parametrize("granted", [" ".join(MANY), list(MANY), ",".join(MANY)])
def test_no_requested_scope_is_missing_because_very_many_were_granted(granted: object) -> None:
    answer = {**TOKENS, "scope": granted}
    tokens = parse_token(answer, TOKEN_ENDPOINT, requested=MOMENT, requested_scope=MANY)
    assert tokens.scope == MANY


def test_a_scope_that_was_not_granted_is_missing_among_a_thousand() -> None:
    requested = MANY[:1000]
    answer = {**TOKENS, "scope": " ".join(requested[:-1])}
    tokens = parse_token(answer, TOKEN_ENDPOINT, requested=MOMENT, requested_scope=requested)
    assert tokens.scope == requested[:-1]


def test_a_requested_scope_is_not_lost_behind_many_others() -> None:
    others = [str(number) for number in range(3000)]
    assert parsed(scope=" ".join((*others, "b"))).scope == (*others[:2000], "b")


def test_no_scope_is_cut() -> None:
    words = [f"{'long' * 500}{number}" for number in range(100)]
    tokens = parsed(scope=" ".join(words))
    assert set(tokens.scope) - {"a", "b"} == set(words[:32])


def test_a_scope_that_repeats_a_secret_is_not_shown() -> None:
    assert parsed(scope="a acc-ess-token b").scope == ("a", "[redacted]", "b")
    assert parsed(scope="a acc-e\u200bss-token b").scope == ("a", "[redacted]", "b")


def test_the_account_is_that_of_the_identity_token_then_of_the_access_token() -> None:
    access, identity = unsigned_jwt({"sub": "access"}), unsigned_jwt({"sub": "identity"})
    assert parsed(access_token=access, id_token=identity).account.user == "identity"
    assert parsed(access_token=access, id_token=5).account.user == "access"
    assert parsed(access_token=access, id_token="opaque").account.user == "access"


@pytest.mark.parametrize(
    ("members", "lifetime"),
    [
        ({"refresh_token_expires_in": 3600}, 3600),
        ({"refresh_token_expires_in": "3600"}, 3600),
        ({"refresh_expires_in": 3600}, 3600),
        ({"x_refresh_token_expires_in": 3600}, 3600),
        ({"refresh_expires_in": 0}, None),
        ({"refresh_expires_in": -1}, None),
        ({"refresh_expires_in": "never"}, None),
        ({}, None),
    ],
)
def test_the_life_of_the_refresh_token_is_read_where_the_server_tells_it(
    members: dict[str, object], lifetime: float | None
) -> None:
    expires_at = parsed(**members).refresh_expires_at
    assert expires_at == (None if lifetime is None else START + timedelta(seconds=lifetime))


@pytest.mark.parametrize(
    ("answer", "expires_at"),
    [
        ({"refresh_token": None}, START + timedelta(days=1)),
        ({"refresh_token": "next"}, None),
        ({"refresh_token": "next", "refresh_expires_in": 60}, START + timedelta(seconds=60)),
    ],
)
async def test_the_life_of_the_refresh_token_is_that_of_the_one_that_is_held(
    answer: dict[str, object], expires_at: object
) -> None:
    held = replace(HELD, refresh_expires_at=START + timedelta(days=1))
    tokens = await renewed(ClientHarness(json_reply({**TOKENS, **answer})), held)
    assert tokens.refresh_expires_at == expires_at


EXP = int((START + timedelta(minutes=5)).timestamp())
IAT = int(START.timestamp())


@pytest.mark.parametrize(
    ("claims", "seconds"),
    [
        ({"exp": EXP, "iat": IAT}, 300),
        ({"exp": EXP}, 300),
        ({"exp": EXP, "iat": "x"}, 300),
        ({"exp": EXP - 7200, "iat": IAT - 7200}, 300),  # this computer's clock is fast
        ({"exp": EXP + 7200, "iat": IAT + 7200}, 300),  # or slow
        ({"exp": EXP, "iat": EXP}, 300),
        ({"exp": EXP - 7200}, -6900),
        ({}, 600),
        ({"exp": True}, 600),
        ({"exp": "soon"}, 600),
        ({"exp": 1e300}, 600),
        ({"exp": -1}, 600),
    ],
)
def test_an_id_token_ends_as_it_says_or_with_the_access_token(
    claims: dict[str, object], seconds: int
) -> None:
    tokens = parsed(id_token=unsigned_jwt(claims))
    assert tokens.id_token == unsigned_jwt(claims)
    assert tokens.id_expires_at == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [None, "", 5, "opaque", "a.b", "a b.c.d", "a.b.c\r\nX: 1", "\u00e9.b.c", "a.b." + "x" * 16384],
)
def test_what_is_no_id_token_is_not_kept(value: object) -> None:
    tokens = parsed(id_token=value)
    assert (tokens.id_token, tokens.id_expires_at) == (None, None)


def test_an_encrypted_id_token_is_kept_as_long_as_the_access_token() -> None:
    tokens = parsed(id_token="eyJhbGciOiJkaXIifQ..aXY.dGV4dA.dGFn")
    assert tokens.id_expires_at == tokens.expires_at


def test_no_secret_is_shown_by_tokens() -> None:
    tokens = parsed(id_token=unsigned_jwt({"sub": "x"}))
    assert unsigned_jwt({"sub": "x"}) not in f"{tokens!r} {tokens}"
    assert not [secret for secret in SECRETS if secret in f"{tokens!r} {tokens}"]


async def test_polling_sends_the_grant_and_the_device_code() -> None:
    bench = ClientHarness(json_reply(TOKENS))
    code = replace(authorization(), code_verifier=None)
    tokens = await request_token(
        bench.connection, TOKEN_ENDPOINT, authorization=code, scope=("a", "b")
    )
    assert tokens == parsed()
    assert bench.addresses == [TOKEN_ENDPOINT]
    assert bench.forms == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": "dev-ice-code",
            "client_id": "client-1",
        }
    ]


async def test_the_verifier_is_sent_where_a_challenge_was() -> None:
    bench = ClientHarness(json_reply(TOKENS))
    await request_token(bench.connection, TOKEN_ENDPOINT, authorization=authorization(), scope=())
    assert bench.forms[0]["code_verifier"] == "veri-fier"


TOO_LONG = json.dumps({**TOKENS, "access_token": "x" * 262_145})
BEFORE_THE_END = httpx.ReadError("reset")


def broken_off(_: httpx.Request) -> httpx.Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"access_token": "acc-'
        raise BEFORE_THE_END

    return httpx.Response(200, content=pieces())


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (json_reply({}), "no usable access_token"),
        (json_reply({"token": "x"}), "no usable access_token"),
        (json_reply([]), "the response is not a JSON object"),
        (json_reply({**TOKENS, "access_token": "a b"}), "no usable access_token"),
        (raw_reply(TOO_LONG, 200, "application/json"), "a token is longer than 256 kB"),
        (raw_reply("x" * 2**21, 200, "text/plain"), "the response is longer than 1 MB"),
        (
            raw_reply('{"access_token": "acc-', 200, "text/plain"),
            "the response is not a JSON object",
        ),
        (raw_reply("", 204, "text/plain"), "the response is not a JSON object"),
        (json_reply({**TOKENS, "expires_in": 0}), "expires_in is 0 or less"),
        (json_reply({**TOKENS, "expires_in": "-600"}, 201), "expires_in is 0 or less"),
        (json_reply({**TOKENS, "token_type": "DPoP"}), "token_type DPoP"),
        (broken_off, "the response was cut off"),
    ],
)
async def test_any_success_of_the_token_endpoint_ends_the_grant(reply: Reply, detail: str) -> None:
    bench = ClientHarness(json_reply(CODE), PENDING, reply, json_reply(TOKENS))
    with pytest.raises(NoUsableToken) as caught:
        await bench.sign_in()
    assert (caught.value.host, caught.value.detail) == (HOST, detail)
    assert len(bench.requests) == 3


@pytest.mark.parametrize(
    "reply",
    [
        raw_reply("<html>Welcome to the hotel</html>"),
        error_reply("slow_down", 200),
        error_reply("temporarily_unavailable", 200),
        json_reply({"error": {"code": "authorization_pending", "message": "Wait."}}),
        json_reply({"status": 400, "message": "authorization_pending"}),
        json_reply({"status": "authorization_pending"}),
        json_reply({"success": False, "code": "SLOW_DOWN"}),
    ],
)
async def test_a_page_or_an_error_with_a_status_of_success_does_not_end_the_grant(
    reply: Reply,
) -> None:
    bench = ClientHarness(json_reply(CODE), reply, json_reply(TOKENS))
    assert (await bench.sign_in()).access_token == "acc-ess-token"


async def test_what_a_server_says_in_place_of_a_token_is_kept() -> None:
    said = json_reply({"success": False, "message": "Not for you."})
    with pytest.raises(NoUsableToken) as caught:
        await ClientHarness(json_reply(CODE), said).sign_in()
    assert caught.value.description == "Not for you."


async def test_a_renewed_token_that_has_expired_is_kept_for_its_refresh_token() -> None:
    answer = {**TOKENS, "expires_in": 0, "refresh_token": "next"}
    assert (await renewed(ClientHarness(json_reply(answer)))).refresh_token == "next"


async def test_an_undecided_code_is_pending() -> None:
    connection = ClientHarness(PENDING).connection
    with pytest.raises(errors.AuthorizationPending):
        await request_token(connection, TOKEN_ENDPOINT, authorization=authorization(), scope=())


@fuzzed
@given(members_named(*TOKENS, "scope", "id_token"))
def test_any_object_gives_tokens_that_can_be_stored_or_an_error_of_ours(
    found: dict[str, Any],
) -> None:
    try:
        tokens = parsed(**found)
    except OAuthError:
        return
    assert tokens.access_token.isascii()
    assert tokens.refresh_token is None or tokens.refresh_token.encode()
    assert tokens.expires_at is None or tokens.expires_at >= START
    assert json.dumps(tokens.scope)


# Renewal


async def renewed(bench: ClientHarness, held: TokenSet = HELD) -> TokenSet:
    return await refresh(bench.connection, TOKEN_ENDPOINT, held=held)


async def refusal(*replies: Reply) -> Any:  # noqa: ANN401 - each kind has members of its own
    with pytest.raises(OAuthError) as caught:
        await renewed(ClientHarness(*replies))
    return caught.value


async def test_renewing_sends_the_grant_and_the_refresh_token_and_no_scope() -> None:
    bench = ClientHarness(json_reply(TOKENS))
    await renewed(bench)
    assert bench.addresses == [TOKEN_ENDPOINT]
    assert bench.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "ref-resh-token",
            "client_id": "client-1",
        }
    ]


async def test_a_renewal_yields_every_member_of_the_answer() -> None:
    account = unsigned_jwt({"email": "new@northwind.example"})
    answer = {**TOKENS, "access_token": account, "refresh_token": "next", "scope": "inspect:read"}
    assert await renewed(ClientHarness(json_reply(answer))) == TokenSet(
        access_token=account,
        refresh_token="next",
        token_type="Bearer",
        scope=("inspect:read",),
        requested_scope=("profile", "inspect"),
        issued_at=START,
        expires_at=START + timedelta(seconds=600),
        account=Account("new@northwind.example"),
    )


async def test_the_expiry_of_a_renewal_counts_from_before_the_request() -> None:
    bench = ClientHarness(json_reply(TOKENS))
    bench.on_request = lambda: bench.clock.advance(20.0)
    tokens = await renewed(bench)
    assert tokens.issued_at == START
    assert tokens.expires_at == START + timedelta(seconds=600)


@pytest.mark.parametrize("value", [None, "", 5, []])
async def test_an_answer_without_a_refresh_token_keeps_the_old_one(value: object) -> None:
    tokens = await renewed(ClientHarness(json_reply({**TOKENS, "refresh_token": value})))
    assert tokens.refresh_token == "ref-resh-token"


async def test_an_answer_without_a_scope_keeps_the_granted_and_the_requested_scope() -> None:
    tokens = await renewed(ClientHarness(json_reply(TOKENS)))
    assert tokens.scope == ("inspect",)
    assert tokens.requested_scope == ("profile", "inspect")


async def test_a_renewal_finds_every_scope_that_was_requested() -> None:
    held = replace(HELD, requested_scope=MANY, scope=MANY[:2])
    bench = ClientHarness(json_reply({**TOKENS, "scope": " ".join(MANY)}))
    tokens = await refresh(bench.connection, TOKEN_ENDPOINT, held=held)
    assert tokens.scope == tokens.requested_scope == MANY


async def test_an_answer_that_names_nobody_keeps_the_account() -> None:
    assert (await renewed(ClientHarness(json_reply(TOKENS)))).account == HELD.account


async def test_a_confidential_client_authenticates_when_it_renews() -> None:
    bench = ClientHarness(
        error_reply("invalid_client", 401), json_reply(TOKENS), client=CONFIDENTIAL
    )
    await renewed(bench)
    assert ["client_secret" in form for form in bench.forms] == [False, True]


async def test_tokens_without_a_refresh_token_cannot_be_renewed() -> None:
    bench = ClientHarness(json_reply(TOKENS))
    with pytest.raises(RuntimeError, match="cannot be renewed"):
        await renewed(bench, replace(HELD, refresh_token=None))
    assert bench.requests == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error_reply("invalid_grant"), errors.InvalidGrant),
        (error_reply("invalid_token", 401), errors.InvalidGrant),
        (error_reply("expired_token"), errors.InvalidGrant),
        (error_reply("invalid_request"), errors.InvalidRequest),
        (error_reply("access_denied", 403), errors.ForbiddenByPolicy),
        (error_reply("unauthorized_client"), errors.UnauthorizedClient),
        (error_reply("something_else"), errors.ErrorResponse),
        (error_reply("temporarily_unavailable", 503), errors.ServerFault),
    ],
)
async def test_the_error_of_a_refused_renewal_is_mapped_to_its_meaning(
    reply: Reply, kind: type[OAuthError]
) -> None:
    assert type(await refusal(reply)) is kind


@pytest.mark.parametrize(("status", "is_about_token"), [(400, True), (413, False), (431, False)])
async def test_a_request_that_is_too_large_says_nothing_about_the_token(
    status: int, *, is_about_token: bool
) -> None:
    error = await refusal(error_reply("invalid_request", status))
    assert is_unexplained_refusal(error) is is_about_token


async def test_a_refused_renewal_keeps_every_fact_of_the_answer() -> None:
    body = {"error": "invalid_token", "error_description": "Expired.", "trace_id": "t-1"}
    error = await refusal(json_reply(body, 401, {"Retry-After": "7"}))
    assert (error.error, error.host, error.description) == ("invalid_token", HOST, "Expired.")
    assert (error.status, error.trace_id, error.retry_after) == (401, "t-1", 7.0)
    assert isinstance(error.__cause__, errors.InvalidToken)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_renewal_refused_without_an_error_code_has_the_status(status: int) -> None:
    error = await refusal(raw_reply("", status))
    assert type(error) is errors.Refusal
    assert error.status == status


@pytest.mark.parametrize(
    ("headers", "wait"), [({"Retry-After": "7"}, 7.0), ({}, 10.0)], ids=["header", "interval"]
)
async def test_a_renewal_that_comes_too_early_is_throttled(
    headers: dict[str, str], wait: float
) -> None:
    body = {"error": "slow_down", "interval": 10, "trace_id": "t-1"}
    error = await refusal(json_reply(body, 400, headers))
    assert type(error) is errors.Throttled
    assert (error.host, error.detail, error.status) == (HOST, "slow_down", 400)
    assert (error.retry_after, error.trace_id) == (wait, "t-1")
