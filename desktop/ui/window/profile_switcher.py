"""The list of profiles that the header opens."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QMenu

from desktop.services.system.translation import contained, isolated, translatable, translate
from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.kit.theme import NARROWEST
from desktop.ui.kit.widgets import shortcut_name, tooltip_markup
from desktop.ui.wording import tray_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.views.actions import Actions, ProfileActions

_BESIDE_TEXT = 112  # pixels of the window: a margin, the badge, and space around the shortcut
_LEAST_OF_NAME = 0.5  # of the room for a name and a state
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
            self._add(translate("All profiles…"), self._actions.switch_profile, key="Ctrl+K")
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
        self._add(translate("Settings…"), self._actions.open_settings, key="Ctrl+,")
        self._add(translate("Keyboard shortcuts"), self._actions.open_shortcuts, key="F1")
        self._add(translate("Lock now"), self._actions.locking.lock, key="Ctrl+L")
        self._add(translate("Quit"), self._actions.quit, key="Ctrl+Q")

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
            room = self._room() - self._width(translate(edit, profile=""))
            text = translate(edit, profile=self._elided(profile.name, room))
        self._add(text, self._actions.edit_profile).setEnabled(not profile.managed)

    def _add_profile(self, status: ProfileStatus, at: datetime, *, key: int | None) -> None:
        profile, state = status.profile, tray_texts.row_state(status.state, at)[0]
        name = self._elided(profile.name, self._room_for_name(state))
        shown = self._elided(
            state, self._room() - self._width(f"{name} · "), Qt.TextElideMode.ElideRight
        )
        action = self._add(
            f"{contained(name)} · {shown}",
            partial(self._actions.profiles.switch, profile.id),
            key="" if key is None else f"Ctrl+{key}",
        )
        is_whole = (name, shown) == (profile.name, state)
        action.setToolTip("" if is_whole else tooltip_markup(f"{profile.name} · {state}"))
        action.setIcon(badge_icon(profile))
        if profile.id == self._actions.profiles.current_id:
            action.setFont(_bold(action.font()))

    def _room_for_name(self, state: str) -> int:
        """Return how wide a name may be: what the `state` leaves, but always a good part."""
        room = self._room()
        return max(room - self._width(f" · {state}"), int(_LEAST_OF_NAME * room))

    def _room(self) -> int:
        """Return how wide a text may be, so that the menu is no wider than the window."""
        parent = self.parentWidget()
        width = max(parent.window().width() if parent else 0, NARROWEST)
        return width - _BESIDE_TEXT - self._width("Ctrl+0")

    def _elided(
        self, text: str, room: int, where: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
    ) -> str:
        return QFontMetrics(_bold(self.font())).elidedText(text, where, room)

    def _width(self, text: str) -> int:
        return QFontMetrics(_bold(self.font())).horizontalAdvance(text)

    def _add(self, text: str, callback: Callable[[], object], *, key: str = "") -> QAction:
        shown = f"\t{isolated(shortcut_name(key))}" if key else ""
        action = self.addAction(f"{text.replace('&', '&&')}{shown}")
        action.triggered.connect(lambda _checked=False: callback())
        return action


def _bold(font: QFont) -> QFont:
    made = QFont(font)
    made.setBold(True)
    return made
