"""Qt's platform plugins, one for each kind of display. Qt aborts if it can load none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QPluginLoader

from desktop.services.wording.missing_library import library_in


def missing_display_library() -> str:
    """Return a missing library that the plugin for this display requires, or an empty string.

    Qt tries several plugins in turn. Loading one here costs nothing, because Qt needs it anyway.
    """
    if sys.platform != "linux":
        return ""
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath), "platforms")
    missing = ""
    for name in _platforms():
        loader = QPluginLoader(str(folder / f"libq{name}.so"))
        if loader.load():
            return ""
        missing = library_in(loader.errorString()) or missing
    return missing


def _platforms() -> list[str]:
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen:
        return [each.partition(":")[0].strip().casefold() for each in chosen.split(";")]
    return [*(["wayland"] if os.environ.get("WAYLAND_DISPLAY") else []), "xcb"]
