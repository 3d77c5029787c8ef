"""The real languages, compiled from their sources: a checkout may have none, or old ones."""

import contextlib
import gettext
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from translations import catalogues

from desktop.services.system.language import forget_language
from desktop.services.system.resources import resource
from desktop.services.system.translation import use_for_libraries

LANGUAGES = [file.parents[1].name for file in catalogues.languages()]


@contextlib.contextmanager
def language(name: str) -> Iterator[None]:
    """Translate into `name`."""
    folder = Path(_compiled().name)
    with (
        patch(
            "desktop.services.system.resources.resource",
            lambda given: folder if given == "translations" else resource(given),
        ),
        patch.dict(os.environ, LANGUAGE=name),
        patch.multiple(gettext, dgettext=gettext.dgettext, dngettext=gettext.dngettext),
    ):
        use_for_libraries()
        forget_language()
        try:
            yield
        finally:
            forget_language()


@cache
def _compiled() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory()
    for file in catalogues.languages():
        target = Path(folder.name, file.relative_to(catalogues.FOLDER)).with_suffix(".mo")
        target.parent.mkdir(parents=True)
        catalogues.compile_language(file, target)
    return folder
