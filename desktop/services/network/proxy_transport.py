"""Requests through the proxy that is set for each address, or directly."""

import re
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from desktop.oauth.addresses import host_of, is_localhost_name
from desktop.oauth.errors import (
    ProxyFailure,
    ProxyNotTrusted,
    ProxyRefused,
    ProxySignInNeeded,
    ProxySignInUnsupported,
    ProxyUnreachable,
    ProxyUnusable,
    ProxyWithoutTls,
    UnsafeAddress,
)
from desktop.oauth.http import KNOWN_SECRETS
from desktop.oauth.redaction.causes import causes_of
from desktop.services.network.environment_proxy import normalized_proxy, variable_of
from desktop.services.system.translation import translate

TraceInfo = dict[str, Any]


async def no_password(_proxy: str) -> str | None:
    """Return no password, for a proxy that requires none."""
    return None


class ProxiedTransport(httpx.AsyncBaseTransport):
    """Sends each request through the proxy that `find` returns, or directly if that is empty.

    If the address of the proxy has no user, `user` signs in to it, with what `password` returns for
    its host and port (RFC 7617): at the first request, and again after the proxy has rejected it.
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
        # Made here, off the event loop, because most computers have no proxy.
        self._direct = httpx.AsyncHTTPTransport(verify=context)
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}  # by proxy
        self._passwords: dict[str, str] = {}  # by proxy
        self._retired: list[httpx.AsyncHTTPTransport] = []  # other requests may still use them

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; raises `httpx.RequestError` or a `ProxyFailure`."""
        address = await self._find_proxy(request.url)
        if not address:
            response = await self._direct.handle_async_request(_kept_here(request))
            return _with_usable_target(response, request.url)
        try:
            response = await self._send_through(address, request)
        except ProxyFailure as failure:
            failure.policy_source = self._policy_source
            failure.variable = variable_of(address)
            raise
        return _with_usable_target(response, request.url)

    async def _send_through(self, address: str, request: httpx.Request) -> httpx.Response:
        host = host_of(str(request.url))
        proxy = _proxy_url(address, host)
        transport = await self._transport_for(proxy)
        if known := request.extensions.get(KNOWN_SECRETS):
            known.add(proxy.password, self._passwords.get(str(proxy)))
        trace = _RequestTrace()
        request.extensions = {**request.extensions, "trace": trace.record}
        try:
            return await transport.handle_async_request(request)
        except httpx.TransportError as error:
            failure = _proxy_failure(request.url, _host_and_port(proxy), error, trace)
            known = self._transports.get(str(proxy)) is transport
            if known and isinstance(failure, ProxySignInNeeded):
                # The next request loads the password again: it may have been corrected.
                self._retired.append(self._transports.pop(str(proxy)))
            if failure is None:
                raise
            raise failure from error

    async def aclose(self) -> None:
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
                self._passwords[key] = password
            ssl_context = self._context if proxy.scheme == "https" else None
            made = httpx.AsyncHTTPTransport(
                verify=self._context, proxy=httpx.Proxy(proxy, auth=auth, ssl_context=ssl_context)
            )
            # Another request may have made one while the password was loaded.
            self._transports.setdefault(key, made)
        return self._transports[key]


def _kept_here(request: httpx.Request) -> httpx.Request:
    """Connect to `localhost` for its other names, which a DNS server could answer differently."""
    host = request.url.host.removesuffix(".")
    if request.url.host == "localhost" or not is_localhost_name(host):
        return request
    return httpx.Request(
        request.method,
        request.url.copy_with(host="localhost"),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _with_usable_target(response: httpx.Response, url: httpx.URL) -> httpx.Response:
    """Remove an address to redirect to that cannot be parsed; the status says enough.

    WORKAROUND: httpx parses it even if it is not to follow it, and its errors lack the status.
    """
    try:
        is_usable = bool(url.join(response.headers.get("location", "")).host)
    except (httpx.InvalidURL, UnicodeError):
        is_usable = False
    if not is_usable:
        del response.headers["location"]
    return response


class _RequestTrace:
    """How far a request got, from the events that httpcore reports.

    `at_proxy` says that the proxy has not let the connection through yet; `schemes` are the
    authentication schemes that it offers (RFC 9110 section 11.7.1), which httpx's error lacks.
    """

    def __init__(self) -> None:
        self.at_proxy = False
        self.schemes: tuple[str, ...] = ()

    async def record(self, event: str, info: TraceInfo) -> None:
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
    address = normalized_proxy(address)
    try:
        proxy, name = httpx.URL(address), host_of(address)
    except (httpx.InvalidURL, UnsafeAddress) as error:
        raise ProxyUnusable(host, detail=translate("the address is not valid")) from error
    if not name:
        raise ProxyUnusable(host, detail=translate("the address has no host name"))
    if proxy.scheme not in {"http", "https"}:
        detail = translate("“{scheme}” proxies are not supported", scheme=proxy.scheme)
        raise ProxyUnusable(host, by=name, detail=detail)
    return proxy


def _host_and_port(proxy: httpx.URL) -> str:
    return proxy.netloc.decode("ascii").rpartition("@")[2]


# WORKAROUND: of a response to CONNECT httpcore only gives the status line, as the error's text.
def _proxy_failure(
    url: httpx.URL, proxy: str, error: httpx.TransportError, trace: _RequestTrace
) -> ProxyFailure | None:
    """Tell what is wrong with the proxy; `None` where the server itself cannot be reached."""
    host, detail = host_of(str(url)), str(error)
    if not isinstance(error, httpx.ProxyError):
        return _connect_failure(url, proxy, error) if trace.at_proxy else None
    # tinyproxy answers 401 to a wrong password, and 407 only to a missing one.
    if not detail.startswith(("407", "401")):
        return ProxyRefused(host, by=proxy, detail=detail)
    others = [each for each in trace.schemes if each.lower() != "basic"]
    if others and len(others) == len(trace.schemes):
        return ProxySignInUnsupported(host, by=proxy, detail=", ".join(others))
    return ProxySignInNeeded(host, by=proxy)


def _connect_failure(
    url: httpx.URL, proxy: str, error: httpx.TransportError
) -> ProxyFailure | None:
    host, detail = host_of(str(url)), str(error) or type(error).__name__
    tls_errors = [each for each in causes_of(error) if isinstance(each, ssl.SSLError)]
    if isinstance(error, httpx.ConnectError) and tls_errors:
        is_untrusted = any(isinstance(each, ssl.SSLCertVerificationError) for each in tls_errors)
        return (ProxyNotTrusted if is_untrusted else ProxyWithoutTls)(host, by=proxy, detail=detail)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return ProxyUnreachable(host, by=proxy, detail=detail)
    if url.scheme != "https":
        return None  # the proxy has the request: either it or the server has failed
    kind = ProxyUnreachable if isinstance(error, httpx.TimeoutException) else ProxyFailure
    return kind(host, by=proxy, detail=detail)
