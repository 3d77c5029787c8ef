"""Asks for a file, without holding up the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

_KINDS = "Profiles (*.toml);;All files (*)"
_CERTIFICATES = "Certificates (*.pem *.crt *.cer);;All files (*)"


def ask_for_import_file(window: QWidget, then: Callable[[Path], object]) -> None:
    """Ask for a file that is there."""
    dialog = QFileDialog(window, "Import profiles", filter=_KINDS)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, then)


def ask_for_ca_file(window: QWidget, then: Callable[[Path], object]) -> None:
    """Ask for a file with certificates that is there."""
    dialog = QFileDialog(window, "Choose an authorities file", filter=_CERTIFICATES)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, then)


def ask_for_export_file(window: QWidget, name: str, then: Callable[[Path], object]) -> None:
    """Ask for a file to be written, called `name` unless the person wants another name."""
    dialog = QFileDialog(window, "Export profiles", filter=_KINDS)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("toml")
    dialog.selectFile(name)
    _open(dialog, then)


def _open(dialog: QFileDialog, then: Callable[[Path], object]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()
