"""What a person can set, kept in one small TOML file beside the profiles."""

from __future__ import annotations

import logging
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
    """What holds for the whole program.

    `keep_fresh` renews whether or not anybody uses the token; else it is in use while the window
    is in sight and for `in_use_minutes` after it was copied or fetched. `clipboard_seconds` is how
    long a copied secret stays on the clipboard. `start_hidden` is for a start at login.

    `theme` is one of `THEMES`. `notifications` says whether the tray tells what needs a person.
    `browser` is the id of the one to open links with, empty for the usual one.

    `ask_for_tokens` says whether the person is asked before a program gets a token.

    `profile` is the id of the one that was in the window last; empty for none.

    `start_at_login` is not in the file: what the operating system does is what is true.
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


# What a profile may decide otherwise for itself.
PROFILE_SETTINGS = ("keep_fresh", "in_use_minutes", "clipboard_seconds")
_SWITCHES = ("keep_fresh", "start_hidden", "notifications", "ask_for_tokens")
_STRINGS = ("profile", "browser", "theme")
_NUMBERS = {"in_use_minutes": IN_USE_MINUTES, "clipboard_seconds": CLIPBOARD_SECONDS}


def load_settings(file: Path) -> Settings:
    """What `file` says. Blocks.

    A file that is missing or broken, and a value that makes no sense, give what is usual: settings
    are no reason not to start. What is broken is told in the log.
    """
    try:
        table = _read_table(file)
    except _READ_ERRORS as error:
        _log.warning("the settings cannot be read: %s: %s", file, error)
        return Settings()
    for name in (*_SWITCHES, *_STRINGS, *_NUMBERS):
        if name in table and not is_valid_setting(name, table[name]):
            _log.warning("a setting makes no sense: %s: %s = %r", file, name, table[name])
    return _parse_settings(table)


def find_read_error(file: Path) -> str:
    """Why `file` gives nothing but what is usual; empty where it can be read. Blocks."""
    try:
        _read_table(file)
    except UnicodeDecodeError:
        return "it is no text in UTF-8"
    except _READ_ERRORS as error:
        return str(error)
    return ""


def broken_copy_path(file: Path) -> Path:
    """Where `file` is kept if it is broken when something is changed."""
    file = file.resolve()
    return file.with_name(f"{file.name}.broken")


def save_settings(settings: Settings, file: Path) -> None:
    """Write to `file` what differs from what it says, all at once. Blocks; raises `OSError`.

    Comments and what is not known here stay. A file that is broken is kept as NAME.broken.
    """
    # Loaded by who changes a setting, and by nobody else.
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


# TOMLDecodeError and UnicodeDecodeError are ValueErrors; brackets may be nested too deep.
_READ_ERRORS = (OSError, ValueError, RecursionError)


def _parse_settings(table: Mapping[str, object]) -> Settings:
    names = (name for name in (*_SWITCHES, *_STRINGS, *_NUMBERS) if name in table)
    sensible = {name: table[name] for name in names if is_valid_setting(name, table[name])}
    return replace(Settings(), **sensible)  # type: ignore[arg-type] # each was looked at


def with_profile_settings(settings: Settings, members: Mapping[str, object]) -> Settings:
    """`settings` with what a profile says in its own `members`, as far as that makes sense."""
    own = {
        name: value
        for name, value in members.items()
        if name in PROFILE_SETTINGS and is_valid_setting(name, value)
    }
    return replace(settings, **own)  # type: ignore[arg-type] # each was looked at


def is_valid_setting(name: str, value: object) -> bool:
    """Whether `value` can be that of the member `name`."""
    if name in _SWITCHES:
        return isinstance(value, bool)
    if name in _STRINGS:
        return isinstance(value, str) and (name != "theme" or value in THEMES)
    # A bool is an int to Python, and is no number of minutes.
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
        _log.warning("the settings cannot be read and begin anew, kept as %s: %s", kept, error)
        return tomlkit.parse(_HEADING)


_HEADING = "# What the settings page of XDR Login writes. It is read at the start.\n\n"
