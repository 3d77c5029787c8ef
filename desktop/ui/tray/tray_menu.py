"""The menu of the tray: the profile in the window, and a submenu for each profile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QMenu

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.states import Revocation
from desktop.services.system.translation import translatable, translate
from desktop.services.token.details import revocation_offered
from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.wording import tray_texts
from desktop.ui.wording.tray_texts import MenuItem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from datetime import datetime

    from desktop.services.model.profile import Profile
    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.tray.sign_out_question import SignOutQuestion
    from desktop.ui.views.actions import ProfileActions

    CopyCallback = Callable[[CopyFormat], None]
    Callbacks = Mapping[MenuItem, Callable[[], object]]

# Each of these groups ends with a separator.
_GROUPS_END_AT = (MenuItem.STATE, MenuItem.COPY_AS, MenuItem.SIGN_OUT, MenuItem.UNREADABLE)
_PROFILE_ITEMS = (
    MenuItem.STATE,
    MenuItem.COPY_TOKEN,
    MenuItem.COPY_AS,
    MenuItem.RENEW,
    MenuItem.SIGN_IN,
    MenuItem.SIGN_OUT,
    MenuItem.SHOW,
)
_WIDEST_NAME = 240  # pixels, so that the menu is no wider than the window
_SEVERAL = 2  # profiles; from here on each has a submenu


class ItemsMenu(QMenu):
    """All items of a menu; those that do not apply are hidden.

    They are changed in place, so that an open menu stays open.
    """

    def __init__(
        self, all_items: Iterable[MenuItem], callbacks: Callbacks, copy: CopyCallback
    ) -> None:
        super().__init__()
        self._formats_menu = QMenu()  # kept here, because a menu does not keep its submenus
        self._format_actions = _add_formats(self._formats_menu, copy)
        self._hidden_items: set[MenuItem] = set()
        self._items: dict[MenuItem, QAction] = {}
        self._separators: dict[QAction, set[MenuItem]] = {}  # with the group above it
        group: set[MenuItem] = set()
        for item in all_items:
            action = self._formats_menu.menuAction() if item is MenuItem.COPY_AS else QAction(self)
            if item in callbacks:
                action.triggered.connect(_without_arguments(callbacks[item]))
            self._items[item] = action
            self.addAction(action)
            group.add(item)
            if item in _GROUPS_END_AT:
                self._separators[self.addSeparator()] = group
                group = set()

    def hide_formats(self, formats: Container[str]) -> None:
        """Hide the `formats`, by name, that the administrator has turned off."""
        for each, action in self._format_actions.items():
            action.setVisible(each.name not in formats)
        offered = [each for each in self._format_actions if each.name not in formats]
        self._hidden_items = set() if offered else {MenuItem.COPY_AS}
        if CopyFormat.TOKEN.name in formats:
            self._hidden_items.add(MenuItem.COPY_TOKEN)

    def show_items(self, labels: Mapping[MenuItem, tray_texts.MenuLabel]) -> None:
        """Show exactly the items in `labels`, unless the administrator has turned them off."""
        shown = {item: label for item, label in labels.items() if item not in self._hidden_items}
        for item, action in self._items.items():
            label = shown.get(item)
            action.setVisible(label is not None)
            if label is not None:
                action.setText(_plain(label.text))
                action.setEnabled(label.enabled)
        for separator, group in self._separators.items():
            separator.setVisible(not group.isdisjoint(shown))  # not every desktop hides it


class ProfileMenu(ItemsMenu):
    """The submenu of a profile, whether or not it is in the window."""

    def __init__(
        self,
        id_: str,
        profiles: ProfileActions,
        show: Callable[[], object],
        *,
        ask: SignOutAsker,
    ) -> None:
        self._profiles, self._ask = profiles, ask
        self._profile: Profile | None = None
        callbacks: dict[MenuItem, Callable[[], object]] = {
            MenuItem.COPY_TOKEN: partial(profiles.copy_token, id_),
            MenuItem.RENEW: partial(profiles.renew, id_),
            MenuItem.SIGN_IN: in_window(show, partial(profiles.sign_in, id_)),
            MenuItem.SIGN_OUT: partial(self._sign_out, id_),
            MenuItem.SHOW: in_window(show, partial(profiles.switch, id_)),
        }
        super().__init__(_PROFILE_ITEMS, callbacks, partial(profiles.copy_token, id_))

    def show_status(self, status: ProfileStatus, at: datetime, *, is_current: bool) -> None:
        profile, state = status.profile, status.state
        title = translatable("{profile} (in the window)") if is_current else "{profile}"
        name = _elided(profile.name, beside=title.format(profile=""), metrics=self.fontMetrics())
        self.setTitle(_plain(translate(title, profile=name)))
        if profile != self._profile:
            self._profile = profile
            self.setIcon(badge_icon(profile))
            self.hide_formats(profile.policy.forbidden_formats)
        everywhere = _ends_everywhere(profile)
        labels = tray_texts.menu_labels(state, at, everywhere=everywhere)
        labels[MenuItem.SHOW] = tray_texts.MenuLabel(translate("Show in the window"))
        self.show_items(labels)

    def _sign_out(self, id_: str) -> None:
        sign_out = partial(self._profiles.sign_out, id_)
        if self._profile is not None and _ends_everywhere(self._profile):
            self._ask.ask(self._profile.name, sign_out)
        else:
            sign_out()


class SignOutAsker:
    """Asks before signing out of every computer, one question at a time."""

    def __init__(self) -> None:
        self._question: SignOutQuestion | None = None

    def ask(self, name: str, sign_out: Callable[[], object]) -> None:
        """Ask whether to sign out of the profile called `name`, and then call `sign_out`."""
        from desktop.ui.tray.sign_out_question import SignOutQuestion  # needed by few

        self.close()
        self._question = SignOutQuestion(name, sign_out)
        self._question.destroyed.connect(self._forget)
        self._question.ask()

    def close(self) -> None:
        """Take back the question, if there is one."""
        if self._question is not None:
            question, self._question = self._question, None
            question.destroyed.disconnect(self._forget)
            question.close()

    def _forget(self) -> None:
        self._question = None


class TrayMenu(ItemsMenu):
    """The whole menu.

    Signals:
        opened: the window is to be shown.
    """

    opened = Signal()

    def __init__(
        self, callbacks: Callbacks, copy: CopyCallback, *, profiles: ProfileActions
    ) -> None:
        items = [item for item in MenuItem if item is not MenuItem.SHOW]
        super().__init__(items, callbacks, copy)
        self.sign_out_asker = SignOutAsker()
        self._profiles = profiles
        self._profile_menus: dict[str, ProfileMenu] = {}
        for item in (MenuItem.PROFILES, MenuItem.ALL_PROFILES, MenuItem.UNREADABLE):
            self._items[item].setVisible(False)

    def show_profiles(self, statuses: tuple[ProfileStatus, ...], at: datetime) -> None:
        """Show a submenu for each of `statuses`, unless there is only one."""
        if len(statuses) < _SEVERAL:
            statuses = ()
        ids = [each.profile.id for each in statuses]
        if ids != list(self._profile_menus):
            self._replace_profile_menus(ids)
        for status in statuses:
            menu = self._profile_menus[status.profile.id]
            is_current = status.profile.id == self._profiles.current_id
            menu.show_status(status, at, is_current=is_current)

    def show_items(self, labels: Mapping[MenuItem, tray_texts.MenuLabel]) -> None:
        """Show the items in `labels`, the submenus, and that some profiles can't be read."""
        shown = dict(labels)
        if self._profile_menus:
            shown[MenuItem.PROFILES] = tray_texts.MenuLabel(translate("Profiles"), enabled=False)
            if self._profiles.are_many:
                shown[MenuItem.ALL_PROFILES] = tray_texts.MenuLabel(translate("All profiles…"))
        if count := self._profiles.unreadable:
            text = tray_texts.unreadable_profiles(count)
            shown[MenuItem.UNREADABLE] = tray_texts.MenuLabel(text)
        super().show_items(shown)

    def _replace_profile_menus(self, ids: list[str]) -> None:
        before = self._profile_menus
        for menu in before.values():
            self.removeAction(menu.menuAction())
        self._profile_menus = {
            id_: before.pop(id_) if id_ in before else self._submenu(id_) for id_ in ids
        }
        for menu in before.values():
            menu.deleteLater()
        after = next(end for end, group in self._separators.items() if MenuItem.PROFILES in group)
        for menu in self._profile_menus.values():
            self.insertMenu(self._items[MenuItem.ALL_PROFILES], menu)
        heading = self._items[MenuItem.PROFILES]
        heading.setText(translate("Profiles"))
        heading.setEnabled(False)
        for each in (heading, after):
            each.setVisible(bool(ids))
        all_profiles = self._items[MenuItem.ALL_PROFILES]
        all_profiles.setText(translate("All profiles…"))
        all_profiles.setVisible(bool(ids) and self._profiles.are_many)

    def _submenu(self, id_: str) -> ProfileMenu:
        return ProfileMenu(id_, self._profiles, self.opened.emit, ask=self.sign_out_asker)


def in_window(show: Callable[[], object], callback: Callable[[], object]) -> Callable[[], None]:
    """Make a callback that shows the window first, so that it does not notify of the result."""

    def call() -> None:
        show()
        callback()

    return call


def _elided(name: str, *, beside: str, metrics: QFontMetrics) -> str:
    room = _WIDEST_NAME - metrics.horizontalAdvance(beside)
    return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)


def _ends_everywhere(profile: Profile) -> bool:
    return revocation_offered(profile, None) is Revocation.GRANT_REVOKED


def _add_formats(menu: QMenu, copy: CopyCallback) -> dict[CopyFormat, QAction]:
    """Add an item to `menu` for each format except the token, which has its own item."""
    actions: dict[CopyFormat, QAction] = {
        each: menu.addAction(translate(each.value))
        for each in CopyFormat
        if each is not CopyFormat.TOKEN
    }
    for each, action in actions.items():
        action.triggered.connect(_without_arguments(partial(copy, each)))
    return actions


def _without_arguments(callback: Callable[[], object]) -> Callable[[bool], None]:
    """Make a slot that does not pass on whether an action is checked."""

    def call(_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - as Qt calls it
        callback()

    return call


def _plain(text: str) -> str:
    return text.replace("&", "&&")
