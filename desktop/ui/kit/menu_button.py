"""A button that opens a menu, by mouse or keyboard."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup, QKeyEvent
from PySide6.QtWidgets import QMenu

from desktop.ui.kit.widgets import Button


class MenuButton(Button):
    """Space, Return and the down arrow open its menu; screen readers call it a menu button."""

    def __init__(self, text: str, entries: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(f"{text}  ▾", lambda: None)
        self.setAccessibleName(text)
        menu = QMenu(self)
        for label, callback in entries.items():
            action = menu.addAction(label)
            action.triggered.connect(lambda _checked=False, callback=callback: callback())
        self.setMenu(menu)

    def add_choice(
        self,
        title: Callable[[], str],
        entries: Sequence[str],
        *,
        current: Callable[[], str],
        choose: Callable[[str], None],
    ) -> None:
        """Add a menu in which one of `entries` is chosen, which its `title` may name."""
        menu = self.menu()
        menu.addSeparator()
        choices = menu.addMenu(title())
        group = QActionGroup(choices)
        for each in entries:
            action = choices.addAction(each)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, each=each: choose(each))
            group.addAction(action)

        def show_current() -> None:
            choices.setTitle(title())
            for action in group.actions():
                action.setChecked(action.text() == current())

        menu.aboutToShow.connect(show_current)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the menu with the down arrow."""
        if event.key() == Qt.Key.Key_Down:
            self.showMenu()
        else:
            super().keyPressEvent(event)
