"""Screenshots of every state: `python -m tests.shots DIR [--pseudo] [--lang LANG]` on a display.

Each state is drawn in light and dark at the default size, and the main ones also with a width of
360 pixels and at 200 %. One sheet for each color scheme shows them all. With `--pseudo` the texts
are those of the pseudo-language, and every state is drawn in light at both widths. With `--lang`
they are in that language, in the subfolders `light`, `narrow` (360 pixels, light), `dark` and `200`
(percent, dark), each with one sheet of all pictures and with sheets of eight, to look closely.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QScrollArea, QWidget

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.errors import RenewalTimedOut
from desktop.services.model.exchanges import ExchangedToken
from desktop.services.model.settings import Settings
from desktop.services.model.states import AwaitingApproval, Revocation, SignedIn, State
from desktop.services.session.sessions import MOST_LISTED, ProfileStatus
from desktop.services.session.token_permission import PermissionRequest
from desktop.services.session.token_recipients import TokenRecipient
from desktop.services.system.components import load_components
from desktop.services.system.language import current_language, use_language
from desktop.services.system.processes import UNKNOWN_PROGRAM, Program
from desktop.services.system.resources import resource
from desktop.services.system.terminal.terminal_session import TerminalSession
from desktop.services.system.translation import translate
from desktop.services.token.details import TokenDetails, flattened, token_details
from desktop.ui.app.app import make_application
from desktop.ui.copy.copier import _not_copied
from desktop.ui.copy.copy_window import CopyWindow
from desktop.ui.kit.copy_progress import Copied, Copying
from desktop.ui.kit.menu_button import MenuButton
from desktop.ui.kit.theme import DARK, LIGHT, Theme
from desktop.ui.kit.widgets import Button
from desktop.ui.pages.about_page import AboutView
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.server_answer_card import GrantCard
from desktop.ui.pages.server_query import ServerAnswer
from desktop.ui.pages.settings_view import SettingsView
from desktop.ui.pages.shortcuts_view import ShortcutsView
from desktop.ui.profiles.switcher_view import SwitcherView
from desktop.ui.tray.tray_menu import TrayMenu
from desktop.ui.views.failed_view import FailedView
from desktop.ui.views.sign_out_button import SignOutButton
from desktop.ui.views.waiting_view import WaitingView
from desktop.ui.window.header import ProfileButton
from desktop.ui.window.permission_window import PermissionWindow
from desktop.ui.window.profile_switcher import ProfileSwitcher
from desktop.ui.window.window import Window
from desktop.ui.wording.page_texts import grant_rows
from desktop.ui.wording.tray_texts import menu_labels
from desktop.ui.wording.window_texts import COPY_REFUSED, COPYING, PRESS_TO_COPY
from tests.profile_shots import PROFILE_PAGES
from tests.pseudo_language import pseudo_language
from tests.sample_states import (
    APP_GRANT,
    CLAIMS,
    HOST,
    MADE_UP_TOKEN,
    METADATA,
    NOW,
    PROFILE,
    STATES,
    STATUSES,
    WHO_AM_I,
    signed_in,
)

_SCHEMES = {"light": LIGHT, "dark": DARK}
_USUAL, _NARROW = QSize(440, 640), QSize(360, 640)
MANY_SCOPES = (*PROFILE.scope, *(f"product-{n:03}:read" for n in range(400)))
_SERVICES = {
    "platform": f"https://{HOST}/iroh",
    "private-intel": "https://private.intel.amp.cisco.com/ctia",
    "conure": "https://conure.us.security.cisco.com",
}
_PROFILE = replace(PROFILE, services=_SERVICES)
_MAIN_STATES = (
    "waiting",
    "waiting_other_host",
    "signed_in",
    "not_renewed",
    "clock_wrong",
    "not_revoked",
    "declined",
    "signed_out",
    "locked",
)
_PAIRS = ("waiting", "signed_in", "declined", "qr", "details", "settings")  # light left, dark right
_SCALE = "QT_SCALE_FACTOR"
_ON_SHEET = 8
_GNOME = "/usr/libexec/gnome-terminal-server"
_TERMINAL = TerminalSession("4700:1.5", "GNOME Terminal")


class NoActions:
    """Actions that do nothing."""

    api_service = ""
    copied = None

    @property
    def locking(self) -> "NoActions":
        return self

    @property
    def profiles(self) -> "NoActions":
        return self

    def __getattr__(self, _name: str) -> object:
        return lambda *_arguments: None


class NoPageActions(NoActions):
    """Actions of pages with sample data."""

    def token_details(self, state: SignedIn) -> TokenDetails:
        exchanged = ExchangedToken("secure-endpoint", NOW + timedelta(minutes=9))
        more = (*state.scope, "admin")
        fewer = replace(state, scope=state.scope[:-1], requested_scope=more, exchanged=(exchanged,))
        return token_details(fewer, profile=PROFILE, metadata=METADATA, claims=CLAIMS)

    def recipients(self) -> tuple[TokenRecipient, ...]:
        """Return a script and an interactive shell."""
        deploy = Program("deploy.py", "/home/dana/playbooks/deploy.py", 4711, "/usr/bin/python3.11")
        shell = Program("bash", "/usr/bin/bash", 4242)
        minutes = (2, 7, 8)
        programs = (deploy, shell, deploy)
        return tuple(
            TokenRecipient(NOW - timedelta(minutes=ago), program, PROFILE.id)
            for ago, program in zip(minutes, programs, strict=True)
        )

    def reveal_token(self) -> str:
        return MADE_UP_TOKEN


class SeveralProfiles(NoActions):
    """Actions with several profiles."""

    current_id = PROFILE.id
    unreadable = 2

    def __init__(self, statuses: tuple[ProfileStatus, ...] = STATUSES) -> None:
        self.statuses = statuses
        self.are_many = len(statuses) > MOST_LISTED
        self.listed = statuses[:MOST_LISTED]
        self._known = {each.profile.id: each for each in statuses}

    @property
    def profiles(self) -> "SeveralProfiles":
        return self

    def status(self, id_: str) -> ProfileStatus:
        return self._known[id_]

    def by_recency(self) -> tuple[list[str], list[str]]:
        """Return the first few as used last, and the others."""
        ids = list(self._known)
        return ids[:4], ids[4:]


def many_profiles(number: int) -> tuple[ProfileStatus, ...]:
    """Make profiles in several states, some with long names."""
    states = ("signed_in", "signed_out", "lapsed", "waiting", "declined", "not_renewed")
    names = ("Adatum", "Bellows College", "Contoso Managed Detection and Response – Production")
    made = (
        ProfileStatus(
            replace(PROFILE, id=f"customer-{n:03}", name=f"{names[n % len(names)]} {n:03}"),
            STATES[states[n % len(states)]],
        )
        for n in range(number - 1)
    )
    return (ProfileStatus(PROFILE, STATES["signed_in"]), *made)


class ManyScopes(NoPageActions):
    """Actions of pages with a token for several hundred scopes."""

    def token_details(self, state: SignedIn) -> TokenDetails:
        return super().token_details(replace(state, scope=MANY_SCOPES))


class ActionsWithGrants(NoActions):
    """Actions for a server with app grants."""

    def revocation_offered(self) -> Revocation:
        return Revocation.GRANT_REVOKED


CISCO: Any = ActionsWithGrants()
NO_ACTIONS: Any = NoActions()
SEVERAL: Any = SeveralProfiles()
MANY: Any = SeveralProfiles(many_profiles(200))
NO_PAGE_ACTIONS: Any = NoPageActions()
WITH_MANY_SCOPES: Any = ManyScopes()


def main(folder: Path) -> None:
    """Write the screenshots to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    application, theme = _start()
    suffix = "-200" if os.environ.get(_SCALE) == "2" else ""
    taken: dict[str, dict[str, QImage]] = {}
    for scheme, tokens in _SCHEMES.items():
        theme.apply_tokens(tokens)
        taken[scheme] = dict(_pictures(application, theme, small=bool(suffix)))
        for name, picture in taken[scheme].items():
            picture.save(str(folder / f"{name}-{scheme}{suffix}.png"))
        _sheet(list(taken[scheme].values())).save(str(folder / f"sheet-{scheme}{suffix}.png"))
    for name in _PAIRS:
        pair = [taken[scheme][name] for scheme in _SCHEMES]
        _sheet(pair, columns=2).save(str(folder / f"{name}-pair{suffix}.png"))


def pseudo(folder: Path) -> None:
    """Write the screenshots in the pseudo-language to `folder`, also of tray and copy window."""
    with pseudo_language():
        application, theme = _start()
        theme.apply_tokens(LIGHT)
        taken = dict(_pictures(application, theme, small=False, all_narrow=True))
        taken |= _small_pictures()
    _write(taken, folder)


def in_language(folder: Path, language: str) -> None:
    """Write the screenshots in `language` to subfolders of `folder`."""
    use_language(language)
    if current_language() != language:
        sys.exit(f"There is no language {language}.")
    application, theme = _start()
    if os.environ.get(_SCALE) == "2":
        theme.apply_tokens(DARK)
        taken = dict(_pictures(application, theme, small=True))
        _write(_of_width(taken, _USUAL.width()), folder / "200")
        return
    theme.apply_tokens(LIGHT)
    taken = dict(_pictures(application, theme, small=False, all_narrow=True))
    _write(_of_width(taken, _USUAL.width()) | _small_pictures(), folder / "light")
    _write(_of_width(taken, _NARROW.width()), folder / "narrow")
    theme.apply_tokens(DARK)
    taken = dict(_pictures(application, theme, small=False))
    _write(_of_width(taken, _USUAL.width()) | _small_pictures(), folder / "dark")


def _of_width(pictures: dict[str, QImage], width: int) -> dict[str, QImage]:
    return {
        name: picture
        for name, picture in pictures.items()
        if picture.deviceIndependentSize().width() == width
    }


def _write(pictures: dict[str, QImage], folder: Path) -> None:
    """Write `pictures` to `folder`, one sheet of all, and sheets of eight."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        picture.save(str(folder / f"{name}.png"))
    all_of_them = list(pictures.values())
    _sheet(all_of_them, columns=10).save(str(folder / "sheet.png"))
    for start in range(0, len(all_of_them), _ON_SHEET):
        sheet = _sheet(all_of_them[start : start + _ON_SHEET], columns=_ON_SHEET // 2)
        sheet.save(str(folder / f"sheet-{start // _ON_SHEET:02}.png"))


def _start() -> tuple[QApplication, Theme]:
    application = make_application()
    if "Inter" in QFontDatabase.families():  # a typical font of desktops; a bare display has none
        application.setFont(QFont("Inter", 10))
    return application, Theme(application)


def _small_pictures() -> dict[str, QImage]:
    """Draw the menu of the tray, a submenu of it, and the window that copies on Wayland."""
    menu = TrayMenu({}, NO_ACTIONS.copy, profiles=SEVERAL)
    menu.show_profiles(STATUSES, NOW)
    menu.show_items(menu_labels(STATES["signed_in"], NOW, everywhere=True))
    (submenu, *_) = menu._profile_menus.values()
    pictures = {"tray": menu.grab().toImage(), "tray_profile": submenu.grab().toImage()}
    pictures["tray_formats"] = menu._formats_menu.grab().toImage()
    copying = CopyWindow()
    for number, text in enumerate((COPYING, PRESS_TO_COPY, COPY_REFUSED)):
        copying._button.setVisible(text is not COPYING)
        copying._show_text(translate(text))
        pictures[f"copy_{number}"] = copying.grab().toImage()
    copying.show_copied(30.0)
    return pictures | {"copy_copied": copying.grab().toImage()}


def _pictures(
    application: QApplication, theme: Theme, *, small: bool, all_narrow: bool = False
) -> Iterator[tuple[str, QImage]]:
    for name, state in STATES.items():
        if small and name not in _MAIN_STATES:
            continue
        yield name, _picture(application, theme, state, size=_USUAL)
        if all_narrow or name in _MAIN_STATES:
            yield f"{name}-360", _picture(application, theme, state, size=_NARROW)
    yield from _changed_pictures(application, theme)


def _changed_pictures(application: QApplication, theme: Theme) -> Iterator[tuple[str, QImage]]:
    """Draw what a click, a page or many scopes make of a state."""
    many = signed_in(scope=MANY_SCOPES, renewable=True)
    for size, suffix in ((_USUAL, ""), (_NARROW, "-360")):
        yield f"many_scopes{suffix}", _picture(application, theme, many, size=size)
    for name, change in _WAITING_CHANGES.items():
        for size, suffix in ((_USUAL, ""), (_NARROW, "-360")):
            shown = _picture(application, theme, STATES["waiting"], size=size, change=change)
            yield f"{name}{suffix}", shown
    for name, change in _CHANGES.items():
        state = STATES[_STATE_OF_CHANGE.get(name, "signed_in")]
        for size, suffix in ((_USUAL, ""), (_NARROW, "-360")):
            yield f"{name}{suffix}", _picture(application, theme, state, size=size, change=change)


def _open_browser(window: Window) -> None:
    window.view.show_browser_opened(_waiting_link())


def _fail_browser(window: Window) -> None:
    window.view.show_browser_failure(_waiting_link())


def _waiting_link() -> str:
    state = STATES["waiting"]
    assert isinstance(state, AwaitingApproval)
    return state.link


def _open_scopes(window: Window) -> None:
    (button,) = [
        each for each in window.findChildren(Button) if each.property("kind") == "disclosure"
    ]
    button.click()


def _show_qr(window: Window) -> None:
    assert isinstance(window.view, WaitingView)
    window.view.show_qr(shown=True)


def _show_details(window: Window) -> None:
    page = DetailsView(CISCO, NO_PAGE_ACTIONS)
    window.show_page(page)
    page.show_userinfo(ServerAnswer(flattened(WHO_AM_I)))
    page.show_app_grant(ServerAnswer(grant_rows(APP_GRANT)))


def _show_many_scopes(window: Window) -> None:
    page = DetailsView(CISCO, WITH_MANY_SCOPES)
    window.show_page(page)
    _scroll_to(window, page._scopes)


def _scroll_to_last_scope(window: Window) -> None:
    _show_many_scopes(window)
    (scroll,) = window.findChildren(QScrollArea)
    page = window.page
    assert isinstance(page, DetailsView)
    content = scroll.widget()
    assert content is not None
    bottom = page._scopes.mapTo(content, page._scopes.rect().bottomLeft())
    scroll.ensureVisible(0, bottom.y(), 0, 20)


def _show_token(window: Window) -> None:
    _show_details(window)
    page = window.page
    assert isinstance(page, DetailsView)
    window.show_state(STATES["signed_in"], NOW)
    page.reveal.show_token()
    for _ in range(4):
        QApplication.processEvents()
    page.reveal.scroll_to_token()


def _show_settings(window: Window) -> None:
    page = SettingsView(NO_ACTIONS, NO_PAGE_ACTIONS, window.theme)
    page.show_profile(PROFILE)
    page.show_settings(Settings(start_at_login=True))
    window.show_page(page)


def _scroll_to(window: Window, widget: QWidget) -> None:
    window.show_state(STATES["signed_in"], NOW)
    for _ in range(4):
        QApplication.processEvents()
    (scroll,) = window.findChildren(QScrollArea)
    scroll.ensureWidgetVisible(widget, 0, 40)


def _show_recipients(window: Window) -> None:
    _show_details(window)
    page = window.page
    assert isinstance(page, DetailsView)
    _scroll_to(window, page._recipients)


def _show_ask_for_tokens(window: Window) -> None:
    _show_settings(window)
    page = window.page
    assert isinstance(page, SettingsView)
    _scroll_to(window, page._rows["ask_for_tokens"])


def _show_permission(window: Window) -> None:
    """Show the question about a command that was typed into a terminal."""
    shell = Program("bash", "/usr/bin/bash", 4711, parent=_GNOME, terminal=_TERMINAL)
    _show_question(window, PermissionRequest(shell, PROFILE.id, PROFILE.name))


def _show_permission_script(window: Window) -> None:
    """Show the question with all that can be known about a program."""
    script = replace(
        NO_PAGE_ACTIONS.recipients()[0].program,
        identity="deploy.py",
        parent="/usr/bin/bash",
        terminal=_TERMINAL,
    )
    request = PermissionRequest(script, PROFILE.id, PROFILE.name, "secure-endpoint")
    _show_question(window, request)


def _show_permission_unknown(window: Window) -> None:
    _show_question(window, PermissionRequest(UNKNOWN_PROGRAM, PROFILE.id, PROFILE.name))


def _show_question(window: Window, request: PermissionRequest) -> None:
    window_of_question = PermissionWindow(request, QIcon(), over=window.rect())
    window_of_question._enable_buttons()
    window_of_question.setParent(window, Qt.WindowType.Widget)  # so that it is in the screenshot
    window_of_question.setAutoFillBackground(True)
    window_of_question.setGeometry(window.rect())
    window_of_question.show()


def _show_about(window: Window) -> None:
    page = AboutView(NO_ACTIONS)
    page.show_components(load_components())
    window.show_page(page)


def _show_profiles(window: Window, actions: Any = SEVERAL) -> None:  # noqa: ANN401
    (menu,) = window.findChildren(ProfileSwitcher)
    menu._actions = actions
    menu.aboutToShow.emit()
    (button,) = window.findChildren(ProfileButton)
    _show_below(button, menu)


def _show_below(button: QPushButton, menu: QMenu) -> None:
    """Show `menu` where `button` opens it, but as a part of the window, which is the screenshot."""
    window = button.window()
    place = button.mapTo(window, button.rect().bottomLeft())
    menu.setParent(window, Qt.WindowType.Widget)
    menu.resize(menu.sizeHint())
    if button.isRightToLeft():
        place.setX(place.x() + button.width() - menu.width())
    place.setY(min(place.y(), window.height() - menu.height()))
    menu.move(place)
    menu.show()


def _show_switcher(window: Window, actions: Any = MANY, typed: str = "") -> None:  # noqa: ANN401
    page = SwitcherView(actions, window.theme, go_back=window.close_page, leave=window.close_pages)
    window.show_page(page)
    page.search.setText(typed)
    page.search.setFocus()


def _show_grant(window: Window) -> None:
    _show_details(window)
    window.show_state(STATES["signed_in"], NOW)
    for _ in range(4):
        QApplication.processEvents()
    (card,) = window.findChildren(GrantCard)
    (button,) = card.findChildren(SignOutButton)
    button.ask()
    (area,) = [each for each in window.findChildren(QScrollArea) if each.isAncestorOf(card)]
    area.ensureWidgetVisible(card)


def _ask_to_sign_out(window: Window) -> None:
    (button,) = window.findChildren(SignOutButton)
    button.ask()


def _show_technical_details(window: Window) -> None:
    assert isinstance(window.view, FailedView)
    window.view.copy()


def _show_menu(window: Window) -> None:
    (button,) = window.findChildren(MenuButton)
    _show_below(button, button.menu())


_WAITING_CHANGES: dict[str, Callable[[Window], None]] = {
    "qr": _show_qr,
    "browser_opened": _open_browser,
    "browser_failed": _fail_browser,
}
_CHANGES: dict[str, Callable[[Window], None]] = {
    "details": _show_details,
    "details_token": _show_token,
    "details_many_scopes": _show_many_scopes,
    "details_last_scope": _scroll_to_last_scope,
    "details_grant": _show_grant,
    "settings": _show_settings,
    "recipients": _show_recipients,
    "ask_for_tokens": _show_ask_for_tokens,
    "permission": _show_permission,
    "permission_script": _show_permission_script,
    "permission_unknown": _show_permission_unknown,
    "about": _show_about,
    "shortcuts": lambda window: window.show_page(ShortcutsView(go_back=window.close_page)),
    **PROFILE_PAGES,
    "scopes": _open_scopes,
    "copying": lambda window: window.show_copy(Copying(CopyFormat.TOKEN)),
    "copied": lambda window: window.show_copy(Copied(CopyFormat.CURL, 30.0)),
    "not_copied": lambda window: window.show_copy(_not_copied(RenewalTimedOut())),
    "copy_menu": _show_menu,
    "profiles_menu": _show_profiles,
    "profiles_menu_many": partial(_show_profiles, actions=MANY),
    "switcher": _show_switcher,
    "switcher_few": partial(_show_switcher, actions=SEVERAL),
    "switcher_found": partial(_show_switcher, typed="contoso 01"),
    "switcher_nothing": partial(_show_switcher, typed="northwind lab"),
    "asking_to_sign_out": _ask_to_sign_out,
    "error_details": _show_technical_details,
}

_STATE_OF_CHANGE = {"copying": "lapsed", "error_details": "unknown_client"}


def _picture(
    application: QApplication,
    theme: Theme,
    state: State,
    *,
    size: QSize,
    change: Callable[[Window], None] = lambda _window: None,
) -> QImage:
    window = Window(theme)
    window.set_actions(NO_ACTIONS)
    window.setWindowIcon(QIcon(str(resource("icons/app.svg"))))
    window.set_profile(_PROFILE)
    window.add_profile_switcher()
    window.resize(size)
    window.show_state(state, NOW)
    window.show()
    change(window)
    window.show_state(state, NOW)
    for _ in range(4):
        application.processEvents()
    picture = window.grab().toImage()
    window.close()
    window.deleteLater()
    application.processEvents()
    return picture


def _sheet(pictures: list[QImage], *, columns: int = 6) -> QImage:
    """Draw images in rows of `columns`."""
    width = max(picture.width() for picture in pictures) + 8
    height = max(picture.height() for picture in pictures) + 8
    rows = -(-len(pictures) // columns)
    sheet = QImage(width * columns, height * rows, QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.gray)
    painter = QPainter(sheet)
    for number, picture in enumerate(pictures):
        picture.setDevicePixelRatio(1)
        painter.drawImage(number % columns * width + 4, number // columns * height + 4, picture)
    painter.end()
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pseudo", action="store_true")
    parser.add_argument("--lang", default="")
    options = parser.parse_args()
    if options.pseudo:
        pseudo(options.folder)
        sys.exit()
    if options.lang:
        in_language(options.folder, options.lang)
    else:
        main(options.folder)
    if _SCALE not in os.environ:
        again = [sys.executable, "-m", "tests.shots", *sys.argv[1:]]
        subprocess.run(again, env=os.environ | {_SCALE: "2"}, check=True)
