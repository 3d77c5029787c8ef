"""The client, its authentication (RFC 6749 section 2.3), and one request by it."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from desktop.oauth.answers import members
from desktop.oauth.clock import SHORTEST_INTERVAL, Clock
from desktop.oauth.errors import ErrorResponse, InvalidClient, Trouble, UnusableAnswer
from desktop.oauth.fields import Members
from desktop.oauth.http import Answer, clock_offset, post_form
from desktop.oauth.redaction.known_secrets import KnownSecrets

if TYPE_CHECKING:
    import httpx

Reader = Callable[[Answer, datetime], Members]
"""Parses an answer that was received at this instant, or raises the error in it."""


class ClientAuthentication(StrEnum):
    """The registered method names (RFC 7591 section 2), and `AUTO`: try which one works."""

    AUTO = "auto"
    NONE = "none"
    BASIC = "client_secret_basic"
    POST = "client_secret_post"


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. A public one has no `client_secret`."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    authentication: ClientAuthentication = ClientAuthentication.AUTO


@dataclass(frozen=True, slots=True)
class ClientConnection:
    """A client and what its requests need.

    `known_methods` maps an endpoint to the method that it accepted: the endpoints of a provider may
    differ, and metadata is only a hint. `note_clock` is called with the seconds by
    which this computer is ahead of the server, after each answer: see `clock_offset`. `secrets` are
    those that the server may repeat: what it was sent, and what is held for the profile.
    """

    http: httpx.AsyncClient
    clock: Clock
    client: Client
    known_methods: dict[str, ClientAuthentication] = field(default_factory=dict)
    note_clock: Callable[[float], None] = field(default=lambda _offset: None, repr=False)
    secrets: KnownSecrets = field(default_factory=KnownSecrets, repr=False)

    def __post_init__(self) -> None:
        self.secrets.add(self.client.client_secret)


async def request(
    connection: ClientConnection,
    endpoint: str,
    *,
    form: Mapping[str, str],
    read: Reader = members,
) -> Members:
    """Send `form` to `endpoint`; if the client is rejected, try the next method.

    Returns what `read` returns for the answer; raises `OAuthError`.
    """
    *earlier, last = methods_to_try(connection.client, connection.known_methods.get(endpoint))
    for method in earlier:
        try:
            return await _request(connection, endpoint, method=method, form=form, read=read)
        except InvalidClient:
            pass
        except (UnusableAnswer, ErrorResponse) as error:
            # Some servers reject Basic before it reaches OAuth: 401 with a page, an empty body or
            # an error of their own.
            is_known = isinstance(error, ErrorResponse) and type(error) is not ErrorResponse
            if error.status != 401 or is_known:
                raise
        await connection.clock.sleep(SHORTEST_INTERVAL)
    return await _request(connection, endpoint, method=last, form=form, read=read)


def methods_to_try(
    client: Client, known: ClientAuthentication | None
) -> tuple[ClientAuthentication, ...]:
    """Return the methods in the order to try them; never empty."""
    if client.authentication is not ClientAuthentication.AUTO:
        return (client.authentication,)
    if client.client_secret is None:
        return (ClientAuthentication.NONE,)
    # RFC 6749 section 2.3.1: every server supports Basic for clients with a secret.
    methods = (ClientAuthentication.BASIC, ClientAuthentication.POST)
    return tuple(sorted(methods, key=lambda method: method is not known)) if known else methods


def authenticated(
    client: Client, method: ClientAuthentication, *, form: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Make the form and the headers of a request by `client`."""
    # RFC 8628 section 3.1: a public client has its client_id in the body. Some servers require it
    # beside Basic too, and none rejects it.
    body = {**form, "client_id": client.client_id}
    secret = client.client_secret or ""
    if method is ClientAuthentication.POST:
        return {**body, "client_secret": secret}, {}
    if method is ClientAuthentication.BASIC:
        return body, {"Authorization": _basic(client.client_id, secret)}
    return body, {}


async def exchange(
    connection: ClientConnection, answer: Awaitable[Answer], *, read: Reader
) -> Members:
    """Wait for `answer` and return what `read` returns for it; raises `OAuthError`."""
    sent = connection.clock.utc()
    arrived = await answer
    received = connection.clock.utc()
    offset = clock_offset(arrived.headers, sent=sent, received=received)
    try:
        with connection.secrets.removed_from_errors():
            return read(arrived, received)
    except Trouble:
        offset = None  # not from the server itself: a portal or a proxy has another clock
        raise
    finally:
        if offset is not None:
            connection.note_clock(offset)


async def _request(
    connection: ClientConnection,
    endpoint: str,
    *,
    method: ClientAuthentication,
    form: Mapping[str, str],
    read: Reader,
) -> Members:
    body, headers = authenticated(connection.client, method, form=form)
    answer = post_form(
        connection.http, endpoint, form=body, headers=headers, secrets=connection.secrets
    )
    try:
        found = await exchange(connection, answer, read=read)
    except InvalidClient:
        connection.known_methods.pop(endpoint, None)
        raise
    except ErrorResponse:
        connection.known_methods[endpoint] = method
        raise
    connection.known_methods[endpoint] = method
    return found


def _basic(client_id: str, client_secret: str) -> str:
    # RFC 6749 section 2.3.1: both are form-encoded first. Some servers don't read "+" as a space,
    # but all read %20.
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
