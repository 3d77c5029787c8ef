"""Where the next page of an answer is: the `Link` of RFC 8288, and the `X-Next` of Cisco's CTIA."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

_LONGEST_HEADER = 16_384  # characters
# What CTIA writes in X-Next, form-encoded: github.com/threatgrid/ductile, pagination.clj.
_CURSOR = {"limit", "offset", "search_after"}
_TARGET = re.compile(r"[\s,]*<([^<>]*)>")
_PARAMETER = re.compile(r'\s*;\s*([^\s=;,"<>]*)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<>]*)))?')


def next_address(address: str, headers: Iterable[tuple[str, str]]) -> str:
    """Find the page that follows the one at `address`; empty if there is none.

    It is anything that the server wrote, on any host: check it before it is requested.
    """
    found = [(name.lower(), value[:_LONGEST_HEADER]) for name, value in headers]
    for name, value in found:
        if name == "link" and (target := _next_link(value)) is not None:
            try:
                return urldefrag(urljoin(address, target)).url
            except ValueError:  # of an address such as https://[
                return target
    for name, value in found:
        if name == "x-next" and (cursor := _cursor_in(value)):
            return _with_cursor(address, cursor)
    return ""


def _next_link(header: str) -> str | None:
    """Find the target with the relation `next`; a link of another context does not count."""
    for target, parameters in _links(header):
        if "next" in parameters.get("rel", "").lower().split() and "anchor" not in parameters:
            return target
    return None


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    while found := _TARGET.match(header, at):
        at, parameters = found.end(), dict[str, str]()
        while each := _PARAMETER.match(header, at):
            at = each.end()
            # RFC 8288 section 3.3: of several `rel`, the first one counts.
            parameters.setdefault(each[1].lower(), each[2] or each[3] or "")
        yield found[1], parameters


def _cursor_in(header: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(header, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return []
    return pairs if all(name in _CURSOR for name, _ in pairs) else []


def _with_cursor(address: str, cursor: list[tuple[str, str]]) -> str:
    parts = urlsplit(address)
    kept = [
        each for each in parts.query.split("&") if each and each.partition("=")[0] not in _CURSOR
    ]
    return parts._replace(query="&".join((*kept, urlencode(cursor)))).geturl()
