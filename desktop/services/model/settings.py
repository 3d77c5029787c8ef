"""The user's settings, in one small TOML file next to the profiles."""

from __future__ import annotations

import logging
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tomlkit import TOMLDocument

_log = logging.getLogger(__name__)

IN_USE_MINUTES = range(1, 481)
CLIPBOARD_SECONDS = range(5, 301)
THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings.

    `keep_fresh` always renews the token; otherwise it is renewed while the window is visible and
    for `in_use_minutes` after it was copied or fetched. `clipboard_seconds` is how long a copied
    secret stays on the clipboard. `start_hidden` is for starting at login.

    `theme` is one of `THEMES`. `notifications` switches notifications on. `browser` is the ID of
    the browser that opens links, empty for the default one. `ask_for_tokens` asks the user before a
    program gets a token. `profile` is the ID of the last profile in the window, empty for none.

    `start_at_login` is not in the file: it is read from the operating system.
    """

    keep_fresh: bool = False
    in_use_minutes: int = 15
    clipboard_seconds: int = 30
    start_at_login: bool = False
    start_hidden: bool = True
    theme: str = "system"
    notifications: bool = True
    browser: str = ""
    ask_for_tokens: bool = False
    profile: str = ""


# The settings that a profile may override.
PROFILE_SETTINGS = ("keep_fresh", "in_use_minutes", "clipboard_seconds")
_SWITCHES = ("keep_fresh", "start_hidden", "notifications", "ask_for_tokens")
_STRINGS = ("profile", "browser", "theme")
_NUMBERS = {"in_use_minutes": IN_USE_MINUTES, "clipboard_seconds": CLIPBOARD_SECONDS}


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
    for name in (*_SWITCHES, *_STRINGS, *_NUMBERS):
        if name in table and not is_valid_setting(name, table[name]):
            _log.warning("ignored an invalid setting: %s: %s = %r", file, name, table[name])
    return _parse_settings(table)


def find_read_error(file: Path) -> str:
    """Tell why `file` cannot be read, so that the defaults apply; empty if it can. Blocks."""
    try:
        _read_table(file)
    except UnicodeDecodeError:
        return translate("not valid UTF-8")
    except _READ_ERRORS as error:
        return str(error)
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
    for name in (*_SWITCHES, *_STRINGS, *_NUMBERS):
        value = getattr(settings, name)
        if value != getattr(known, name):
            document[name] = value
    write_atomically(tomlkit.dumps(document), file)


def _read_table(file: Path) -> dict[str, object]:
    try:
        # Windows editors may put a byte order mark in front.
        return tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}


# TOMLDecodeError and UnicodeDecodeError are ValueErrors; deep nesting gives a RecursionError.
_READ_ERRORS = (OSError, ValueError, RecursionError)


def _parse_settings(table: Mapping[str, object]) -> Settings:
    names = (name for name in (*_SWITCHES, *_STRINGS, *_NUMBERS) if name in table)
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
    if name in _SWITCHES:
        return isinstance(value, bool)
    if name in _STRINGS:
        return isinstance(value, str) and (name != "theme" or value in THEMES)
    # To Python a bool is an int.
    return isinstance(value, int) and not isinstance(value, bool) and value in _NUMBERS[name]


def _read_document(file: Path) -> TOMLDocument:
    import shutil

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(file.read_text("utf-8-sig"))
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
