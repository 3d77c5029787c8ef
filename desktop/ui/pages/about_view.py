"""The page about the program: its version, what it runs on, what is inside and by which licence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from desktop.services.system import about
from desktop.services.system.components import licences_folder
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.widgets import Button, Card, View, add_row, fit_to_text, label

if TYPE_CHECKING:
    from datetime import datetime

    from desktop.services.model.states import State
    from desktop.services.system.components import Component


class AboutWishes(Protocol):
    """What a person can ask for here. Each returns at once."""

    def close_page(self) -> None:
        """Leave the page."""

    def copy(self, text: str) -> None:
        """Put `text`, which holds no secret, on the clipboard."""

    def open_licences(self) -> None:
        """Show the folder of the licences."""


class AboutView(View):
    """Cards to read; what is inside comes when it has been found out."""

    def __init__(self, wishes: AboutWishes) -> None:
        super().__init__()
        self._controller = wishes
        self._facts = about.system_facts(qVersion(), QGuiApplication.platformName())
        self._components: tuple[Component, ...] = ()
        self._list = FactRows("What is inside", stacked=True)
        self.column.addWidget(label("About XDR Login", "title"))
        here = FactRows("This installation")
        here.show_rows(self._facts)
        self.column.addWidget(here)
        self.column.addWidget(self._licences())
        self.column.addWidget(self._list)
        self.column.addStretch(1)
        self._back = fit_to_text(Button("Back", wishes.close_page, "quiet"))
        self._copy = fit_to_text(Button("Copy for a report", self.copy, "quiet"))
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._copy)

    def shows(self, _state: State) -> bool:
        """Whatever the state is."""
        return True

    def show_state(self, _state: State, _at: datetime) -> None:
        """It has nothing to do with it."""

    def show_components(self, inside: tuple[Component, ...]) -> None:
        """Show what is inside."""
        self._components = inside
        self._list.show_rows(
            tuple((f"{each.name} {each.version}", each.licence) for each in inside)
        )

    def primary(self) -> Button:
        """Going back: there is nothing to do here."""
        return self._back

    def copy(self) -> None:
        """Copy what a report needs."""
        self._controller.copy(about.format_report(self._facts, self._components))
        self._copy.acknowledge("Copied")

    def _licences(self) -> Card:
        card = Card()
        card.column.addWidget(label("Licences", "heading"))
        for text in (about.LICENCE_NOTICE, about.QT_NOTICE):
            card.column.addWidget(label(text))
        card.column.addWidget(label(f"Their texts are in {licences_folder()}.", "muted"))
        folder = fit_to_text(Button("Open licences folder", self._controller.open_licences, "link"))
        add_row(card.column, folder).addStretch(1)
        return card
