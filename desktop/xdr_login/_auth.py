"""Authentication for `requests`, `httpx` and `httpx2`, none of which is loaded here."""

import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from functools import cache, partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ._errors import ForeignHost
from ._requests import Services, fetch_services, fetch_token, replace_token

Request = TypeVar("Request")

_DEFAULT_PORTS = {"https": 443, "http": 80}
_UNAUTHORIZED = 401
_READ_AGAIN = 60.0  # seconds after which the services of the profile may have changed
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Auth:
    """Adds the access token of a profile to each request: `Authorization: Bearer …`.

    Pass it as `auth=` to `requests`, `httpx.Client`, `httpx.AsyncClient` or those of `httpx2`, for
    one request or for all. It asks XDR Login for the token each time, so it is always current. If a
    server refuses the token (401), it is renewed and the request is sent once more, if its body
    can be; a token is replaced at most once a minute, however many programs ask.

    Only the API services of the profile get the token, on exactly their scheme, host and port.
    Other servers raise `ForeignHost`, and nothing is sent. No redirect takes the token to another
    server.

    Requests raise what `xdr_login.token` raises. One object can be used by several threads and
    tasks; an event loop is not blocked.
    """

    requires_request_body = False  # for httpx
    requires_response_body = False

    def __init__(self, profile: str | None = None) -> None:
        self._profile = profile
        self._services: Services | None = None
        self._read_at = 0.0

    def __repr__(self) -> str:
        return f"Auth(profile={self._profile!r})"

    def __reduce__(self) -> tuple[type, tuple[str | None]]:
        return Auth, (self._profile,)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """A subclass of `httpx.Auth` too, once somebody has loaded httpx.

        httpx asks by `isinstance` and calls anything else just once, without its answer.
        """
        return _class_for(_loaded_bases())

    # requests

    def __call__(self, request: Request) -> Request:
        """Add the token to a `requests.PreparedRequest`."""
        prepared: Any = request
        token = self._token_for(prepared.url)
        prepared.headers["Authorization"] = _bearer(token)
        prepared.register_hook("response", partial(self._send_again, token))
        return request

    def _send_again(self, token: str, response: Any, **options: Any) -> Any:
        """Return the answer to use for `response`, which is that of a redirect, too."""
        request = response.request
        if not self._is_refused(response, request.url, token) or not _rewind(request):
            return response
        renewed = self._renewed(token)
        if renewed == token:
            return response
        response.content  # noqa: B018 - reads the rest, so that the connection can be used again
        response.close()
        again = request.copy()
        again.headers["Authorization"] = _bearer(renewed)
        answer = response.connection.send(again, **options)
        answer.history.append(response)
        answer.request = again
        return answer

    # httpx and httpx2

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Send `request` with the token, and once more if it is refused."""
        token = self._token_for(request.url)
        request.headers["Authorization"] = _bearer(token)
        response = yield request
        if self._is_refused(response, request.url, token) and _is_loaded(request):
            renewed = self._renewed(token)
            if renewed != token:
                request.headers["Authorization"] = _bearer(renewed)
                yield request

    auth_flow = sync_auth_flow

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Do the same in an event loop."""
        token = await _in_thread(partial(self._token_for, request.url))
        request.headers["Authorization"] = _bearer(token)
        response = yield request
        if self._is_refused(response, request.url, token) and _is_loaded(request):
            renewed = await _in_thread(partial(self._renewed, token))
            if renewed != token:
                request.headers["Authorization"] = _bearer(renewed)
                yield request

    # Both

    def _token_for(self, url: Any) -> str:
        """Fetch the token for `url`; raises `ForeignHost`."""
        origin = _origin_of(url)
        services = self._current_services()
        if not _is_listed(origin, services):
            services = self._current_services(at_once=True)  # it may have been added since
            if not _is_listed(origin, services):
                raise _foreign_host(origin, services)
        # By its id: another profile may have become the first one since.
        return fetch_token(services.profile, 60)

    def _renewed(self, token: str) -> str:
        return replace_token(self._current_services().profile, token)

    def _current_services(self, *, at_once: bool = False) -> Services:
        now = time.monotonic()
        if at_once or self._services is None or now - self._read_at > _READ_AGAIN:
            self._services, self._read_at = fetch_services(self._profile), now
        return self._services

    def _is_refused(self, response: Any, url: Any, token: str) -> bool:
        """Tell whether the server at `url` itself has refused the token.

        After a redirect the answer may be that of another server, which never got it.
        """
        sent = response.request
        return bool(
            response.status_code == _UNAUTHORIZED
            and sent.headers.get("Authorization") == _bearer(token)
            and _origin_of(sent.url) == _origin_of(url)
        )


def _bearer(token: str) -> str:
    return f"Bearer {token}"


def _loaded_bases() -> tuple[type, ...]:
    """Return the `Auth` of the libraries that this program has loaded."""
    found = (getattr(sys.modules.get(name), "Auth", None) for name in ("httpx", "httpx2"))
    return tuple(each for each in found if isinstance(each, type))


@cache
def _class_for(bases: tuple[type, ...]) -> type:
    return type("Auth", (Auth, *bases), {}) if bases else Auth


async def _in_thread(work: Callable[[], str]) -> str:
    from anyio import to_thread  # as httpx, on asyncio and trio

    return await to_thread.run_sync(work, abandon_on_cancel=True)


def _rewind(request: Any) -> bool:
    """Make the body of a `PreparedRequest` ready to be sent again; tell whether that is possible.

    `_body_position` is where requests has found the file.
    """
    if request.body is None or isinstance(request.body, (str, bytes)):
        return True
    position = request._body_position  # noqa: SLF001 - as `requests.utils.rewind_body`
    if not isinstance(position, int):
        return False
    request.body.seek(position)
    return True


def _is_loaded(request: Any) -> bool:
    """Tell whether the body of an `httpx.Request` is in memory: only then it can be sent again."""
    try:
        return request.content is not None
    except RuntimeError:  # httpx.RequestNotRead
        return False


def _origin_of(url: Any) -> Origin:
    """Read where a request goes; `url` is a text of requests, or a URL of httpx."""
    if not isinstance(url, str):
        host = url.raw_host.decode("ascii")
        return url.scheme, _plain_host(host), url.port or _DEFAULT_PORTS.get(url.scheme, 0)
    try:
        parts = urlsplit(url)
        if _HOST.issuperset(parts.netloc):
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
            return parts.scheme, _plain_host(parts.hostname or ""), port
    except ValueError:
        pass
    # With a user name or a backslash, two programs may read two hosts.
    raise ForeignHost("The address must contain only a host and a port, no user name.", "")


def _plain_host(host: str) -> str:
    return host.strip("[]").lower().removesuffix(".")


def _is_listed(origin: Origin, services: Services) -> bool:
    return any(_origin_of(address) == origin for address in services.addresses.values())


def _foreign_host(origin: Origin, services: Services) -> ForeignHost:
    scheme, host, port = origin
    shown = f"[{host}]" if ":" in host else host
    address = f"{scheme}://{shown}" + (f":{port}" if port != _DEFAULT_PORTS.get(scheme) else "")
    names = ", ".join(f"{name} ({base})" for name, base in services.addresses.items())
    return ForeignHost(
        f"{shown} is not an API service of the profile {services.profile}, so it doesn't get the "
        f"token. Its services: {names or 'none'}. If you trust {shown}, add it: "
        f"xdr-login profiles edit {services.profile} --service NAME={address}",
        address,
    )
