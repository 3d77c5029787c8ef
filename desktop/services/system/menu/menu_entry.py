"""The menu entry and the icon of this installation, in the folders of the user.

Desktop Entry Specification 1.5 and Icon Theme Specification.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from desktop.frozen import frozen
from desktop.services.system import autostart
from desktop.services.system.files import LARGEST_ENTRY, parse_desktop_entry, read_file
from desktop.services.system.paths import data_folder
from desktop.services.system.resources import resource
from desktop.services.system.translation import translate

_ICON = Path("icons", "hicolor", "scalable", "apps", f"{autostart.ID}.svg")
_LARGEST_ICON = 1_000_000  # bytes
# Tells our entry from one that somebody copied from a package or wrote by hand.
_MARK = "X-XDRLogin-Integrated"


class ForeignEntry(OSError):
    """The menu entry, whose file is `filename`, was not made by `add`."""


@frozen
class Entry:
    """A file that starts XDR Login; `missing` is the path in its command that is gone."""

    file: Path
    missing: str = ""


def entry_file() -> Path:
    """Return where the user's menu entry is. Raises `NoHomeFolder`."""
    return data_folder() / "applications" / f"{autostart.ID}.desktop"


def find_packaged_entry() -> Path | None:
    """Find the menu entry that a package of the system has added."""
    found = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = [Path(each) for each in found.split(":") if each.startswith("/")]
    files = [folder / "applications" / entry_file().name for folder in folders]
    return next((each for each in files if each != entry_file() and each.exists()), None)


def menu_entry() -> str:
    """Write the menu entry that starts this installation; as in the packages otherwise.

    Raises `OSError` if its path has other characters than those of UTF-8.
    """
    command = autostart.program_command()
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        "Version=1.4",
        f"Name={autostart.NAME}",
        f"GenericName={translate('OAuth sign-in')}",
        f"Comment={translate('Sign in and keep a valid token one click away')}",
        f"TryExec={autostart.desktop_string(command[0])}",
        f"Exec={autostart.exec_value(command)}",
        f"Icon={autostart.ID}",
        "Terminal=false",
        "Categories=Network;",
        f"Keywords={translate('OAuth;token;XDR;device code;sign in;')}",
        "StartupNotify=true",
        "StartupWMClass=xdr-login",
        f"{_MARK}=true",
    ]
    text = "\n".join(lines) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise OSError(errno.EILSEQ, os.strerror(errno.EILSEQ), command[-1]) from error
    return text


def add() -> list[Path]:
    """Add this installation to the menu; return the files that changed. Blocks; raises `OSError`.

    Raises `ForeignEntry` if there is an entry that was not added here.
    """
    entry, icon = entry_file(), data_folder() / _ICON
    if _has_file(entry) and not _is_ours(entry):
        raise ForeignEntry(errno.EEXIST, os.strerror(errno.EEXIST), str(entry))
    wanted = {icon: resource("icons/app.svg").read_text("utf-8"), entry: menu_entry()}
    changed = [file for file, text in wanted.items() if _read(file) != text]
    for file in changed:
        autostart.replace_file(file, wanted[file])
    if icon in changed:
        _announce_icon()
    return changed


def remove() -> list[Path]:
    """Remove what `add` has made; return the files that are gone. Blocks; raises `OSError`.

    Raises `ForeignEntry` as `add` does, before anything is removed.
    """
    entry, icon = entry_file(), data_folder() / _ICON
    has_entry = _has_file(entry)
    if has_entry and not _is_ours(entry):
        raise ForeignEntry(errno.EEXIST, os.strerror(errno.EEXIST), str(entry))
    is_our_icon = _read(icon) == resource("icons/app.svg").read_text("utf-8")
    # The icon of another version belongs to the entry of that version.
    removed = [*([entry] if has_entry else []), *([icon] if is_our_icon or has_entry else [])]
    removed = [each for each in removed if _has_file(each)]
    for file in removed:
        file.unlink()
        _remove_empty_folders(file.parent)
    if icon in removed:
        _announce_icon()
    return removed


def find_own_entries() -> list[Entry]:
    """Find the entries of the user that start XDR Login, in the menu and at login."""
    files = [each for each in (entry_file(), autostart.own_entry_file()) if _has_file(each)]
    texts = {file: _read(file) for file in files}
    return [
        Entry(file, _missing_path(values["Exec"]))
        for file, text in texts.items()
        if (values := parse_desktop_entry(text or "")).get("Exec")
        and values.get("Hidden") != "true"
    ]


def starts_this_installation(file: Path) -> bool:
    """Tell whether the entry in `file` starts this installation."""
    command = parse_command(parse_desktop_entry(_read(file) or "").get("Exec", ""))
    ours = autostart.program_command()
    return command[: len(ours)] == ours


def find_other_installation() -> str:
    """Return the program that the menu entry starts, if it is another XDR Login that exists."""
    entry = entry_file()
    if not _is_ours(entry) or starts_this_installation(entry):
        return ""
    value = parse_desktop_entry(_read(entry) or "").get("Exec", "")
    return "" if not value or _missing_path(value) else " ".join(parse_command(value))


_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_QUOTED_OR_PLAIN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)', re.DOTALL)


def parse_command(value: str) -> list[str]:
    """Split a value of `exec_value` into the command: first the string's escapes, then quotes."""
    text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), value)
    words = (
        plain or re.sub(r'\\(["`$\\])', r"\1", quoted)
        for quoted, plain in _QUOTED_OR_PLAIN.findall(text)
    )
    command = [each.replace("%%", "%") for each in words]
    return command[1:] if command[:1] == ["env"] else command


def _missing_path(value: str) -> str:
    paths = (each for each in parse_command(value) if each.startswith("/"))
    return next((each for each in paths if not Path(each).exists()), "")


def _is_ours(file: Path) -> bool:
    return parse_desktop_entry(_read(file) or "").get(_MARK) == "true"


def _has_file(file: Path) -> bool:
    return file.is_symlink() or file.exists()  # a broken link is there too


def _read(file: Path) -> str | None:
    """Read a small file; None where there is none."""
    try:
        return read_file(file, limit=max(LARGEST_ENTRY, _LARGEST_ICON)).decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def _remove_empty_folders(folder: Path) -> None:
    with suppress(OSError):  # something else is in it
        while folder != data_folder():
            folder.rmdir()
            folder = folder.parent


def _announce_icon() -> None:
    """Change the time of the theme's folder: desktops read a theme again when it is newer."""
    with suppress(OSError):
        os.utime(data_folder() / "icons" / "hicolor")


def is_supported() -> bool:
    """Tell whether this system has such a menu."""
    return sys.platform not in {"win32", "darwin"}
