"""The menu of the tray: the profile in the window first, and one submenu a profile below."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.states import Revocation
from desktop.services.token.details import revocation_offered
from desktop.ui.kit.profile_badge import badge_icon
from desktop.ui.wording import tray_texts
from desktop.ui.wording.tray_texts import MenuItem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from datetime import datetime

    from desktop.services.session.sessions import ProfileStatus
    from desktop.ui.views.actions import ProfileActions

    CopyCallback = Callable[[CopyFormat], None]
    Callbacks = Mapping[MenuItem, Callable[[], object]]

# Between these groups the menu has a line.
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
_SEVERAL = 2  # profiles, from which on each has a submenu


class ItemsMenu(QMenu):
    """All lines that there can be; those that make no sense are not shown.

    They are changed in place, so that a menu which is open stays open.
    """

    def __init__(self, all_lines: Iterable[MenuItem], deeds: Callbacks, copy: CopyCallback) -> None:
        super().__init__()
        self._formats_menu = QMenu()  # kept: a menu does not keep its submenus
        self._format_actions = _add_formats(self._formats_menu, copy)
        self._hidden_items: set[MenuItem] = set()
        self._items: dict[MenuItem, QAction] = {}
        self._separators: dict[QAction, set[MenuItem]] = {}  # of a group: the line below it
        group: set[MenuItem] = set()
        for line in all_lines:
            action = self._formats_menu.menuAction() if line is MenuItem.COPY_AS else QAction(self)
            if line in deeds:
                action.triggered.connect(_without_arguments(deeds[line]))
            self._items[line] = action
            self.addAction(action)
            group.add(line)
            if line in _GROUPS_END_AT:
                self._separators[self.addSeparator()] = group
                group = set()

    def hide_formats(self, formats: Container[str]) -> None:
        """Offer no copy in the `formats`, by their names, that an administrator has forbidden."""
        for each, action in self._format_actions.items():
            action.setVisible(each.name not in formats)
        offered = [each for each in self._format_actions if each.name not in formats]
        self._hidden_items = set() if offered else {MenuItem.COPY_AS}
        if CopyFormat.TOKEN.name in formats:
            self._hidden_items.add(MenuItem.COPY_TOKEN)

    def show_items(self, lines: Mapping[MenuItem, tray_texts.MenuLabel]) -> None:
        """Say `lines` as far as nobody has forbidden them, and nothing else."""
        lines = {line: words for line, words in lines.items() if line not in self._hidden_items}
        for line, action in self._items.items():
            words = lines.get(line)
            action.setVisible(words is not None)
            if words is not None:
                action.setText(_plain(words.text))
                action.setEnabled(words.enabled)
        for end, group in self._separators.items():
            end.setVisible(not group.isdisjoint(lines))  # not every desktop leaves it out itself


class ProfileMenu(ItemsMenu):
    """What can be done with one profile, whether or not it is in the window."""

    def __init__(self, id_: str, profiles: ProfileActions, show: Callable[[], object]) -> None:
        def sign_in() -> None:
            show()  # where the code will be
            profiles.sign_in(id_)

        def switch() -> None:
            show()  # first: what is seen there is told nobody besides
            profiles.switch(id_)

        callbacks: dict[MenuItem, Callable[[], object]] = {
            MenuItem.COPY_TOKEN: partial(profiles.copy_token, id_),
            MenuItem.RENEW: partial(profiles.renew, id_),
            MenuItem.SIGN_IN: sign_in,
            MenuItem.SIGN_OUT: partial(profiles.sign_out, id_),
            MenuItem.SHOW: switch,
        }
        super().__init__(_PROFILE_ITEMS, callbacks, partial(profiles.copy_token, id_))

    def show_status(self, standing: ProfileStatus, at: datetime, *, is_current: bool) -> None:
        """Show how the profile stands at `at`."""
        profile, state = standing.profile, standing.state
        mark = " (in the window)" if is_current else ""
        self.setTitle(_plain(f"{profile.name}{mark}"))
        self.setIcon(badge_icon(profile))
        self.hide_formats(profile.policy.forbidden_formats)
        everywhere = revocation_offered(profile, None) is Revocation.GRANT_REVOKED
        lines = tray_texts.menu_labels(state, at, everywhere=everywhere)
        self.show_items({**lines, MenuItem.SHOW: tray_texts.MenuLabel("Show in the window")})


class TrayMenu(ItemsMenu):
    """The whole menu.

    Signals:
        opened: the person wants the window.
    """

    opened = Signal()

    def __init__(self, deeds: Callbacks, copy: CopyCallback, *, profiles: ProfileActions) -> None:
        lines = [line for line in MenuItem if line is not MenuItem.SHOW]
        super().__init__(lines, deeds, copy)
        self._profiles = profiles
        self._profile_menus: dict[str, ProfileMenu] = {}
        for line in (MenuItem.PROFILES, MenuItem.UNREADABLE):
            self._items[line].setVisible(False)

    def show_profiles(self, standings: tuple[ProfileStatus, ...], at: datetime) -> None:
        """Show a submenu for each of `standings`; for a single one, none."""
        if len(standings) < _SEVERAL:
            standings = ()
        ids = [each.profile.id for each in standings]
        if ids != list(self._profile_menus):
            self._make_profile_menus(ids)
        for standing in standings:
            menu = self._profile_menus[standing.profile.id]
            is_current = standing.profile.id == self._profiles.current_id
            menu.show_status(standing, at, is_current=is_current)

    def show_items(self, lines: Mapping[MenuItem, tray_texts.MenuLabel]) -> None:
        """Say `lines`, the submenus of the profiles, and that some make no sense."""
        if self._profile_menus:
            lines = {**lines, MenuItem.PROFILES: tray_texts.MenuLabel("Profiles", enabled=False)}
        if count := self._profiles.unreadable:
            lines = {
                **lines,
                MenuItem.UNREADABLE: tray_texts.MenuLabel(tray_texts.unreadable_profiles(count)),
            }
        super().show_items(lines)

    def _make_profile_menus(self, ids: list[str]) -> None:
        for menu in self._profile_menus.values():
            self.removeAction(menu.menuAction())
            menu.deleteLater()
        self._profile_menus = {
            id_: ProfileMenu(id_, self._profiles, self.opened.emit) for id_ in ids
        }
        after = next(end for end, group in self._separators.items() if MenuItem.PROFILES in group)
        for menu in self._profile_menus.values():
            self.insertMenu(self._items[MenuItem.UNREADABLE], menu)
        heading = self._items[MenuItem.PROFILES]
        heading.setText("Profiles")
        heading.setEnabled(False)
        for each in (heading, after):
            each.setVisible(bool(ids))


def _add_formats(menu: QMenu, copy: CopyCallback) -> dict[CopyFormat, QAction]:
    """Lines of `menu` for all shapes but the token itself, which has a line of its own."""
    shapes: dict[CopyFormat, QAction] = {
        each: menu.addAction(each.value) for each in CopyFormat if each is not CopyFormat.TOKEN
    }
    for each, action in shapes.items():
        action.triggered.connect(_without_arguments(partial(copy, each)))
    return shapes


def _without_arguments(deed: Callable[[], object]) -> Callable[[bool], None]:
    """A slot that does not pass on whether an action is checked."""

    def do(_checked: bool = False) -> None:  # noqa: FBT001, FBT002 - as Qt calls it
        deed()

    return do


def _plain(text: str) -> str:
    return text.replace("&", "&&")
