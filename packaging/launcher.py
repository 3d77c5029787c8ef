"""The start script of the bundled app."""

import os
import sys
from collections.abc import Iterator

from pyimod02_importers import PyiFrozenFinder, get_pyz_toc_tree  # PyInstaller's own

from desktop.__main__ import main


def iter_modules(finder: PyiFrozenFinder, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Yield the modules of a package for `pkgutil`, which the self-test uses."""
    tree = get_pyz_toc_tree()
    for name in filter(None, finder._pyz_entry_prefix.split(".")):  # noqa: SLF001 - PyInstaller's hook uses it too
        tree = tree.get(name, {})
    return ((prefix + name, isinstance(below, dict)) for name, below in tree.items())


def restore_environment() -> None:
    """Restore the environment, so that child processes load their own libraries.

    The boot loader sets LD_LIBRARY_PATH to the bundle for this process, but children inherit it
    (PyInstaller, "Launching external programs from the frozen application"). The dynamic linker has
    read it already, so this process no longer needs it.
    """
    original = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if sys.platform == "linux":
        os.environ.pop("LD_LIBRARY_PATH", None)
        if original:
            os.environ["LD_LIBRARY_PATH"] = original
    # With these, another program of the bundle would take itself for a child of this one.
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]


restore_environment()
PyiFrozenFinder.iter_modules = iter_modules
sys.exit(main())
