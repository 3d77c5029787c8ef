"""Texts about profiles that window and terminal share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from desktop.oauth.errors import printable
from desktop.services.configuration.foreign_hosts import foreign_hosts
from desktop.services.model.sign_in_methods import SIGN_IN_METHODS
from desktop.services.system.translation import translatable, translate, translate_plural
from desktop.services.wording.field_names import field_name, secret_name
from desktop.services.wording.formats import format_list, join_sentences

if TYPE_CHECKING:
    from pathlib import Path

    from desktop.services.configuration.client_model import ClientModel
    from desktop.services.model.policy import Policy
    from desktop.services.model.profile import BrokenProfile, Profile

FIRST_PROFILE = translatable("Set up your first profile")
PASTE_FIRST = translatable("Have your client as JSON?")
PASTE_FIRST_HELP = translatable(
    "Copy the JSON where you created the client, then paste it here to fill in the fields below."
)
FIRST_PROFILE_HELP = translatable(
    "A profile says where you sign in and with which client ID. Ask your administrator for the "
    "client ID."
)
NEW_PROFILE = translatable("New profile")
OTHER_PROVIDER = translatable("Other provider")
OTHER_HOST = translatable("Other host")

STORED = translatable("Stored in the keyring on this computer.")
REMOVED_WHEN_SAVED = translatable("Removed from the keyring when you save.")
CLIENT_SECRET_HELP = translatable(
    "Only if the client has one. Saved in the keyring, never in a file."
)
PROXY_PASSWORD_HELP = translatable("Only if the proxy requires one. Saved in the keyring.")

CHECKING = translatable("Checking…")
CHOOSE_REGION = translatable("Switch region")
CHOOSE_METHOD = translatable("Switch method")
NOT_IN_MODEL = translatable("The client isn't allowed to use this method.")
CHOOSE_FILE = translatable("Choose…")
AS_IN_SETTINGS = translatable("Use global setting")
CUSTOM_NUMBER = translatable("Custom")
KEEP_FRESH_CHOICES = {
    "": AS_IN_SETTINGS,
    "true": translatable("Always"),
    "false": translatable("Only while in use"),
}
AUTOMATIC_COLOR = translatable("Chosen automatically")
NO_CLIENT_MODEL = translatable(
    "There's no client as JSON on the clipboard. Copy the whole client at your provider, then try "
    "again."
)
PASTE_CLIENT = translatable("this is a client as JSON; add a profile and paste it into the form")
INPUT_RESTORED = translatable("Your changes are still here, except for secrets.")
DISCARD = translatable("Discard changes?")


def fix_fields(count: int) -> str:
    """Ask to correct what is highlighted in the form."""
    return translate_plural(
        "Fix the highlighted field.", "Fix the {count} highlighted fields.", count
    )


def needs_client_secret(preset: str) -> str:
    """Say why a sign-in method cannot be chosen yet."""
    return translate("Enter the {secret} to use this method.", secret=secret_name(preset))


def preset_names(
    presets: Mapping[str, Mapping[str, object]], *, into: Callable[[str], str] = translate
) -> dict[str, str]:
    """Name the presets by provider and region, and add an entry for other providers.

    `into` translates; programs get English.
    """
    of_provider = Counter(str(each.get("provider", "")) for each in presets.values())
    names = {}
    for id_, each in presets.items():
        provider, region = (str(each.get(name, "")) for name in ("provider", "region"))
        # Among the regions of a provider, the one that is none of them.
        region = region or (OTHER_HOST if of_provider[provider] > 1 else "")
        shown = into(region) if region else ""
        names[id_] = " · ".join(filter(None, (provider, shown))) or id_
    return names | {"": into(OTHER_PROVIDER)}


_METHODS = {each.grant: each for each in SIGN_IN_METHODS}


def method_names(policy: Policy) -> dict[str, str]:
    """Name the sign-in methods that `policy` allows, the safest first."""
    return {
        grant: translate(each.name)
        for grant, each in _METHODS.items()
        if policy.device_grant or grant != "device"
    }


def method_description(grant: str) -> str:
    """Describe a sign-in method in one line."""
    return translate(_METHODS[grant].description) if grant in _METHODS else ""


def methods_help(grant: str, unavailable: Mapping[str, str]) -> str:
    """Describe the chosen sign-in method, and say why others are not available."""
    others = [
        translate(
            "“{method}” is not available. {reason}",
            method=translate(each.name),
            reason=unavailable[each.grant],
        )
        for each in SIGN_IN_METHODS
        if each.grant in unavailable and each.grant != grant
    ]
    return "\n".join((unavailable.get(grant) or method_description(grant), *others))


def managed_message(policy: Policy) -> str:
    """Say who decides what cannot be changed here."""
    if not policy.source:
        return translate("Managed by your administrator.")
    return translate("Managed by your administrator ({source}).", source=policy.source)


def pasted_model_message(model: ClientModel, preset: str) -> str:
    """Say what was taken from a client as JSON."""
    filled = {
        "client_id": True,
        "name": bool(model.name),
        "scope": bool(model.scope),
        "grant": bool(model.grants),
    }
    fields = format_list([field_name(member) for member, is_filled in filled.items() if is_filled])
    if not model.client_secret:
        return translate("Filled in from JSON: {fields}.", fields=fields)
    return translate(
        "Filled in from JSON: {fields}. The {secret} will be saved in the keyring. It may still be "
        "on your clipboard.",
        fields=fields,
        secret=secret_name(preset),
    )


def delete_question(name: str, *, signed_in: bool, everywhere: bool = False) -> str:
    """Say what deleting a profile does; with `everywhere` signing out reaches every computer."""
    if signed_in and everywhere:
        return translate(
            "Delete “{name}”? This signs you out on all your computers, and removes the profile "
            "and its saved secrets from this computer. The client at your provider isn't affected.",
            name=name,
        )
    if signed_in:
        return translate(
            "Delete “{name}”? This signs you out, and removes the profile and its saved secrets "
            "from this computer. If the server can't revoke the token, copies of it work until it "
            "expires. The client at your provider isn't affected.",
            name=name,
        )
    return translate(
        "Delete “{name}”? This removes the profile and its saved secrets from this computer. The "
        "client at your provider isn't affected.",
        name=name,
    )


def broken_profile_message(error: BrokenProfile) -> str:
    """Say why a profile cannot be used."""
    return translate("{detail}. Correct the file.", detail=printable(error.detail))


def own_profiles_disabled(policy: Policy) -> str:
    """Say why no profile can be added."""
    if not policy.source:
        return translate("Your administrator turned off adding profiles.")
    return translate(
        "Your administrator turned off adding profiles ({source}).", source=policy.source
    )


def foreign_hosts_message(
    profiles: Iterable[Profile], presets: Mapping[str, Mapping[str, object]]
) -> str:
    """Name the servers besides the providers' that `profiles` involve; empty if there are none."""
    lines = [
        translate(
            "“{profile}” uses {host} ({fields})",
            profile=printable(each.name, 60),
            host=host,
            fields=format_list([_use_of_host(member) for member in members]),
        )
        for each in profiles
        for host, members in foreign_hosts(each, presets).items()
    ]
    if not lines:
        return ""
    introduction = translate(
        "Your codes, tokens or passwords could go to servers or organizations other than the "
        "provider's. Continue only if you trust them:"
    )
    return "\n".join((introduction, *lines))


def _use_of_host(member: str) -> str:
    """Say what a profile uses the host in `member` for."""
    if member == "verification_hosts":  # has no field
        return translate("Approval page")
    return field_name(member)


IMPORT = translatable("Import")
IMPORT_QUESTION = translatable("Import?")
NOT_IMPORTED = translatable("Nothing was imported.")


def save_again_message(hosts: Iterable[str]) -> str:
    """Ask before a profile with these servers besides the provider's is saved."""
    return translate(
        "This profile also uses {hosts}. Your codes, tokens or passwords could go there. If you "
        "trust these servers, select Save a second time.",
        hosts=format_list(list(hosts)),
    )


def foreign_hosts_note(hosts: Iterable[str]) -> str:
    """Name the servers besides the provider's that a profile now has."""
    return translate(
        "This profile also uses {hosts}. Your codes, tokens or passwords could go there.",
        hosts=format_list(list(hosts)),
    )


_STANDARD_PROXIES = {"system", "none"}  # as `Profile.proxy`


def import_report(count: int, readable: Iterable[Profile]) -> str:
    """Say what was imported, what is missing, and which of the `readable` ones need a look."""
    sentences = [
        translate_plural("Imported {count} profile.", "Imported {count} profiles.", count),
        translate("Secrets are never exported. Enter them where needed."),
    ]
    names = [each.name for each in readable if each.proxy not in _STANDARD_PROXIES or each.ca_file]
    if names:
        sentences.append(_own_network_warning(names))
    return join_sentences(*sentences)


def _own_network_warning(names: list[str]) -> str:
    quoted = format_list([translate("“{name}”", name=name) for name in names])
    return translate_plural(
        "{names} has its own proxy or CA certificates. Anyone who controls them can read what "
        "you send. Check the profile before you sign in.",
        "{names} have their own proxies or CA certificates. Anyone who controls them can read "
        "what you send. Check the profiles before you sign in.",
        len(names),
        names=quoted,
    )


PROFILE_DELETED = translatable("Profile deleted.")
SIGN_OUT_FAILED = translatable("Couldn't sign out, so the profile was not deleted. Try again.")
ENTER_SECRET_AGAIN = translatable(
    "The stored secret belongs to another client or server. Enter the one for this profile, or "
    "leave the field empty to remove the stored secret."
)


def edit_title(profile: Profile) -> str:
    """Title the form of `profile`."""
    return translate("Edit “{name}”", name=profile.name)


def copy_name(profile: Profile) -> str:
    """Propose a name for a duplicate."""
    return translate("{name} (copy)", name=profile.name)


def not_changed_message(error: BrokenProfile) -> str:
    """Say why nothing was changed."""
    return translate(
        "Your profiles were not changed. There's a problem with {file}: {detail}.",
        file=printable(str(error.where)),
        detail=printable(error.detail),
    )


def secret_not_saved_message(reason: str) -> str:
    """Say that the profile was saved, but not its secret."""
    return translate(
        "The profile was saved, but not its secret. {reason}. Try again.", reason=reason
    )


def secrets_not_removed_message(reason: str) -> str:
    """Say that the profile was deleted, but not its secrets."""
    return translate("The profile's secrets are still in the keyring. {reason}.", reason=reason)


def exported_message(target: Path) -> str:
    """Say where the profiles were written."""
    return translate("Exported to {file}. It contains no secrets.", file=printable(target.name))


def import_failed_message(error: Exception) -> str:
    """Say why nothing was imported."""
    return translate("Nothing was imported: {reason}.", reason=_error_reason(error))


def foreign_format_message(name: str) -> str:
    """Say why a file of another tool was not imported, and what to do in the terminal."""
    return translate(
        "Nothing was imported: this is {format}. XDR Login reads files from “profiles export” and "
        "clients as JSON. To enter the values yourself: xdr-login profiles add --help",
        format=name,
    )


def foreign_format_detail(name: str) -> str:
    """Say the same in the window, as a reason."""
    return translate(
        "this is {format}, not a file of exported profiles; add a profile and enter the values",
        format=name,
    )


def client_added_message(model: ClientModel, issuer: str) -> str:
    """Say which client is added, and where it signs in if the file says so."""
    client_id = printable(model.client_id)
    if issuer and issuer == model.issuer:
        return translate(
            "Adding the client {client_id} at {issuer}.",
            client_id=client_id,
            issuer=printable(issuer),
        )
    return translate("Adding the client {client_id}.", client_id=client_id)


def export_failed_message(error: Exception) -> str:
    """Say why nothing was exported."""
    return translate("Nothing was exported: {reason}.", reason=_error_reason(error))


def _error_reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        file, reason = printable(str(error.filename)), error.strerror
        return translate("{file}: {reason}", file=file, reason=reason)
    return printable(getattr(error, "detail", "") or getattr(error, "strerror", "") or str(error))
