"""Which addresses may be asked, and which may be opened in a browser.

A server chooses the link that a person opens and the code that a person compares, so both are
checked before anything shows or opens them.
"""

import ipaddress
import unicodedata
from urllib.parse import SplitResult, urlsplit

from desktop.oauth.errors import UnsafeAddress

_LONGEST_ADDRESS = 2048
_LONGEST_CODE = 64


def checked_address(address: str) -> str:
    """`address` when it is https, or http on loopback; raises `UnsafeAddress`."""
    parts = _split(address)
    if not parts.hostname:
        raise UnsafeAddress(address, "no host")
    if parts.username is not None or parts.password is not None:
        raise UnsafeAddress(address, "a user name in the address")
    # RFC 8628 section 3.1 and RFC 6749 section 3.2: TLS is required. RFC 8252 section 8.3 allows
    # plain http on loopback.
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return address
    raise UnsafeAddress(address, "not https")


def checked_user_code(code: str) -> str:
    """`code` when it can be shown and compared as it stands; raises `UnsafeAddress`."""
    if not code.strip() or len(code) > _LONGEST_CODE or has_hidden_characters(code):
        raise UnsafeAddress(code, "not a readable code")
    return code


def has_hidden_characters(text: str) -> bool:
    """Whether `text` holds control, bidirectional, unassigned or line-breaking characters."""
    return any(
        unicodedata.category(c) in {"Zl", "Zp"} or unicodedata.category(c)[0] == "C" for c in text
    )


def host_of(address: str) -> str:
    """The host of `address` in lower case, as the network sees it (RFC 5890 A-labels)."""
    host = (_split(address).hostname or "").rstrip(".")
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise UnsafeAddress(address, "the host name is not valid") from error


def origin_of(address: str) -> str:
    """Scheme, host and port of `address`: what "the same server" means."""
    parts = _split(address)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host_of(address)}:{port}"


def is_loopback(host: str) -> bool:
    """Whether `host` is this computer (RFC 8252 section 7.3)."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(address: str) -> SplitResult:
    if len(address) > _LONGEST_ADDRESS or has_hidden_characters(address) or " " in address:
        raise UnsafeAddress(address, "hidden characters or too long")
    if "\\" in address:
        raise UnsafeAddress(address, "a backslash, which browsers read as a slash")
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - a malformed port is only found when it is read
    except ValueError as error:
        raise UnsafeAddress(address, "not an address") from error
    return parts
