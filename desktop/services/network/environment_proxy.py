"""The proxy that the environment sets for an address, as curl 8 reads it.

https://everything.curl.dev/usingcurl/proxies/env.html, and lib/noproxy.c for `no_proxy`. Better
where Go, Python and curl's documentation agree: an entry of `no_proxy` may have a port, and a `*`
anywhere.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_ESCAPED_PERCENT = re.compile(r"%25([0-9A-Fa-f]{2})")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def find_environment_proxy(address: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Find the proxy for `address`; empty for none, `None` if the system's settings decide."""
    if bypasses_proxy(address, _variable(environment, "no_proxy")):
        return ""
    scheme = urlsplit(address).scheme
    proxy = _variable(environment, f"{scheme}_proxy") or _variable(environment, "all_proxy")
    if proxy:
        return normalized_proxy(proxy)
    others = (_variable(environment, f"{each}_proxy") for each in _DEFAULT_PORTS)
    return "" if any(others) else None


def bypasses_proxy(address: str, no_proxy: str) -> bool:
    """Whether `no_proxy`, a list separated by commas or blanks, names the host of `address`."""
    parts = urlsplit(address)
    host = _plain_host(parts.hostname or "")
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return any(_matches(each, host, port) for each in re.split(r"[\s,;]+", no_proxy) if each)


def normalized_proxy(proxy: str) -> str:
    """Give `proxy` a scheme, and escape what its user and password contain raw.

    People write them as they are: with the backslash of a Windows domain, or a password with `@`,
    `:`, `#`, `/` or `%`.
    """
    found = _SCHEME.match(proxy)
    scheme, rest = (found[0], proxy[found.end() :]) if found else ("http://", proxy)
    login, has_login, server = rest.rpartition("@")
    if not has_login:
        return f"{scheme}{rest}"
    user, has_password, password = login.partition(":")
    login = f"{_escaped(user)}:{_escaped(password)}" if has_password else _escaped(user)
    return f"{scheme}{login}@{server}"


def variable_of(proxy: str, environment: Mapping[str, str] = os.environ) -> str:
    """Name the variable whose address `proxy` is, as curl writes it; empty for none."""
    lower = [f"{each}_proxy" for each in (*_DEFAULT_PORTS, "all")]
    for name in (*lower, *map(str.upper, lower)):
        value = environment.get(name, "").strip()
        if value and normalized_proxy(value) == proxy:
            return name
    return ""


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Read a variable in lower case, or else in upper case; an empty one counts as not set."""
    if value := environment.get(name, "").strip():
        return value
    # A web server passes the header `Proxy` of a request as HTTP_PROXY (CVE-2016-5388).
    if name == "http_proxy" and "REQUEST_METHOD" in environment:
        return ""
    return environment.get(name.upper(), "").strip()


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    entry, entry_port = _split_port(entry)
    if entry_port is not None and entry_port != port:
        return False
    entry = entry.lower().rstrip(".")
    number = _ip(host)
    if number is not None and "*" not in entry:
        return _contains(entry, number)
    if "*" in entry:
        return _matches_pattern(host, entry)
    entry = entry.lstrip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))


def _matches_pattern(host: str, pattern: str) -> bool:
    """Whether `host` is like `pattern`, in which a `*` is any text. In linear time."""
    first, *others, last = pattern.split("*")
    if len(host) < len(first) + len(last) or not (host.startswith(first) and host.endswith(last)):
        return False
    at, end = len(first), len(host) - len(last)
    for part in others:  # the first place is as good as any later one
        found = host.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _split_port(entry: str) -> tuple[str, int | None]:
    """Split an entry such as `host:8080`, `[::1]:8080` or `::1`."""
    if found := re.fullmatch(r"\[([^\]]*)\](/\d+)?(?::(\d{1,5}))?", entry):
        return found[1] + (found[2] or ""), int(found[3]) if found[3] else None
    if found := re.fullmatch(r"([^:]*):(\d{1,5})", entry):
        return found[1], int(found[2])
    return entry, None


def _contains(entry: str, number: _Address) -> bool:
    try:
        network = ipaddress.ip_network(entry.partition("%")[0], strict=False)
    except ValueError:
        return False
    return number in network


def _ip(host: str) -> _Address | None:
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return mapped or number


def _plain_host(host: str) -> str:
    return host.lower().rstrip(".").partition("%")[0]


def _escaped(text: str) -> str:
    """Escape `text`, but for what is escaped already."""
    return _ESCAPED_PERCENT.sub(r"%\1", quote(text, safe="!$&'()*+,;=-._~"))
