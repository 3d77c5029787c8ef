"""Dialogs that ask for a file without blocking the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from desktop.services.system.translation import translatable, translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

_KINDS = translatable("Profiles (*.toml);;All files (*)")
_CERTIFICATES = translatable("Certificates (*.pem *.crt *.cer);;All files (*)")


def ask_for_import_file(window: QWidget, then: Callable[[Path], object]) -> None:
    """Ask for an existing file with profiles."""
    dialog = QFileDialog(window, translate("Import profiles"), filter=translate(_KINDS))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, then)


def ask_for_ca_file(window: QWidget, then: Callable[[Path], object]) -> None:
    """Ask for an existing file with certificates."""
    dialog = QFileDialog(
        window, translate("Choose a CA certificate file"), filter=translate(_CERTIFICATES)
    )
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    _open(dialog, then)


def ask_for_export_file(window: QWidget, name: str, then: Callable[[Path], object]) -> None:
    """Ask where to write a file; `name` is the proposed name."""
    dialog = QFileDialog(window, translate("Export profiles"), filter=translate(_KINDS))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("toml")
    dialog.selectFile(name)
    _open(dialog, then)


def _open(dialog: QFileDialog, then: Callable[[Path], object]) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()
