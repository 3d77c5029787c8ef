"""What the product is called and says of itself: product.toml, the version, the last change."""

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


@dataclass(frozen=True)
class Product:
    """The members of product.toml, and what follows from the sources. `epoch` is in seconds."""

    name: str
    package: str
    id: str
    summary: str
    vendor: str
    contact: str
    homepage: str
    license: str
    bundle_license: str
    categories: list[str]
    keywords: list[str]
    icon_sizes: list[int]
    description: list[str]
    limits: dict[str, Any]
    windows: dict[str, str]
    version: str
    epoch: int

    @property
    def date(self) -> datetime:
        """When what is packed was last changed."""
        return datetime.fromtimestamp(self.epoch, UTC)

    @property
    def macos_id(self) -> str:
        """The id in the characters that macOS allows in one."""
        return self.id.replace("_", "-")

    def template_values(self) -> dict[str, str]:
        """What templates may name, for plain text."""
        return {
            "name": self.name,
            "package": self.package,
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
    """Read it all; raises `KeyError` or `TypeError` for what is missing or too much."""
    members = tomllib.loads((PACKAGING / "product.toml").read_text("utf-8"))
    source = (ROOT / "desktop" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if found is None:
        raise KeyError("__version__")
    return Product(**members, version=found[1], epoch=last_change())


def last_change() -> int:
    """SOURCE_DATE_EPOCH, or when the last commit was made: the same sources, the same bytes."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    ask = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(ask, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout)


def fill_template(template: str, *, xml: bool = False, **more: str) -> str:
    """The text of a template below packaging/; raises `KeyError` for a word that nobody knows."""
    words = product().template_values()
    if xml:
        words = {name: escape(word) for name, word in words.items()}
    return Template((PACKAGING / template).read_text("utf-8")).substitute({**words, **more})
