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
from desktop.ui.wording.tray_texts import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping
    from datetime import datetime

    from desktop.services.session.sessions import Standing
    from desktop.ui.views.actions import ProfileActions

    Copy = Callable[[CopyFormat], None]
    Deeds = Mapping[Line, Callable[[], object]]

# Between these groups the menu has a line.
_GROUPS_END_AT = (Line.STATE, Line.COPY_AS, Line.SIGN_OUT, Line.UNREADABLE)
_OF_A_PROFILE = (
    Line.STATE,
    Line.COPY_TOKEN,
    Line.COPY_AS,
    Line.RENEW,
    Line.SIGN_IN,
    Line.SIGN_OUT,
    Line.SHOW,
)
_SEVERAL = 2  # profiles, from which on each has a submenu


class LinesMenu(QMenu):
    """All lines that there can be; those that make no sense are not shown.

    They are changed in place, so that a menu which is open stays open.
    """

    def __init__(self, all_lines: Iterable[Line], deeds: Deeds, copy: Copy) -> None:
        super().__init__()
        self._formats = QMenu()  # kept: a menu does not keep its submenus
        self._shapes = _shapes(self._formats, copy)
        self._forbidden: set[Line] = set()
        self._lines: dict[Line, QAction] = {}
        self._ends: dict[QAction, set[Line]] = {}  # of a group: the line below it
        group: set[Line] = set()
        for line in all_lines:
            action = self._formats.menuAction() if line is Line.COPY_AS else QAction(self)
            if line in deeds:
                action.triggered.connect(_without_arguments(deeds[line]))
            self._lines[line] = action
            self.addAction(action)
            group.add(line)
            if line in _GROUPS_END_AT:
                self._ends[self.addSeparator()] = group
                group = set()

    def forbid(self, formats: Container[str]) -> None:
        """Offer no copy in the `formats`, by their names, that an administrator has forbidden."""
        for each, action in self._shapes.items():
            action.setVisible(each.name not in formats)
        offered = [each for each in self._shapes if each.name not in formats]
        self._forbidden = set() if offered else {Line.COPY_AS}
        if CopyFormat.TOKEN.name in formats:
            self._forbidden.add(Line.COPY_TOKEN)

    def show_lines(self, lines: Mapping[Line, tray_texts.Words]) -> None:
        """Say `lines` as far as nobody has forbidden them, and nothing else."""
        lines = {line: words for line, words in lines.items() if line not in self._forbidden}
        for line, action in self._lines.items():
            words = lines.get(line)
            action.setVisible(words is not None)
            if words is not None:
                action.setText(_plain(words.text))
                action.setEnabled(words.enabled)
        for end, group in self._ends.items():
            end.setVisible(not group.isdisjoint(lines))  # not every desktop leaves it out itself


class ProfileMenu(LinesMenu):
    """What can be done with one profile, whether or not it is in the window."""

    def __init__(self, id_: str, profiles: ProfileActions, show: Callable[[], object]) -> None:
        def sign_in() -> None:
            show()  # where the code will be
            profiles.sign_in(id_)

        def bring() -> None:
            show()  # first: what is seen there is told nobody besides
            profiles.switch(id_)

        deeds: dict[Line, Callable[[], object]] = {
            Line.COPY_TOKEN: partial(profiles.copy_token, id_),
            Line.RENEW: partial(profiles.renew, id_),
            Line.SIGN_IN: sign_in,
            Line.SIGN_OUT: partial(profiles.sign_out, id_),
            Line.SHOW: bring,
        }
        super().__init__(_OF_A_PROFILE, deeds, partial(profiles.copy_token, id_))

    def show_standing(self, standing: Standing, at: datetime, *, is_current: bool) -> None:
        """Show how the profile stands at `at`."""
        profile, state = standing.profile, standing.state
        mark = " (in the window)" if is_current else ""
        self.setTitle(_plain(f"{profile.name}{mark}"))
        self.setIcon(badge_icon(profile))
        self.forbid(profile.policy.forbidden_formats)
        everywhere = revocation_offered(profile, None) is Revocation.GRANT_REVOKED
        lines = tray_texts.menu(state, at, everywhere=everywhere)
        self.show_lines({**lines, Line.SHOW: tray_texts.Words("Show in the window")})


class TrayMenu(LinesMenu):
    """The whole menu.

    Signals:
        opened: the person wants the window.
    """

    opened = Signal()

    def __init__(self, deeds: Deeds, copy: Copy, *, profiles: ProfileActions) -> None:
        lines = [line for line in Line if line is not Line.SHOW]
        super().__init__(lines, deeds, copy)
        self._profiles = profiles
        self._menus: dict[str, ProfileMenu] = {}
        for line in (Line.PROFILES, Line.UNREADABLE):
            self._lines[line].setVisible(False)

    def show_profiles(self, standings: tuple[Standing, ...], at: datetime) -> None:
        """Show a submenu for each of `standings`; for a single one, none."""
        if len(standings) < _SEVERAL:
            standings = ()
        ids = [each.profile.id for each in standings]
        if ids != list(self._menus):
            self._make_menus(ids)
        for standing in standings:
            menu = self._menus[standing.profile.id]
            is_current = standing.profile.id == self._profiles.current
            menu.show_standing(standing, at, is_current=is_current)

    def show_lines(self, lines: Mapping[Line, tray_texts.Words]) -> None:
        """Say `lines`, the submenus of the profiles, and that some make no sense."""
        if self._menus:
            lines = {**lines, Line.PROFILES: tray_texts.Words("Profiles", enabled=False)}
        if count := self._profiles.unreadable:
            lines = {**lines, Line.UNREADABLE: tray_texts.Words(tray_texts.unreadable(count))}
        super().show_lines(lines)

    def _make_menus(self, ids: list[str]) -> None:
        for menu in self._menus.values():
            self.removeAction(menu.menuAction())
            menu.deleteLater()
        self._menus = {id_: ProfileMenu(id_, self._profiles, self.opened.emit) for id_ in ids}
        after = next(end for end, group in self._ends.items() if Line.PROFILES in group)
        for menu in self._menus.values():
            self.insertMenu(self._lines[Line.UNREADABLE], menu)
        heading = self._lines[Line.PROFILES]
        heading.setText("Profiles")
        heading.setEnabled(False)
        for each in (heading, after):
            each.setVisible(bool(ids))


def _shapes(menu: QMenu, copy: Copy) -> dict[CopyFormat, QAction]:
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
