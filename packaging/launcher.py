"""What the bundled program starts with."""

import sys
from collections.abc import Iterator

from pyimod02_importers import PyiFrozenFinder, get_pyz_toc_tree  # PyInstaller's own

from desktop.__main__ import main


def iter_modules(finder: PyiFrozenFinder, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """The modules of a package, as `pkgutil` asks for them: the self-test does."""
    tree = get_pyz_toc_tree()
    for name in filter(None, finder._pyz_entry_prefix.split(".")):  # noqa: SLF001 - as PyInstaller's own hook
        tree = tree.get(name, {})
    return ((prefix + name, isinstance(below, dict)) for name, below in tree.items())


PyiFrozenFinder.iter_modules = iter_modules
sys.exit(main())
