"""The shapes in which a token is printed for a program; what one may not copy is not printed."""

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
"""By the names that the command line has for them."""


def format_for_program(name: str, token: AccessToken, profile: Profile) -> str:
    """`token` of `profile` in the shape `name`, one of `FORMATS`.

    Raises `FormatForbidden` where an administrator does not allow it, and `NotForShell`.
    """
    format_ = PRINT_FORMATS[name]
    if format_.name in profile.policy.forbidden_formats:
        raise FormatForbidden(profile.policy.source)
    text = formatted(format_, token)
    return _curl_config(token) if format_ is CopyFormat.CURL else text


def _curl_config(token: AccessToken) -> str:
    """A line for `curl --config`: on a command line others could read the token."""
    # curl(1), --config: nothing in it needs to be escaped, which `formatted` has seen to.
    return f'header = "Authorization: {token.token_type} {token.access_token}"'
