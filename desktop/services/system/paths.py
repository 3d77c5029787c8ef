"""Where things are on this computer."""

from importlib.util import find_spec
from pathlib import Path

import platformdirs

_FOLDER = "xdr-login"
_DEMO_MODULES = ("starlette", "uvicorn", "jinja2", "cryptography")


def configuration_folder() -> Path:
    """Where the person's profiles are."""
    return platformdirs.user_config_path(_FOLDER, appauthor=False, roaming=False)


def profiles_file() -> Path:
    """The person's profiles."""
    return configuration_folder() / "profiles.toml"


def settings_file() -> Path:
    """What the person has set."""
    return configuration_folder() / "settings.toml"


def keystore_index_folder() -> Path:
    """Where it is noted what the keyring holds: names, never values."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "saved"


def locks_folder() -> Path:
    """Where the programs of one person agree on who renews a token."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "locks"


def shown_notices_folder() -> Path:
    """Where it is noted what has been said once, and is not said again."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "told"


def fallback_runtime_folder() -> Path:
    """Where the socket is if the system has no such place that is this person's alone."""
    return platformdirs.user_state_path(_FOLDER, appauthor=False) / "run"


def log_folder() -> Path:
    """Where the log and crash reports go."""
    return platformdirs.user_log_path(_FOLDER, appauthor=False)


def demo_is_installed() -> bool:
    """Whether the extra `demo` is here."""
    return all(find_spec(name) is not None for name in _DEMO_MODULES)
