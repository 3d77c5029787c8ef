"""A token set as the text that the keystore holds."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from desktop.oauth.claims import Account
from desktop.oauth.client import ClientAuthentication
from desktop.oauth.fields import string_list, text
from desktop.oauth.grants.token import TokenSet

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SavedTokens:
    """What outlives the program: the tokens, and how the client proved itself to each endpoint.

    `known_methods` is kept because metadata is incomplete: see `ClientConnection`.
    """

    tokens: TokenSet
    known_methods: dict[str, ClientAuthentication]


def encode_tokens(saved: SavedTokens, *, issued_for: str) -> str:
    """`saved` as ASCII text. `issued_for` binds it to a profile's server and client."""
    tokens = saved.tokens
    values = asdict(tokens) | {
        "format": _FORMAT,
        "issued_for": issued_for,
        "issued_at": tokens.issued_at.timestamp(),
        "expires_at": tokens.expires_at and tokens.expires_at.timestamp(),
        "known_methods": saved.known_methods,
    }
    return json.dumps(values, separators=(",", ":"))


def decode_tokens(value: str, *, issued_for: str) -> SavedTokens | None:
    """What `value` holds; `None` if it is damaged or belongs to another server or client."""
    try:
        found = json.loads(value)
        if found["format"] != _FORMAT or found["issued_for"] != issued_for:
            return None
        methods = {str(k): ClientAuthentication(v) for k, v in found["known_methods"].items()}
        return SavedTokens(_parse_tokens(found), methods)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        OSError,
        RecursionError,
    ):
        return None


def encode_password(password: str, *, issued_for: str, shown_to: str = "") -> str:
    """The password of a client, bound to its server as the tokens are.

    One for a proxy may be bound, besides, to the one that was `shown_to`.
    """
    values = {"format": _FORMAT, "issued_for": issued_for, "password": password}
    return json.dumps(values | ({"shown_to": shown_to} if shown_to else {}))


def decode_password(value: str, *, issued_for: str) -> str | None:
    """The password in `value`; `None` if it is damaged or belongs to another server or client."""
    try:
        found = json.loads(value)
        if found["format"] != _FORMAT or found["issued_for"] != issued_for:
            return None
        return text(found, "password")
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def password_recipient(value: str) -> str:
    """Which proxy has been given the password in `value`; empty for none."""
    try:
        return text(json.loads(value), "shown_to") or ""
    except (ValueError, AttributeError, RecursionError):
        return ""


def _parse_tokens(found: dict[str, Any]) -> TokenSet:
    account = found["account"]
    return TokenSet(
        access_token=_required(found, "access_token"),
        refresh_token=text(found, "refresh_token"),
        token_type=_required(found, "token_type"),
        scope=string_list(found, "scope") or (),
        requested_scope=string_list(found, "requested_scope") or (),
        issued_at=_parse_instant(found["issued_at"]),
        expires_at=None if found["expires_at"] is None else _parse_instant(found["expires_at"]),
        account=Account(str(account["user"]), str(account["organization"])),
    )


def _required(found: dict[str, object], name: str) -> str:
    value = text(found, name)
    if value is None:
        raise KeyError(name)
    return value


def _parse_instant(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
