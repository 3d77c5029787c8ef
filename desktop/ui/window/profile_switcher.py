"""The button in the header that opens the list of the profiles."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.kit.widgets import Button
from desktop.ui.wording import tray_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction, QKeyEvent

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.views.actions import Actions, ProfileActions

_WIDTH, _HEIGHT = 22, 32
_LAST_KEY = 9  # Ctrl+1 to Ctrl+9 bring profiles into the window


class ProfileSwitcher(Button):
    """Each profile with how it stands; Space, Return and the down arrow open the list."""

    def __init__(self, actions: Actions) -> None:
        super().__init__("▾", lambda: None, "icon")
        self._actions = actions
        self.setAccessibleName("Profiles")
        self.setFixedSize(_WIDTH, _HEIGHT)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(False)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the list with the arrow that it opens to."""
        if event.key() == Qt.Key.Key_Down:
            self.showMenu()
        else:
            super().keyPressEvent(event)

    def _fill(self) -> None:
        self._menu.clear()
        at, profiles = datetime.now(UTC), self._actions.profiles
        for number, standing in enumerate(profiles.statuses, 1):
            self._add_profile(standing, at, number=number)
        if profiles.unreadable:
            self._add(
                tray_texts.unreadable_profiles(profiles.unreadable), self._actions.manage_profiles
            )
        if profiles.statuses or profiles.unreadable:
            self._menu.addSeparator()
        self._add_edit(profiles)
        if all(each.profile.policy.own_profiles for each in profiles.statuses):
            self._add("Add profile…", self._actions.add_profile)
        self._add("All profiles…", self._actions.manage_profiles)

    def _add_edit(self, profiles: ProfileActions) -> None:
        """The one in the window can be changed, unless it is the administrator's."""
        known = {each.profile.id: each.profile for each in profiles.statuses}
        profile = known.get(profiles.current_id)
        if profile is None:
            return
        action = self._add(f"Edit “{profile.name}”…", self._actions.edit_profile)
        if profile.managed:
            action.setText(f"{action.text()} (set by your administrator)")
            action.setEnabled(False)

    def _add_profile(self, standing: ProfileStatus, at: datetime, *, number: int) -> None:
        profile = standing.profile
        action = self._add(
            f"{profile.name} · {tray_texts.summary(standing.state, at)}",
            partial(self._actions.profiles.switch, profile.id),
        )
        action.setIcon(badge_icon(profile))
        if number <= _LAST_KEY:
            action.setText(f"{action.text()}\tCtrl+{number}")
        if profile.id == self._actions.profiles.current_id:
            font = action.font()
            font.setBold(True)
            action.setFont(font)

    def _add(self, text: str, deed: Callable[[], object]) -> QAction:
        action = self._menu.addAction(text.replace("&", "&&"))
        action.triggered.connect(lambda _checked=False: deed())
        return action
