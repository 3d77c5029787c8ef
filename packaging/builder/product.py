"""Names and texts of the product from product.toml, its version, and the time of its sources."""

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from xml.sax.saxutils import escape

PACKAGING = Path(__file__).resolve().parents[1]
ROOT = PACKAGING.parent


@dataclass(frozen=True, slots=True)
class Repository:
    """The apt and dnf repositories: where they are published, and how they are signed."""

    address: str
    fingerprint: str
    suite: str
    valid_days: int
    revision: int


@dataclass(frozen=True)
class Product:
    """The keys of product.toml, the version, and the time of the sources in epoch seconds."""

    name: str
    package: str
    id: str
    summary: str
    vendor: str
    contact: str
    homepage: str
    license: str
    bundle_license: str
    addresses: dict[str, str]
    polkit: dict[str, str]
    setup: dict[str, str]
    screenshots: list[dict[str, str]]
    categories: list[str]
    keywords: list[str]
    colors: dict[str, str]
    icon_sizes: list[int]
    description: list[str]
    limits: dict[str, Any]
    windows: dict[str, str]
    repository: Repository
    version: str
    epoch: int

    @property
    def date(self) -> datetime:
        """Return the time of the sources."""
        return datetime.fromtimestamp(self.epoch, UTC)

    @property
    def keyring(self) -> str:
        """Return the name of the package that sets up the apt repository."""
        return f"{self.package}-archive-keyring"

    @property
    def macos_id(self) -> str:
        """Return the id in characters that macOS allows."""
        return self.id.replace("_", "-")

    def address(self, name: str, version: str = "") -> str:
        """Return one of the addresses, for this version or another one."""
        return self.addresses[name].format(version=version or self.version)

    def template_values(self) -> dict[str, str]:
        """Return the names that templates may use, for plain text."""
        return {
            "name": self.name,
            "package": self.package,
            "keyring": self.keyring,
            "id": self.id,
            "summary": self.summary,
            "vendor": self.vendor,
            "contact": self.contact,
            "homepage": self.homepage,
            "license": self.license,
            "bundle_license": self.bundle_license,
            "version": self.version,
            "year": str(self.date.year),
            "day": f"{self.date:%Y-%m-%d}",
            "categories": "".join(f"{each};" for each in self.categories),
            "keywords": "".join(f"{each};" for each in self.keywords),
            "description": "\n\n".join(self.description),
        }


@cache
def product() -> Product:
    """Read everything; raise `KeyError` or `TypeError` for missing or unknown keys."""
    members = tomllib.loads((PACKAGING / "product.toml").read_text("utf-8"))
    members["repository"] = Repository(**members["repository"])
    source = (ROOT / "desktop" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if found is None:
        raise KeyError("__version__")
    return Product(**members, version=found[1], epoch=last_change())


def last_change() -> int:
    """Return SOURCE_DATE_EPOCH or the time of the last commit, for reproducible builds."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout)


def fill_template(template: str, *, xml: bool = False, **more: str) -> str:
    """Fill a template in packaging/; raise `KeyError` for an unknown name."""
    values = product().template_values()
    if xml:
        values = {name: escape(value) for name, value in values.items()}
    return Template((PACKAGING / template).read_text("utf-8")).substitute({**values, **more})
