"""Adds the compiled translations to the wheel; the build needs Babel only if there are any."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TranslationsHook(BuildHookInterface[Any]):
    """Compiles every language and adds the result; the sources stay out."""

    def dependencies(self) -> list[str]:
        """Return what the build needs in addition."""
        return ["babel>=2.17,<3"] if self._sources() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatch calls it
        """Compile before the files are collected."""
        if not self._sources():
            return
        sys.path.insert(0, str(Path(self.root) / "packaging"))
        from translations.catalogues import compile_all

        for file in compile_all():
            name = file.relative_to(self.root).as_posix()
            build_data["force_include"][str(file)] = f"desktop/{name}"

    def _sources(self) -> list[Path]:
        return list(Path(self.root).glob("resources/translations/*/LC_MESSAGES/*.po"))
