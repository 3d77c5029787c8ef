"""What window and terminal say of profiles: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from desktop.oauth.errors import printable
from desktop.services.model.profile import COLORS, GRANTS
from desktop.services.model.sign_in_methods import SIGN_IN_METHODS
from desktop.services.profile_editor.check import Finding, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from desktop.services.configuration.client_model import ClientModel
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import BrokenProfile, Profile

FIRST_PROFILE = "Set up your first profile"
FIRST_PROFILE_HELP = (
    "A profile says where you sign in, and as which client. Whoever administers your tenant "
    "gives you the client."
)
NEW_PROFILE = "New profile"
OTHER_PROVIDER = "Another provider"
OTHER_HOST = "another host"

STORED = "Stored in the keyring of this computer."
REMOVED_WHEN_SAVED = "It is removed from the keyring when you save."
CLIENT_SECRET_HELP = "Only if the client has one. It goes into the keyring, never into a file."
PROXY_PASSWORD_HELP = "Only if the proxy asks for one. It goes into the keyring."
SCOPE_HELP = "What the token may be used for, with spaces between. Empty leaves it to the server."
ISSUER_HELP = "Where the provider describes itself, such as https://login.example."
CLIENT_ID_HELP = "You can paste the whole client model from XDR here."
COLOR_HELP = "Tells this profile apart from others."
CA_FILE_HELP = "A file in PEM with authorities to trust besides those of this computer."
PROXY_HELP = "“system”, “none”, or an address such as http://proxy.example:3128."
EXPECTED_ISSUER_HELP = (
    "Only if the server describes itself by a name instead of its address, as XDR does on a host "
    "of its own."
)
EXTRA_PARAMETERS_HELP = "One a line, such as audience=https://api.example."
REDIRECT_URI_HELP = (
    "Only if the provider insists on one; else a free port of this computer is taken."
)

CHECKING = "Looking…"
CHOOSE_IT = "Choose it"
NOT_IN_MODEL = "The client model does not name it."
NEEDS_CLIENT_SECRET = "It needs the client password."
CHOOSE_FILE = "Choose…"
AS_IN_SETTINGS = "As in the settings"
CUSTOM_NUMBER = "Its own"
KEEP_FRESH_CHOICES = {
    "": AS_IN_SETTINGS,
    "true": "Always, day and night",
    "false": "Only while in use",
}
NO_CLIENT_MODEL = (
    "There is no client model on the clipboard. Copy all of it in XDR, then try again."
)
INPUT_RESTORED = "What you typed before is still here, passwords excepted."
DISCARD = "Discard changes?"
FIX_FIELDS = "Look at what is marked above."

CLIENT_AUTHENTICATION_NAMES = {
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


def method_names(policy: Policy) -> dict[str, str]:
    """The ways to sign in that `policy` lets through, the safest first."""
    allowed = [grant for grant in GRANTS if policy.device_grant or grant != "device"]
    return {way.grant: way.name for way in SIGN_IN_METHODS if way.grant in allowed}


def method_description(grant: str) -> str:
    """What speaks for a way to sign in."""
    return next((way.description for way in SIGN_IN_METHODS if way.grant == grant), "")


def methods_help(grant: str, closed: Mapping[str, str]) -> str:
    """What speaks for the way that is chosen, and why others cannot be."""
    shown = [
        f"“{way.name}” cannot be chosen. {closed[way.grant]}"
        for way in SIGN_IN_METHODS
        if way.grant in closed and way.grant != grant
    ]
    return "\n".join((closed.get(grant) or method_description(grant), *shown))


def choose_method(grant: str) -> str:
    """The button that chooses a way to sign in."""
    return next(
        (f"Choose “{way.name}”" for way in SIGN_IN_METHODS if way.grant == grant), CHOOSE_IT
    )


def managed_message(policy: Policy) -> str:
    """Why something cannot be changed."""
    return f"Set by your administrator ({policy.source})." if policy.source else _MANAGED


_MANAGED = "Set by your administrator."


def pasted_model_message(model: ClientModel) -> str:
    """What was understood of a pasted client model."""
    parts = ["client ID"]
    if model.name:
        parts.append("name")
    if model.scope:
        parts.append(f"{len(model.scope)} scopes" if len(model.scope) > 1 else "one scope")
    if model.grants:
        parts.append("way to sign in")
    said = f"Taken from the client model: {', '.join(parts)}."
    if not model.client_secret:
        return said
    return f"{said} Its password goes into the keyring; your clipboard may still hold it."


def check_summary(found: Iterable[Finding]) -> str:
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


def broken_profile_message(complaint: BrokenProfile) -> str:
    """Why a profile cannot be used."""
    return f"{printable(complaint.detail)}. Correct it in the file."


def own_profiles_disabled(policy: Policy) -> str:
    """Why there is nothing to add."""
    return f"Profiles of your own are switched off. {managed_message(policy)}"


def imported_message(count: int) -> str:
    """What came of an import."""
    return "One profile was imported." if count == 1 else f"{count} profiles were imported."


_STANDARD_PROXIES = {"system", "none"}  # as `Profile.proxy`


def import_report(count: int, readable: Iterable[Profile]) -> str:
    """What an import does not bring, and what those that can be read bring along."""
    said = (
        f"{imported_message(count)} Passwords are never in such a file: type them in where needed."
    )
    own = [
        f"“{each.name}”" for each in readable if each.proxy not in _STANDARD_PROXIES or each.ca_file
    ]
    if not own:
        return said
    return (
        f"{said} {' and '.join(own)} {'bring' if own[1:] else 'brings'} a proxy or certificate "
        "authority along. Whoever runs that can read what you send: look at it before you sign in."
    )


# What has been done, and what could not be

PROFILE_DELETED = "The profile was deleted."
SIGN_OUT_FAILED = "Signing out did not work, so the profile is still there. Try again."
ENTER_SECRET_AGAIN = (
    "The stored password is for another client or server. Type in the one for this; saving with "
    "nothing here removes the stored one."
)


def edit_title(profile: Profile) -> str:
    """The title of the form of `profile`."""
    return f"Edit {profile.name}"


def copy_name(profile: Profile) -> str:
    """What a duplicate is called at first."""
    return f"{profile.name} (copy)"


def not_changed_message(error: BrokenProfile) -> str:
    """Why nothing was changed."""
    return f"The profiles stay as they are. {error.where}: {printable(error.detail)}."


def secret_not_saved_message(why: str) -> str:
    """That the profile is there, and its password is not."""
    return f"The profile was saved, its password was not: {why}. Save again to try once more."


def secrets_not_removed_message(why: str) -> str:
    """That the profile is gone, and its secrets are not."""
    return f"The keyring still holds its secrets: {why}."


def exported_message(target: Path) -> str:
    """Where the profiles went."""
    return f"Exported to {printable(target.name)}. There are no passwords in it."


def import_failed_message(error: Exception) -> str:
    """Why nothing was imported."""
    return f"Nothing was imported: {_error_reason(error)}."


def export_failed_message(error: Exception) -> str:
    """Why nothing was exported."""
    return f"Nothing was exported: {_error_reason(error)}."


def _error_reason(error: Exception) -> str:
    said = getattr(error, "detail", "") or getattr(error, "strerror", "") or str(error)
    return printable(said).rstrip(".")
