"""The redirect URI on this computer, which receives one answer from the browser (RFC 8252).

Any program on this computer and any page in a browser can send requests here. So the server accepts
only short requests with the right host and path, for a short time, and never echoes them.
"""

import asyncio
import errno
import html
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from desktop.services.model.errors import RedirectUriUnavailable
from desktop.services.system.connections import Connection, Connections
from desktop.services.system.translation import translatable, translate

# RFC 8252 section 7.3: servers allow any port, but the path must be the same. Section 8.3 advises
# against `localhost`.
DEFAULT_REDIRECT_URI = "http://127.0.0.1/callback"

_MAX_HEAD_SIZE = 16 * 1024  # bytes of a request
_REQUEST_TIMEOUT = 5.0  # seconds for one request
_MAX_CONNECTIONS = 128  # browsers open some in advance, and others may want to keep them out
_BACKLOG = 256  # connections that may wait to be accepted
_FAMILIES = {
    "127.0.0.1": (socket.AF_INET,),
    "::1": (socket.AF_INET6,),
    "localhost": (socket.AF_INET, socket.AF_INET6),
}
_PORT_TAKEN = {errno.EADDRINUSE, errno.EACCES}
_ADDRESSES = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


class LoopbackServer:
    """A server on one address; `redirect_uri` contains its port.

    `query` is that of the answer, once it has arrived.
    """

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri
        parts = urlsplit(redirect_uri)
        self._path = parts.path or "/"
        self._hosts = {parts.netloc} | ({parts.netloc[:-3]} if parts.port == 80 else set())
        self._accepts: Callable[[str], bool] | None = None
        self.query: str | None = None
        self._arrived = asyncio.Event()
        self._connections = Connections(
            self._serve, most=_MAX_CONNECTIONS, longest_line=_MAX_HEAD_SIZE
        )

    async def wait_for_answer(self, accepts: Callable[[str], bool]) -> None:
        """Return when the browser has sent a query for which `accepts` is true.

        Requests before this call, or after the answer, are rejected.
        """
        self._accepts = accepts
        await self._arrived.wait()

    def listen(self, listening: socket.socket) -> None:
        self._connections.listen(listening, backlog=_BACKLOG)

    async def close(self) -> None:
        await self._connections.close()

    async def _serve(self, connection: Connection) -> None:
        query: str | None = None
        writer = connection.writer
        try:
            async with asyncio.timeout(_REQUEST_TIMEOUT):
                head = await connection.reader.readuntil(b"\r\n\r\n")
                connection.heard()
                status, query = self._evaluate(head)
                writer.write(_response(status))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (TimeoutError, asyncio.LimitOverrunError, asyncio.IncompleteReadError, OSError):
            pass  # not an answer, or the browser did not wait for the page
        finally:
            if query is not None:  # even if it was canceled while writing the page
                self._arrived.set()

    def _evaluate(self, head: bytes) -> tuple[str, str | None]:
        """Return the status for a request, and the query if it is the answer."""
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, version = (*first.split(" "), "", "")[:3]
        fields = [line.partition(":") for line in lines]
        hosts = [value.strip().lower() for name, _, value in fields if name.lower() == "host"]
        # A page elsewhere can make its own name point here (DNS rebinding), but that name is sent.
        if not version.startswith("HTTP/1.") or len(hosts) != 1 or hosts[0] not in self._hosts:
            return "400 Bad Request", None
        path, _, query = target.partition("?")
        if path != self._path:
            return "404 Not Found", None
        if method != "GET":
            return "405 Method Not Allowed", None
        if self.query is not None or self._accepts is None or not self._accepts(query):
            return "400 Bad Request", None
        self.query = query
        return "200 OK", query


@asynccontextmanager
async def listen(redirect_uri: str = "") -> AsyncIterator[LoopbackServer]:
    """Listen on this computer only, until the context ends. Raises `RedirectUriUnavailable`.

    Without a port in `redirect_uri` a free one is used; the default is `DEFAULT_REDIRECT_URI`.
    """
    with ExitStack() as open_sockets:
        address, sockets = _bind(redirect_uri or DEFAULT_REDIRECT_URI, open_sockets)
        loopback = LoopbackServer(address)
        try:
            for each in sockets:
                loopback.listen(each)
            yield loopback
        finally:
            await loopback.close()


def _bind(redirect_uri: str, open_sockets: ExitStack) -> tuple[str, list[socket.socket]]:
    """Bind the sockets; returns the address with its port, and the sockets."""
    try:
        parts = urlsplit(redirect_uri)
        port, families = parts.port or 0, _FAMILIES[parts.hostname or ""]
    except (ValueError, KeyError) as error:
        raise RedirectUriUnavailable(redirect_uri) from error
    if parts.scheme != "http":
        raise RedirectUriUnavailable(redirect_uri)
    sockets: list[socket.socket] = []
    for family in families:
        try:
            sockets.append(open_sockets.enter_context(_open_socket(family, port)))
        except OSError as error:
            # The browser may prefer this address: whoever holds it would receive the answer.
            if not sockets or error.errno in _PORT_TAKEN:
                raise RedirectUriUnavailable(redirect_uri) from error
            continue  # without IPv6, `localhost` has one address only
        port = sockets[0].getsockname()[1]
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{name}:{port}")), sockets


def _open_socket(family: socket.AddressFamily, port: int) -> socket.socket:
    with ExitStack() as stack:
        bound = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        # Windows shares ports by default; elsewhere a restart must not wait for old connections.
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        bound.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((_ADDRESSES[family], port))
        stack.pop_all()
        return bound


_DONE_TEXT = translatable("You can close this page and go back to XDR Login.")
_NOT_FOUND_TEXT = translatable("This page doesn't exist. Go back to XDR Login.")


def _response(status: str) -> bytes:
    """Build the response to a browser; it contains nothing that the browser sent."""
    text = translate(_DONE_TEXT if status.startswith("200") else _NOT_FOUND_TEXT)
    body = (
        '<!doctype html><html><meta charset="utf-8"><title>XDR Login</title>'
        f"<p>{html.escape(text)}</p></html>\n"
    ).encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; form-action 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii") + body
