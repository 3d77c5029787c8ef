"""What the About page shows: the version, the environment, the components and their licenses."""

from __future__ import annotations

import platform
import ssl
from typing import TYPE_CHECKING

from desktop import __version__
from desktop.services.system.components import is_bundled
from desktop.services.system.translation import translatable, translate

if TYPE_CHECKING:
    from desktop.services.system.components import Component

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
    installation = translate("Package") if is_bundled() else translate("Python package")
    return (
        (translate("Version"), __version__),
        (translate("Installation"), installation),
        (translate("System"), platform.platform()),
        ("Python", platform.python_version()),
        ("Qt", f"{qt} ({screen})" if screen else qt),
        ("OpenSSL", ssl.OPENSSL_VERSION.removeprefix("OpenSSL ")),
    )


def format_report(facts: tuple[tuple[str, str], ...], components: tuple[Component, ...]) -> str:
    """Format the same for a bug report, without secrets, and without paths with user names."""
    lines = ["XDR Login", *(f"{name}: {value}" for name, value in facts)]
    if components:
        listed = ", ".join(f"{each.name} {each.version}" for each in components)
        lines.append(translate("Components: {components}", components=listed))
    return "\n".join(lines)
