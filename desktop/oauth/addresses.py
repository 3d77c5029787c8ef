"""Which addresses may be requested, and which may be opened in a browser.

A server chooses the link that the user opens and the code that the user compares, so both are
checked before anything shows or opens them.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

from desktop.oauth.errors import UnsafeAddress

_LONGEST_ADDRESS = 2048
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Browsers read a name that ends in a number as an IPv4 address: 0x7f.1 is 127.0.0.1.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def checked_address(address: str) -> str:
    """Return `address` if it is https, or http on loopback; raise `UnsafeAddress`."""
    parts = _split(address)
    host = host_of(address)
    if not host:
        raise UnsafeAddress(address, "no host name")
    if parts.username is not None:
        raise UnsafeAddress(address, "contains a user name")
    # RFC 8628 section 3.1 and RFC 6749 section 3.2: TLS is required. RFC 8252 section 8.3 allows
    # plain http on loopback.
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return address
    raise UnsafeAddress(address, "not an https address")


def checked_named_address(address: str, *, by: str) -> str:
    """Check `address` as `checked_address` does, and that the server at `by` may name it.

    A server elsewhere must not send requests to programs on this computer. Raises `UnsafeAddress`.
    """
    checked_address(address)
    if is_loopback(host_of(address)) and not is_loopback(host_of(by)):
        raise UnsafeAddress(address, "an address on this computer, sent by another server")
    return address


def checked_link(address: str, *, by: str) -> str:
    """Return `address` if a user can read it and a browser may open it; raise `UnsafeAddress`."""
    if not address.isascii():  # RFC 3986 section 2: a URI is; lookalike letters are not
        raise UnsafeAddress(
            ascii_address(address), "contains non-ASCII characters, which can look like others"
        )
    return checked_named_address(address, by=by)


def checked_user_code(code: str) -> str:
    """Return `code` if a user can read and compare it; raise `UnsafeAddress`."""
    # RFC 8628 section 6.1: letters and digits that can be typed. It also goes to the clipboard.
    if not _CODE.fullmatch(code):
        raise UnsafeAddress(code, "not a readable code")
    return code


def has_hidden_characters(text: str) -> bool:
    """Whether `text` holds control, bidirectional, unassigned or line-breaking characters."""
    # What is printable is not hidden, and that is quick to tell.
    return not text.isprintable() and any(
        unicodedata.category(c) in {"Zl", "Zp"} or unicodedata.category(c)[0] == "C" for c in text
    )


def host_of(address: str) -> str:
    """Return the host of `address` in lower case, as the network sees it (RFC 5890 A-labels).

    Empty if there is none. Raises `UnsafeAddress` for a host that a browser, the network and a user
    could read in different ways.
    """
    parts = _split(address)
    host = parts.hostname or ""
    if not host.isascii() or "xn--" in host:
        host = _a_labels(address)
    host = host.removesuffix(".")
    valid = _is_ip(host) or ("[" not in parts.netloc and _is_name(host))
    if host and not valid:
        raise UnsafeAddress(address, "invalid host name")
    return host


def ascii_address(address: str) -> str:
    """Return `address` with its host as the network sees it, so that no letter looks like another.

    An address that is not valid stays as it is, for whoever checks it.
    """
    if address.isascii() or "://" not in address:
        return address
    try:
        netloc, host = _split(address).netloc, host_of(address)
    except UnsafeAddress:
        return address
    user, at, server = netloc.rpartition("@")
    if server.isascii() or not host:
        return address
    _, colon, port = server.partition(":")
    return address.replace(netloc, f"{user}{at}{host}{colon}{port}", 1)


def origin_of(address: str) -> str:
    """Return scheme, host and port of `address`. The same origin means the same server."""
    parts = _split(address)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = default if parts.port is None else parts.port
    return f"{parts.scheme}://{host_of(address)}:{port}"


def is_loopback(host: str) -> bool:
    """Whether `host` is this computer, in any form that some program reads as such.

    This decides everything alike: plain http is allowed, no proxy is used, and a server elsewhere
    must not name it (RFC 8252 section 7.3, RFC 6761 section 6.3).
    """
    # As IDNA reads it: full-width digits, and the other three dots (RFC 3490 section 3.1).
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower()
    plain = plain.strip("[]").partition("%")[0].removesuffix(".")
    if is_localhost_name(plain):
        return True
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        number = _ipv4_number(plain)
        if number is None:
            return False
        address = ipaddress.IPv4Address(number)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    # Connecting to the unspecified address, 0.0.0.0 or ::, reaches this computer as well.
    return (mapped or address).is_loopback or (mapped or address).is_unspecified


def is_localhost_name(host: str) -> bool:
    """Whether `host` is a name of this computer, which must never be looked up elsewhere."""
    return host in _LOCALHOST_NAMES or host.endswith((".localhost", ".localhost.localdomain"))


# RFC 6761 section 6.3, and what Linux has in /etc/hosts.
_LOCALHOST_NAMES = {
    *("localhost", "localhost.localdomain", "localhost4", "localhost6"),
    *("localhost4.localdomain4", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback"),
}


def _ipv4_number(host: str) -> int | None:
    """Read `host` as inet_aton(3) and browsers do: 127.1, 2130706433, 0x7f.1, 0177.0.0.1."""
    parts = host.split(".")
    if len(parts) > _IPV4_PARTS or not all(_INET_NUMBER.fullmatch(part) for part in parts):
        return None
    *first, last = [_inet_part(part) for part in parts]
    if any(number > 0xFF for number in first) or last >= 1 << (8 * (4 - len(first))):
        return None
    return last + sum(number << (24 - 8 * at) for at, number in enumerate(first))


_IPV4_PARTS = 4
# With at most as many digits as such a number has.
_INET_NUMBER = re.compile(r"0x[0-9a-f]{0,16}|0[0-7]{0,16}|[1-9][0-9]{0,9}")


def _inet_part(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # a zone, which only means something on this computer


def _is_name(host: str) -> bool:
    labels = host.split(".")
    return (
        len(host) <= 253
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _NUMBER.fullmatch(labels[-1])
    )


def _a_labels(address: str) -> str:
    # As httpx reads it: IDNA 2008, like the browsers. Python's own codec is IDNA 2003, which takes
    # "faß.de" for "fass.de", another domain.
    # Loaded late: a script that reads a saved token makes no request.
    import httpx

    try:
        url = httpx.URL(address)
        url.host  # noqa: B018 - reads the A-labels back, which httpx would do at the request
        return url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UnsafeAddress(address, "invalid host name") from error


def _split(address: str) -> SplitResult:
    if len(address) > _LONGEST_ADDRESS or has_hidden_characters(address):
        raise UnsafeAddress(address, "too long, or contains hidden characters")
    if any(character.isspace() for character in address):
        raise UnsafeAddress(address, "contains a space")
    if "\\" in address:
        raise UnsafeAddress(address, "contains a backslash")
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - a malformed port is only found when it is read
    except ValueError as error:
        raise UnsafeAddress(address, "not an address") from error
    # urlsplit() reads "[::1]x" as "[::1]", and other programs in other ways.
    if "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc.rpartition("@")[2]):
        raise UnsafeAddress(address, "invalid host name")
    return parts


# RFC 3986 section 3.2.2, with the zone that `_is_ip` rejects
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]*:[^\[\]]*\](?::[0-9]*)?")
