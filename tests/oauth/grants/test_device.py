import base64
import hashlib
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given

from desktop.oauth.clock import Moment
from desktop.oauth.errors import (
    ForbiddenByPolicy,
    InvalidScope,
    OAuthError,
    UnsafeAddress,
    UnusableAnswer,
)
from desktop.oauth.fields import LONGEST_DURATION
from desktop.oauth.grants.device import DeviceAuthorization, code_challenge, parse_authorization
from tests.oauth.harness import (
    CODE,
    DEVICE_ENDPOINT,
    ENDPOINTS,
    HOST,
    SECRETS,
    START,
    ClientHarness,
    ManualClock,
    authorization,
    error_reply,
    fuzzed,
    json_reply,
    members_named,
)

MOMENT = Moment(1000.0, START)
USELESS: list[object] = [None, "", " ", 5, 1.5, True, [], {}, "\ud800"]


def parsed(**changes: object) -> DeviceAuthorization:
    return parse_authorization({**CODE, **changes}, DEVICE_ENDPOINT, requested=MOMENT)


def without(name: str) -> DeviceAuthorization:
    found = {key: value for key, value in CODE.items() if key != name}
    return parse_authorization(found, DEVICE_ENDPOINT, requested=MOMENT)


def test_every_member_of_the_answer_is_read() -> None:
    complete = f"https://{HOST}/activate?user_code=WDJB-MJHT"
    found = parse_authorization(
        {**CODE, "verification_uri_complete": complete, "message": "ignored"},
        DEVICE_ENDPOINT,
        requested=MOMENT,
        code_verifier="veri-fier",
    )
    assert found == DeviceAuthorization(
        device_code="dev-ice-code",
        user_code="WDJB-MJHT",
        verification_uri=f"https://{HOST}/activate",
        verification_uri_complete=complete,
        lifetime=600.0,
        interval=5.0,
        requested=MOMENT,
        code_verifier="veri-fier",
    )


@pytest.mark.parametrize("name", ["device_code", "user_code", "verification_uri"])
def test_a_required_member_may_not_be_absent(name: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        without(name)
    assert (caught.value.host, caught.value.detail) == (HOST, f"no usable {name}")


@pytest.mark.parametrize("name", ["device_code", "user_code", "verification_uri"])
@pytest.mark.parametrize("value", USELESS)
def test_a_required_member_must_be_a_string(name: str, value: object) -> None:
    with pytest.raises(UnusableAnswer, match=f"no usable {name}"):
        parsed(**{name: value})


def test_the_link_may_be_called_url() -> None:
    found = {**CODE, "verification_url": CODE["verification_uri"]}
    del found["verification_uri"]
    assert parse_authorization(found, DEVICE_ENDPOINT, requested=MOMENT).verification_uri


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://login.example/activate",
        "https://login.example@evil.example/",
        "https://login.example\\@evil.example/",
        "https://login.example/\u202ecod.exe",
        "https://login.example/ --flag",
        "\\\\evil.example\\share",
        "-h",
    ],
)
def test_a_link_that_must_not_be_opened_is_an_error(link: str) -> None:
    with pytest.raises(UnsafeAddress):
        parsed(verification_uri=link)


def test_a_server_on_this_computer_may_link_to_it_in_plain_http() -> None:
    link = "http://127.0.0.1:8085/device"
    found = {"device_code": "d", "user_code": "U", "verification_uri": link, "expires_in": 600}
    requested = Moment(0.0, datetime(2026, 11, 23, tzinfo=UTC))
    endpoint = "http://127.0.0.1:8085/device_authorization"
    assert parse_authorization(found, endpoint, requested=requested).verification_uri == link


@pytest.mark.parametrize("link", ["http://127.0.0.1:8085/device", "https://localhost/device"])
def test_a_server_elsewhere_may_not_link_to_this_computer(link: str) -> None:
    with pytest.raises(UnsafeAddress, match="this computer"):
        parsed(verification_uri=link)


def test_a_link_with_lookalike_characters_is_refused() -> None:
    with pytest.raises(UnsafeAddress, match="look like others"):
        parsed(verification_uri="https://login.example/\u3164")


@pytest.mark.parametrize("code", ["WDJB\u202eMJHT", "WDJB\nMJHT", "\x1b[2J", "x" * 65])
def test_a_code_that_cannot_be_compared_is_an_error(code: str) -> None:
    with pytest.raises(UnsafeAddress):
        parsed(user_code=code)


def test_the_complete_link_may_be_called_url() -> None:
    link = f"https://{HOST}/a?code=1"
    assert parsed(verification_url_complete=link).verification_uri_complete == link


@pytest.mark.parametrize(
    "link",
    [
        *USELESS,
        "https://evil.example/activate?user_code=WDJB-MJHT",
        "https://login.example.evil.example/",
        "http://login.example/activate",
        "https://login.example@evil.example/",
        "javascript:alert(1)",
        "https://login.example/\n",
    ],
)
def test_a_complete_link_that_cannot_be_trusted_is_left_out(link: object) -> None:
    assert parsed(verification_uri_complete=link).verification_uri_complete is None


@pytest.mark.parametrize(
    ("value", "lifetime"),
    [
        (600, 600.0),
        ("900", 900.0),
        (0.5, 0.5),
        (None, 600.0),
        ("soon", 600.0),
        (True, 600.0),
        ([600], 600.0),
        (math.nan, 600.0),
        (10**400, 600.0),
        (10**30, LONGEST_DURATION),
        (math.inf, LONGEST_DURATION),
    ],
)
def test_the_lifetime_is_read_tolerantly(value: object, lifetime: float) -> None:
    assert parsed(expires_in=value).lifetime == lifetime


@pytest.mark.parametrize("value", [0, -1, "-600", -math.inf, "0"])
def test_a_code_without_a_lifetime_is_an_error(value: object) -> None:
    with pytest.raises(UnusableAnswer, match="no usable expires_in"):
        parsed(expires_in=value)


def test_an_absent_lifetime_is_ten_minutes() -> None:
    assert without("expires_in").lifetime == 600.0


def test_an_absent_interval_is_five_seconds() -> None:
    assert without("interval").interval == 5.0


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        (5, 5.0),
        ("7", 7.0),
        (2.5, 2.5),
        (599, 599.0),
        (1, 1.0),
        (0, 1.0),
        (0.2, 1.0),
        (-5, 1.0),
        (None, 5.0),
        ("often", 5.0),
        (True, 5.0),
        (600, 5.0),
        (10**30, 5.0),
        (math.inf, 5.0),
        (math.nan, 5.0),
    ],
)
def test_the_interval_is_read_tolerantly(value: object, interval: float) -> None:
    assert parsed(interval=value).interval == interval


@pytest.mark.parametrize(("lifetime", "interval"), [(8, 4.0), (1, 1.0), (60, 5.0)])
def test_an_interval_as_long_as_the_lifetime_is_shortened(lifetime: int, interval: float) -> None:
    assert parsed(expires_in=lifetime, interval=lifetime).interval == interval


def test_what_remains_is_counted_from_before_the_request() -> None:
    clock = ManualClock()
    code = authorization(lifetime=600)
    clock.advance(200)
    assert code.remaining(clock) == 400.0
    clock.set_wall_clock(1000)
    assert code.remaining(clock) == 0.0
    clock.set_wall_clock(-5000)
    assert code.remaining(clock) == 400.0


def test_no_secret_is_shown_by_a_code() -> None:
    shown = f"{authorization()!r} {authorization()}"
    assert not [secret for secret in SECRETS if secret in shown]
    assert "WDJB-MJHT" in shown


async def test_requesting_a_code_sends_scope_and_further_parameters() -> None:
    bench = ClientHarness(json_reply(CODE))
    code = await bench.request_code(scope=("profile", "inspect:read"), extra={"audience": "a b"})
    assert code == parsed()
    assert bench.addresses == [DEVICE_ENDPOINT]
    assert bench.requests[0].method == "POST"
    assert bench.forms == [
        {"audience": "a b", "scope": "profile inspect:read", "client_id": "client-1"}
    ]


async def test_a_code_that_is_denied_was_not_denied_by_a_user() -> None:
    bench = ClientHarness(error_reply("access_denied", 403, error_description="No such API."))
    with pytest.raises(ForbiddenByPolicy) as caught:
        await bench.request_code()
    assert caught.value.description == "No such API."


async def test_no_scope_is_sent_when_none_is_wanted() -> None:
    bench = ClientHarness(json_reply(CODE))
    await bench.request_code(scope=())
    assert bench.forms == [{"client_id": "client-1"}]


async def test_further_parameters_replace_none_of_ours() -> None:
    bench = ClientHarness(json_reply(CODE))
    metadata = replace(ENDPOINTS, code_challenge_methods_supported=("S256",))
    extra = {"scope": "admin", "client_id": "x", "code_challenge": "x"}
    await bench.request_code(metadata, scope=("profile",), extra=extra)
    form = bench.forms[0]
    assert (form["scope"], form["client_id"]) == ("profile", "client-1")
    assert form["code_challenge"] != "x"


async def test_the_lifetime_counts_from_before_the_request() -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        bench.clock.advance(20)
        return json_reply(CODE)(request)

    bench = ClientHarness(slow)
    bench.clock.advance(7)
    code = await bench.request_code()
    assert code.requested.monotonic == 1007.0
    assert code.remaining(bench.clock) == 580.0


@pytest.mark.parametrize("methods", [(), ("plain",), ("s256",)])
async def test_no_challenge_is_sent_unless_s256_is_offered(methods: tuple[str, ...]) -> None:
    bench = ClientHarness(json_reply(CODE))
    code = await bench.request_code(replace(ENDPOINTS, code_challenge_methods_supported=methods))
    assert code.code_verifier is None
    assert "code_challenge" not in bench.forms[0]


async def test_a_challenge_is_sent_where_s256_is_offered() -> None:
    bench = ClientHarness(json_reply(CODE))
    metadata = replace(ENDPOINTS, code_challenge_methods_supported=("plain", "S256"))
    first, second = await bench.request_code(metadata), await bench.request_code(metadata)
    assert first.code_verifier is not None
    assert first.code_verifier != second.code_verifier
    assert 43 <= len(first.code_verifier) <= 128  # RFC 7636 section 4.1
    digest = hashlib.sha256(first.code_verifier.encode()).digest()
    form = bench.forms[0]
    assert form["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert form["code_challenge_method"] == "S256"
    assert first.code_verifier not in str(form)


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def test_a_rejected_device_authorization_is_an_error() -> None:
    with pytest.raises(InvalidScope):
        await ClientHarness(error_reply("invalid_scope")).request_code()


@fuzzed
@given(members_named(*CODE, "verification_url", "verification_uri_complete"))
def test_any_object_gives_a_safe_code_or_an_error_of_ours(found: dict[str, Any]) -> None:
    try:
        code = parse_authorization({**CODE, **found}, DEVICE_ENDPOINT, requested=MOMENT)
    except OAuthError:
        return
    assert 0 < code.lifetime <= LONGEST_DURATION
    assert code.interval >= 1
    assert json.dumps(code.device_code).isascii()
    assert code.requested.later(code.lifetime) > START


async def test_a_prompt_is_not_sent_where_no_browser_opens() -> None:
    bench = ClientHarness(json_reply(CODE))
    extra = {"audience": "a", "prompt": "select_account"}
    await bench.request_code(extra=extra)
    assert bench.forms[0]["audience"] == "a"
    assert "prompt" not in bench.forms[0]
