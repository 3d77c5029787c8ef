"""Languages for tests: the real ones, and one that shows what is not translated.

That is the pseudo-language: accented, longer texts in marks.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from babel.messages.mofile import write_mo
from translations import catalogues

from desktop.services.system.language import DOMAIN, forget_language
from desktop.services.system.resources import resource

MARK = "⟦"
"""What every translated text contains."""


def pseudo_language() -> contextlib.AbstractContextManager[None]:
    """Translate into the pseudo-language."""
    return _translated_into(catalogues.PSEUDO_LANGUAGE, catalogues.write_pseudo_language)


def real_language(name: str) -> contextlib.AbstractContextManager[None]:
    """Translate into the language `name`, such as "pt_BR", as it is now."""

    def compile_into(folder: Path) -> None:
        file = folder / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
        file.parent.mkdir(parents=True)
        with file.open("wb") as opened:
            write_mo(opened, catalogues.read(catalogues.file_of(name)))

    return _translated_into(name, compile_into)


@contextlib.contextmanager
def _translated_into(name: str, compile_into: Callable[[Path], object]) -> Iterator[None]:
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("desktop.services.system.resources.resource", _resource_in(Path(folder))),
        patch.dict(os.environ, LANGUAGE=name),
    ):
        compile_into(Path(folder))
        forget_language()
        try:
            yield
        finally:
            forget_language()


def _resource_in(folder: Path) -> Callable[[str], Path]:
    return lambda name: folder if name == "translations" else resource(name)
