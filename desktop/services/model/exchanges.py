"""Exchanges: how a profile gets tokens of other services for its own token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from desktop.frozen import frozen
from desktop.services.model.errors import ExchangeForbidden, UnknownExchange
from desktop.services.model.members import collect_members, member, text

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.profile import Profile

Table = Mapping[str, object]
"""An exchange as in TOML, without its name."""

TOKEN_EXCHANGE = "token-exchange"  # noqa: S105 - a name
BEARER = "bearer"


@frozen
class Exchange:
    """One exchange; `name` is chosen by whoever wrote the profile or the preset."""

    name: str
    kind: str = text(
        "token-exchange (RFC 8693), or bearer: the token alone, as Cisco Secure Endpoint has it.",
        TOKEN_EXCHANGE,
        choices=(TOKEN_EXCHANGE, BEARER),
    )
    url: str = text(
        "Where the token is exchanged: https, or http on this computer. Empty for the token "
        "endpoint.",
        is_address=True,
    )
    audience: str = text("The service that the new token is for, by name.")
    resource: str = text("The service that the new token is for, by address.")
    scope: tuple[str, ...] = member("The scopes of the new token.", default=())
    requested_token_type: str = text("The type of the new token, as in RFC 8693 section 3.")

    @property
    def parameters(self) -> dict[str, str]:
        """The optional parameters of a request (RFC 8693 section 2.1), but for the scope."""
        given = {name: getattr(self, name) for name in _PARAMETERS}
        return {name: value for name, value in given.items() if value}


_PARAMETERS = ("audience", "resource", "requested_token_type")
EXCHANGE = collect_members(Exchange)
"""The members of an exchange by name, as in `profiles.toml`."""


@frozen
class ExchangedToken:
    """That the token of the exchange `name` is held; `expires_at` is `None` if it doesn't say."""

    name: str
    expires_at: datetime | None


def exchanges_of(profile: Profile) -> dict[str, Exchange]:
    """List the exchanges of `profile` that the policy allows, by name."""
    allowed = profile.policy.services
    found = _all_exchanges(profile)
    return {name: each for name, each in found.items() if not allowed or name in allowed}


def find_exchange(profile: Profile, name: str) -> Exchange:
    """Find the exchange `name` of `profile`; raises `UnknownExchange` or `ExchangeForbidden`."""
    allowed = exchanges_of(profile)
    if name in allowed:
        return allowed[name]
    if name in _all_exchanges(profile):
        raise ExchangeForbidden(profile.policy.source)
    import difflib  # needed by few

    similar = difflib.get_close_matches(name.lower(), allowed, n=1)
    raise UnknownExchange(name, profile.id, known=allowed, similar=similar)


def _all_exchanges(profile: Profile) -> dict[str, Exchange]:
    return {name: _read(name, table) for name, table in profile.exchanges.items()}


def _read(name: str, table: Mapping[str, Any]) -> Exchange:
    """Make an exchange of a table that follows the rules."""
    known = {each.name for each in fields(Exchange)} - {"name"}
    given = {member: value for member, value in table.items() if member in known}
    scope = given.get("scope", ())
    given["scope"] = tuple(scope.split() if isinstance(scope, str) else scope)
    return Exchange(name, **given)
