"""A private name for the package of the app, from which this one needs a few small modules.

Importing `desktop` itself would change the import path of the program, and may find another package
of that name. The modules in use import each other relatively, so the same files work under this
name: docs/decisions/import-name.md.
"""

import os


def _find_folder() -> str:
    """Find the folder of the package `desktop`; raises `ImportError`."""
    here = os.path.dirname(__file__)
    for folder in (f"{here}/_app/desktop", os.path.dirname(here)):
        if os.path.isfile(f"{folder}/ipc/token_message.py"):
            return folder
    from importlib.machinery import PathFinder  # an editable install, whose app is a checkout

    found = PathFinder.find_spec("desktop")
    if found is None or not found.submodule_search_locations:
        raise ImportError("XDR Login is not installed completely")
    return found.submodule_search_locations[0]


__path__ = [_find_folder()]
