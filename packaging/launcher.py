"""What the bundled program starts with."""

import os
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


def leave_the_bundle() -> None:
    """Let the programs that this one starts find libraries as if it were not bundled.

    The boot loader has told the dynamic linker of this process where the bundle is, and a child
    would load the bundle's libraries instead of its own (PyInstaller, "Launching external programs
    from the frozen application"). The linker has read it long since, so nothing is lost here.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if sys.platform == "linux":
        os.environ.pop("LD_LIBRARY_PATH", None)
        if before:
            os.environ["LD_LIBRARY_PATH"] = before
    # By these a program of the same bundle would take itself for a part of this one.
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]


leave_the_bundle()
PyiFrozenFinder.iter_modules = iter_modules
sys.exit(main())
