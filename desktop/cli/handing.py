"""Tokens for other programs, as far as an administrator lets them have one."""

from __future__ import annotations

from desktop.cli.access import Access, access
from desktop.services.configuration import load_configuration
from desktop.services.copy_formats import CopyFormat
from desktop.services.profiles import Profile
from desktop.services.session_errors import FormatForbidden


def handed(profile: str | None, shape: CopyFormat) -> Access:
    """A token of `profile` that is handed on in a shape like `shape`.

    Blocks; raises `FormatForbidden` and what `access` does.
    """
    return handed_of(load_configuration().named(profile), shape)


def handed_of(profile: Profile, shape: CopyFormat) -> Access:
    """The same for a profile that was looked up already."""
    if shape.name in profile.policy.forbidden_formats:
        raise FormatForbidden(profile.policy.source)
    return access(profile.id)
