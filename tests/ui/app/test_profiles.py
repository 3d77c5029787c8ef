"""Several profiles: the list in the header, the submenus of the tray, and their commands."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.policy import Policy
from desktop.services.model.settings import Settings
from desktop.services.model.states import SignedOut
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus, Sessions
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.kit.profile_badge import COLORS, color_of, contrast, letter_of, text_color
from desktop.ui.kit.theme import NARROWEST
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.tray.tray_menu import ProfileMenu, TrayMenu
from desktop.ui.views.signed_in_view import SignedInView
from desktop.ui.window.header import ProfileButton
from desktop.ui.window.profile_switcher import ProfileSwitcher
from tests.sample_states import NOW, OTHERS, PROFILE, STATES, STATUSES
from tests.ui.harness import (
    TOKEN,
    ActionRecorder,
    ControllerHarness,
    FakeSession,
    FakeSessions,
    FakeTime,
    ProfileRecorder,
    ProgressListener,
    settle,
)

OTHER = OTHERS[0]
OF_APP = ("Settings…\tCtrl+,", "Keyboard shortcuts\tF1", "Lock now\tCtrl+L", "Quit\tCtrl+Q")


@dataclass
class SeveralProfiles:
    """A harness with three profiles, of which the second has a session too."""

    harness: ControllerHarness
    other: FakeSession
    switched: list[str]


@pytest.fixture
def several(harness: ControllerHarness) -> SeveralProfiles:
    other = FakeSession(OTHER, token="the-other-token")
    others = {PROFILE.id: harness.session, OTHER.id: other}
    harness.controller.set_sessions(
        cast("Sessions", FakeSessions(harness.session, STATUSES, others))
    )
    switched: list[str] = []
    harness.controller.switch_requested.connect(switched.append)
    harness.controller.add_shortcuts()
    harness.window.add_profile_switcher()
    harness.show(STATES["signed_in"])
    return SeveralProfiles(harness, other, switched)


def lines(menu: QMenu) -> list[str]:
    return [each.text() for each in menu.actions() if each.isVisible() and each.text()]


def line(menu: QMenu, start: str) -> QAction:
    (found,) = [each for each in menu.actions() if each.text().startswith(start)]
    return found


# The list in the header


@pytest.fixture
def opened_list(several: SeveralProfiles, monkeypatch: pytest.MonkeyPatch) -> QMenu:
    monkeypatch.setattr("desktop.ui.window.profile_switcher.datetime", FakeTime)
    (menu,) = several.harness.window.findChildren(ProfileSwitcher)
    menu.aboutToShow.emit()
    return menu


def test_the_list_shows_the_state_of_each_profile(opened_list: QMenu) -> None:
    assert lines(opened_list)[:3] == [
        "Northwind SOC · 7 min left\tCtrl+1",
        "Contoso SOC · Waiting for approval\tCtrl+2",
        "Fabrikam Security Operations · Signed out\tCtrl+3",
    ]
    assert [each.font().bold() for each in opened_list.actions()[:3]] == [True, False, False]
    assert not opened_list.actions()[0].icon().isNull()


def test_an_entry_of_the_list_switches_to_its_profile(
    several: SeveralProfiles, opened_list: QMenu
) -> None:
    line(opened_list, "Contoso").trigger()
    line(opened_list, "Northwind").trigger()  # which is there already
    assert several.switched == [OTHER.id]


def test_a_shortcut_switches_to_the_profile_at_its_position(several: SeveralProfiles) -> None:
    for key in (Qt.Key.Key_2, Qt.Key.Key_9):
        QTest.keyClick(several.harness.window, key, Qt.KeyboardModifier.ControlModifier)
    settle()
    assert several.switched == [OTHER.id]


def test_the_list_opens_with_the_down_arrow(several: SeveralProfiles) -> None:
    (button,) = several.harness.window.findChildren(ProfileButton)
    shown: list[bool] = []
    button.showMenu = lambda: shown.append(True)  # type: ignore[method-assign] # it waits for a choice
    QTest.keyClick(button, Qt.Key.Key_Down)
    assert shown
    assert button.accessibleName() == "Northwind SOC, Cisco XDR · North America"


def test_without_a_session_the_list_leads_to_the_form() -> None:
    actions = ActionRecorder()
    menu = ProfileSwitcher(actions)
    menu.aboutToShow.emit()
    line(menu, "Add profile…").trigger()
    line(menu, "Manage profiles…").trigger()
    assert actions.calls == ["add_profile", "manage_profiles"]
    assert not [each for each in lines(menu) if each.startswith("Edit")]
    menu.deleteLater()


def test_a_menu_is_no_wider_than_the_window_and_tells_a_long_name_in_its_tooltip() -> None:
    name = "Contoso Managed Detection and Response – Production in Europe and Africa"
    named = replace(STATUSES[0], profile=replace(PROFILE, name=name))
    profiles = ProfileRecorder(statuses=(named, *STATUSES[1:]), current_id=PROFILE.id)
    window = QWidget()
    window.resize(NARROWEST, 640)
    menu = ProfileSwitcher(ActionRecorder(profiles=profiles), window)
    menu.aboutToShow.emit()
    assert menu.sizeHint().width() <= NARROWEST
    first = menu.actions()[0]
    assert "…" in first.text()
    assert name in first.toolTip()
    window.deleteLater()


def test_a_name_from_right_to_left_does_not_move_the_time_that_is_left() -> None:
    named = replace(STATUSES[0], profile=replace(PROFILE, name="أمن"))
    profiles = ProfileRecorder(statuses=(named, *STATUSES[1:]), current_id=PROFILE.id)
    menu = ProfileSwitcher(ActionRecorder(profiles=profiles))
    menu.aboutToShow.emit()
    assert menu.actions()[0].text().startswith("\u2068أمن\u2069 · ")
    menu.deleteLater()


def test_the_tray_is_no_wider_than_the_window() -> None:
    name = "Contoso Managed Detection and Response – Production in Europe and Africa"
    named = replace(STATUSES[0], profile=replace(PROFILE, name=name))
    profiles = ProfileRecorder(statuses=(named, *STATUSES[1:]), current_id=PROFILE.id)
    menu = TrayMenu({}, lambda _format: None, profiles=profiles)
    menu.show_profiles(profiles.statuses, NOW)
    assert menu.sizeHint().width() <= NARROWEST


def test_the_list_leads_to_the_form_of_the_profile_in_the_window() -> None:
    actions = ActionRecorder(profiles=ProfileRecorder(statuses=STATUSES, current_id=PROFILE.id))
    menu = ProfileSwitcher(actions)
    menu.aboutToShow.emit()
    assert lines(menu)[-7:] == [
        "Edit “Northwind SOC”…",
        "Add profile…",
        "Manage profiles…",
        *OF_APP,
    ]
    line(menu, "Edit").trigger()
    assert actions.calls == ["edit_profile"]
    menu.deleteLater()


@pytest.mark.parametrize(("count", "words"), [(1, "1 profile"), (2, "2 profiles")])
def test_the_list_leads_to_unreadable_profiles(count: int, words: str) -> None:
    profiles = ProfileRecorder(statuses=STATUSES, current_id=PROFILE.id, unreadable=count)
    actions = ActionRecorder(profiles=profiles)
    menu = ProfileSwitcher(actions)
    menu.aboutToShow.emit()
    line(menu, f"{words} can't be read").trigger()
    assert actions.calls == ["manage_profiles"]
    menu.deleteLater()


def test_a_profile_of_the_administrator_cannot_be_edited_and_the_list_says_why() -> None:
    managed = replace(PROFILE, policy=Policy(profiles={PROFILE.id: {}}))
    standing = replace(STATUSES[0], profile=managed)
    menu = ProfileSwitcher(
        ActionRecorder(profiles=ProfileRecorder(statuses=(standing,), current_id=PROFILE.id))
    )
    menu.aboutToShow.emit()
    edit = line(menu, "Edit")
    assert edit.text() == "Edit… (managed by your administrator)"
    assert not edit.isEnabled()
    assert "Add profile…" in lines(menu)
    menu.deleteLater()


def test_if_own_profiles_are_forbidden_none_can_be_added() -> None:
    policy = Policy(profiles={PROFILE.id: {}}, own_profiles=False)
    standing = replace(STATUSES[0], profile=replace(PROFILE, policy=policy))
    menu = ProfileSwitcher(
        ActionRecorder(profiles=ProfileRecorder(statuses=(standing,), current_id=PROFILE.id))
    )
    menu.aboutToShow.emit()
    assert lines(menu)[-5:] == ["Manage profiles…", *OF_APP]
    assert "Add profile…" not in lines(menu)
    menu.deleteLater()


def test_editing_opens_the_form_of_the_profile_in_the_window(
    several: SeveralProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(several.harness.controller.pages, "open_form", opened.append)
    several.harness.controller.edit_profile()
    assert opened == [PROFILE.id]


# The tray


@pytest.fixture
def profiles() -> ProfileRecorder:
    return ProfileRecorder(statuses=STATUSES, current_id=PROFILE.id)


@pytest.fixture
def tray_menu(profiles: ProfileRecorder) -> Iterator[TrayMenu]:
    made = TrayMenu({}, lambda _format: None, profiles=profiles)
    made.show_profiles(STATUSES, NOW)
    made.show_items({})
    yield made
    made.deleteLater()


def submenu(menu: TrayMenu, name: str) -> ProfileMenu:
    found = line(menu, name).menu()
    assert isinstance(found, ProfileMenu)
    return found


def test_each_profile_has_a_submenu_that_fits_its_state(tray_menu: TrayMenu) -> None:
    assert lines(tray_menu) == [
        "Profiles",
        "Northwind SOC (in the window)",
        "Contoso SOC",
        "Fabrikam Security Operations",
    ]
    assert lines(submenu(tray_menu, "Northwind")) == [
        "Signed in, 7 min left",
        "Copy token",
        "Copy as",
        "Renew now",
        "Sign out",
        "Show in the window",
    ]
    assert lines(submenu(tray_menu, "Contoso"))[:2] == [
        "Waiting for approval",
        "Copy token (not approved yet)",
    ]
    assert "Sign in" in lines(submenu(tray_menu, "Fabrikam"))


def test_the_entries_of_a_submenu_go_to_its_profile(
    tray_menu: TrayMenu, profiles: ProfileRecorder
) -> None:
    tray_menu.opened.connect(lambda: profiles.calls.append(("opened",)))
    menu = submenu(tray_menu, "Northwind")
    for each in ("Copy token", "Renew now", "Sign out", "Show in the window"):
        line(menu, each).trigger()
    formats = line(menu, "Copy as").menu()
    assert isinstance(formats, QMenu)
    line(formats, "Authorization header").trigger()
    line(submenu(tray_menu, "Fabrikam"), "Sign in").trigger()
    assert profiles.calls == [
        ("copy_token", PROFILE.id, CopyFormat.TOKEN),
        ("renew", PROFILE.id),
        ("sign_out", PROFILE.id),
        ("opened",),
        ("switch", PROFILE.id),
        ("copy_token", PROFILE.id, CopyFormat.HEADER),
        ("opened",),  # the window is where a code will be
        ("sign_in", OTHERS[1].id),
    ]


def test_the_submenu_offers_no_forbidden_format(tray_menu: TrayMenu) -> None:
    def governed(*forbidden: CopyFormat) -> ProfileStatus:
        policy = Policy(forbidden_formats=frozenset(each.name for each in forbidden))
        return replace(STATUSES[0], profile=replace(PROFILE, policy=policy))

    tray_menu.show_profiles((governed(CopyFormat.CURL, CopyFormat.TOKEN), *STATUSES[1:]), NOW)
    menu = submenu(tray_menu, "Northwind")
    assert "Copy token" not in lines(menu)
    formats = line(menu, "Copy as").menu()
    assert isinstance(formats, QMenu)
    assert "Authorization header" in lines(formats)
    assert "curl" not in lines(formats)
    tray_menu.show_profiles((governed(*CopyFormat), *STATUSES[1:]), NOW)
    assert "Copy as" not in lines(menu)
    tray_menu.show_profiles(STATUSES, NOW)
    assert {"Copy token", "Copy as"} <= set(lines(menu))
    assert "curl" in lines(formats)


def test_the_tray_lists_unreadable_profiles(tray_menu: TrayMenu, profiles: ProfileRecorder) -> None:
    profiles.unreadable = 2
    tray_menu.show_items({})
    assert lines(tray_menu)[-2:] == ["Fabrikam Security Operations", "2 profiles can't be read…"]
    profiles.unreadable = 0
    tray_menu.show_items({})
    assert lines(tray_menu)[-1] == "Fabrikam Security Operations"


def test_a_single_profile_has_no_submenu(tray_menu: TrayMenu) -> None:
    tray_menu.show_profiles(STATUSES[:1], NOW)
    tray_menu.show_items({})
    settle()
    assert lines(tray_menu) == []


@pytest.mark.parametrize(
    ("grant", "words"),
    [("device", "Sign out everywhere…"), ("client-credentials", "Sign out")],
)
def test_a_submenu_says_whether_signing_out_affects_other_computers(
    tray_menu: TrayMenu, grant: str, words: str
) -> None:
    xdr = replace(
        PROFILE, grant=grant, app_grant_endpoint="https://visibility.amp.cisco.com/x", name="A & B"
    )
    tray_menu.show_profiles((replace(STATUSES[0], profile=xdr), *STATUSES[1:]), NOW)
    assert words in lines(submenu(tray_menu, "A && B"))


@pytest.mark.parametrize("press", ["confirm", "cancel"])
def test_a_submenu_asks_before_it_signs_out_of_every_computer(
    tray_menu: TrayMenu, press: str
) -> None:
    xdr = replace(PROFILE, app_grant_endpoint="https://visibility.amp.cisco.com/x", name="A & B")
    tray_menu._profiles.statuses = (replace(STATUSES[0], profile=xdr), *STATUSES[1:])  # type: ignore[misc]
    tray_menu.show_profiles(tray_menu._profiles.statuses, NOW)
    calls = cast("ProfileRecorder", tray_menu._profiles).calls
    line(submenu(tray_menu, "A && B"), "Sign out everywhere…").trigger()
    question = tray_menu.sign_out_asker._question
    assert question is not None
    assert "“A & B”" in question.accessibleName()
    assert ("sign_out", PROFILE.id) not in calls
    getattr(question, press).click()
    assert (("sign_out", PROFILE.id) in calls) is (press == "confirm")


# What comes of it


async def test_a_copy_for_another_profile_is_not_shown_as_one_of_the_window(
    several: SeveralProfiles,
) -> None:
    harness = several.harness
    told = ProgressListener(harness.controller.copier)
    shown: list[object] = []
    harness.window.show_copy = shown.append  # type: ignore[method-assign,assignment]
    harness.controller.profiles.copy_token(OTHER.id)
    await told.wait_for(2)
    assert QGuiApplication.clipboard().text() == "the-other-token"
    assert shown == []
    harness.controller.profiles.copy_token(PROFILE.id)
    await told.wait_for(4)
    assert QGuiApplication.clipboard().text() == TOKEN
    assert [type(each) for each in shown] == [Copying, Copied]


async def test_a_copy_for_another_profile_ends_that_of_the_window(several: SeveralProfiles) -> None:
    harness = several.harness
    harness.session.renewed.clear()
    told = ProgressListener(harness.controller.copier)
    shown: list[object] = []
    harness.window.show_copy = shown.append  # type: ignore[method-assign,assignment]
    harness.controller.copy_token()
    harness.controller.profiles.copy_token(OTHER.id)
    await told.wait_for(4)
    assert [type(each) for each in shown] == [Copying, NotCopied], "the button does not wait on"


async def test_a_profile_can_set_when_a_copy_is_cleared(several: SeveralProfiles) -> None:
    several.other.profile = replace(OTHER, settings={"clipboard_seconds": 7})
    told = ProgressListener(several.harness.controller.copier)
    several.harness.controller.profiles.copy_token(OTHER.id)
    await told.wait_for(2)
    assert told[1] == Copied(CopyFormat.TOKEN, 7)


def test_commands_go_to_the_session_of_their_profile(several: SeveralProfiles) -> None:
    wishes = several.harness.controller.profiles
    wishes.renew(OTHER.id)
    wishes.sign_out(OTHER.id)
    wishes.renew("unknown")
    wishes.sign_out("unknown")
    assert several.other.calls == ["renew", "sign_out"]
    assert several.harness.session.calls == []


def test_signing_in_to_another_profile_switches_to_it(several: SeveralProfiles) -> None:
    wanted: list[bool] = []
    several.harness.controller.sign_in_requested.connect(lambda: wanted.append(True))
    several.harness.controller.profiles.sign_in(OTHER.id)
    assert (several.switched, wanted) == ([OTHER.id], [True])


def test_the_tray_gets_the_states_of_all_profiles(several: SeveralProfiles) -> None:
    drawn: list[object] = []
    several.harness.controller.display.profiles_drawn.connect(
        lambda standings, at: drawn.append((standings, at))
    )
    several.harness.controller.display.draw()
    assert drawn == [(STATUSES, NOW)]
    several.harness.window.close()
    several.harness.show(SignedOut())
    left = several.harness.controller.display._redraw_timer.remainingTime() / 1000
    assert 0 < left <= 60, "another profile counts, though the one in the window does not"


def test_a_single_profile_is_not_listed_in_menus(harness: ControllerHarness) -> None:
    harness.controller.set_sessions(cast("Sessions", FakeSessions(harness.session, STATUSES[:1])))
    drawn: list[object] = []
    harness.controller.display.profiles_drawn.connect(lambda *given: drawn.append(given))
    harness.show(STATES["signed_in"])
    assert drawn == []


def test_the_last_remaining_profile_loses_its_submenu(several: SeveralProfiles) -> None:
    controller = several.harness.controller
    drawn: list[object] = []
    controller.display.profiles_drawn.connect(lambda standings, _at: drawn.append(standings))
    controller.set_sessions(cast("Sessions", FakeSessions(several.harness.session, STATUSES[:1])))
    controller.display.draw()
    controller.display.draw()
    assert drawn == [()], "no submenu leads to one that is gone"


def test_the_header_changes_with_the_look_of_its_profile(several: SeveralProfiles) -> None:
    (button,) = several.harness.window.findChildren(ProfileButton)
    several.harness.session.profile = replace(PROFILE, name="North", letter="X", color="red")
    several.harness.controller.display.draw()
    assert (button.badge.text(), button.name.text()) == ("X", "North")
    assert COLORS["red"] in button.badge.styleSheet()


def test_commands_for_a_removed_profile_do_nothing(several: SeveralProfiles) -> None:
    wanted: list[bool] = []
    several.harness.controller.sign_in_requested.connect(lambda: wanted.append(True))
    several.harness.controller.profiles.switch("gone")
    several.harness.controller.profiles.sign_in("gone")
    assert (several.switched, wanted) == ([], [])


def test_another_profile_gets_a_view_of_its_own(several: SeveralProfiles) -> None:
    harness = several.harness
    asking = cast("SignedInView", harness.window.view)
    asking._sign_out.ask()
    harness.controller.set_session(cast("Session", several.other))
    harness.show(STATES["signed_in"])
    assert harness.window.view is not asking, (
        "a question is not put for one and answered for another"
    )
    shown = harness.window.view
    harness.controller.set_session(cast("Session", several.other))
    harness.show(STATES["signed_in"])
    assert harness.window.view is shown


async def test_the_account_is_not_shown_for_another_profile(several: SeveralProfiles) -> None:
    harness = several.harness
    harness.session.renewed.clear()
    harness.controller.open_details()
    harness.controller.pages.details.query_userinfo()
    await asyncio.sleep(0)
    harness.controller.set_session(cast("Session", several.other))
    assert not isinstance(harness.window.page, DetailsView)
    harness.controller.open_settings()
    harness.controller.set_session(cast("Session", harness.session))
    assert harness.window.page is not None, "settings are everybody's"
    await harness.controller.pages.close()


async def test_a_changed_setting_does_not_extend_a_profiles_copy(
    several: SeveralProfiles,
) -> None:
    several.other.profile = replace(OTHER, settings={"clipboard_seconds": 7})
    several.other.renewed.clear()
    controller = several.harness.controller
    told = ProgressListener(controller.copier)
    controller.profiles.copy_token(OTHER.id)
    controller.settings_store.use(Settings(clipboard_seconds=90))
    several.other.renewed.set()
    await told.wait_for(2)
    assert told[1] == Copied(CopyFormat.TOKEN, 7)


# The badge


@pytest.mark.parametrize("color", COLORS.values())
def test_a_badge_can_be_read(color: str) -> None:
    assert contrast(text_color(color), color) >= 4.5


@pytest.mark.parametrize("color", ["#ffffff", "#000000", "#808080", "#ffff00"])
def test_a_custom_color_gets_a_readable_letter(color: str) -> None:
    assert contrast(text_color(color), color) >= 4.5


@pytest.mark.parametrize(
    ("profile", "letter"),
    [
        (PROFILE, "N"),
        (replace(PROFILE, letter="SO"), "SO"),
        (replace(PROFILE, name="«été»"), "É"),
        (replace(PROFILE, name="…"), "?"),
    ],
)
def test_the_letter_is_its_own_or_the_first_of_the_name(profile: object, letter: str) -> None:
    assert letter_of(profile) == letter  # type: ignore[arg-type] # parametrized


def test_the_colour_is_its_own_or_follows_from_the_id() -> None:
    assert color_of(replace(PROFILE, color="teal")) == COLORS["teal"]
    assert color_of(replace(PROFILE, color="#123456")) == "#123456"
    assert color_of(PROFILE) == color_of(replace(PROFILE, name="other"))
