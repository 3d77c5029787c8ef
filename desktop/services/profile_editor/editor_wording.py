"""What window and terminal say of profiles: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from desktop.oauth.errors import printable
from desktop.services.model.profile import COLORS, GRANTS
from desktop.services.model.sign_in_methods import WAYS
from desktop.services.profile_editor.check import Finding, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from desktop.services.configuration.client_model import ClientModel
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import BrokenProfile, Profile

FIRST = "Set up your first profile"
ABOUT_FIRST = (
    "A profile says where you sign in, and as which client. Whoever administers your tenant "
    "gives you the client."
)
NEW = "New profile"
OTHER_PROVIDER = "Another provider"
OTHER_HOST = "another host"

STORED = "Stored in the keyring of this computer."
REMOVED_WHEN_SAVED = "It is removed from the keyring when you save."
KEPT = "Only if the client has one. It goes into the keyring, never into a file."
KEPT_FOR_PROXY = "Only if the proxy asks for one. It goes into the keyring."
SCOPE = "What the token may be used for, with spaces between. Empty leaves it to the server."
ISSUER = "Where the provider describes itself, such as https://login.example."
CLIENT_ID = "You can paste the whole client model from XDR here."
COLOR = "Tells this profile apart from others."
CA_FILE = "A file in PEM with authorities to trust besides those of this computer."
PROXY = "“system”, “none”, or an address such as http://proxy.example:3128."
EXPECTED = (
    "Only if the server describes itself by a name instead of its address, as XDR does on a host "
    "of its own."
)
EXTRA = "One a line, such as audience=https://api.example."
REDIRECT = "Only if the provider insists on one; else a free port of this computer is taken."

CHECKING = "Looking…"
CHOOSE_IT = "Choose it"
NOT_IN_MODEL = "The client model does not name it."
NEEDS_PROOF = "It needs the client password."
CHOOSE_FILE = "Choose…"
AS_IN_SETTINGS = "As in the settings"
OWN_NUMBER = "Its own"
FRESH = {"": AS_IN_SETTINGS, "true": "Always, day and night", "false": "Only while in use"}
NOT_A_MODEL = "There is no client model on the clipboard. Copy all of it in XDR, then try again."
TYPED_BEFORE = "What you typed before is still here, passwords excepted."
DISCARD = "Discard changes?"
FAULTS = "Look at what is marked above."

AUTHENTICATIONS = {
    "auto": "As the server wants it",
    "none": "None: a public client",
    "client_secret_basic": "Password in the header",
    "client_secret_post": "Password in the form",
}
COLOR_NAMES = {"": "Automatic", **{each: each.capitalize() for each in COLORS}, "grey": "Gray"}


def preset_names(presets: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """The presets by the names that a person knows, and the way out of them."""
    of_provider = Counter(str(each.get("provider", "")) for each in presets.values())
    names = {}
    for id_, each in presets.items():
        provider, region = (str(each.get(name, "")) for name in ("provider", "region"))
        # Among the regions of a provider, the one that is none of them.
        region = region or (OTHER_HOST if of_provider[provider] > 1 else "")
        names[id_] = " · ".join(filter(None, (provider, region))) or id_
    return names | {"": OTHER_PROVIDER}


def way_names(policy: Policy) -> dict[str, str]:
    """The ways to sign in that `policy` lets through, the safest first."""
    allowed = [grant for grant in GRANTS if policy.device_grant or grant != "device"]
    return {way.grant: way.name for way in WAYS if way.grant in allowed}


def why_this_way(grant: str) -> str:
    """What speaks for a way to sign in."""
    return next((way.why for way in WAYS if way.grant == grant), "")


def about_ways(grant: str, closed: Mapping[str, str]) -> str:
    """What speaks for the way that is chosen, and why others cannot be."""
    shown = [
        f"“{way.name}” cannot be chosen. {closed[way.grant]}"
        for way in WAYS
        if way.grant in closed and way.grant != grant
    ]
    return "\n".join((closed.get(grant) or why_this_way(grant), *shown))


def choose_way(grant: str) -> str:
    """The button that chooses a way to sign in."""
    return next((f"Choose “{way.name}”" for way in WAYS if way.grant == grant), CHOOSE_IT)


def locked(policy: Policy) -> str:
    """Why something cannot be changed."""
    return f"Set by your administrator ({policy.source})." if policy.source else _LOCKED


_LOCKED = "Set by your administrator."


def taken(model: ClientModel) -> str:
    """What was understood of a pasted client model."""
    parts = ["client ID"]
    if model.name:
        parts.append("name")
    if model.scope:
        parts.append(f"{len(model.scope)} scopes" if len(model.scope) > 1 else "one scope")
    if model.grants:
        parts.append("way to sign in")
    said = f"Taken from the client model: {', '.join(parts)}."
    if not model.password:
        return said
    return f"{said} Its password goes into the keyring; your clipboard may still hold it."


def summary(found: Iterable[Finding]) -> str:
    """What a check comes to."""
    outcomes = {each.outcome for each in found}
    if Outcome.BAD in outcomes:
        return "This does not work yet."
    if Outcome.UNSURE in outcomes:
        return "This works as far as it can be told before you sign in."
    return "This works."


def delete_question(name: str, *, signed_in: bool, everywhere: bool = False) -> str:
    """What deleting a profile does; with `everywhere` signing out reaches every computer."""
    leaving = " You are signed in with it, so signing out comes first: that " if signed_in else ""
    if signed_in and everywhere:
        leaving += "revokes everything that you granted this app, on all your computers."
    elif signed_in:
        leaving += (
            "tells the server where it can. Where it cannot, a token that was copied stays valid "
            "until it expires."
        )
    return (
        f"Delete “{name}”? The profile and what the keyring holds for it are removed from this "
        f"computer.{leaving} The client itself stays as it is at the provider."
    )


def broken(complaint: BrokenProfile) -> str:
    """Why a profile cannot be used."""
    return f"{printable(complaint.detail)}. Correct it in the file."


def none_of_own(policy: Policy) -> str:
    """Why there is nothing to add."""
    return f"Profiles of your own are switched off. {locked(policy)}"


def imported(count: int) -> str:
    """What came of an import."""
    return "One profile was imported." if count == 1 else f"{count} profiles were imported."


_USUAL = {"system", "none"}  # as `Profile.proxy`


def about_imported(count: int, readable: Iterable[Profile]) -> str:
    """What an import does not bring, and what those that can be read bring along."""
    said = f"{imported(count)} Passwords are never in such a file: type them in where needed."
    own = [f"“{each.name}”" for each in readable if each.proxy not in _USUAL or each.ca_file]
    if not own:
        return said
    return (
        f"{said} {' and '.join(own)} {'bring' if own[1:] else 'brings'} a proxy or certificate "
        "authority along. Whoever runs that can read what you send: look at it before you sign in."
    )


# What has been done, and what could not be

DELETED = "The profile was deleted."
NOT_SIGNED_OUT = "Signing out did not work, so the profile is still there. Try again."
TYPE_ANEW = (
    "The stored password is for another client or server. Type in the one for this; saving with "
    "nothing here removes the stored one."
)


def edit(profile: Profile) -> str:
    """The title of the form of `profile`."""
    return f"Edit {profile.name}"


def copy_of(profile: Profile) -> str:
    """What a duplicate is called at first."""
    return f"{profile.name} (copy)"


def unreadable(error: BrokenProfile) -> str:
    """Why nothing was changed."""
    return f"The profiles stay as they are. {error.where}: {printable(error.detail)}."


def not_stored(why: str) -> str:
    """That the profile is there, and its password is not."""
    return f"The profile was saved, its password was not: {why}. Save again to try once more."


def secrets_left(why: str) -> str:
    """That the profile is gone, and its secrets are not."""
    return f"The keyring still holds its secrets: {why}."


def exported(target: Path) -> str:
    """Where the profiles went."""
    return f"Exported to {printable(target.name)}. There are no passwords in it."


def not_imported(error: Exception) -> str:
    """Why nothing was imported."""
    return f"Nothing was imported: {_why(error)}."


def not_exported(error: Exception) -> str:
    """Why nothing was exported."""
    return f"Nothing was exported: {_why(error)}."


def _why(error: Exception) -> str:
    said = getattr(error, "detail", "") or getattr(error, "strerror", "") or str(error)
    return printable(said).rstrip(".")
