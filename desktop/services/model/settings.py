"""The user's settings, in one small TOML file next to the profiles."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.oauth.errors import printable
from desktop.services.model.members import Option, collect_members, member, text
from desktop.services.model.toml_text import parse_toml, require_editable
from desktop.services.system.files import read_file
from desktop.services.system.language import LANGUAGE_NAMES
from desktop.services.system.translation import translatable, translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tomlkit import TOMLDocument

_log = logging.getLogger(__name__)

THEMES = {
    "system": translatable("System default"),
    "light": translatable("Light"),
    "dark": translatable("Dark"),
}
LANGUAGES = {"system": translatable("System default"), **LANGUAGE_NAMES}
AUDIT_LOGS = {"off": translatable("Off"), "system": translatable("System log")}


@frozen
class Settings:
    """The settings.

    Without `keep_fresh`, the token is renewed for `in_use_minutes` after it was copied or fetched,
    and after somebody last touched the visible window. `start_at_login` is not in the file: it is
    read from the operating system.
    """

    keep_fresh: bool = member(
        "Renew the token day and night, even if nobody uses it. All computers of an "
        "organization share one quota at the server.",
        default=False,
        title=translatable("Always keep the token fresh"),
        option=Option("true|false", "Always keep the token fresh, or only while in use."),
    )
    in_use_minutes: int = member(
        "How many minutes to keep renewing the token after it was copied.",
        default=15,
        allowed=range(1, 481),
        title=translatable("Keep renewing after a copy for"),
        help=translatable("Also counts from your last click or key press in the visible window."),
        unit=translatable("{count} min"),
        option=Option("NUMBER", "Keep renewing for so many minutes after a copy."),
    )
    clipboard_seconds: int = member(
        "How many seconds a copied token stays on the clipboard.",
        default=30,
        allowed=range(5, 301),
        title=translatable("Clear clipboard after"),
        help=translatable("Removes a copied token, unless you copied something else."),
        unit=translatable("{count} s"),
        option=Option("NUMBER", "Clear the clipboard after so many seconds."),
    )
    start_at_login: bool = False
    start_hidden: bool = member(
        "Start in the tray at login, without a window.",
        default=True,
        title=translatable("Start hidden, in the tray"),
        help=translatable("The window stays closed until you open it from the tray."),
    )
    theme: str = text(
        "Light, dark, or as the system.",
        "system",
        title=translatable("Appearance"),
        help=translatable("Light or dark."),
        choices=THEMES,
    )
    language: str = text(
        "The language of the window and the commands: system, or a code such as de. Applies from "
        "the next start on.",
        "system",
        title=translatable("Language"),
        help=translatable("Applies the next time XDR Login starts."),
        choices=LANGUAGES,
    )
    notifications: bool = member(
        "Notify people when they need to act.",
        default=True,
        title=translatable("Notifications"),
        help=translatable("Only when you need to act. Notifications never contain secrets."),
    )
    plain_output: bool = member(
        "Print plain lines when signing in from the terminal, for screen readers: the code is "
        "spelled, nothing is redrawn, and there is no QR code.",
        default=False,
        title=translatable("Plain output in the terminal"),
        help=translatable("For screen readers: spells the code and doesn't redraw lines."),
    )
    browser: str = text(
        "The browser that opens links, by the ID that the Settings page writes into settings.toml. "
        "Empty for the system default.",
        title=translatable("Browser"),
        help=translatable("Where you approve the sign-in."),
    )
    ask_for_tokens: bool = member(
        "Ask the user in the window before a program gets a token from `xdr-login`. If the app "
        "is not running, access is denied.",
        default=False,
        title=translatable("Ask before sharing tokens with programs"),
        help=translatable(
            "Programs that run “xdr-login token” need your OK each time. While XDR Login isn't "
            "running, they get no token."
        ),
    )
    lock_on_screen_lock: bool = member(
        "Lock XDR Login when the screen is locked. It unlocks with the screen.",
        default=True,
        title=translatable("Lock when the screen locks"),
        help=translatable("XDR Login unlocks with the screen."),
    )
    lock_on_sleep: bool = member(
        "Lock XDR Login when the computer goes to sleep.",
        default=True,
        title=translatable("Lock when the computer sleeps"),
        help=translatable("If sleep locks the screen too, unlocking the screen unlocks XDR Login."),
    )
    lock_on_user_switch: bool = member(
        "Lock XDR Login when another user takes over the screen or a remote desktop disconnects.",
        default=True,
        title=translatable("Lock when you switch users"),
        help=translatable("Or when your remote desktop disconnects."),
    )
    lock_after_minutes: int = member(
        "Lock XDR Login after so many minutes without a click or key press in it. 0 for never. "
        "Programs that use a token don't count.",
        default=0,
        allowed=range(481),
        title=translatable("Lock after inactivity"),
        help=translatable(
            "Minutes without a click or key press in XDR Login. 0 for never. Programs that use "
            "your token don't count."
        ),
        unit=translatable("{count} min"),
    )
    renew_while_locked: bool = member(
        "Keep renewing tokens while XDR Login is locked. They stay in memory then.",
        default=False,
        title=translatable("Keep renewing while locked"),
        help=translatable("Keeps tokens in memory. Programs still can't get them."),
    )
    audit: str = text(
        "Where sign-ins and uses of tokens are recorded: off, or system for the log of the "
        "operating system. Records never contain a token, code or password.",
        "off",
        title=translatable("Audit log"),
        help=translatable("Records sign-ins and uses of tokens. Never contains secrets."),
        choices=AUDIT_LOGS,
    )
    profile: str = text(
        "The profile that was used last, by its ID.",
    )
    recent_profiles: str = text(
        "The profiles that were used last, by their IDs, the last one first.",
    )
    api_service: str = text(
        "The API service that copied commands call, by its name. Empty for the profile's first.",
    )


SETTINGS = collect_members(Settings)
"""The members of `settings.toml` by name. Those without a title are nobody's choice."""
PROFILE_SETTINGS = {name: each for name, each in SETTINGS.items() if each.option}
"""The settings that a profile may override."""


def load_settings(file: Path) -> Settings:
    """Load the settings from `file`. Blocks.

    Where the file is missing or broken, or a value is not valid, the defaults apply, so that XDR
    Login can always start. Errors are logged.
    """
    try:
        table = _read_table(file)
    except _READ_ERRORS as error:
        _log.warning("cannot read the settings: %s: %s", file, error)
        return Settings()
    for name in SETTINGS:
        if name in table and not is_valid_setting(name, table[name]):
            shown = printable(repr(table[name]), 80)
            _log.warning("ignored an invalid setting: %s: %s = %s", file, name, shown)
    return _parse_settings(table)


def find_read_error(file: Path) -> str:
    """Tell why `file` cannot be read, so that the defaults apply; empty if it can. Blocks."""
    try:
        _read_table(file)
    except UnicodeDecodeError:
        return translate("not valid UTF-8")
    except _READ_ERRORS as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def broken_copy_path(file: Path) -> Path:
    """Return the path that a broken `file` is copied to before it is replaced."""
    file = file.resolve()
    return file.with_name(f"{file.name}.broken")


def save_settings(settings: Settings, file: Path) -> None:
    """Write the changed settings to `file` in one step. Blocks; raises `OSError`.

    Comments and unknown members stay. A broken file is kept as NAME.broken.
    """
    # Loaded late, because only changing a setting needs it.
    import tomlkit

    from desktop.services.system.atomic_file import write_atomically

    file = file.resolve()  # a link stays a link
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = _read_document(file)
    known = _parse_settings(document.unwrap())
    for name in SETTINGS:
        value = getattr(settings, name)
        if value != getattr(known, name):
            document[name] = value
    write_atomically(tomlkit.dumps(document), file)


def _read_text(file: Path) -> str:
    # Windows editors may put a byte order mark in front.
    return read_file(file, limit=_LARGEST_FILE).decode("utf-8-sig")


def _read_table(file: Path) -> dict[str, object]:
    try:
        return parse_toml(_read_text(file))
    except FileNotFoundError:
        return {}


_LARGEST_FILE = 64 * 1024  # bytes
_READ_ERRORS = (OSError, ValueError)  # errors of TOML and UTF-8 are ValueErrors


def _parse_settings(table: Mapping[str, object]) -> Settings:
    names = (name for name in SETTINGS if name in table)
    valid = {name: table[name] for name in names if is_valid_setting(name, table[name])}
    return replace(Settings(), **valid)  # type: ignore[arg-type] # each is valid


def with_profile_settings(settings: Settings, members: Mapping[str, object]) -> Settings:
    """Override `settings` with the valid ones among the `members` of a profile."""
    own = {
        name: value
        for name, value in members.items()
        if name in PROFILE_SETTINGS and is_valid_setting(name, value)
    }
    return replace(settings, **own)  # type: ignore[arg-type] # each is valid


def is_valid_setting(name: str, value: object) -> bool:
    """Tell whether `value` is valid for the setting `name`."""
    return SETTINGS[name].find_fault(value) is None


def _read_document(file: Path) -> TOMLDocument:
    import shutil

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        text = _read_text(file)
        require_editable(text)
        return tomlkit.parse(text)
    except FileNotFoundError:
        return tomlkit.parse(_HEADING)
    except (ValueError, RecursionError, TOMLKitError) as error:
        kept = broken_copy_path(file)
        shutil.copyfile(file, kept)
        _log.warning(
            "cannot read the settings, replaced them and kept a copy in %s: %s", kept, error
        )
        return tomlkit.parse(_HEADING)


_HEADING = "# Written by the Settings page of XDR Login, and read when XDR Login starts.\n\n"
