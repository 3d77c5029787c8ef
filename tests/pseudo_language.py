"""A language for tests that shows what is not translated: accented, longer texts in marks."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from translations import catalogues

from desktop.services.system.language import forget_language
from desktop.services.system.resources import resource

MARK = "⟦"
"""What every translated text contains."""


@contextlib.contextmanager
def pseudo_language() -> Iterator[None]:
    """Translate into the pseudo-language."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("desktop.services.system.resources.resource", _resource_in(Path(folder))),
        patch.dict(os.environ, LANGUAGE=catalogues.PSEUDO_LANGUAGE),
    ):
        catalogues.write_pseudo_language(Path(folder))
        forget_language()
        try:
            yield
        finally:
            forget_language()


def _resource_in(folder: Path) -> Callable[[str], Path]:
    return lambda name: folder if name == "translations" else resource(name)
