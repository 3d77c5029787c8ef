"""The policy that an administrator has set for this computer; users cannot change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy; without one, users decide everything.

    `source` is where it is stored, for display. `load_error` is why it cannot be read: then nobody
    can sign in, because it is not known what is forbidden. `profiles` are the managed profiles by
    ID, with the members of `profiles.toml`; `own_profiles` says whether users may have others.
    `forbidden_formats` are names of `CopyFormat`. `settings` are the locked members of
    `settings.toml` with their values. `proxy` and `ca_file` apply to all profiles unless empty.
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
