"""Folders and files of XDR Login on this computer."""

from importlib.util import find_spec
from pathlib import Path

import platformdirs

_FOLDER = "xdr-login"
_DEMO_MODULES = ("starlette", "uvicorn", "jinja2", "cryptography")


def configuration_folder() -> Path:
    return platformdirs.user_config_path(_FOLDER, appauthor=False, roaming=False)


def profiles_file() -> Path:
    return configuration_folder() / "profiles.toml"


def settings_file() -> Path:
    return configuration_folder() / "settings.toml"


def keystore_index_folder() -> Path:
    """Return the folder that lists which secrets are in the keyring: names, never values."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "saved"


def locks_folder() -> Path:
    """Return the folder of the locks that let one process at a time renew a token."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "locks"


def shown_notices_folder() -> Path:
    """Return the folder that lists which notices have been shown and are not shown again."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "told"


def fallback_runtime_folder() -> Path:
    """Return the folder of the socket on systems without a private runtime folder."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "run"


def log_folder() -> Path:
    return platformdirs.user_log_path(_FOLDER, appauthor=False)


def demo_is_installed() -> bool:
    return all(find_spec(name) is not None for name in _DEMO_MODULES)
