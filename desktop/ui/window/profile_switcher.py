"""The list of profiles that the header opens."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QMenu

from desktop.services.system.translation import translatable, translate
from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.kit.theme import NARROWEST
from desktop.ui.kit.widgets import tooltip_markup
from desktop.ui.wording import tray_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.views.actions import Actions, ProfileActions

_BESIDE_TEXT = 150  # pixels of the window: its margins, the badge and the shortcut
_LAST_KEY = 9  # Ctrl+1 to Ctrl+9 show profiles


class ProfileSwitcher(QMenu):
    """Lists the profiles with their state.

    Of many profiles, the menu lists those that were used last, and leads to the list of all.
    """

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        at, profiles = datetime.now(UTC), self._actions.profiles
        statuses = profiles.listed
        keys = {each.profile.id: key for key, each in enumerate(profiles.statuses[:_LAST_KEY], 1)}
        for status in statuses:
            self._add_profile(status, at, key=keys.get(status.profile.id))
        if len(profiles.statuses) > 1:
            self._add(f"{translate('All profiles…')}\tCtrl+K", self._actions.switch_profile)
        if profiles.unreadable:
            self._add(
                tray_texts.unreadable_profiles(profiles.unreadable), self._actions.manage_profiles
            )
        if statuses or profiles.unreadable:
            self.addSeparator()
        self._add_edit(profiles)
        if all(each.profile.policy.own_profiles for each in statuses):
            self._add(translate("Add profile…"), self._actions.add_profile)
        self._add(translate("Manage profiles…"), self._actions.manage_profiles)
        self.addSeparator()
        self._add(f"{translate('Settings…')}\tCtrl+,", self._actions.open_settings)
        self._add(f"{translate('Keyboard shortcuts')}\tF1", self._actions.open_shortcuts)
        self._add(f"{translate('Lock now')}\tCtrl+L", self._actions.locking.lock)
        self._add(f"{translate('Quit')}\tCtrl+Q", self._actions.quit)

    def _add_edit(self, profiles: ProfileActions) -> None:
        """Add the item that edits the profile, disabled if an administrator manages it."""
        status = profiles.status(profiles.current_id)
        if status is None:
            return
        profile = status.profile
        if profile.managed:
            text = translate("Edit… (managed by your administrator)")
        else:
            edit = translatable("Edit “{profile}”…")
            name = self._elided(profile.name, beside=translate(edit, profile=""))
            text = translate(edit, profile=name)
        self._add(text, self._actions.edit_profile).setEnabled(not profile.managed)

    def _add_profile(self, status: ProfileStatus, at: datetime, *, key: int | None) -> None:
        profile, state = status.profile, tray_texts.row_state(status.state, at)[0]
        name = self._elided(profile.name, beside=f" · {state}")
        action = self._add(f"{name} · {state}", partial(self._actions.profiles.switch, profile.id))
        action.setToolTip("" if name == profile.name else tooltip_markup(profile.name))
        action.setIcon(badge_icon(profile))
        if key is not None:
            action.setText(f"{action.text()}\tCtrl+{key}")
        if profile.id == self._actions.profiles.current_id:
            action.setFont(_bold(action.font()))

    def _elided(self, name: str, *, beside: str) -> str:
        """Shorten `name` so that, with the text `beside` it, the menu is as wide as the window."""
        metrics, parent = QFontMetrics(_bold(self.font())), self.parentWidget()
        width = max(parent.window().width() if parent else 0, NARROWEST)
        room = width - _BESIDE_TEXT - metrics.horizontalAdvance(beside)
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)

    def _add(self, text: str, callback: Callable[[], object]) -> QAction:
        action = self.addAction(text.replace("&", "&&"))
        action.triggered.connect(lambda _checked=False: callback())
        return action


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setBold(True)
    return made
