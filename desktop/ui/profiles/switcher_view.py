"""The list in which a profile is found by typing, and chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QListView

from desktop.services.model.profile import contains_words
from desktop.services.session.sessions import MOST_LISTED
from desktop.services.system.translation import translate
from desktop.ui.kit.inputs import TextInput
from desktop.ui.kit.widgets import (
    Button,
    ButtonRow,
    Page,
    label,
    set_margins,
    shortcut_name,
    tooltip_markup,
)
from desktop.ui.profiles.profile_row import ProfileRow, Row, row_height
from desktop.ui.wording import tray_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent

    from desktop.services.model.profile import Profile
    from desktop.services.model.states import State
    from desktop.ui.kit.theme import Theme
    from desktop.ui.views.actions import Actions, ProfileActions

    Index = QModelIndex | QPersistentModelIndex

_ROW = Qt.ItemDataRole.UserRole
_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_BESIDE_HINT = 8  # pixels between the hint and the end of the field
_LEAST_ROWS = 2  # that are in sight, however low the window is


class SwitcherView(Page):
    """Lists the profiles that were used last, then the others by name; typing filters them.

    `go_back` leads to what is below this page, `leave` to the profile that was chosen.
    """

    seconds_to_redraw = 10.0  # the rows show minutes

    def __init__(
        self,
        actions: Actions,
        theme: Theme,
        *,
        go_back: Callable[[], object],
        leave: Callable[[], object],
    ) -> None:
        super().__init__("", go_back=go_back)  # what it is for stands in its search
        self._actions = actions
        self._leave = leave
        self._model = ProfileModel(actions.profiles)
        self.rows = ProfileList()
        self.search = TextInput(translate("Find a profile"))
        self.search.setAccessibleName(translate("Find a profile"))
        self._hint = KeyHint("Ctrl+K", self.search)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(lambda: self._choose(self.rows.currentIndex()))
        self.rows.setModel(self._model)
        self.rows.setItemDelegate(ProfileRow(self.rows, theme))
        self.rows.setObjectName("profiles")
        self.rows.setAccessibleName(translate("Profiles"))
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setMouseTracking(True)
        self.rows.clicked.connect(self._choose)
        self.rows.activated.connect(self._choose)
        self.rows.setMinimumHeight(_LEAST_ROWS * row_height(self.rows.fontMetrics()))
        self._nothing = label(translate("No profiles match."), "muted", centered=True)
        self._lay_out()

    def show_state(self, _state: State, at: datetime) -> None:
        """Show the states of the rows in sight as they are at `at`."""
        self._model.show_time(at)

    def primary(self) -> TextInput:
        """The search."""
        return self.search

    def step_back(self) -> bool:
        """Clear the search; returns whether there was one."""
        was_searching = bool(self.search.text())
        self.search.clear()
        return was_searching

    def showEvent(self, event: QShowEvent) -> None:
        """List the profiles as they are now: a page on top of this may have changed them."""
        super().showEvent(event)
        self._model.load()
        self._filter(self.search.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move in the list with the arrows while the search has the focus."""
        if event.key() in _LIST_KEYS and self.search.hasFocus():
            self.rows.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def _filter(self, text: str) -> None:
        self.search.setClearButtonEnabled(bool(text))  # where the hint is otherwise
        self._hint.setVisible(not text)
        self._model.find(text)
        self.rows.setUniformItemSizes(not self._model.has_heading)  # else every row is measured
        found = self._model.rowCount()
        self.rows.setVisible(found > 0)
        self._nothing.setVisible(not found)
        self.rows.setCurrentIndex(self._model.first(self._actions.profiles.current_id))
        self.rows.scrollToTop()

    def _choose(self, index: QModelIndex) -> None:
        row: Row | None = index.data(_ROW)
        if row is not None and row.status is not None:
            self._leave()
            self._actions.profiles.switch(row.status.profile.id)

    def _lay_out(self) -> None:
        self.column.addWidget(self.search)
        self.column.addWidget(self.rows, 1)
        self.column.addWidget(self._nothing, 1)
        buttons: list[Button] = []
        policies = (each.profile.policy for each in self._actions.profiles.listed)
        if all(each.own_profiles for each in policies):
            buttons.append(Button(translate("Add profile…"), self._actions.add_profile))
        buttons.append(Button(translate("Manage…"), self._actions.manage_profiles))
        self.footer_row.addWidget(ButtonRow(*buttons), 1)


class KeyHint(QLabel):
    """Names the shortcut that leads to `field`, at the end of it."""

    def __init__(self, key: str, field: QLineEdit) -> None:
        super().__init__(shortcut_name(key))
        self.setProperty("role", "key")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(field)
        set_margins(row, begin=0, end=_BESIDE_HINT)
        row.addStretch(1)
        row.addWidget(self, 0, Qt.AlignmentFlag.AlignVCenter)


class ProfileList(QListView):
    """Ends with a whole row or with half of one, whatever height it has."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setViewportMargins(0, 0, 0, self.height() % (row_height(self.fontMetrics()) // 2))


class ProfileModel(QAbstractListModel):
    """The profiles that match, below headings if there are many; a row is made when it is drawn."""

    def __init__(self, profiles: ProfileActions) -> None:
        super().__init__()
        self._profiles = profiles
        self._recent: list[str] = []
        self._others: list[str] = []
        self._known: dict[str, Profile] = {}
        self._rows: list[str] = []  # ids, or headings
        self._at: datetime | None = None

    def load(self) -> None:
        """Read which profiles there are; `find` lists them."""
        self._recent, self._others = self._profiles.by_recency()
        statuses = ((id_, self._profiles.status(id_)) for id_ in (*self._recent, *self._others))
        self._known = {id_: each.profile for id_, each in statuses if each is not None}

    def find(self, text: str) -> None:
        """List the profiles that contain every word of `text`."""
        self.beginResetModel()
        found = [id_ for id_, each in self._known.items() if contains_words(each, text)]
        if not text.strip() and len(found) > MOST_LISTED and self._recent:
            found = [
                *self._recent,
                translate("Other profiles"),
                *self._others,
            ]
        self._rows = found
        self.endResetModel()

    @property
    def has_heading(self) -> bool:
        """Whether a heading, which is lower, is among the rows."""
        return any(id_ not in self._known for id_ in self._rows)

    def first(self, current_id: str) -> QModelIndex:
        """Return the first profile, but that in the window only if there is no other."""
        ids = [id_ for id_ in self._rows if id_ in self._known]
        others = [id_ for id_ in ids if id_ != current_id]
        return self.index(self._rows.index((others or ids)[0])) if ids else QModelIndex()

    def show_time(self, at: datetime) -> None:
        self._at = at
        self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - as in Qt
        return len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Make headings unselectable."""
        is_profile = self._rows[index.row()] in self._known
        return super().flags(index) if is_profile else Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - by role
        """Return the row; as text, what a screen reader says of it."""
        roles = Qt.ItemDataRole
        if role not in (_ROW, roles.DisplayRole, roles.ToolTipRole) or not index.isValid():
            return None
        row = self._row(self._rows[index.row()])
        if role == roles.ToolTipRole:
            return tooltip_markup(row.title) if row.status is not None else None
        if role == _ROW:
            return row
        current = translate("Current") if row.is_current else ""
        return " · ".join(filter(None, (row.title, current, row.place, row.state)))

    def _row(self, id_: str) -> Row:
        status = self._profiles.status(id_) if id_ in self._known else None
        if status is None or self._at is None:
            return Row(id_ if id_ not in self._known else "")
        state, kind = tray_texts.row_state(status.state, self._at)
        is_current = id_ == self._profiles.current_id
        profile = status.profile
        return Row(profile.name, profile.provider_label, state, kind, status, is_current)
