"""The browsers on this computer, and opening an address in one of them, never through a shell.

On Linux they are desktop entries that handle `x-scheme-handler/https`, on Windows the clients of
`StartMenuInternet`, on macOS applications.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from desktop.frozen import frozen
from desktop.oauth.addresses import checked_address
from desktop.services.system.files import LARGEST_ENTRY, parse_desktop_entry, read_file
from desktop.services.system.paths import NoHomeFolder, data_folder, home_folder

_LONGEST_COMMAND = 4096  # characters
FAILURE_DELAY = 0.8
"""Seconds within which a browser that cannot be started ends."""


@frozen
class Browser:
    """A browser: `id` is saved in the settings, `command` starts it when an address is appended."""

    id: str
    name: str
    command: tuple[str, ...]


def find_browsers() -> tuple[Browser, ...]:
    """Find the installed browsers, sorted by name. Blocks."""
    match sys.platform:
        case "win32":
            found = _find_on_windows()
        case "darwin":
            found = _find_on_macos()
        case _:
            found = _find_desktop_entries(_entry_folders())
    return tuple(sorted({each.id: each for each in found}.values(), key=lambda each: each.name))


def open_in(id_: str, address: str) -> bool:
    """Open `address` in browser `id_`; tell whether it started. Blocks; raises `UnsafeAddress`."""
    address = checked_address(address)  # so that no program takes it for an option
    browser = next((each for each in find_browsers() if each.id == id_), None)
    return browser is not None and _start([*browser.command, address])


def open_default(address: str) -> bool:
    """Open `address` in the default browser, or else in `$BROWSER`; tell whether one started.

    Blocks for up to a second: xdg-open reports that there is no browser (3), or that it could not
    start one (4), when it ends. Raises `UnsafeAddress`.
    """
    address = checked_address(address)
    if sys.platform == "win32":
        try:
            os.startfile(address)  # noqa: S606 - a checked address, and no shell
        except OSError:
            return False
        return True
    if sys.platform == "darwin":
        return _start(["/usr/bin/open", address])
    return any(map(_start, _commands_on_linux(address)))


def _commands_on_linux(address: str) -> Iterator[list[str]]:
    if opener := shutil.which("xdg-open"):
        yield [opener, address]
    for each in os.environ.get("BROWSER", "").split(":"):
        try:
            words = shlex.split(each)
        except ValueError:
            continue
        if words:
            yield _with_address(words, address)


def _with_address(words: list[str], address: str) -> list[str]:
    """Fill in a command of `$BROWSER`: %s is the address, %c a colon, %% a percent sign."""
    values = {"%s": address, "%c": ":", "%%": "%"}
    filled = [_CODE.sub(lambda found: values[found[0]], word) for word in words]
    return filled if any("%s" in _CODE.findall(word) for word in words) else [*filled, address]


_CODE = re.compile("%[sc%]")


def _start(command: list[str]) -> bool:
    """Start `command`; tell whether it still runs after a moment, or has ended well. Blocks."""
    try:
        process = subprocess.Popen(  # noqa: S603 - an installed program, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError):  # ValueError: a character that no argument may have
        return False
    try:
        return process.wait(FAILURE_DELAY) == 0
    except subprocess.TimeoutExpired:
        # Without a wait it would stay a zombie process until XDR Login quits.
        threading.Thread(target=process.wait, name="browser", daemon=True).start()
        return True


def _entry_folders() -> list[Path]:
    # The user's entries come first and hide those of the system (XDG Base Directory).
    homes = []
    with suppress(NoHomeFolder):
        homes = [str(data_folder())]
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = (*homes, *shared.split(":"))
    return [Path(each) / "applications" for each in folders if each.startswith("/")]


def _find_desktop_entries(folders: list[Path]) -> Iterator[Browser]:
    seen: set[str] = set()
    for folder in folders:
        for file in sorted(folder.glob("*.desktop")):
            if file.name not in seen:
                seen.add(file.name)
                if (browser := _read_entry(file)) is not None:
                    yield browser


def _read_entry(file: Path) -> Browser | None:
    try:
        members = parse_desktop_entry(read_file(file, limit=LARGEST_ENTRY).decode("utf-8"))
        words = shlex.split(members.get("Exec", "")[:_LONGEST_COMMAND])  # which is not linear
    except (OSError, ValueError):
        return None
    kinds = members.get("MimeType", "").split(";")
    hidden = "true" in {members.get("Hidden"), members.get("NoDisplay")}
    command = tuple(each for each in words if not each.startswith("%"))
    if hidden or "x-scheme-handler/https" not in kinds or not command:
        return None
    if shutil.which(command[0]) is None:
        return None
    return Browser(file.name, members.get("Name", file.stem), command)


def _find_on_macos() -> Iterator[Browser]:
    # Started by bundle ID: `open` finds the path.
    for id_, name in _BUNDLES.items():
        places = (Path("/Applications"), home_folder() / "Applications")
        if any((place / f"{name}.app").is_dir() for place in places):
            yield Browser(id_, name, ("/usr/bin/open", "-b", id_))


_BUNDLES = {
    "com.apple.Safari": "Safari",
    "org.mozilla.firefox": "Firefox",
    "com.google.Chrome": "Google Chrome",
    "com.microsoft.edgemac": "Microsoft Edge",
    "com.brave.Browser": "Brave Browser",
    "org.chromium.Chromium": "Chromium",
    "com.vivaldi.Vivaldi": "Vivaldi",
}


def _find_on_windows() -> Iterator[Browser]:
    yield from ()  # on other systems
    if sys.platform == "win32":
        import winreg

        for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            with suppress(OSError), winreg.OpenKey(hive, _CLIENTS_KEY) as clients:
                for number in range(winreg.QueryInfoKey(clients)[0]):
                    name = winreg.EnumKey(clients, number)
                    command = winreg.QueryValue(clients, rf"{name}\shell\open\command")
                    title = winreg.QueryValue(clients, name) or name
                    yield Browser(name, title, (command.strip().strip('"'),))


_CLIENTS_KEY = r"Software\Clients\StartMenuInternet"
