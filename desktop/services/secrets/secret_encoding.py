"""Tokens and passwords as the text that the keystore holds."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from desktop.frozen import frozen
from desktop.oauth.fields import text, word_list
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.token_set import Account, TokenSet
from desktop.services.model.access_token import BOUND

_FORMAT = 1
# Versions that did not know them wrote none.
_OPTIONAL = {"id_token", "id_expires_at", "refresh_expires_at", "lost_renewals", "lost_at", "key"}
_LATEST = 32_503_680_000.0  # the year 3000, since later instants overflow in other time zones


@frozen
class SavedTokens:
    """The tokens, and the client authentication that each endpoint has accepted.

    `known_methods` is saved because metadata is incomplete: see `ClientConnection`.
    """

    tokens: TokenSet
    known_methods: dict[str, ClientAuthentication]


def encode_tokens(saved: SavedTokens, *, issued_for: str) -> str:
    """Encode `saved` as ASCII text. `issued_for` binds it to a profile's server and client."""
    tokens = saved.tokens
    # asdict() of all would copy each scope.
    values = {each.name: getattr(tokens, each.name) for each in fields(tokens)} | {
        "account": asdict(tokens.account),
        "format": _FORMAT,
        "issued_for": issued_for,
        "issued_at": tokens.issued_at.timestamp(),
        "expires_at": tokens.expires_at and tokens.expires_at.timestamp(),
        "id_expires_at": tokens.id_expires_at and tokens.id_expires_at.timestamp(),
        "refresh_expires_at": (tokens.refresh_expires_at and tokens.refresh_expires_at.timestamp()),
        "lost_at": tokens.lost_at and tokens.lost_at.timestamp(),
        "known_methods": saved.known_methods,
    }
    kept = {name: value for name, value in values.items() if value or name not in _OPTIONAL}
    return json.dumps(kept, separators=(",", ":"))


def decode_tokens(
    value: str, *, issued_for: str, must_be_bound: bool = False
) -> SavedTokens | None:
    """Decode `value`; `None` if it is damaged or belongs to another server or client.

    Also for tokens that are not bound to a key but must be.
    """
    try:
        found = json.loads(value)
        if found["format"] != _FORMAT or found["issued_for"] != issued_for:
            return None
        if must_be_bound and found["token_type"] != BOUND:
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
    """Encode a client secret or proxy password, bound to what it is for.

    `shown_to` is the proxy that a proxy password was given to; empty for none.
    """
    values = {"format": _FORMAT, "issued_for": issued_for, "password": password}
    return json.dumps(values | ({"shown_to": shown_to} if shown_to else {}))


def decode_password(value: str, *, issued_for: str) -> str | None:
    """Decode the password in `value`; `None` if it is damaged or is for something else."""
    try:
        found = json.loads(value)
        if found["format"] != _FORMAT or found["issued_for"] != issued_for:
            return None
        return text(found, "password")
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def password_recipient(value: str) -> str:
    """Tell which proxy has been given the password in `value`; empty for none."""
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
        scope=word_list(found, "scope") or (),
        requested_scope=word_list(found, "requested_scope") or (),
        issued_at=_parse_instant(found["issued_at"]),
        expires_at=_parse_optional_instant(found["expires_at"]),
        account=Account(str(account["user"]), str(account["organization"])),
        id_token=text(found, "id_token"),
        id_expires_at=_parse_optional_instant(found.get("id_expires_at")),
        refresh_expires_at=_parse_optional_instant(found.get("refresh_expires_at")),
        lost_renewals=int(found.get("lost_renewals") or 0),
        lost_at=_parse_optional_instant(found.get("lost_at")),
        key=text(found, "key"),
    )


def _required(found: dict[str, object], name: str) -> str:
    value = text(found, name)
    if value is None:
        raise KeyError(name)
    return value


def _parse_optional_instant(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else _parse_instant(timestamp)


def _parse_instant(timestamp: float) -> datetime:
    if isinstance(timestamp, bool) or not 0 <= timestamp <= _LATEST:  # also for NaN
        raise ValueError("not an instant of a token")
    return datetime.fromtimestamp(timestamp, UTC)
