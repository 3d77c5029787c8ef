"""How providers say an error outside RFC 6749 section 5.2: where code and sentence are.

One row for each known format, with the names of providers that use it. The codes themselves, which
are compared as `normalized`, are in `desktop.oauth.answers`.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from desktop.oauth.fields import text

_LONGEST_CODE = 200  # characters
_LARGEST_NUMBER = 10**12
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_END = re.compile(r"[^./#]+(?=[./#]?$)")


class Dialect(NamedTuple):
    """Where an error is. A path is the names of members; 0 is the first item of a list.

    `meanings` are codes or sentences that only these providers use. `in_success` says that such a
    member is an error even if the status is that of a success.
    """

    providers: str
    code: str
    sentence: tuple[str, ...]
    meanings: Mapping[str, str] = MappingProxyType({})
    in_success: bool = False


_TWITCH = {
    "invalid device code": "invalid_grant",
    "invalid refresh token": "invalid_grant",
    "invalid client": "invalid_client",
    "invalid client secret": "invalid_client",
    "missing client id": "invalid_client",
    "missing client secret": "invalid_client",
}
_FACEBOOK = {
    "1349174": "authorization_pending",
    "1349172": "slow_down",
    "1349152": "expired_token",
}

DIALECTS = (
    Dialect("Okta", "errorCode", ("errorSummary",), {"E0000011": "invalid_token"}, in_success=True),
    Dialect("Apigee", "ErrorCode", ("Error",), in_success=True),
    Dialect("Apigee", "fault.detail.errorcode", ("fault.faultstring",), in_success=True),
    Dialect("WSO2", "fault.code", ("fault.description", "fault.message"), in_success=True),
    Dialect(
        "Facebook",
        "error.error_subcode",
        ("error.error_user_msg", "error.message"),
        _FACEBOOK,
        in_success=True,
    ),
    Dialect("VK", "error.error_code", ("error.error_msg",), in_success=True),
    Dialect("Google, Spotify", "error.status", ("error.message",), in_success=True),
    Dialect("Microsoft Graph, Azure", "error.code", ("error.message",), in_success=True),
    Dialect("Ory, Bitbucket", "error.id", ("error.reason", "error.message"), in_success=True),
    Dialect("Facebook", "error.type", ("error.message",), in_success=True),
    Dialect("AWS", "__type", ("message", "Message")),
    Dialect("LinkedIn", "serviceErrorCode", ("message",)),
    Dialect("Salesforce", "0.errorCode", ("0.message",)),
    Dialect("JSON:API", "errors.0.code", ("errors.0.detail", "errors.0.title")),
    Dialect("GraphQL", "errors.0.extensions.code", ("errors.0.message",)),
    Dialect("FusionAuth", "generalErrors.0.code", ("generalErrors.0.message",)),
    Dialect("Atlassian", "errors.0", ("errorMessages.0", "errors.0")),
    Dialect("RFC 9457", "type", ("detail", "title")),  # the code is the end of an address
    Dialect("WSO2, PingOne, Zoom", "code", ("description", "message")),
    Dialect("Twitch, Discord, GitLab, Kong, Auth0", "message", ("message",), _TWITCH),
    Dialect("FastAPI", "detail.error", ("detail.error_description", "detail.message")),
    Dialect("FastAPI, Django", "detail", ("detail",)),
    Dialect("Keycloak", "errorMessage", ("errorMessage",)),
    Dialect("others", "error_code", ("error_message",)),
    Dialect("others", "status", ("status_message",)),
    Dialect("others", "reason", ("reason", "error_description", "error_message", "msg")),
)

# What stands beside an `error` that is a text.
SENTENCES = (
    "error_description",
    "message",  # Auth0, Spring
    "reason",  # Zoom
    "detail",
    "errorMessage",
    "error_message",
    "error_hint",  # Ory
)


def codes_in(document: object, *, is_success: bool) -> Iterator[str]:
    """Yield what may be the code of an error in `document`, as it would be in RFC 6749."""
    for dialect in _dialects(is_success=is_success):
        if code := _at(document, dialect.code)[:_LONGEST_CODE]:
            yield (
                dialect.meanings.get(code) or dialect.meanings.get(code.lower()) or normalized(code)
            )


def sentence_in(document: object, *, is_success: bool) -> str:
    """Find what the server says about an error; empty if it says nothing."""
    paths = (path for each in _dialects(is_success=is_success) for path in each.sentence)
    return next(filter(None, (_at(document, path) for path in paths)), "")


def normalized(code: str) -> str:
    """Write `code` as RFC 6749 does: "com.example#SlowDownException" is "slow_down".

    A sentence is not the code that it resembles: a firewall says "Access denied", which is not the
    user's answer, and so does "AccessDenied" of AWS.
    """
    code = code[:_LONGEST_CODE].strip()
    if is_free_text(code):
        return code
    last = _END.search(code)
    words = _WORD_START.sub("_", (last[0] if last else code).removesuffix("Exception"))
    written = words.replace("-", "_").lower()
    return written if written != "access_denied" or code.lower() == written else code


def is_free_text(error: str) -> bool:
    """Whether `error` is a sentence or the name of a status: no code of RFC 6749 has a blank."""
    return " " in error.strip()


def _dialects(*, is_success: bool) -> Iterator[Dialect]:
    return (dialect for dialect in DIALECTS if dialect.in_success or not is_success)


def _at(document: object, path: str) -> str:
    """Read the text or number at `path`; empty if there is none."""
    value: object = document
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if name == "0" and value else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER:
        value = str(value)
    return text({"": value}, "") or ""
