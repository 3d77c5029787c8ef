"""What is installed here, and how: for the About page, and for advice."""

from __future__ import annotations

import json
import platform
import shlex
import ssl
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from desktop import __version__
from desktop.services.system.components import is_bundled
from desktop.services.system.language import (
    LANGUAGE_NAMES,
    MISSING_KEY,
    current_language,
    load_catalog,
)
from desktop.services.system.translation import translatable, translate, translate_plural

if TYPE_CHECKING:
    from desktop.services.system.components import Component

_DISTRIBUTION = "xdr-login"

LICENSE_NOTICE = translatable(
    "XDR Login is licensed under the Apache License 2.0. It is not a product of Cisco."
)
QT_NOTICE = translatable(
    "Qt and Qt for Python (PySide6, Shiboken6) are used under the GNU Lesser General Public "
    "License, version 3. They are separate libraries. You may replace them with your own versions, "
    "and you may reverse engineer XDR Login to debug such changes. The Qt project publishes the "
    "source code of these versions."
)


def system_facts(qt: str, screen: str) -> tuple[tuple[str, str], ...]:
    """Name what XDR Login runs on. `qt` is Qt's version, `screen` its platform plugin."""
    if is_bundled():
        installation = translate("Package")
    else:
        installation = translate("Python package ({installer})", installer=installer())
    return (
        (translate("Version"), __version__),
        (translate("Installation"), installation),
        (translate("System"), platform.platform()),
        (translate("Language"), describe_language()),
        ("Python", platform.python_version()),
        ("Qt", f"{qt} ({screen})" if screen else qt),
        ("OpenSSL", ssl.OPENSSL_VERSION.removeprefix("OpenSSL ")),
    )


def describe_language() -> str:
    """Name the language of the texts, and say how many of them are still in English."""
    language, catalog = current_language(), load_catalog()
    name = LANGUAGE_NAMES.get(language, language)
    missing = catalog.find(MISSING_KEY) if catalog is not None else MISSING_KEY
    if missing == MISSING_KEY:
        return name
    return translate_plural(
        "{language} ({count} text still in English)",
        "{language} ({count} texts still in English)",
        int(missing),
        language=name,
    )


def format_report(facts: tuple[tuple[str, str], ...], components: tuple[Component, ...]) -> str:
    """Format the same for a bug report, without secrets, and without paths with user names."""
    lines = ["XDR Login", *(f"{name}: {value}" for name, value in facts)]
    if components:
        listed = ", ".join(f"{each.name} {each.version}" for each in components)
        lines.append(translate("Components: {components}", components=listed))
    return "\n".join(lines)


def installer() -> str:
    """Return the program that made this environment: "pipx", "uv tool", "uv" or "pip"."""
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").exists():
        return "pipx"
    if (prefix / "uv-receipt.toml").exists():
        return "uv tool"
    return "uv" if _has_line(prefix / "pyvenv.cfg", "uv = ") else "pip"


def command_to_install(extra: str) -> str:
    """Return the command that installs an extra, from where XDR Login itself came."""
    folder, editable = _source()
    made_by = installer()
    if made_by == "uv" and editable:
        return f"uv sync --extra {extra}"
    command = {
        "pipx": "pipx install --force",
        "uv tool": "uv tool install --force",
        "uv": "uv pip install",
        "pip": "pip install",
    }[made_by]
    return f"{command} {_quoted(f'{folder or _DISTRIBUTION}[{extra}]')}"


def _source() -> tuple[str, bool]:
    """Return the folder that was installed, if it was one, and whether it is used in place.

    `direct_url.json` is defined by PyPA's "Recording the Direct URL Origin of installed
    distributions".
    """
    try:
        text = distribution(_DISTRIBUTION).read_text("direct_url.json")
        found = json.loads(text) if text else {}
        address = urlsplit(found["url"])
        editable = bool(found["dir_info"].get("editable"))
    except (PackageNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return "", False
    return (url2pathname(address.path) if address.scheme == "file" else ""), editable


def _quoted(text: str) -> str:
    return f'"{text}"' if sys.platform == "win32" else shlex.quote(text)


def _has_line(file: Path, start: str) -> bool:
    try:
        return f"\n{start}" in "\n" + file.read_text("utf-8", "surrogateescape")
    except OSError:
        return False
