"""The tokens of a sign-in, and the account that they are for."""

from dataclasses import field
from datetime import datetime

from desktop.frozen import frozen


@frozen
class Account:
    """User and organization, printable; empty if the token does not say."""

    user: str = ""
    organization: str = ""


@frozen
class TokenSet:
    """What a sign-in yields. Instants are aware UTC; `expires_at` is `None` if it never expires.

    `id_token` is the ID token (OpenID Connect), until `id_expires_at`.
    `refresh_expires_at` is `None` unless the server says when the refresh token expires.
    `scope` is what was granted, `requested_scope` what was asked for. `lost_renewals` counts the
    renewals in a row whose answer did not come, the last one at `lost_at`: the refresh token may be
    used already. `key` is the private key to which the tokens are bound: the refresh token always,
    the access token if its type is DPoP.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    token_type: str
    scope: tuple[str, ...]
    requested_scope: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime | None
    account: Account
    id_token: str | None = field(default=None, repr=False)
    id_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    lost_renewals: int = 0
    lost_at: datetime | None = None
    key: str | None = field(default=None, repr=False)
