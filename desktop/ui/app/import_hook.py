"""Removes the import hook of PySide6, which reads the source of every module.

WORKAROUND: https://github.com/napari/napari/issues/8584
The hook serves `from __feature__ import ...`, which nothing here uses. It takes a tenth of the
start, and `linecache` keeps what it has read, a tenth of the memory.
"""

import builtins

import PySide6.QtCore  # noqa: F401 - installs the hook

builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
