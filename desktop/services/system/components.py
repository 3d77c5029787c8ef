"""What this installation is made of: the libraries in it, their versions and licences."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

# What the program imports, with the demo server; what these need in turn follows by itself.
DIRECT_DEPENDENCIES = (
    "click",
    "filelock",
    "httpx",
    "jeepney",
    "keyring",
    "platformdirs",
    "psutil",
    "pyjwt",
    "pyside6-essentials",
    "qasync",
    "segno",
    "tomlkit",
    "truststore",
    "cryptography",
    "jinja2",
    "starlette",
    "uvicorn",
)
COMPONENTS_FILE = (
    "components.json"  # in the folder of the licences, written when the bundle was made
)


@dataclass(frozen=True, slots=True)
class Component:
    """A work of others that is inside."""

    name: str
    version: str
    licence: str


def is_bundled() -> bool:
    """Whether this is a package that brings all that it needs, not a checkout or a venv."""
    return bool(getattr(sys, "frozen", False))


def licences_folder() -> Path:
    """Where the texts of the licences are."""
    if not is_bundled():
        return Path(__file__).resolve().parents[3] / "packaging" / "licenses"
    beside = Path(sys.executable).resolve().parent
    # In an .app only programs may be beside the program, or its signature would not hold.
    return (beside.parent / "Resources" if sys.platform == "darwin" else beside) / "licenses"


def load_components() -> tuple[Component, ...]:
    """Everything that is in this installation, by name. Reads files."""
    if is_bundled():
        return parse_components((licences_folder() / COMPONENTS_FILE).read_text("utf-8"))
    return tuple(component_of(each) for each in find_distributions())


def format_components(found: Iterable[Component]) -> str:
    """The text of the list that a bundle carries."""
    return json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False) + "\n"


def parse_components(text: str) -> tuple[Component, ...]:
    """The list that a bundle carries."""
    return tuple(Component(**each) for each in json.loads(text))


def find_distributions() -> list[Distribution]:
    """The modules of others that the program runs with, by name."""
    found: dict[str, Distribution] = {}
    waiting = list(DIRECT_DEPENDENCIES)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # of another system, or of an extra that is not installed
        waiting += _requirements_of(found[name])
    return [found[name] for name in sorted(found)]


def component_of(module: Distribution) -> Component:
    """What a module says of itself."""
    return Component(module.metadata["Name"], module.version, licence_of(module))


def licence_of(module: Distribution) -> str:
    """What a module says of its licence, in one line."""
    members = module.metadata.json
    said = str(members.get("license_expression") or members.get("license") or "")
    if said and "\n" not in said:
        return said
    classified = module.metadata.get_all("Classifier") or []
    named = [each for each in classified if each.startswith("License ::")]
    return "; ".join(each.rpartition(" :: ")[2] for each in named) or "see its text"


def _requirements_of(module: Distribution) -> Iterator[str]:
    for line in module.requires or []:
        requirement, _, marker = line.partition(";")
        if "extra" not in marker:
            name = re.match(r"[\w.-]+", requirement.strip())
            yield re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""
