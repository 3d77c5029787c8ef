"""What an administrator has decided for this computer; a person cannot change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Policy:
    """The decisions; without any, everything is the person's.

    `source` is where they stand, for the screen. `broken` is why they cannot be read: then nobody
    signs in, since what is forbidden is not known. `profiles` are those that everybody has, by id,
    with the members of `profiles.toml`; `own_profiles` says whether a person may have others.
    `forbidden_formats` are names of `CopyFormat`. `settings` are members of `settings.toml` that
    are locked, with their values. `proxy` and `ca_file` hold for all profiles; empty for no word.
    """

    source: str = ""
    load_error: str = ""
    profiles: Mapping[str, object] = field(default_factory=dict)
    own_profiles: bool = True
    forbidden_formats: frozenset[str] = frozenset()
    device_grant: bool = True
    complete_link: bool = True
    settings: Mapping[str, object] = field(default_factory=dict)
    proxy: str = ""
    ca_file: str = ""


NO_POLICY = Policy()
