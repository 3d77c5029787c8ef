"""Compiled translations, the README for the index, and the editable install."""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

APP = "xdr_login/_app/desktop"  # where the package `desktop` is in the wheel
_LINK = re.compile(r"(!?)(\[[^\]]*\]\()([^():#]+)((?:#[^()]*)?\))")


def with_absolute_links(readme: str, *, repository: str, tag: str) -> str:
    """Point the links and pictures of the README to the files of a tag."""

    def absolute(found: re.Match[str]) -> str:
        kind = "raw" if found[1] else "blob"
        return f"{found[1]}{found[2]}{repository}/{kind}/{tag}/{found[3]}{found[4]}"

    return _LINK.sub(absolute, readme)


class ReadmeHook(MetadataHookInterface):
    """Gives the index a README whose links work outside of the repository."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the description."""
        root = Path(self.root)
        product = tomllib.loads((root / "packaging" / "product.toml").read_text("utf-8"))
        source = (root / "desktop" / "__init__.py").read_text("utf-8")
        version = re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE)[0]
        text = with_absolute_links(
            (root / "README.md").read_text("utf-8"),
            repository=product["homepage"],
            tag=f"v{version}",
        )
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class WheelHook(BuildHookInterface[Any]):
    """Compiles every language and adds the result; the sources stay out."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Prepare before the files are collected."""
        if version == "editable":  # `desktop` is imported from the checkout
            build_data["force_include_editable"]["desktop/xdr_login"] = "xdr_login"
        sys.path[:0] = [str(Path(self.root) / "packaging"), self.root]
        from translations.compiled import compile_languages

        for file in compile_languages():
            name = file.relative_to(self.root).as_posix()
            build_data["force_include"][str(file)] = f"{APP}/{name}"
