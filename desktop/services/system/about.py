"""What the program says of itself: its version, what it runs on, what is inside."""

from __future__ import annotations

import platform
import ssl
from typing import TYPE_CHECKING

from desktop import __version__
from desktop.services.system.components import is_bundled

if TYPE_CHECKING:
    from desktop.services.system.components import Component

LICENCE_NAME = "Apache License 2.0"
LICENCE_NOTICE = f"XDR Login is licensed under the {LICENCE_NAME}. It is not a product of Cisco."
QT_NOTICE = (
    "Qt and Qt for Python (PySide6, Shiboken6) are used under the GNU Lesser General Public "
    "License, version 3. They are separate libraries, which you may replace by versions of your "
    "own, and nothing forbids you to take the program apart to debug such changes. The Qt project "
    "publishes the sources of exactly these versions."
)


def system_facts(qt: str, screen: str) -> tuple[tuple[str, str], ...]:
    """What this runs on, as names and values. `qt` is its version, `screen` its platform plugin."""
    return (
        ("Version", __version__),
        ("Installed as", "a package" if is_bundled() else "Python modules"),
        ("System", platform.platform()),
        ("Python", platform.python_version()),
        ("Qt", f"{qt} ({screen})" if screen else qt),
        ("OpenSSL", ssl.OPENSSL_VERSION.removeprefix("OpenSSL ")),
    )


def format_report(of: tuple[tuple[str, str], ...], inside: tuple[Component, ...]) -> str:
    """The same as text for a report: no secret, and no path, which would name the person."""
    lines = ["XDR Login", *(f"{name}: {value}" for name, value in of)]
    named = ", ".join(f"{each.name} {each.version}" for each in inside)
    return "\n".join([*lines, f"Inside: {named}"] if named else lines)
