"""The libraries in this installation, their versions and licenses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.frozen import frozen
from desktop.services.system.translation import translatable

if TYPE_CHECKING:
    from importlib.metadata import Distribution

# What XDR Login and its demo server import. Their own requirements are found from these.
DIRECT_DEPENDENCIES = (
    "click",
    "filelock",
    "httpx",
    "jeepney",
    "keyring",
    "platformdirs",
    "psutil",
    "pyside6-essentials",
    "qasync",
    "secretstorage",
    "segno",
    "tomlkit",
    "truststore",
    "cryptography",
    "jinja2",
    "pyjwt",
    "starlette",
    "uvicorn",
)
COMPONENTS_FILE = "components.json"  # in the licenses folder of a bundle


@frozen
class Component:
    """A library by others, with its license."""

    name: str
    version: str
    license: str


def is_bundled() -> bool:
    """Tell whether this is a bundle with Python in it, not a checkout or a virtual environment."""
    return bool(getattr(sys, "frozen", False))


def licenses_folder() -> Path:
    if not is_bundled():
        return Path(__file__).resolve().parents[3] / "packaging" / "licenses"
    beside = Path(sys.executable).resolve().parent
    # In an .app only executables may be beside the executable, or its signature is invalid.
    return (beside.parent / "Resources" if sys.platform == "darwin" else beside) / "licenses"


def load_components() -> tuple[Component, ...]:
    """List everything in this installation by name. Reads files."""
    if is_bundled():
        return parse_components((licenses_folder() / COMPONENTS_FILE).read_text("utf-8"))
    return tuple(component_of(each) for each in find_distributions())


def format_components(found: Iterable[Component]) -> str:
    return json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False) + "\n"


def parse_components(text: str) -> tuple[Component, ...]:
    return tuple(Component(**each) for each in json.loads(text))


def find_distributions() -> list[Distribution]:
    """Find the installed libraries that XDR Login needs, by name."""
    from importlib.metadata import PackageNotFoundError, distribution  # slow to load

    found: dict[str, Distribution] = {}
    waiting = list(DIRECT_DEPENDENCIES)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # for another system, or from an extra that is not installed
        waiting += _requirements_of(found[name])
    return [found[name] for name in sorted(found)]


def component_of(module: Distribution) -> Component:
    return Component(module.metadata["Name"], module.version, license_of(module))


def license_of(module: Distribution) -> str:
    """Return the license that a library declares, in one line and in English.

    A bundle contains these, whatever the language of the computer that built it.
    """
    members = module.metadata.json
    declared = str(members.get("license_expression") or members.get("license") or "")
    if declared and "\n" not in declared:
        return declared
    classified = module.metadata.get_all("Classifier") or []
    named = [each for each in classified if each.startswith("License ::")]
    return "; ".join(each.rpartition(" :: ")[2] for each in named) or _UNDECLARED


_UNDECLARED = translatable("see the license text")


def _requirements_of(module: Distribution) -> Iterator[str]:
    for line in module.requires or []:
        requirement, _, marker = line.partition(";")
        if "extra" not in marker:
            name = re.match(r"[\w.-]+", requirement.strip())
            yield re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""
