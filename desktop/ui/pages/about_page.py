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
from desktop.ui.kit.widgets import Button, Card, Page, add_heading, add_row, fit_to_text, label, say

if TYPE_CHECKING:
    from concurrent.futures import Future

    from desktop.services.system.components import Component
    from desktop.ui.copy.clipboard import Clipboard
    from desktop.ui.window.window import Window


class AboutView(Page):
    """Cards to read; the list of components follows when it is loaded."""

    def __init__(self, controller: AboutController) -> None:
        super().__init__(translate("About XDR Login"), go_back=controller.close_page)
        self._controller = controller
        self._facts = about.system_facts(qVersion(), QGuiApplication.platformName())
        self._components: tuple[Component, ...] = ()
        self._list = FactRows(translate("Components"), stacked=True)
        installation = FactRows(translate("This installation"))
        installation.show_rows(self._facts)
        self.column.addWidget(installation)
        self.column.addWidget(self._licenses())
        self.column.addWidget(self._list)
        self.column.addStretch(1)
        self._copy = fit_to_text(Button(translate("Copy for a report"), self.copy, "quiet"))
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(self._copy)

    def show_components(self, components: tuple[Component, ...]) -> None:
        self._components = components
        self._list.show_rows(
            tuple((f"{each.name} {each.version}", translate(each.license)) for each in components)
        )

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
        say(self._window, translate("Copied"))

    def open_licenses(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(licenses_folder())))

    def _on_read(self, read: Future[tuple[Component, ...]]) -> None:
        self._components = read.result()
        for page in self._window.pages:
            if isinstance(page, AboutView):
                page.show_components(self._components)
