"""The shapes in which a token is copied, each ready to be pasted where it is needed.

None ends with a line break: what is pasted into a shell waits for the person to press Return.

A line for one shell may be pasted into another, which reads the quotes differently. So the commands
are made only of characters that mean nothing to any of them.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING

from desktop.services.model.errors import UnsafeForShell
from desktop.services.model.instants import format_instant

if TYPE_CHECKING:
    from desktop.oauth.metadata import ServerMetadata
    from desktop.services.model.access_token import AccessToken
    from desktop.services.model.profile import Profile

# RFC 2606 section 2: this name exists nowhere. Pasted as it stands, the token goes to nobody.
EXAMPLE_API_URL = "https://api.example/"


class CopyFormat(Enum):
    """A shape; the value is what the menu calls it, in the order of the menu."""

    TOKEN = "Token"  # noqa: S105 - a name
    HEADER = "Authorization header"
    CURL = "curl"
    POWERSHELL = "PowerShell"
    PYTHON = "Python (httpx)"
    ENVIRONMENT = "Environment line (export)"
    JSON = "JSON"


SHELL_FORMATS = (CopyFormat.CURL, CopyFormat.POWERSHELL, CopyFormat.ENVIRONMENT)

# RFC 6750 section 2.1, and the names of RFC 6749 section A.13 that are plain.
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_PLAIN_TYPE = re.compile(r"[A-Za-z0-9._-]+")
# Not `%`: cmd.exe would put its variables there, and send them along.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9:/?=._~-]+")


def formatted(
    format: CopyFormat,  # noqa: A002
    token: AccessToken,
    *,
    url: str = EXAMPLE_API_URL,
) -> str:
    """`token` in the shape `format`; `url` is what the commands among the shapes ask.

    Raises `NotForShell` where a shell could run what the server has put into the token.
    """
    if format in SHELL_FORMATS and not _is_plain(token):
        raise UnsafeForShell
    return _render(format, token, url=url if _is_safe_url(url) else EXAMPLE_API_URL)


def _render(format: CopyFormat, token: AccessToken, *, url: str) -> str:  # noqa: A002, PLR0911 - one a shape
    authorization = f"{token.token_type} {token.access_token}"
    match format:
        case CopyFormat.TOKEN:
            return token.access_token
        case CopyFormat.HEADER:
            return f"Authorization: {authorization}"
        case CopyFormat.CURL:
            return f"curl -H {sh_quoted(f'Authorization: {authorization}')} {sh_quoted(url)}"
        case CopyFormat.POWERSHELL:
            return (
                f"$headers = @{{ Authorization = {powershell_quoted(authorization)} }}; "
                f"Invoke-RestMethod -Headers $headers -Uri {powershell_quoted(url)}"
            )
        case CopyFormat.PYTHON:
            headers = f'{{"Authorization": {authorization!r}}}'
            answer = f"answer = httpx.get({url!r}, headers={headers})"
            return f"import httpx\n\n{answer}\nprint(answer.text)"
        case CopyFormat.ENVIRONMENT:
            return f"export XDR_ACCESS_TOKEN={sh_quoted(token.access_token)}"
        case CopyFormat.JSON:
            return _as_json(token)


def example_url_for(profile: Profile, metadata: ServerMetadata | None) -> str:
    """What the commands ask: who one is, which does no harm and needs few scopes.

    `SOME_API` where the provider has no known address for that.
    """
    return profile.userinfo_endpoint or (metadata and metadata.userinfo_endpoint) or EXAMPLE_API_URL


def _is_plain(token: AccessToken) -> bool:
    plain_type = _PLAIN_TYPE.fullmatch(token.token_type)
    return bool(plain_type and _PLAIN_TOKEN.fullmatch(token.access_token))


def _is_safe_url(url: str) -> bool:
    """Whether `url` is https, or http on this computer, and nothing to a shell."""
    from desktop.oauth.addresses import checked_address
    from desktop.oauth.errors import UnsafeAddress

    try:
        checked_address(url)
    except UnsafeAddress:
        return False
    return _PLAIN_ADDRESS.fullmatch(url) is not None


def sh_quoted(text: str) -> str:
    """`text` as one word of a POSIX shell, in quotes even where none are needed."""
    # POSIX XCU 2.2.2: nothing but a single quote ends single quotes.
    return "'" + text.replace("'", r"'\''") + "'"


def powershell_quoted(text: str) -> str:
    """`text` as a verbatim string of PowerShell, which takes typographic quotes for quotes too."""
    return "'" + _SINGLE_QUOTES.sub(r"\g<0>\g<0>", text) + "'"


# PowerShell language specification, section 2.3.5.2: U+0027 and U+2018 to U+201B.
_SINGLE_QUOTES = re.compile("['\u2018-\u201b]")


def _as_json(token: AccessToken) -> str:
    # The names of RFC 6749 section 5.1; its expires_in would be wrong a second later.
    members = {
        "access_token": token.access_token,
        "token_type": token.token_type,
        "expires_at": format_instant(token.expires_at),
        "scope": " ".join(token.scope),
    }
    return json.dumps(members, indent=2)
