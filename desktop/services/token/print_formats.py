"""The formats in which programs get a token; the policy for copying applies to them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.services.model.copy_formats import CopyFormat, formatted
from desktop.services.model.errors import FormatForbidden

if TYPE_CHECKING:
    from desktop.services.model.access_token import AccessToken
    from desktop.services.model.profile import Profile

PRINT_FORMATS = {
    "raw": CopyFormat.TOKEN,
    "header": CopyFormat.HEADER,
    "json": CopyFormat.JSON,
    "env": CopyFormat.ENVIRONMENT,
    "curl": CopyFormat.CURL,
}
"""By their names on the command line."""


def format_for_program(name: str, token: AccessToken, profile: Profile) -> str:
    """Format `token` of `profile` as `name`, one of `PRINT_FORMATS`.

    Raises `FormatForbidden` if an administrator turned that off, and `UnsafeForShell`.
    """
    format_ = PRINT_FORMATS[name]
    if format_.name in profile.policy.forbidden_formats:
        raise FormatForbidden(profile.policy.source)
    text = formatted(format_, token)
    return _curl_config(token) if format_ is CopyFormat.CURL else text


def _curl_config(token: AccessToken) -> str:
    """Write a line for `curl --config`: other users can read the command line."""
    # curl(1), --config: `formatted` has rejected tokens that would need escapes.
    return f'header = "Authorization: {token.token_type} {token.access_token}"'
