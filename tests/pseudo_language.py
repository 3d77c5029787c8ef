"""Languages for tests: the real ones, and one that shows what is not translated.

That is the pseudo-language: accented, longer texts in marks.
"""

import contextlib
import gettext
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

from translations import catalogues, compiled

from desktop.services.system.language import forget_language
from desktop.services.system.resources import resource
from desktop.services.system.translation import use_for_libraries

MARK = "⟦"
"""What every translated text contains."""


LANGUAGES = [file.parents[1].name for file in catalogues.languages()]
"""The languages besides English."""


@contextlib.contextmanager
def pseudo_language() -> Iterator[None]:
    """Translate into the pseudo-language."""
    with tempfile.TemporaryDirectory() as folder:
        catalogues.write_pseudo_language(Path(folder))
        with _translated_into(catalogues.PSEUDO_LANGUAGE, Path(folder)):
            yield


def real_language(name: str) -> contextlib.AbstractContextManager[None]:
    """Translate into the language `name`, such as "pt_BR" or "en", as it is now."""
    return _translated_into(name, Path(_compiled_languages().name))


@cache
def _compiled_languages() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    for file in catalogues.languages():
        target = Path(folder.name, file.relative_to(catalogues.FOLDER)).with_suffix(".mo")
        target.parent.mkdir(parents=True)
        compiled.compile_language(file, target)
    return folder


@contextlib.contextmanager
def _translated_into(name: str, folder: Path) -> Iterator[None]:
    with (
        patch("desktop.services.system.resources.resource", _resource_in(folder)),
        patch.dict(os.environ, LANGUAGE=name),
        patch.multiple(gettext, dgettext=gettext.dgettext, dngettext=gettext.dngettext),
    ):
        use_for_libraries()
        forget_language()
        try:
            yield
        finally:
            forget_language()


def _resource_in(folder: Path) -> Callable[[str], Path]:
    return lambda name: folder if name == "translations" else resource(name)
