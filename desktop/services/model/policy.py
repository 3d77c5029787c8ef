"""The policy that an administrator has set for this computer; users cannot change it."""

from collections.abc import Mapping

from desktop.frozen import frozen
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.members import Kind, Member, collect_members, member, table, text
from desktop.services.model.settings import SETTINGS

_FORMATS = {
    name: Member(
        name,
        default=True,
        kind=Kind.BOOLEAN,
        description=f"Whether a token can be copied as: {label}.",
        title=f"Copy as: {label}",
    )
    for name, label in ((each.name.lower(), each.value) for each in CopyFormat)
}


@frozen
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
    own_profiles: bool = member(
        "Whether people can have profiles in addition to those of this policy.",
        default=True,
        title="Own profiles",
    )
    device_grant: bool = member(
        "Whether people can sign in with a code on any device (RFC 8628). Without it, a profile "
        "needs another grant.",
        default=True,
        title="Sign in with a code",
    )
    complete_link: bool = member(
        "Whether the link to the approval page, and the QR code, contain the code. Without it, "
        "people type the code and so compare it.",
        default=True,
        title="Links that contain the code",
    )
    unattended_profiles: bool = member(
        "Whether people's own profiles can be unattended, so that programs get their token while "
        "XDR Login is locked. Profiles of this policy always can.",
        default=True,
        title="Unattended profiles",
    )
    services: tuple[str, ...] = member(
        "The names of the API services and exchanges that may get tokens. Empty for all that a "
        "profile has.",
        default=(),
        title="API services",
    )
    own_services: bool = member(
        "Whether people can add API services to those of a provider in their own profiles.",
        default=True,
        title="Own API services",
    )
    proxy: str = text(
        "The proxy of all profiles: system, none, or an address such as http://proxy.example:3128.",
        title="Proxy",
    )
    ca_file: str = text(
        "A PEM file with CA certificates that all profiles trust in addition to the system's.",
        title="CA certificate file",
    )
    dpop: str = text(
        "Whether every profile binds tokens to this computer (DPoP): auto, required or off.",
        title="Bound tokens (DPoP)",
        choices=("auto", "required", "off"),
    )
    presence: str = text(
        "When people have to confirm that it is them, for every profile but the unattended ones of "
        "this policy: never, ask or always.",
        title="Confirm that it's you",
        choices=("never", "ask", "always"),
    )
    forbidden_formats: frozenset[str] = member(
        "Copy formats. Those that are false are turned off.",
        default=frozenset(),
        name="formats",
        kind=Kind.MEMBERS,
        title="Copy formats",
        members=_FORMATS,
    )
    settings: Mapping[str, object] = table(
        "Settings that people cannot change.",
        kind=Kind.MEMBERS,
        title="Settings",
        members={name: each for name, each in SETTINGS.items() if each.title},
    )
    profiles: Mapping[str, object] = table(
        "Profiles for everyone, which users can't change, by ID.",
        kind=Kind.PROFILES,
        title="Profiles",
    )


POLICY = collect_members(Policy)
"""The members of a policy by name."""
NO_POLICY = Policy()
