"""Hundreds of profiles: what is drawn doesn't grow with them, and each is found by typing."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock, patch

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from desktop.oauth.clock import SystemClock
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile
from desktop.services.model.settings import Settings
from desktop.services.model.states import SignedOut, State
from desktop.services.profile_editor.editor import Snapshot
from desktop.services.session.renewer import Renewer
from desktop.services.session.schedule import Schedule
from desktop.services.session.session import Session
from desktop.services.session.sessions import MOST_LISTED, Sessions
from desktop.ui.app.controller import Controller
from desktop.ui.app.window_or_tray import WindowOrTray
from desktop.ui.kit import profile_badge
from desktop.ui.profiles.profile_row import ProfileRow
from desktop.ui.profiles.profiles_view import ProfilesView
from desktop.ui.profiles.switcher_view import SwitcherView
from desktop.ui.tray.tray import Tray
from desktop.ui.tray.tray_menu import ItemsMenu, ProfileMenu
from desktop.ui.window.profile_switcher import ProfileSwitcher
from desktop.ui.window.window import Window
from tests.sample_states import PROFILE, signed_in
from tests.ui.harness import FakeSession, settle


def customers(number: int) -> dict[str, Profile]:
    """Make so many profiles, in an order that is not that of their names."""
    made = (
        replace(PROFILE, id=f"customer-{n:03}", name=f"Customer {number - n:03}")
        for n in range(number)
    )
    return {each.id: each for each in made}


class SignedInSession(FakeSession):
    """A session that somebody is signed in to."""

    def __init__(self, profile: Profile, observer: Callable[[State], None]) -> None:
        super().__init__(profile)
        self.state: State = signed_in()
        self.is_open = False
        self.publish = observer

    def open(self, *, quietly: bool) -> None:  # noqa: ARG002 - as in a session
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False


@dataclass
class Office:
    """The app with many profiles, and how often each part of it was made or drawn."""

    controller: Controller
    window: Window
    tray: Tray
    sessions: Sessions
    counted: Counter[str]

    async def load_profiles(self, number: int) -> None:
        """Load so many profiles, and show the first."""
        await self.sessions.update_profiles(customers(number))
        session = self.sessions.switch("customer-000", quietly=True)
        list(self.sessions.open_others())
        self.controller.set_session(session)
        self.controller.display.show(session.state)
        settle()

    def change(self, id_: str) -> None:
        """Let another state of a profile come, and be drawn."""
        cast("SignedInSession", self.sessions.find(id_)).publish(signed_in(left=300))
        collecting = self.controller.display._collecting
        if collecting.isActive():
            collecting.stop()
            collecting.timeout.emit()

    @property
    def page(self) -> SwitcherView:
        assert isinstance(self.window.page, SwitcherView)
        return self.window.page

    def open_switcher(self) -> SwitcherView:
        QTest.keyClick(self.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        settle()
        return self.page


@pytest.fixture
def office(bare: tuple[Controller, Window], monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    counted: Counter[str] = Counter()

    def count(owner: object, name: str, as_: str) -> None:
        real = getattr(owner, name)

        def counting(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes
            counted[as_] += 1
            return real(*given, **named)

        monkeypatch.setattr(owner, name, counting)

    count(ItemsMenu, "__init__", "menus made")
    count(ProfileMenu, "show_status", "submenus drawn")
    count(profile_badge, "_pixmap", "badges drawn")
    count(ProfileRow, "paint", "rows drawn")
    count(Window, "show_state", "windows drawn")
    controller, window = bare
    controller.display._redraw_timer.blockSignals(True)  # time would add to what is counted
    tray = Tray(controller)
    shown = WindowOrTray(window, tray)
    sessions = Sessions(
        lambda profile, observer: cast("Session", SignedInSession(profile, observer)),
        controller.display.show_other,
    )
    controller.set_sessions(sessions)
    controller.display.drawn.connect(shown.show_state)
    controller.display.profiles_drawn.connect(shown.show_profiles)
    controller.display.other_changed.connect(shown.show_other)
    controller.add_shortcuts()
    window.add_profile_switcher()
    yield Office(controller, window, tray, sessions, counted)
    controller.display.blockSignals(True)
    tray.close()
    settle()


async def count_start_and_pages(office: Office, number: int) -> Counter[str]:
    """Count what is made and drawn to start, and to open each list."""
    office.counted.clear()
    await office.load_profiles(number)
    office.tray._menu.aboutToShow.emit()
    (menu,) = office.window.findChildren(ProfileSwitcher)
    menu.aboutToShow.emit()
    office.open_switcher()
    office.window.close_page()
    settle()
    return Counter(office.counted)


async def test_what_is_made_and_drawn_does_not_grow_with_the_profiles(office: Office) -> None:
    hundred = await count_start_and_pages(office, 100)
    assert set(hundred) == {
        "menus made",
        "submenus drawn",
        "badges drawn",
        "rows drawn",
        "windows drawn",
    }
    twice = await count_start_and_pages(office, 200)
    assert {name: many for name, many in twice.items() if many > hundred[name]} == {}


@pytest.mark.parametrize("number", [20, 200])
async def test_a_state_of_one_profile_draws_a_constant_number_of_things(
    office: Office, number: int
) -> None:
    await office.load_profiles(number)
    office.counted.clear()
    office.change("customer-010")
    assert office.counted == {"windows drawn": 1, "submenus drawn": MOST_LISTED}


async def test_states_that_come_together_are_drawn_once(office: Office) -> None:
    await office.load_profiles(200)
    office.counted.clear()
    for n in range(1, 199):
        cast("SignedInSession", office.sessions.find(f"customer-{n:03}")).publish(SignedOut())
    office.change("customer-199")
    assert office.counted["windows drawn"] == 1


async def test_hiding_the_window_reaches_only_the_session_in_it(office: Office) -> None:
    await office.load_profiles(50)
    others = [cast("SignedInSession", office.sessions.find(f"customer-{n:03}")) for n in range(50)]
    for each in others:
        each.seen.clear()
    office.window.hide()
    settle()
    assert [len(each.seen) for each in others] == [1] + [0] * 49


def test_a_renewer_is_not_woken_by_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[object] = []
    monkeypatch.setattr(Renewer, "_reschedule", lambda _, schedule: woken.append(schedule))
    renewer = Renewer.__new__(Renewer)
    renewer._schedule = Schedule()
    renewer._clock = SystemClock()
    renewer.set_visible(visible=False)
    renewer.apply(Settings())
    assert woken == []
    renewer.set_visible(visible=True)
    assert len(woken) == 1


async def test_switching_configures_no_other_session(office: Office) -> None:
    await office.load_profiles(50)
    other = cast("SignedInSession", office.sessions.find("customer-009"))
    other.applied.clear()
    office.sessions.apply(Settings(profile="customer-003", recent_profiles="customer-003"))
    assert other.applied == []
    office.sessions.apply(Settings(profile="customer-003", keep_fresh=True))
    assert len(other.applied) == 1


# Menus


def texts(menu: QMenu) -> list[str]:
    return [each.text() for each in menu.actions() if each.isVisible() and each.text()]


def visible_labels(widget: QWidget) -> list[str]:
    return [each.text() for each in widget.findChildren(QLabel) if each.isVisible()]


async def test_menus_list_those_used_last_then_others_by_name(office: Office) -> None:
    office.sessions.apply(Settings(recent_profiles="customer-007 gone customer-003"))
    await office.load_profiles(20)
    shown = [name for name in texts(office.tray._menu) if name.startswith("Customer")]
    assert shown == [
        "Customer 013",
        "Customer 017",
        *(f"Customer {n:03}" for n in range(1, 7)),
    ]
    assert "All profiles…" in texts(office.tray._menu)
    (menu,) = office.window.findChildren(ProfileSwitcher)
    menu.aboutToShow.emit()
    listed = texts(menu)
    assert [each.partition(" · ")[0] for each in listed[:2]] == ["Customer 013", "Customer 017"]
    assert listed[0].endswith("\tCtrl+8"), "the key follows the file, as it always did"
    assert "All profiles…\tCtrl+K" in listed


async def test_few_profiles_are_listed_as_in_the_file(office: Office) -> None:
    office.sessions.apply(Settings(recent_profiles="customer-007"))
    await office.load_profiles(MOST_LISTED)
    shown = [name for name in texts(office.tray._menu) if name.startswith("Customer")]
    assert shown[1:] == [f"Customer {n:03}" for n in range(7, 0, -1)]
    assert "All profiles…" not in texts(office.tray._menu)


async def test_the_tray_leads_to_the_list_of_all_profiles(office: Office) -> None:
    await office.load_profiles(20)
    office.tray.opened.connect(office.window.activateWindow)
    (action,) = [each for each in office.tray._menu.actions() if each.text() == "All profiles…"]
    action.trigger()
    settle()
    assert office.page.search.hasFocus()


async def test_a_submenu_stays_the_same_when_another_profile_is_used(office: Office) -> None:
    await office.load_profiles(20)
    before = dict(office.tray._menu._profile_menus)
    office.sessions.apply(Settings(recent_profiles="customer-003"))
    office.controller.display.draw()
    after = office.tray._menu._profile_menus
    assert next(iter(after)) == "customer-003"
    assert {id_: before.get(id_) for id_ in list(after)[1:]} == dict(list(after.items())[1:])


# The list in which profiles are found


def names(page: SwitcherView) -> list[str]:
    """The names of the rows, in order; headings are in brackets."""
    model = page.rows.model()
    rows = [model.index(n, 0) for n in range(model.rowCount())]
    return [
        each.data().partition(" · ")[0]
        if each.flags() & Qt.ItemFlag.ItemIsSelectable
        else f"[{each.data()}]"
        for each in rows
    ]


async def test_the_list_has_those_used_last_and_then_all_by_name(office: Office) -> None:
    office.sessions.apply(Settings(recent_profiles="customer-000 customer-007"))
    await office.load_profiles(20)
    page = office.open_switcher()
    assert names(page)[:5] == [
        "Customer 020",
        "Customer 013",
        "[Other profiles]",
        "Customer 001",
        "Customer 002",
    ]
    assert page.search.hasFocus()
    assert page.rows.currentIndex().row() == 1, "Return goes back to the profile before"
    row, heading = (page.rows.visualRect(page.rows.model().index(n, 0)).height() for n in (0, 2))
    assert heading == row // 2


async def test_typing_filters_and_return_switches(office: Office) -> None:
    await office.load_profiles(200)
    switched: list[str] = []
    office.controller.switch_requested.connect(switched.append)
    page = office.open_switcher()
    QTest.keyClicks(page.search, "customer-077 CUST")
    assert names(page) == ["Customer 123"]
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    settle()
    assert switched == ["customer-077"]
    assert office.window.page is None


async def test_a_choice_leaves_the_pages_below_too(office: Office) -> None:
    await office.load_profiles(20)
    office.controller.settings_store.why_no_autostart = "not here"
    office.controller.open_settings()
    page = office.open_switcher()
    QTest.keyClick(page.search, Qt.Key.Key_Return)
    assert office.window.pages == ()


async def test_the_list_has_what_a_page_on_top_of_it_has_changed(office: Office) -> None:
    await office.load_profiles(20)
    page = office.open_switcher()
    office.controller.open_shortcuts()
    await office.sessions.update_profiles(customers(19))
    office.window.escape()
    settle()
    assert page.search.hasFocus()
    assert len(names(page)) == 19


async def test_arrows_move_while_the_search_has_the_focus(office: Office) -> None:
    await office.load_profiles(20)
    page = office.open_switcher()
    QTest.keyClick(page.search, Qt.Key.Key_Down)
    QTest.keyClick(page.search, Qt.Key.Key_Down)
    QTest.keyClick(page.search, Qt.Key.Key_Up)
    assert page.rows.currentIndex().row() == 1
    assert page.search.hasFocus()


async def test_escape_clears_the_search_and_then_closes_the_list(office: Office) -> None:
    await office.load_profiles(20)
    page = office.open_switcher()
    QTest.keyClicks(page.search, "nobody has this name")
    assert names(page) == []
    assert page._nothing.isVisibleTo(page)
    QTest.keyClick(page.search, Qt.Key.Key_Return)  # does nothing
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert office.window.page is page
    assert len(names(page)) == 20
    QTest.keyClick(page.search, Qt.Key.Key_Escape)
    assert office.window.page is None


async def test_a_click_on_a_row_switches_and_on_a_heading_does_nothing(office: Office) -> None:
    office.sessions.apply(Settings(recent_profiles="customer-000"))
    await office.load_profiles(20)
    switched: list[str] = []
    office.controller.switch_requested.connect(switched.append)
    page = office.open_switcher()
    for row in (1, 2):
        place = page.rows.visualRect(page.rows.model().index(row, 0)).center()
        QTest.mouseClick(page.rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
        settle()
    assert switched == ["customer-019"]


async def test_a_row_says_name_place_and_state_to_a_screen_reader(office: Office) -> None:
    await office.load_profiles(3)
    office.change("customer-002")
    page = office.open_switcher()
    assert page.rows.model().index(0, 0).data() == (
        "Customer 001 · Cisco XDR · North America · 7 min left"
    )
    assert page.rows.model().index(2, 0).data() == (
        "Customer 003 · Current · Cisco XDR · North America · 7 min left"
    )
    assert page.search.accessibleName() == "Find a profile"
    assert page.rows.accessibleName() == "Profiles"


async def test_a_row_has_the_whole_name_in_its_tooltip_and_no_markup(office: Office) -> None:
    await office.load_profiles(3)
    status = office.controller.profiles.status("customer-002")
    assert status is not None
    named = replace(status, profile=replace(status.profile, name="<b>Contoso</b> " * 9))
    page = office.open_switcher()
    with patch.object(office.controller.profiles, "status", return_value=named):
        tip = page.rows.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == f"<span>{'&lt;b&gt;Contoso&lt;/b&gt; ' * 9}</span>"


async def test_the_search_names_its_shortcut_until_something_is_typed(office: Office) -> None:
    await office.load_profiles(3)
    page = office.open_switcher()
    assert "Ctrl+K" in visible_labels(page.search)
    QTest.keyClicks(page.search, "c")
    assert "Ctrl+K" not in visible_labels(page.search)


async def test_a_profile_that_is_gone_is_an_empty_row(office: Office) -> None:
    await office.load_profiles(20)
    page = office.open_switcher()
    await office.sessions.update_profiles(customers(2))
    office.controller.display.draw()
    settle()
    page._choose(page.rows.model().index(10, 0))
    assert office.window.page is page


async def test_ctrl_k_goes_back_to_the_search(office: Office) -> None:
    await office.load_profiles(20)
    page = office.open_switcher()
    page.rows.setFocus()
    assert office.open_switcher() is page
    assert page.search.hasFocus()


# The page that manages them


def test_many_cards_are_made_as_they_are_wanted(office: Office) -> None:
    known = Snapshot(Profiles(Path("profiles.toml"), customers(200), {}), {})
    page = ProfilesView(MagicMock(), known, Policy())
    office.window.show_page(page)
    settle()
    assert len(page._shown) == 20
    page._more.click()
    assert len(page._shown) == 40
    page._search.setText("customer-199")
    assert len(page._shown) == 1
    assert not page._more.isVisibleTo(page)


def test_a_search_for_cards_without_a_result_says_so(office: Office) -> None:
    known = Snapshot(Profiles(Path("profiles.toml"), customers(200), {}), {})
    page = ProfilesView(MagicMock(), known, Policy())
    office.window.show_page(page)
    nothing = next(
        each for each in page.findChildren(QLabel) if each.text() == "No profiles match."
    )
    assert not nothing.isVisibleTo(page)
    page._search.setText("elsewhere")
    assert nothing.isVisibleTo(page)


def test_few_cards_have_no_search(office: Office) -> None:
    known = Snapshot(Profiles(Path("profiles.toml"), customers(20), {}), {})
    page = ProfilesView(MagicMock(), known, Policy())
    office.window.show_page(page)
    assert len(page._shown) == 20
    assert not page._search.isVisibleTo(page)
    assert not page._more.isVisibleTo(page)
