"""The client, its authentication (RFC 6749 section 2.3), and one request by it."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from desktop.frozen import frozen
from desktop.oauth.answers import members
from desktop.oauth.clock import SHORTEST_INTERVAL, Clock
from desktop.oauth.errors import (
    PUBLIC_CLIENT,
    ErrorResponse,
    InvalidClient,
    InvalidRequest,
    OAuthError,
    Trouble,
    UnauthorizedClient,
    UnusableAnswer,
    error_number,
)
from desktop.oauth.fields import Members
from desktop.oauth.http import Answer, clock_offset, post_form, quota_in
from desktop.oauth.model.client_authentication import ClientAuthentication
from desktop.oauth.model.quota import Quota
from desktop.oauth.redaction.known_secrets import KnownSecrets

if TYPE_CHECKING:
    import httpx

    from desktop.oauth.dpop import Proofs

Reader = Callable[[Answer, datetime], Members]
"""Parses an answer that was received at this instant, or raises the error in it."""


@frozen
class Client:
    """A registered client. A public one has no `client_secret`.

    `region` names where it is registered, at a provider with regions, and `preset` the provider;
    both are only shown.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    authentication: ClientAuthentication = ClientAuthentication.AUTO
    region: str = ""
    preset: str = ""


@frozen
class ClientConnection:
    """A client and what its requests need.

    `known_methods` maps an endpoint to the method that it accepted: the endpoints of a provider may
    differ, and metadata is only a hint. `note_clock` is called with the seconds by which this
    computer is ahead of the server, after each answer: see `clock_offset`; `note_quota` with the
    request quota, if the answer reports it. `secrets` are those that the server may repeat: what it
    was sent, and what is held for the profile. `proofs` bind the tokens to a key, if any.
    """

    http: httpx.AsyncClient
    clock: Clock
    client: Client
    known_methods: dict[str, ClientAuthentication] = field(default_factory=dict)
    note_clock: Callable[[float], None] = field(default=lambda _offset: None, repr=False)
    note_quota: Callable[[Quota], None] = field(default=lambda _quota: None, repr=False)
    secrets: KnownSecrets = field(default_factory=KnownSecrets, repr=False)
    proofs: Proofs | None = None

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
    client = connection.client
    todo = list(methods_to_try(client, connection.known_methods.get(endpoint)))
    rejected: dict[ClientAuthentication, OAuthError] = {}
    while todo:
        method = todo.pop(0)
        try:
            return await _request(connection, endpoint, method=method, form=form, read=read)
        except OAuthError as error:
            is_last_resort = method is ClientAuthentication.NONE and bool(rejected)
            if not _rejects_client(error, is_last_resort=is_last_resort):
                raise
            rejected[method] = error
            if client.client_secret and ClientAuthentication.NONE not in rejected:
                todo = _with_public(todo, error, form=form, client=client)
        if todo:
            await connection.clock.sleep(SHORTEST_INTERVAL)
    connection.known_methods.pop(endpoint, None)
    raise _most_telling(rejected)


# The client authentication, in the words of servers that have no code for it.
_ABOUT_AUTHENTICATION = (
    "(?i)client[ _-]?(?:secret|auth|credential|assertion)|authentication method"
    "|authorization header"
)
_IS_PUBLIC = "(?i)(?:client is (?:a )?|for (?:a )?)public|public client"
# What a request has to lose, or must not leave valid.
_ONE_TIME_SECRETS = {"code", "device_code", "refresh_token", "token"}


def _rejects_client(error: OAuthError, *, is_last_resort: bool) -> bool:
    """Whether another client authentication may help; `is_last_resort` is the one without any."""
    if isinstance(error, InvalidClient):
        return True
    if isinstance(error, UnusableAnswer) or type(error) is ErrorResponse:
        # Some servers reject Basic before it reaches OAuth: 401 with a page, an empty body or an
        # error of their own.
        return error.status == 401
    if isinstance(error, (InvalidRequest, UnauthorizedClient)):
        said = error.description
        is_about_it = re.search(_ABOUT_AUTHENTICATION, said) or re.search(_IS_PUBLIC, said)
        return is_last_resort or bool(is_about_it)
    return False


def _with_public(
    todo: list[ClientAuthentication],
    error: OAuthError,
    *,
    form: Mapping[str, str],
    client: Client,
) -> list[ClientAuthentication]:
    """Add to `todo` that the client does without its secret: a public client must not send one.

    Only if the server says so, or if something would be lost otherwise: a device endpoint that asks
    for no secret would hide that a secret is wrong.
    """
    if error_number(error) == PUBLIC_CLIENT or re.search(
        _IS_PUBLIC, getattr(error, "description", "")
    ):
        return [ClientAuthentication.NONE]
    is_automatic = client.authentication is ClientAuthentication.AUTO
    if is_automatic and not todo and not _ONE_TIME_SECRETS.isdisjoint(form):
        return [ClientAuthentication.NONE]
    return todo


def _most_telling(rejected: Mapping[ClientAuthentication, OAuthError]) -> OAuthError:
    """Return the error about the secret, if there is one."""
    return min(
        rejected.items(),
        key=lambda each: (
            each[0] is ClientAuthentication.NONE,
            not isinstance(each[1], InvalidClient),
        ),
    )[1]


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
    if known is ClientAuthentication.NONE:
        return (known, *methods)
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
    quota = quota_in(arrived.headers)
    if quota is not None:
        connection.note_quota(quota)
    try:
        with connection.secrets.removed_from_errors():
            return read(arrived, received)
    except Trouble:
        offset = None  # not from the server itself: a portal or a proxy has another clock
        raise
    finally:
        if offset is not None:
            connection.note_clock(offset)
            if connection.proofs is not None:
                connection.proofs.clock_offset = offset


async def _request(
    connection: ClientConnection,
    endpoint: str,
    *,
    method: ClientAuthentication,
    form: Mapping[str, str],
    read: Reader,
) -> Members:
    body, headers = authenticated(connection.client, method, form=form)

    def send(proof: Mapping[str, str]) -> Awaitable[Answer]:
        return post_form(
            connection.http,
            endpoint,
            form=body,
            headers={**headers, **proof},
            secrets=connection.secrets,
        )

    proofs = connection.proofs
    answer = send({}) if proofs is None else proofs.send("POST", endpoint, send=send)
    try:
        found = await exchange(connection, answer, read=read)
    except ErrorResponse as error:
        if isinstance(error, InvalidClient):
            error.region = connection.client.region
            error.preset = connection.client.preset
        if _rejects_client(error, is_last_resort=False):
            connection.known_methods.pop(endpoint, None)
        else:
            connection.known_methods[endpoint] = method
        raise
    connection.known_methods[endpoint] = method
    return found


def _basic(client_id: str, client_secret: str) -> str:
    # RFC 6749 section 2.3.1: both are form-encoded first. Some servers don't read "+" as a space,
    # but all read %20.
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")
