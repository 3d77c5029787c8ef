"""The language of the texts: that of the policy, of `--lang`, of the settings, or of the system.

Loads almost nothing, because the first text on screen needs it, and nothing at all for English.
"""

from __future__ import annotations

import os
import sys
from functools import cache

TYPE_CHECKING = False  # `typing` is slow to load
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .catalog import CompiledCatalog

LANGUAGE_VARIABLE = "XDR_LOGIN_LANG"
"""The environment variable that `--lang` sets, so that programs it starts speak the same."""
POLICY_FILE = "/etc/xdg/xdr-login/policy.toml"
POLICY_PLIST = "/Library/Managed Preferences/io.github.xdr_login.XDRLogin.plist"
POLICY_KEY = r"Software\Policies\XDRLogin"
DOMAIN = "xdr-login"

MISSING_KEY = "X-Missing"
"""The key of a compiled catalog for how many texts it lacks; absent where it is whole."""
LANGUAGE_NAMES = {
    # Each in its own words, so that people find theirs.
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "pt_BR": "Português (Brasil)",
}

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order that gettext reads them
_ENGLISH = {"C", "POSIX", "en"}
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
_SYSTEM = "system"
_LARGEST_FILE = 64 * 1024  # bytes, as for the settings


@cache
def current_language() -> str:
    """Return the language of all texts, such as "pt_BR"; "en" where there is nothing else."""
    return next(filter(None, map(match_language, _wanted_languages())), "en")


def use_language(name: str) -> None:
    """Use the language `name` in this process from now on, unless a policy fixes another one."""
    os.environ[LANGUAGE_VARIABLE] = name
    forget_language()


def forget_language() -> None:
    """Find out the language again, such as after a change of the environment."""
    current_language.cache_clear()
    load_catalog.cache_clear()
    list_languages.cache_clear()


def is_right_to_left(language: str = "") -> bool:
    """Tell whether the current or another language is written from right to left."""
    return (language or current_language()).partition("_")[0] in _RIGHT_TO_LEFT


def match_language(wanted: str) -> str:
    """Find the language that fits best, such as "pt_BR" for "pt-PT.UTF-8"; empty if none does."""
    name = wanted.partition(".")[0].partition("@")[0].replace("-", "_")
    base = name.partition("_")[0]
    if base.upper() in _ENGLISH or base.lower() in _ENGLISH:
        return "en"
    if not base:
        return ""
    found = {each.lower(): each for each in list_languages()}
    similar = (found[each] for each in sorted(found) if each.startswith(f"{base.lower()}_"))
    return found.get(name.lower()) or found.get(base.lower()) or next(similar, "")


@cache
def list_languages() -> tuple[str, ...]:
    """List the languages besides English, by what is installed."""
    try:
        names = os.listdir(_folder())  # noqa: PTH208 - of names only
    except OSError:  # none has been compiled
        return ()
    return tuple(sorted(each for each in names if _catalog_file(each).is_file()))


@cache
def load_catalog() -> CompiledCatalog | None:
    """Load the texts of the current language; None for English, and if they can't be read."""
    language = current_language()
    if language == "en":
        return None
    from .catalog import CompiledCatalog

    try:
        return CompiledCatalog(_catalog_file(language).read_bytes())
    except (OSError, ValueError):  # a damaged installation: people must still be able to sign out
        return None


def _catalog_file(language: str) -> Path:
    return _folder() / language / "LC_MESSAGES" / f"{DOMAIN}.mo"


def _folder() -> Path:
    from ..resources import resource  # noqa: TID252 - a package of scripts has it elsewhere

    return resource("translations")


def _wanted_languages() -> Iterator[str]:
    """Yield the languages that are wanted, best first."""
    yield _from_policy()
    yield os.environ.get(LANGUAGE_VARIABLE, "")
    yield _from_settings()
    given = next(filter(None, map(os.environ.get, _VARIABLES)), "")
    yield from given.split(":")
    if not given:
        yield from _from_system()


def _from_policy() -> str:
    """Read the language that an administrator has fixed; whoever uses a policy reports its faults.

    That is `services/configuration`, which is too slow for the first text.
    """
    try:
        match sys.platform:
            case "win32":
                return _from_registry()
            case "darwin":
                return _from_plist(POLICY_PLIST)
            case _:
                return _from_toml(POLICY_FILE)
    except (OSError, ValueError):  # errors of TOML and UTF-8 are ValueErrors
        return ""


def _from_toml(path: str) -> str:
    if not os.path.exists(path):  # noqa: PTH110 - `pathlib` is slower
        return ""
    import tomllib

    with open(path, "rb") as file:  # noqa: PTH123
        return _setting_in(tomllib.load(file))


def _from_plist(path: str) -> str:
    if not os.path.exists(path):  # noqa: PTH110
        return ""
    import plistlib

    with open(path, "rb") as file:  # noqa: PTH123
        return _setting_in(plistlib.load(file))


def _setting_in(policy: dict[str, object]) -> str:
    settings = policy.get("settings")
    language = settings.get("language") if isinstance(settings, dict) else None
    return language if isinstance(language, str) and language != _SYSTEM else ""


def _from_registry() -> str:
    from importlib import import_module

    winreg = import_module("winreg")  # exists on Windows only
    rights = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{POLICY_KEY}\settings", 0, rights) as key:
        return _setting_in({"settings": {"language": winreg.QueryValueEx(key, "language")[0]}})


def _from_settings() -> str:
    """Read `language` from the lines of settings.toml: parsing TOML takes too long here."""
    path = settings_path()
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            lines = file.read(_LARGEST_FILE).decode("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return ""
    return _language_in(lines)


def _open_without_waiting(path: str, flags: int) -> int:
    """Open `path` also if it is a pipe to which nobody writes, as `files` does."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _language_in(lines: Iterable[str]) -> str:
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "language":
            quoted = value.strip()
            found = quoted[1:].partition(quoted[:1])[0] if quoted[:1] in {'"', "'"} else ""
            return "" if found == _SYSTEM else found
        if line.startswith("["):  # the settings are above all tables
            break
    return ""


def settings_path() -> str:
    """Return the path of settings.toml, as `paths` does; empty where it is not known."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")  # noqa: PTH111
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(base):  # noqa: PTH117
            base = os.path.expanduser("~/.config")  # noqa: PTH111
    if not os.path.isabs(base):  # noqa: PTH117 - HOME may be relative: a folder of someone else
        return ""
    return os.path.join(base, "xdr-login", "settings.toml")  # noqa: PTH118


def _from_system() -> Iterable[str]:
    """Return the languages of the desktop, where no variable names one."""
    match sys.platform:
        case "win32":
            return _languages_of_windows()
        case "darwin":
            return _languages_of_macos()
        case _:
            return ()


def _languages_of_windows() -> Iterable[str]:
    """Ask for the display languages (GetUserPreferredUILanguages)."""
    if sys.platform == "win32":  # for the type checker
        import ctypes

        by_name, count, size = 8, ctypes.c_ulong(), ctypes.c_ulong(512)
        names = ctypes.create_unicode_buffer(size.value)
        ask = ctypes.windll.kernel32.GetUserPreferredUILanguages
        if ask(by_name, ctypes.byref(count), names, ctypes.byref(size)):
            return names[: size.value].split("\0")
    return ()


def _languages_of_macos() -> Iterable[str]:
    """Ask for the languages of this app or of the system (CFLocaleCopyPreferredLanguages)."""
    import ctypes

    folder = "/System/Library/Frameworks/CoreFoundation.framework"
    foundation = ctypes.CDLL(f"{folder}/CoreFoundation")
    foundation.CFLocaleCopyPreferredLanguages.restype = ctypes.c_void_p
    foundation.CFArrayGetCount.argtypes = (ctypes.c_void_p,)
    foundation.CFArrayGetCount.restype = ctypes.c_long
    foundation.CFArrayGetValueAtIndex.argtypes = (ctypes.c_void_p, ctypes.c_long)
    foundation.CFArrayGetValueAtIndex.restype = ctypes.c_void_p
    get_text = foundation.CFStringGetCString
    get_text.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_long, ctypes.c_uint32)
    foundation.CFRelease.argtypes = (ctypes.c_void_p,)
    found = foundation.CFLocaleCopyPreferredLanguages()
    if not found:
        return ()
    utf8, names = 0x08000100, []
    for number in range(foundation.CFArrayGetCount(found)):
        text = ctypes.create_string_buffer(64)
        if get_text(foundation.CFArrayGetValueAtIndex(found, number), text, len(text), utf8):
            names.append(text.value.decode())
    foundation.CFRelease(found)
    return names
