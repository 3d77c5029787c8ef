"""Folders and files of XDR Login on this computer."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

_FOLDER = "xdr-login"
_DEMO_MODULES = ("starlette", "uvicorn", "jinja2", "cryptography")


class NoHomeFolder(OSError):
    """Neither HOME nor the account names a home folder, so there is no place for files."""


def home_folder() -> Path:
    """Return the home folder. Raises `NoHomeFolder`.

    A relative one would be another folder each time, and may be somebody else's.
    """
    given = os.environ.get("HOME", "")
    if sys.platform == "win32":
        return Path.home()
    if os.path.isabs(given):  # noqa: PTH117 - as it is given
        return Path(given)
    import pwd

    try:
        found = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a user without a name, as in many containers
        found = ""
    if not os.path.isabs(found):  # noqa: PTH117
        raise NoHomeFolder
    return Path(found)


def data_folder() -> Path:
    """Return the folder that holds the data of all programs, on Linux. Raises `NoHomeFolder`."""
    return _folder_of_linux("XDG_DATA_HOME", ".local/share")


def all_configuration_folder() -> Path:
    """Return the folder with the configuration of all programs, on Linux; as above."""
    return _folder_of_linux("XDG_CONFIG_HOME", ".config")


def _folder_of_linux(variable: str, default: str) -> Path:
    given = os.environ.get(variable, "")
    # XDG Base Directory: relative paths are to be ignored. platformdirs uses them.
    if os.path.isabs(given):  # noqa: PTH117
        return Path(given)
    return home_folder() / default


def _own_state_folder() -> Path:
    if sys.platform in {"win32", "darwin"}:
        return _checked(_system_folders().user_state_path)
    return _folder_of_linux("XDG_STATE_HOME", ".local/state") / _FOLDER


def _system_folders() -> "PlatformDirs":
    from platformdirs import PlatformDirs  # slow to load, and Linux does without

    return PlatformDirs(_FOLDER, appauthor=False)


def _checked(folder: Path) -> Path:
    """Return `folder`, unless it is below a home folder that is not known."""
    if not folder.is_absolute():
        raise NoHomeFolder
    return folder


def is_writable(folder: Path) -> bool:
    """Tell whether files can be made in `folder`, or it can be made first. Blocks."""
    try:
        while not folder.exists():
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def configuration_folder() -> Path:
    if sys.platform in {"win32", "darwin"}:
        return _checked(_system_folders().user_config_path)
    return all_configuration_folder() / _FOLDER


def profiles_file() -> Path:
    return configuration_folder() / "profiles.toml"


def settings_file() -> Path:
    return configuration_folder() / "settings.toml"


def keystore_index_folder() -> Path:
    """Return the folder that lists which secrets are in the keyring: names, never values."""
    return _own_state_folder() / "saved"


def kept_metadata_folder() -> Path:
    """Return the folder of what the last sign-ins found out about their servers."""
    return _own_state_folder() / "metadata"


def locks_folder() -> Path:
    """Return the folder of the locks that let one process at a time renew a token."""
    return _own_state_folder() / "locks"


def shown_notices_folder() -> Path:
    """Return the folder that lists which notices have been shown and are not shown again."""
    return _own_state_folder() / "told"


def lost_events_file() -> Path:
    """Return the file whose size counts the events that the audit log could not write."""
    return _own_state_folder() / "audit-lost"


def fallback_runtime_folder() -> Path:
    """Return the folder of the socket on systems without a private runtime folder."""
    return _own_state_folder() / "run"


def log_folder() -> Path:
    if sys.platform in {"win32", "darwin"}:
        return _checked(_system_folders().user_log_path)
    return _own_state_folder() / "log"


def demo_is_installed() -> bool:
    return all(find_spec(name) is not None for name in _DEMO_MODULES)
