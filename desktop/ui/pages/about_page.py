"""The page about XDR Login: its version, the system, its components and their licenses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal, qVersion
from PySide6.QtGui import QDesktopServices, QGuiApplication

from desktop.services.system import about
from desktop.services.system.components import licenses_folder, load_components
from desktop.services.system.translation import translate
from desktop.services.system.worker import Worker
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.widgets import Button, Card, View, add_heading, add_row, fit_to_text, label
from desktop.ui.window.announcer import Announcer

if TYPE_CHECKING:
    from concurrent.futures import Future
    from datetime import datetime

    from desktop.services.model.states import State
    from desktop.services.system.components import Component
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.window.window import Window


class AboutView(View):
    """Cards to read; the list of components follows when it is loaded."""

    def __init__(self, controller: AboutController) -> None:
        super().__init__()
        self._controller = controller
        self._facts = about.system_facts(qVersion(), QGuiApplication.platformName())
        self._components: tuple[Component, ...] = ()
        self._list = FactRows(translate("Components"), stacked=True)
        self.column.addWidget(label(translate("About XDR Login"), "title"))
        installation = FactRows(translate("This installation"))
        installation.show_rows(self._facts)
        self.column.addWidget(installation)
        self.column.addWidget(self._licenses())
        self.column.addWidget(self._list)
        self.column.addStretch(1)
        self._back = fit_to_text(Button(translate("Back"), controller.close_page, "quiet"))
        self._copy = fit_to_text(Button(translate("Copy for a report"), self.copy, "quiet"))
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._copy)

    def shows(self, _state: State) -> bool:
        return True

    def show_state(self, _state: State, _at: datetime) -> None:
        """Do nothing: the page does not depend on the state."""

    def show_components(self, components: tuple[Component, ...]) -> None:
        self._components = components
        self._list.show_rows(
            tuple((f"{each.name} {each.version}", translate(each.license)) for each in components)
        )

    def primary(self) -> Button:
        return self._back

    def copy(self) -> None:
        self._controller.copy(about.format_report(self._facts, self._components))
        self._copy.acknowledge(translate("Copied"))

    def _licenses(self) -> Card:
        card = Card()
        add_heading(card, translate("Licenses"))
        for text in (about.LICENSE_NOTICE, about.QT_NOTICE):
            card.column.addWidget(label(translate(text)))
        folder = translate("The license texts are in {folder}.", folder=licenses_folder())
        card.column.addWidget(label(folder, "muted"))
        button = Button(translate("Open licenses folder"), self._controller.open_licenses, "link")
        add_row(card.column, fit_to_text(button)).addStretch(1)
        return card


class AboutController(QObject):
    """Serves the page. The components are loaded once, they cannot change while the app runs."""

    _read = Signal(object)

    def __init__(self, window: Window, clipboard: Clipboard) -> None:
        super().__init__()
        self._window = window
        self._clipboard = clipboard
        self._announcer = Announcer(window)
        self._worker = Worker("about")
        self._components: tuple[Component, ...] = ()
        # The signal crosses from the worker's thread to the window's.
        self._read.connect(self._on_read)

    def open(self) -> None:
        page = AboutView(self)
        page.show_components(self._components)
        self._window.show_page(page)
        if not self._components:
            self._worker.submit(load_components).add_done_callback(self._read.emit)

    def close_page(self) -> None:
        self._window.close_page()

    def copy(self, text: str) -> None:
        """Copy `text`, which must not contain secrets."""
        self._clipboard.copy(text)
        self._announcer.announce(translate("Copied"))

    def open_licenses(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(licenses_folder())))

    def _on_read(self, read: Future[tuple[Component, ...]]) -> None:
        self._components = read.result()
        page = self._window.page
        if isinstance(page, AboutView):
            page.show_components(self._components)
