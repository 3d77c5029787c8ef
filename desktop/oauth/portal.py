"""Captive portals: networks that put a page of their own in front of everything."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desktop.oauth.addresses import host_of, is_loopback
from desktop.oauth.errors import CaptivePortal, Trouble, UnsafeAddress
from desktop.oauth.http import Answer, probe_portal
from desktop.oauth.redaction.known_secrets import KnownSecrets

if TYPE_CHECKING:
    import httpx

_WANTS_SIGN_IN = 511  # RFC 6585 section 6
# Where a page sends a browser: a refresh, a script, a form, and WISPr's <LoginURL>.
_TARGET = (
    rb"(?i)(?:\burl\s*=|\blocation(?:\.href)?\s*=|\baction\s*=|<LoginURL>)"
    rb"""\s*["']?(https?://[^"'\s<>]+)"""
)


async def find_portal(
    http: httpx.AsyncClient, host: str, *, secrets: KnownSecrets | None = None
) -> CaptivePortal | None:
    """Find a captive portal in front of `host` by plain http; `None` if there is none.

    A portal may be why a server cannot be reached: its certificate is not for `host`, or it lets
    nothing through. Over http it answers for every host, and `secrets` are removed from its name.
    """
    if is_loopback(host):
        return None
    try:
        answer = await probe_portal(http, host, secrets=secrets)
    except Trouble:
        return None
    portal = redirect_host(answer)
    if answer.status == _WANTS_SIGN_IN or (portal and not _are_related(portal, host)):
        return CaptivePortal(host, by=portal, status=answer.status)
    return None


def redirect_host(answer: Answer) -> str:
    """Find the other host to which an answer sends a browser; empty for none. It is only shown.

    By a redirect (RFC 9110 section 10.2.2), or by the content of a page.
    """
    target = answer.headers.get("location", "") if 300 <= answer.status < 400 else ""
    if not target and is_page(answer) and (match := re.search(_TARGET, answer.body)):
        target = match[1].decode("utf-8", "replace")
    try:
        host = host_of(target) if urlsplit(target).scheme in {"http", "https"} else ""
    except (UnsafeAddress, ValueError):
        return ""
    return "" if host == answer.host else answer.secrets.strike(host)


def is_page(answer: Answer) -> bool:
    """Whether the answer is a web page, such as that of a portal or proxy."""
    # A captive portal's may begin with a comment, a script or a byte order mark; no OAuth answer
    # begins with an angle bracket.
    return answer.body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")


def _are_related(host: str, other: str) -> bool:
    # A server's plain http often redirects to another site of the same domain.
    return host.split(".")[-2:] == other.split(".")[-2:]
