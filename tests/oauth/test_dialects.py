"""Errors outside RFC 6749, as providers send them."""

import pytest

from desktop.oauth import errors
from desktop.oauth.answers import members
from desktop.oauth.dialects import DIALECTS, normalized
from desktop.oauth.errors import OAuthError
from tests.oauth.harness import (
    CODE,
    HOST,
    START,
    TOKEN_ENDPOINT,
    TOKENS,
    ClientHarness,
    json_reply,
    make_answer,
)

AWS = "com.amazonaws.ssooidc#"
PROBLEM = {"content-type": "application/problem+json"}


def error_in(body: object, status: int = 400) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        members(make_answer(body, status), START)  # type: ignore[arg-type]
    return caught.value


def facebook(subcode: int) -> dict[str, object]:
    return {"error": {"message": "Wait.", "type": "OAuthException", "error_subcode": subcode}}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"status": 400, "message": "authorization_pending"}, errors.AuthorizationPending),
        ({"status": 400, "message": "invalid device code"}, errors.InvalidGrant),
        ({"status": 400, "message": "Invalid refresh token"}, errors.InvalidGrant),
        ({"status": 403, "message": "invalid client secret"}, errors.InvalidClient),
        ({"errorCode": "invalid_client", "errorSummary": "No."}, errors.InvalidClient),
        ({"errorCode": "E0000011", "errorSummary": "Invalid token."}, errors.InvalidToken),
        ({"ok": False, "error": "invalid_client_id"}, errors.InvalidClient),
        ({"ok": False, "error": "code_already_used"}, errors.InvalidGrant),
        (facebook(1349174), errors.AuthorizationPending),
        (facebook(1349172), errors.SlowDown),
        (facebook(1349152), errors.ExpiredToken),
        ({"__type": f"{AWS}AuthorizationPendingException"}, errors.AuthorizationPending),
        ({"__type": "SlowDownException", "message": "Too fast."}, errors.SlowDown),
        ({"__type": "ExpiredTokenException"}, errors.ExpiredToken),
        ({"fault": {"detail": {"errorcode": "oauth.v2.invalid_client"}}}, errors.InvalidClient),
        ({"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"}, errors.InvalidClient),
        ({"error": {"code": "invalid_grant", "message": "No."}}, errors.InvalidGrant),
        ({"code": "INVALID_TOKEN", "message": "No."}, errors.InvalidToken),
        ({"type": "https://a.example/errors/slow-down", "title": "Slow"}, errors.SlowDown),
        ({"errors": [{"code": "invalid_scope", "detail": "No."}]}, errors.InvalidScope),
        ({"errors": [{"extensions": {"code": "INVALID_SCOPE"}}]}, errors.InvalidScope),
        ([{"errorCode": "INVALID_GRANT", "message": "expired"}], errors.InvalidGrant),
        ({"error": "Unauthorized", "code": "invalid_client"}, errors.InvalidClient),
        ({"error": "AuthorizationPending"}, errors.AuthorizationPending),
        ({"detail": "authorization_pending"}, errors.AuthorizationPending),
        ({"detail": {"error": "slow_down"}}, errors.SlowDown),
        ({"status": "authorization_pending"}, errors.AuthorizationPending),
        ({"error_code": "authorization_pending"}, errors.AuthorizationPending),
        ({"error": "invalid-grant"}, errors.InvalidGrant),
        ({"error_code": "rate_limit_exceeded"}, errors.Throttled),
        ({"ok": False, "error": "ratelimited"}, errors.Throttled),
        ({"__type": "ThrottlingException", "message": "Rate exceeded"}, errors.Throttled),
        ({"__type": "TooManyRequestsException"}, errors.Throttled),
        ({"ok": False, "error": "internal_error"}, errors.ServerFault),
        ({"ok": False, "error": "fatal_error"}, errors.ServerFault),
        ({"__type": f"{AWS}InternalServerException"}, errors.ServerFault),
        ({"code": "SERVICE_UNAVAILABLE", "message": "Later."}, errors.ServerFault),
    ],
)
def test_a_known_code_counts_wherever_a_provider_puts_it(
    body: object, kind: type[OAuthError]
) -> None:
    assert type(error_in(body)) is kind


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"errorCode": "E0000021", "errorSummary": "Bad media type."}, "Bad media type."),
        ({"status": 400, "message": "missing scopes"}, "missing scopes"),
        ({"error": {"message": "No.", "type": "OAuthException", "code": 101}}, "No."),
        ({"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT"}}, "No."),
        ({"error": {"code": "BadRequest", "message": "No."}}, "No."),
        ({"__type": "ValidationException", "message": "No."}, "No."),
        ({"type": "about:blank", "title": "Bad Request", "detail": "No."}, "No."),
        ({"title": "Bad Request", "type": "about:blank", "status": 400}, "Bad Request"),
        ({"message": "400 Bad Request"}, "400 Bad Request"),
        ({"serviceErrorCode": 65600, "message": "No.", "status": 400}, "No."),
        ({"code": 124, "message": "No."}, "No."),
        ({"id": "1", "code": "ACCESS_FAILED", "message": "No."}, "No."),
        ({"errorMessages": ["No."], "errors": {}}, "No."),
        ({"errors": ["No."]}, "No."),
        ({"errors": [{"title": "No."}]}, "No."),
        ({"generalErrors": [{"code": "[x]", "message": "No."}]}, "No."),
        ({"fault": {"faultstring": "No.", "detail": {}}}, "No."),
        ({"error": {"error_code": 5, "error_msg": "No."}}, "No."),
        ({"errorMessage": "No."}, "No."),
        ({"reason": "No."}, "No."),
        ({"detail": "No."}, "No."),
        ({"detail": {"error": "x", "message": "No."}}, "No."),
        ([{"errorCode": "X", "message": "No."}], "No."),
    ],
)
def test_an_unknown_error_is_a_refusal_with_the_sentence_of_the_server(
    body: object, sentence: str
) -> None:
    error = error_in(body)
    assert isinstance(error, errors.Refusal)
    assert (error.host, error.status, error.detail) == (HOST, 400, sentence)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"reason": "Invalid client_id", "error": "invalid_client"}, "Invalid client_id"),
        ({"statusCode": 401, "error": "Unauthorized", "message": "No."}, "No."),
        ({"timestamp": 1, "status": 400, "error": "Bad Request", "path": "/x"}, ""),
        ({"error": "invalid_request", "error_hint": "No."}, "No."),
        ({"error": "invalid_grant", "error_description": "No.", "message": "x"}, "No."),
    ],
)
def test_a_sentence_beside_an_error_code_is_kept(body: object, sentence: str) -> None:
    error = error_in(body)
    assert isinstance(error, errors.ErrorResponse)
    assert error.description == sentence


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, errors.NothingThere),
        (405, errors.NothingThere),
        (410, errors.NothingThere),
        (429, errors.Throttled),
        (501, errors.NothingThere),
        (500, errors.ServerFault),
        (415, errors.ErrorResponse),
    ],
)
def test_the_name_of_a_status_as_error_means_the_status(
    status: int, kind: type[OAuthError]
) -> None:
    error = error_in({"status": status, "error": "As the status says", "path": "/x"}, status)
    assert type(error) is kind


def test_the_error_and_the_description_of_a_missing_realm_are_kept() -> None:
    error = error_in({"error": "Realm does not exist", "error_description": "See the log."}, 404)
    assert isinstance(error, errors.NothingThere)
    assert error.description == "Realm does not exist. See the log."
    assert error.address == TOKEN_ENDPOINT


@pytest.mark.parametrize("said", ["Access Denied", "AccessDenied", "AccessDeniedException"])
def test_a_firewall_that_denies_access_is_not_the_user(said: str) -> None:
    for body in (
        {"message": said},
        {"__type": said},
        {"error": said},
        {"Code": said, "code": said},
    ):
        assert not isinstance(error_in(body, 403), errors.AccessDenied)


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "x", "error": {"code": 0, "message": "no error"}},
        {"a": 1, "message": "authorization_pending", "type": "slow_down", "code": "expired_token"},
        {"a": 1, "error": {"code": 0}},
        {"a": 1, "error": None, "errorCode": None},
    ],
)
def test_a_success_is_not_taken_for_an_error(body: dict[str, object]) -> None:
    assert members(make_answer(body), START) == body


def test_an_error_object_is_an_error_whatever_the_status() -> None:
    assert isinstance(error_in({"error": {"message": "No."}}, 200), errors.Refusal)
    assert isinstance(error_in({"error": {"code": "slow_down"}}, 200), errors.SlowDown)


@pytest.mark.parametrize(
    ("content_type", "sentence"),
    [("text/plain; charset=utf-8", "No client."), ("text/html", ""), ("", "")],
)
def test_a_plain_text_is_the_sentence_only_where_it_is_declared(
    content_type: str, sentence: str
) -> None:
    with pytest.raises(errors.UnusableAnswer) as caught:
        members(make_answer("No client.", 400, {"content-type": content_type}), START)
    assert caught.value.detail == sentence


async def test_twitch_is_polled_at_the_interval_while_it_is_pending() -> None:
    pending = json_reply({"status": 400, "message": "authorization_pending"}, 400)
    bench = ClientHarness(json_reply(CODE), *[pending] * 4, json_reply(TOKENS))
    await bench.sign_in()
    assert bench.asked_at == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("slow_down", "slow_down"),
        (" Slow_Down ", "slow_down"),
        ("com.example#SlowDownException", "slow_down"),
        ("https://a.example/slow-down/", "slow_down"),
        ("SLOW_DOWN", "slow_down"),
        ("slow down", "slow down"),
        ("...", "..."),
        ("", ""),
    ],
)
def test_a_code_is_compared_as_rfc_6749_writes_it(code: str, written: str) -> None:
    assert normalized(code) == written


def test_the_providers_of_each_format_are_named() -> None:
    assert all(each.providers and each.code and each.sentence for each in DIALECTS)
