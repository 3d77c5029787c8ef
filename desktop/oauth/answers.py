"""Parses an answer: returns its members, or raises the error in it. Pure, no network.

The body decides, not the status: GitHub sends errors with 200, Google "pending" with 428, Auth0
with 403. The status only counts if the body is not an OAuth answer. Formats of errors outside RFC
6749 are in `desktop.oauth.dialects`.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from desktop.oauth import errors
from desktop.oauth.dialects import SENTENCES, codes_in, is_free_text, normalized, sentence_in
from desktop.oauth.fields import Members, seconds, text
from desktop.oauth.http import Answer, retry_after
from desktop.oauth.portal import is_page, redirect_host

# RFC 6749 section 5.2, RFC 8628 section 3.5, RFC 7009 section 2.2.1, RFC 6750 section 3.1, and what
# providers send instead.
_ERROR_CODES: dict[str, type[errors.ErrorResponse]] = {
    "authorization_pending": errors.AuthorizationPending,
    "slow_down": errors.SlowDown,
    "access_denied": errors.AccessDenied,
    "authorization_declined": errors.AccessDenied,  # Microsoft Entra
    "expired_token": errors.ExpiredToken,
    "token_expired": errors.ExpiredToken,  # GitHub's documentation
    "invalid_client": errors.InvalidClient,
    "incorrect_client_credentials": errors.InvalidClient,  # GitHub
    "invalid_client_id": errors.InvalidClient,  # Slack
    "bad_client_secret": errors.InvalidClient,  # Slack
    "unauthorized_client": errors.UnauthorizedClient,
    "device_flow_disabled": errors.UnauthorizedClient,  # GitHub
    "invalid_scope": errors.InvalidScope,
    "invalid_grant": errors.InvalidGrant,
    "bad_verification_code": errors.InvalidGrant,  # Microsoft Entra
    "incorrect_device_code": errors.InvalidGrant,  # GitHub
    "bad_refresh_token": errors.InvalidGrant,  # GitHub
    "invalid_code": errors.InvalidGrant,  # Slack
    "code_already_used": errors.InvalidGrant,  # Slack
    "invalid_refresh_token": errors.InvalidGrant,  # Slack
    "interaction_required": errors.InvalidGrant,  # Microsoft Entra: the user must sign in again
    "invalid_request": errors.InvalidRequest,
    "unsupported_grant_type": errors.UnsupportedGrantType,
    "unsupported_response_type": errors.UnsupportedGrantType,  # RFC 6749 section 4.1.2.1
    "admin_policy_enforced": errors.ForbiddenByPolicy,  # Google
    "org_internal": errors.ForbiddenByPolicy,  # Google
    "unsupported_token_type": errors.NotRevocable,
    "use_dpop_nonce": errors.ProofRejected,  # RFC 9449 section 8
    "invalid_dpop_proof": errors.ProofRejected,  # RFC 9449 section 5
    "invalid_token": errors.InvalidToken,
    "insufficient_scope": errors.InsufficientScope,
}
_PASSING_ERRORS = {
    *("temporarily_unavailable", "server_error"),  # RFC 6749 section 4.1.2.1
    *("internal_error", "fatal_error", "service_unavailable"),  # Slack
    *("internal_server", "internal_failure"),  # AWS, without "Exception"
}
# Too many requests, whatever the status.
_THROTTLING_ERRORS = {
    "rate_limit_exceeded",  # Google
    "ratelimited",  # Slack
    "too_many_requests",  # Auth0, AWS
    "throttling",  # AWS
}

# Microsoft Entra's numbers, which tell more than the error code beside them.
_NUMBERS: dict[type[errors.ErrorResponse], str] = {
    # Conditional access: by policy, by device, by token protection; consent; assignment; account.
    errors.ForbiddenByPolicy: (
        "53003 53000 53001 53002 53004 53011 530002 530003 530032 530034 530035 530084 50005 50097 "
        "65001 90094 90095 50105 50020 50034 50057 90072 500014 500021 500212 500213"
    ),
    errors.AccessDenied: "65004",
    # Another factor, an hour of the day, a new password: the user must sign in again.
    errors.InvalidGrant: (
        "50072 50074 50076 50079 50158 500121 50055 50078 50126 50132 50133 50135 50144 50173 "
        "54005 70000 70008 70043 70044 700082 700084"
    ),
    errors.InvalidScope: "500011 650053 70011 28002 28003",
    errors.InvalidClient: (
        "700016 70001 700038 7000112 7000229 7000215 7000218 7000222 " + errors.PUBLIC_CLIENT
    ),
    errors.UnknownTenant: "90002 900023 50059 90019 50194",
}
_KIND_BY_NUMBER = {number: kind for kind, all_ in _NUMBERS.items() for number in all_.split()}
# RFC 9110 sections 15.5 and 15.6: not found, method not allowed, gone, and what a file server says
# to a form.
_NOTHING_THERE = {404, 405, 410, 501}


_YIELDS = {"access_token", "device_code"}  # what a request for a code or a token yields
_LONGEST_SENTENCE = 1200  # bytes; later cut to what is shown


def members(answer: Answer, received_at: datetime) -> Members:
    """Return the members of a successful answer; raise an `ErrorResponse` or a `Trouble`."""
    found = _checked(answer, received_at)
    if found is None:
        facts = facts_in(answer, None, received_at)
        raise errors.UnusableAnswer(answer.host, detail=content_type(answer), **facts)
    return found


def acknowledged(answer: Answer, received_at: datetime) -> Members:
    """Like `members`, but success needs no body (RFC 7009 section 2.2); empty without one."""
    return _checked(answer, received_at) or {}


def members_in(answer: Answer) -> Members | None:
    """Parse a JSON object or, as GitHub may send it, a form; `None` for anything else.

    It contains no secrets that the server knew before, except those that it issues.
    """
    document = _document(answer)
    return document if isinstance(document, dict) else None


def facts_in(answer: Answer, found: Members | None, received_at: datetime) -> dict[str, Any]:
    """Collect what every error keeps of the answer."""
    return {
        "status": answer.status,
        "retry_after": retry_after(answer.headers, received_at),
        "trace_id": text(found, "trace_id", "correlation_id") if found else None,
    }


def content_type(answer: Answer) -> str:
    """Return the media type of the body in lower case, without parameters."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def error_kind(code: str, description: str) -> type[errors.ErrorResponse] | None:
    """Find the class of an error; `None` for an unknown code."""
    number = errors.error_number(description)
    return _KIND_BY_NUMBER.get(number) or _ERROR_CODES.get(normalized(code))


def may_pass(code: str) -> bool:
    """Whether the error `code` means that the server is temporarily unavailable."""
    return normalized(code) in _PASSING_ERRORS


def _checked(answer: Answer, received_at: datetime) -> Members | None:
    document = _document(answer)
    found = document if isinstance(document, dict) else None
    facts = facts_in(answer, found, received_at)
    code = text(found, "error") if found else None
    if found is not None and code is not None:
        _raise_error(answer, found, code, facts)
    is_success = 200 <= answer.status < 300
    if is_success and found is not None and found.keys() & _YIELDS:
        return found
    sentence = sentence_in(document, is_success=is_success)
    _raise_known(answer, codes_in(document, is_success=is_success), sentence, facts)
    _raise_for_status(answer, sentence or _plain_text(answer), facts)
    return found


def _document(answer: Answer) -> object:
    """Parse any JSON, or a form, and remove secrets from it; `None` for anything else."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None if is_page(answer) else _form(answer)
    return answer.secrets.strike_document(document)


def _plain_text(answer: Answer) -> str:
    """Read an error that is only a sentence, as web frameworks send it."""
    is_error = answer.status >= 400 and content_type(answer) == "text/plain"
    if not is_error or is_page(answer):
        return ""
    return answer.secrets.strike(answer.body[:_LONGEST_SENTENCE].decode("utf-8", "replace"))


def _form(answer: Answer) -> dict[str, str] | None:
    # Only if the server says so, or if it has a known member: a page could parse as a form too.
    try:
        body = answer.body.decode("utf-8").strip()
        # GitHub's empty `scope` means none, an absent one all: blank values are kept.
        pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True, max_num_fields=100)
    except ValueError:
        return None
    form = dict(pairs)
    declared = "x-www-form-urlencoded" in content_type(answer)
    return form if declared or {"error", *_YIELDS} & form.keys() else None


def _raise_error(answer: Answer, found: Members, code: str, facts: dict[str, Any]) -> None:
    description = text(found, *SENTENCES) or ""
    known = error_kind(code, description)
    if known is None:
        _raise_known(answer, codes_in(found, is_success=False), description, facts)
    said = description or code
    if known is None and is_free_text(code):
        # Keycloak's error says what happened, and its description where to read about it.
        said = ". ".join(filter(None, (code, description)))
    if known is None:
        _raise_passing(answer, code, said, facts)
    if known is None and (answer.status in _NOTHING_THERE | {429} or answer.status >= 500):
        # IROH answers a 500 with free text in `error`.
        _raise_for_status(answer, said, facts)
    raise (known or errors.ErrorResponse)(
        code,
        host=answer.host,
        description=description,
        interval=seconds(found, "interval"),
        **facts,
    )


def _raise_known(
    answer: Answer, codes: Iterable[str], sentence: str, facts: dict[str, Any]
) -> None:
    """Raise the error of the first of `codes` that has a meaning."""
    for code in codes:
        if kind := error_kind(code, sentence):
            # A sentence that is the code says nothing more.
            description = "" if normalized(sentence) == code else sentence
            raise kind(code, host=answer.host, description=description, **facts)
        _raise_passing(answer, code, sentence or code, facts)


def _raise_passing(answer: Answer, code: str, sentence: str, facts: dict[str, Any]) -> None:
    """Raise what `code` means if it may pass."""
    if normalized(code) in _THROTTLING_ERRORS:
        raise errors.Throttled(answer.host, detail=sentence, **facts)
    if may_pass(code):
        raise errors.ServerFault(answer.host, detail=sentence, **facts)


def _raise_for_status(answer: Answer, sentence: str, facts: dict[str, Any]) -> None:
    """Raise what the status means; `sentence` is what the server says."""
    status, host = answer.status, answer.host
    if status == 429:
        raise errors.Throttled(host, detail=sentence, **facts)
    if status in _NOTHING_THERE:
        address = answer.endpoint.partition("?")[0]
        raise errors.NothingThere(address, host=host, status=status, description=sentence)
    if status >= 500:
        raise errors.ServerFault(host, detail=sentence, **facts)
    if 300 <= status < 400:
        raise errors.UnexpectedRedirect(host, by=redirect_host(answer), **facts)
    if is_page(answer):
        raise errors.PageInsteadOfAnswer(host, by=redirect_host(answer), **facts)
    if sentence or 400 <= status < 500:
        raise errors.Refusal(host, detail=sentence, **facts)
    if not 200 <= status < 300:
        raise errors.UnusableAnswer(host, **facts)
