"""Requests through a proxy, or directly, as each address wants it."""

import re
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from desktop.oauth.addresses import host_of
from desktop.oauth.errors import (
    ProxyFailure,
    ProxyRefused,
    ProxySignInNeeded,
    ProxySignInUnsupported,
    ProxyUnreachable,
    ProxyUnusable,
    UnsafeAddress,
)

TraceInfo = dict[str, Any]


async def no_password(_proxy: str) -> str | None:
    """The password of a proxy that wants none."""
    return None


class ProxiedTransport(httpx.AsyncBaseTransport):
    """Sends each request through the proxy that `find` gives for it, or directly for an empty one.

    A proxy whose address names no user is given `user` and what `password` gives for its host and
    port (RFC 7617), which is asked for at the first need, and again after the proxy has refused it.
    Raises a `ProxyFailure`, and what httpx raises; `policy_source` names the policy that sets the
    proxy, empty for none.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        find: Callable[[httpx.URL], Awaitable[str]],
        *,
        user: str = "",
        password: Callable[[str], Awaitable[str | None]] = no_password,
        policy_source: str = "",
    ) -> None:
        self._context = context
        self._find_proxy = find
        self._user = user
        self._password = password
        self._policy_source = policy_source
        # Without a proxy, as most have it, made here, off the event loop.
        self._direct = httpx.AsyncHTTPTransport(verify=context)
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}  # by the proxy they go through
        self._retired: list[httpx.AsyncHTTPTransport] = []  # others may be on their way by them

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; raises `httpx.RequestError` or a `ProxyFailure`."""
        try:
            return await self._send(request)
        except ProxyFailure as failure:
            failure.policy_source = self._policy_source
            raise

    async def _send(self, request: httpx.Request) -> httpx.Response:
        address = await self._find_proxy(request.url)
        if not address:
            return await self._direct.handle_async_request(request)
        host = host_of(str(request.url))
        proxy = _proxy_url(address, host)
        transport = await self._transport_for(proxy)
        passage = _RequestTrace()
        request.extensions = {**request.extensions, "trace": passage.record}
        try:
            return await transport.handle_async_request(request)
        except httpx.TransportError as error:
            failure = _proxy_failure(request.url, _host_and_port(proxy), error, passage)
            known = self._transports.get(str(proxy)) is transport
            if known and isinstance(failure, ProxySignInNeeded):
                # The next request asks for the password anew: it may have been corrected.
                self._retired.append(self._transports.pop(str(proxy)))
            if failure is None:
                raise
            raise failure from error

    async def aclose(self) -> None:
        """End all connections."""
        ending = [self._direct, *self._retired, *self._transports.values()]
        self._retired.clear()
        self._transports.clear()
        for each in ending:
            await each.aclose()

    async def _transport_for(self, proxy: httpx.URL) -> httpx.AsyncHTTPTransport:
        key = str(proxy)
        if key not in self._transports:
            auth = None
            if (
                self._user
                and not proxy.username
                and (password := await self._password(_host_and_port(proxy)))
            ):
                auth = (self._user, password)
            ssl_context = self._context if proxy.scheme == "https" else None
            made = httpx.AsyncHTTPTransport(
                verify=self._context, proxy=httpx.Proxy(proxy, auth=auth, ssl_context=ssl_context)
            )
            # Another request may have got here first while the keyring was asked.
            self._transports.setdefault(key, made)
        return self._transports[key]


class _RequestTrace:
    """How far a request came, as the library tells of every event.

    `at_proxy` says that a connection was begun which the proxy has not let through yet; `schemes`
    are the ways to sign in that it named (RFC 9110 section 11.7.1): httpx's own error lacks them.
    """

    def __init__(self) -> None:
        self.at_proxy = False
        self.schemes: tuple[str, ...] = ()

    async def record(self, event: str, info: TraceInfo) -> None:
        """Told of every event of the request."""
        match event:
            case "connection.connect_tcp.started":
                self.at_proxy = True
            case "proxy.start_tls.started":
                self.at_proxy = False
            case "http11.receive_response_headers.complete":
                _version, status, _reason, headers = info["return_value"]
                self.schemes = _auth_schemes(headers) if status == 407 else ()


def _auth_schemes(headers: list[tuple[bytes, bytes]]) -> tuple[str, ...]:
    return tuple(
        match[1].decode()
        for name, value in headers
        if name.lower() == b"proxy-authenticate" and (match := _SCHEME.match(value))
    )


_SCHEME = re.compile(rb"\s*([A-Za-z0-9-]+)")


def _proxy_url(address: str, host: str) -> httpx.URL:
    try:
        proxy, name = httpx.URL(address), host_of(address)
    except (httpx.InvalidURL, UnsafeAddress) as error:
        raise ProxyUnusable(host, detail="its address makes no sense") from error
    if not name:
        raise ProxyUnusable(host, detail="its address names no host")
    if proxy.scheme not in {"http", "https"}:
        raise ProxyUnusable(host, by=name, detail=f"its kind is “{proxy.scheme}”")
    return proxy


def _host_and_port(proxy: httpx.URL) -> str:
    return proxy.netloc.decode("ascii").rpartition("@")[2]


# WORKAROUND: of the answer to CONNECT httpcore gives the first line alone, as its error's text.
def _proxy_failure(
    url: httpx.URL, proxy: str, error: httpx.TransportError, passage: _RequestTrace
) -> ProxyFailure | None:
    """What went wrong with the proxy; `None` where it was the connection with the server itself."""
    host, detail = host_of(str(url)), str(error)
    if not isinstance(error, httpx.ProxyError):
        return _connect_failure(url, proxy, error) if passage.at_proxy else None
    # tinyproxy answers 401 to a password that is wrong, and 407 only where there is none.
    if not detail.startswith(("407", "401")):
        return ProxyRefused(host, by=proxy, detail=detail)
    others = [each for each in passage.schemes if each.lower() != "basic"]
    if others and len(others) == len(passage.schemes):
        return ProxySignInUnsupported(host, by=proxy, detail=", ".join(others))
    return ProxySignInNeeded(host, by=proxy)


def _connect_failure(
    url: httpx.URL, proxy: str, error: httpx.TransportError
) -> ProxyFailure | None:
    host, detail = host_of(str(url)), str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError) and _is_certificate_error(error):
        return ProxyUnusable(host, by=proxy, detail="its certificate is not trusted")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return ProxyUnreachable(host, by=proxy, detail=detail)
    if url.scheme != "https":
        return None  # the proxy has it, and whether it or the server fails cannot be told
    kind = ProxyUnreachable if isinstance(error, httpx.TimeoutException) else ProxyFailure
    return kind(host, by=proxy, detail=detail)


def _is_certificate_error(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
