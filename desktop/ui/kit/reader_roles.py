"""What screen readers are told: roles that Qt gives no widget, and not of widgets being built.

PySide keeps what the factory makes until the app ends: 0.2 kB each, and only with a screen reader.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtCore import QObject
    from PySide6.QtGui import QAccessible, QAccessibleInterface
    from PySide6.QtWidgets import QWidget

_PROPERTY = "reads_as"


def read_as(widget: QWidget, role: str) -> None:
    """Give `widget` a role of `QAccessible`; before its text, since Qt asks only once.

    It must have no action and no value, which its interface would lose.
    """
    widget.setProperty(_PROPERTY, role)


@contextmanager
def unheard() -> Iterator[None]:
    """Build widgets without telling of each name and value that they get.

    Among hundreds of these events, Orca 43 misses where the focus goes next.
    """
    from PySide6.QtGui import QAccessible  # late, see docs/decisions/start.md

    is_active = QAccessible.isActive()
    if is_active:
        install_reader_roles()
    is_switched_off = is_active and sys.platform == "linux"
    if is_switched_off:
        QAccessible.setActive(False)
    try:
        yield
    finally:
        if is_switched_off:
            QAccessible.setActive(True)


@cache
def install_reader_roles() -> None:
    """Let Qt ask here for the interfaces of widgets with a role."""
    from PySide6.QtGui import QAccessible
    from PySide6.QtWidgets import QAccessibleWidget, QLabel, QWidget

    class Interface(QAccessibleWidget):
        def text(self, kind: QAccessible.Text) -> str:
            """Return the text of a label as its name, as Qt does without a role."""
            text, widget = super().text(kind), self.widget()
            if not text and kind is QAccessible.Text.Name and isinstance(widget, QLabel):
                return widget.text()
            return text

    def interface_of(_class_name: str, widget: QObject) -> QAccessibleInterface | None:
        role = widget.property(_PROPERTY)
        if role is None or not isinstance(widget, QWidget):
            return None
        return Interface(widget, QAccessible.Role[role])

    QAccessible.installFactory(interface_of)
