"""Authentication for `requests`, `httpx` and `httpx2`, none of which is loaded here."""

import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from functools import cache, partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ._errors import ForeignHost, XdrLoginError
from ._requests import Services, digest_of, fetch_services

Request = TypeVar("Request")
Result = TypeVar("Result")

_DEFAULT_PORTS = {"https": 443, "http": 80}
_UNAUTHORIZED = 401
_NONCE_DEMANDED = "use_dpop_nonce"  # RFC 9449 section 9
_READ_AGAIN = 60.0  # seconds after which the services of the profile may have changed
# Nothing but the running app refuses a token of another server than the services are of.
_READ_AGAIN_WITHOUT_APP = 5.0
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Auth:
    """Adds the access token of a profile to each request: `Authorization: Bearer …`.

    Pass it as `auth=` to `requests`, `httpx.Client`, `httpx.AsyncClient` or those of `httpx2`, for
    one request or for all. It asks XDR Login for the token each time, so it is always current. If a
    server refuses the token (401), it is renewed and the request is sent once more, if its body
    can be; a token is replaced at most once a minute, however many programs ask. For a token that
    is bound to this computer (DPoP, RFC 9449), XDR Login signs each request; the key stays there.

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
        self._nonces: dict[Origin, str] = {}  # of bound tokens, by server (RFC 9449 section 9)

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
        sent = self._add_token(prepared, prepared.url)
        prepared.register_hook("response", partial(self._send_again, sent))
        return request

    def _send_again(self, sent: "_Sent", response: Any, **options: Any) -> Any:
        """Return the answer to use for `response`, which is that of a redirect, too."""
        request = response.request
        if not sent.is_refused(response, request.url) or not _rewind(request):
            return response
        again = request.copy()
        if not sent.renew(again, response):
            return response
        response.content  # noqa: B018 - reads the rest, so that the connection can be used again
        response.close()
        answer = response.connection.send(again, **options)
        answer.history.append(response)
        answer.request = again
        return answer

    # httpx and httpx2

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Send `request` with the token, and once more if it is refused."""
        sent = self._add_token(request, request.url)
        response = yield request
        is_refused = sent.is_refused(response, request.url) and _is_loaded(request)
        if is_refused and sent.renew(request, response):
            yield request

    auth_flow = sync_auth_flow

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Do the same in an event loop."""
        sent = await _in_thread(partial(self._add_token, request, request.url))
        response = yield request
        is_refused = sent.is_refused(response, request.url) and _is_loaded(request)
        if is_refused and await _in_thread(partial(sent.renew, request, response)):
            yield request

    # Both

    def _add_token(self, request: Any, url: Any) -> "_Sent":
        """Add the token for `url` to `request`; raises `ForeignHost`."""
        origin = _origin_of(url)
        services = self._services_for(origin)
        given = (request.method, str(url), self._nonces.get(origin, ""))
        try:
            headers = services.headers_for(*given)
        except XdrLoginError:
            before, services = services, self._services_for(origin, at_once=True)
            if (services.issued_for, services.is_bound) == (before.issued_for, before.is_bound):
                raise
            headers = services.headers_for(*given)  # of the sign-in that there is now
        request.headers.update(headers)
        return _Sent(services, headers["Authorization"], partial(self._nonces.__setitem__, origin))

    def _services_for(self, origin: Origin, *, at_once: bool = False) -> Services:
        """Fetch the services, one of which is at `origin`; raises `ForeignHost`."""
        services = self._current_services(at_once=at_once)
        if not _is_listed(origin, services) and not at_once:
            services = self._current_services(at_once=True)  # it may have been added since
        if not _is_listed(origin, services):
            raise _foreign_host(origin, services)
        return services

    def _current_services(self, *, at_once: bool = False) -> Services:
        now, held = time.monotonic(), self._services
        longest = _READ_AGAIN if held and held.issued_for else _READ_AGAIN_WITHOUT_APP
        if at_once or held is None or now - self._read_at > longest:
            held = fetch_services(self._profile)
            self._services, self._read_at = held, now
        return held


class _Sent:
    """A token that was sent to one of `services`: its digest, since requests shows its hooks.

    `note_nonce` is called with the nonce that the server wants in further proofs.
    """

    def __init__(
        self, services: Services, authorization: str, note_nonce: Callable[[str], None]
    ) -> None:
        self._services = services
        self._scheme, _, token = authorization.partition(" ")
        self._digest = digest_of(token)
        self._note_nonce = note_nonce

    def is_refused(self, response: Any, url: Any) -> bool:
        """Tell whether the server at `url` itself has refused the token.

        After a redirect the answer may be that of another server, which never got it.
        """
        request = response.request
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return bool(
            response.status_code == _UNAUTHORIZED
            and (scheme, digest_of(token)) == (self._scheme, self._digest)
            and _origin_of(request.url) == _origin_of(url)
        )

    def renew(self, request: Any, response: Any) -> bool:
        """Add what `response` demands to `request`; tell whether there is something new.

        That is another token of the same profile, or a proof with the nonce of the server.
        """
        nonce = response.headers.get("DPoP-Nonce", "") if self._services.is_bound else ""
        if nonce and _NONCE_DEMANDED in response.headers.get("WWW-Authenticate", ""):
            self._note_nonce(nonce)
            request.headers.update(
                self._services.headers_for(request.method, str(request.url), nonce)
            )
            return True
        renewed = self._services.replace_token(self._digest)
        if digest_of(renewed) == self._digest:
            return False
        headers = {"Authorization": f"Bearer {renewed}"}
        if self._services.is_bound:
            headers = self._services.headers_for(request.method, str(request.url), nonce)
        request.headers.update(headers)
        return True


def _loaded_bases() -> tuple[type, ...]:
    """Return the `Auth` of the libraries that this program has loaded."""
    found = (getattr(sys.modules.get(name), "Auth", None) for name in ("httpx", "httpx2"))
    return tuple(each for each in found if isinstance(each, type))


@cache
def _class_for(bases: tuple[type, ...]) -> type:
    return type("Auth", (Auth, *bases), {}) if bases else Auth


async def _in_thread(work: Callable[[], Result]) -> Result:
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
    if elsewhere := services.find_in_other_region(address):
        service, region = elsewhere
        use = f' Use xdr_login.services()["{service}"].' if service in services.addresses else ""
        return ForeignHost(
            f"{shown} is the host of {service} in {region}, so it doesn't get the token of the "
            f"profile {services.profile}.{use}",
            address,
        )
    names = ", ".join(f"{name} ({base})" for name, base in services.addresses.items())
    return ForeignHost(
        f"{shown} is not an API service of the profile {services.profile}, so it doesn't get the "
        f"token. Its services: {names or 'none'}. If you trust {shown}, add it: "
        f"xdr-login profiles edit {services.profile} --service NAME={address}",
        address,
    )
