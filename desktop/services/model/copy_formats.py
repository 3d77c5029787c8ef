"""The formats in which a token is copied or printed, ready to paste.

None ends with a line break: a command that is pasted into a shell waits for Return.

A command for one shell may be pasted into another, which reads quotes differently. So commands
contain only characters that are not special in any of them.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING

from desktop.services.model.errors import FormatForbidden, TokenIsBound, UnsafeForShell
from desktop.services.model.instants import format_instant
from desktop.services.system.translation import translatable

if TYPE_CHECKING:
    from desktop.oauth.metadata import ServerMetadata
    from desktop.services.model.access_token import AccessToken
    from desktop.services.model.profile import Profile

# RFC 2606 section 2: this host never exists. Pasted unchanged, the command sends the token nowhere.
EXAMPLE_API_URL = "https://api.example/"


class CopyFormat(Enum):
    """A copy format; the value is its name in the menu, whose order this is."""

    TOKEN = translatable("Token")
    HEADER = translatable("Authorization header")
    CURL = translatable("curl")
    POWERSHELL = translatable("PowerShell")
    PYTHON = translatable("Python (httpx)")
    ENVIRONMENT = translatable("Environment variable (export)")
    JSON = translatable("JSON")


COMMAND_FORMATS = (CopyFormat.CURL, CopyFormat.POWERSHELL, CopyFormat.PYTHON)
"""The formats that are a request to an API service."""
SHELL_FORMATS = (CopyFormat.CURL, CopyFormat.POWERSHELL, CopyFormat.ENVIRONMENT)

PRINT_FORMATS = {
    "raw": CopyFormat.TOKEN,
    "header": CopyFormat.HEADER,
    "json": CopyFormat.JSON,
    "env": CopyFormat.ENVIRONMENT,
    "curl": CopyFormat.CURL,
}
"""The formats in which programs get a token, by their names on the command line."""

# RFC 6750 section 2.1, and the plain names of RFC 6749 section A.13.
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_PLAIN_TYPE = re.compile(r"[A-Za-z0-9._-]+")
# Without `%`: cmd.exe would insert its variables and send them.
_PLAIN_ID = re.compile(r"[a-z0-9._-]+")
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9:/?=._~-]+")


def formatted(
    format: CopyFormat,  # noqa: A002
    token: AccessToken,
    *,
    url: str = EXAMPLE_API_URL,
    profile_id: str = "",
) -> str:
    """Format `token` as `format`; the commands among the formats request `url`.

    Of a bound token, JSON says its type, and curl gets the headers from the command line with the
    profile `profile_id`. Raises `TokenIsBound` for other formats of it, and `UnsafeForShell` where
    a shell could run what the server has put into the token.
    """
    if token.is_bound and format is not CopyFormat.JSON:
        if format is CopyFormat.CURL and _PLAIN_ID.fullmatch(profile_id) and _is_safe_url(url):
            return _bound_curl(url, profile_id)
        raise TokenIsBound
    if format in SHELL_FORMATS and not _is_plain(token):
        raise UnsafeForShell
    return _render(format, token, url=url if _is_safe_url(url) else EXAMPLE_API_URL)


def _bound_curl(url: str, profile_id: str) -> str:
    quoted = sh_quoted(url)
    headers = f"xdr-login token --profile {profile_id} --format dpop --method GET --url {quoted}"
    return f"{headers} | curl -H @- {quoted}"


def _render(format: CopyFormat, token: AccessToken, *, url: str) -> str:  # noqa: A002, PLR0911 - one for each format
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
            request = f"response = httpx.get({url!r}, headers={headers})"
            return f"import httpx\n\n{request}\nprint(response.text)"
        case CopyFormat.ENVIRONMENT:
            return f"export XDR_{token.kind.upper()}={sh_quoted(token.access_token)}"
        case CopyFormat.JSON:
            return _as_json(token)


def format_for_program(name: str, token: AccessToken, profile: Profile) -> str:
    """Format `token` of `profile` as `name`, one of `PRINT_FORMATS`.

    Raises `FormatForbidden` if an administrator turned that off, and `UnsafeForShell`.
    """
    format_ = PRINT_FORMATS[name]
    if format_.name in profile.policy.forbidden_formats:
        raise FormatForbidden(profile.policy.source)
    text = formatted(format_, token)
    if format_ is CopyFormat.CURL:
        # A line for `curl --config`, because other users can read the command line. `formatted` has
        # rejected tokens that would need escapes in it (curl(1), --config).
        return f'header = "Authorization: {token.token_type} {token.access_token}"'
    return text


def example_url_for(profile: Profile, metadata: ServerMetadata | None) -> str:
    """Return what the commands request: the signed-in user, which is safe and needs few scopes.

    `EXAMPLE_API_URL` where the provider has no known address for that.
    """
    return profile.userinfo_endpoint or (metadata and metadata.userinfo_endpoint) or EXAMPLE_API_URL


def _is_plain(token: AccessToken) -> bool:
    plain_type = _PLAIN_TYPE.fullmatch(token.token_type)
    return bool(plain_type and _PLAIN_TOKEN.fullmatch(token.access_token))


def _is_safe_url(url: str) -> bool:
    """Tell whether `url` is https, or http on this computer, and has no special characters."""
    from desktop.oauth.addresses import checked_address
    from desktop.oauth.errors import UnsafeAddress

    try:
        checked_address(url)
    except UnsafeAddress:
        return False
    return _PLAIN_ADDRESS.fullmatch(url) is not None


def sh_quoted(text: str) -> str:
    """Quote `text` for a POSIX shell, even where that is not necessary."""
    # POSIX XCU 2.2.2: only a single quote ends single quotes.
    return "'" + text.replace("'", r"'\''") + "'"


def powershell_quoted(text: str) -> str:
    """Quote `text` for PowerShell, where typographic quotes are quotes too."""
    return "'" + re.sub(_SINGLE_QUOTES, r"\g<0>\g<0>", text) + "'"


# PowerShell language specification, section 2.3.5.2: U+0027 and U+2018 to U+201B.
_SINGLE_QUOTES = "['\u2018-\u201b]"


def _as_json(token: AccessToken) -> str:
    # The names of RFC 6749 section 5.1; its expires_in would be wrong a second later.
    members = {
        token.kind: token.access_token,
        "token_type": token.token_type,
        "expires_at": format_instant(token.expires_at),
        "scope": " ".join(token.scope),
    }
    return json.dumps(members, indent=2)
