"""The tray and the window's coming and going, where a tray is there or is not."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QIcon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.policy import Policy
from desktop.services.model.states import Revocation, State
from desktop.services.session.sessions import ProfileStatus
from desktop.ui.app.window_or_tray import WindowOrTray
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.kit.theme import Theme
from desktop.ui.tray import tray as module
from desktop.ui.tray.sign_out_question import SignOutQuestion
from desktop.ui.tray.tray import RETRY_DELAYS, Tray
from desktop.ui.tray.tray_icon import tray_icon
from desktop.ui.views.actions import Actions
from desktop.ui.window.window import Window
from desktop.ui.wording import tray_texts
from desktop.ui.wording.tray_texts import IconShape
from tests.sample_states import NOW, OTHERS, PROFILE, STATES, signed_in, waiting
from tests.ui.harness import FakeTime, ProfileRecorder, settle
from tests.ui.wording.test_tray_texts import STUCK

STUCK_AND_TRYING = replace(STUCK, trouble=None, renewing=True)

Reason = QSystemTrayIcon.ActivationReason


@dataclass
class Wishes:
    """Actions that only note what was asked for."""

    calls: list[tuple[object, ...]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given: self.calls.append((name, *given))

    profiles: ProfileRecorder = field(default_factory=ProfileRecorder)

    @property
    def locking(self) -> "Wishes":
        return self

    offered: Revocation | None = None

    def revocation_offered(self) -> Revocation | None:
        return self.offered


@dataclass
class Desktop:
    """A desktop that has a tray or has none, and what it was asked to show."""

    has_tray: bool = True
    told: list[tuple[str, str]] = field(default_factory=list)
    drawn: int = 0


@dataclass
class Bench:
    """A window with its tray."""

    desktop: Desktop
    wishes: Wishes
    window: Window
    tray: Tray
    presence: WindowOrTray

    def show(self, state: State, at: datetime = NOW) -> None:
        """Show `state`."""
        FakeTime.stands_at = at
        self.presence.show_state(state, at)
        settle()

    def icon(self) -> QSystemTrayIcon:
        """The icon, which must be there."""
        assert self.tray._icon is not None
        return self.tray._icon

    def line(self, text: str) -> QAction:
        """The line of the menu that says `text`."""
        (found,) = [each for each in self.tray._menu.actions() if each.text() == text]
        return found

    def look_again(self) -> None:
        """Let the time pass until the tray looks for a host again."""
        assert self.tray._retry_timer.isActive()
        self.tray._retry_timer.stop()
        self.tray._retry_timer.timeout.emit()


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    made = Desktop()

    def tell(_icon: object, title: str, text: str, _kind: object) -> None:
        made.told.append((title, text))

    def draw(look: IconShape, steps: int) -> QIcon:
        made.drawn += 1
        return tray_icon(look, steps)

    monkeypatch.setattr(module, "tray_icon", draw)
    monkeypatch.setattr(module, "datetime", FakeTime)
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: made.has_tray)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", tell)
    FakeTime.stands_at = NOW
    return made


@pytest.fixture
def bench(desktop: Desktop, theme: Theme) -> Iterator[Bench]:
    window, wishes = Window(theme), Wishes()
    window.set_actions(cast("Actions", wishes))
    window.show()
    window.activateWindow()
    settle()
    tray = Tray(cast("Actions", wishes))
    yield Bench(desktop, wishes, window, tray, WindowOrTray(window, tray))
    tray.close()
    window.deleteLater()
    settle()


@pytest.fixture
def started(bench: Bench) -> Bench:
    """Put the icon into the tray, and show that somebody is signed in."""
    bench.presence.show_profile(PROFILE)
    bench.presence.start()
    bench.show(signed_in())
    return bench


def is_minimized(window: Window) -> bool:
    return window.isVisible() and window.isMinimized()


def seem_restored(window: Window) -> QWidget:
    """Have Qt take `window` for restored, as on Wayland; gives another that has the keyboard."""
    other = QWidget()
    other.show()
    other.activateWindow()
    settle()
    window.setWindowState(Qt.WindowState.WindowNoState)
    settle()
    assert not window.isActiveWindow()
    return other


# The icon and its menu


def test_the_icon_says_profile_and_state(started: Bench) -> None:
    assert started.icon().toolTip() == "Northwind SOC\nSigned in, 7 min left"


def test_the_desktop_is_told_only_what_has_changed(
    started: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(QSystemTrayIcon, "setToolTip", lambda _, text: told.append(text))
    started.show(signed_in(left=431))
    assert told == []
    started.show(signed_in(left=300))
    assert told == ["Northwind SOC\nSigned in, 5 min left"]


def test_the_icon_is_drawn_only_when_it_changes(started: Bench) -> None:
    drawn = started.desktop.drawn
    started.show(signed_in(left=431))
    assert started.desktop.drawn == drawn
    started.show(signed_in(left=300))
    assert started.desktop.drawn == drawn + 1


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Copy token", ("copy_token",)),
        ("Sign out", ("sign_out",)),
        ("Quit", ("quit",)),
    ],
)
def test_a_line_of_the_menu_does_what_it_says(
    started: Bench, text: str, wish: tuple[object, ...]
) -> None:
    started.line(text).trigger()
    assert started.wishes.calls == [wish]


def question_of(bench: Bench) -> SignOutQuestion:
    """Choose to sign out, which asks; gives the question."""
    bench.wishes.offered = Revocation.GRANT_REVOKED
    bench.tray._menu.aboutToShow.emit()
    bench.line("Sign out everywhere…").trigger()
    settle()
    question = bench.tray._menu.sign_out_asker._question
    assert question is not None
    assert question.isVisible()
    return question


def test_signing_out_of_every_computer_is_asked_about_first(started: Bench) -> None:
    question = question_of(started)
    assert started.wishes.calls == []
    said = question.accessibleName()
    assert "“Northwind SOC” everywhere?" in said
    assert "access on all your computers" in said
    question.confirm.click()
    assert started.wishes.calls == [("sign_out",)]
    settle()
    assert started.tray._menu.sign_out_asker._question is None


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_escape_and_return_sign_out_of_no_computer(started: Bench, key: Qt.Key) -> None:
    question = question_of(started)
    QTest.keyClick(question.focusWidget(), key)
    settle()
    assert started.wishes.calls == []
    assert started.tray._menu.sign_out_asker._question is None


def test_the_answers_to_the_question_have_mnemonics(started: Bench) -> None:
    question = question_of(started)
    assert [question.cancel.text(), question.confirm.text()] == ["&Cancel", "&Sign out everywhere"]
    assert question.confirm.accessibleName() == "Sign out everywhere"


def test_a_second_choice_replaces_the_question(started: Bench) -> None:
    first = question_of(started)
    second = question_of(started)
    assert second is not first
    second.cancel.click()
    settle()
    assert started.wishes.calls == []


@pytest.mark.parametrize(
    ("text", "wish"), [("Open browser", "open_browser"), ("Copy code", "copy_code")]
)
def test_while_a_code_waits_it_can_be_used_from_the_menu(
    started: Bench, text: str, wish: str
) -> None:
    started.show(waiting())
    started.line(text).trigger()
    assert started.wishes.calls == [(wish,)]


def test_the_token_can_be_copied_in_every_other_shape(started: Bench) -> None:
    others = [each for each in CopyFormat if each is not CopyFormat.TOKEN]
    menu = cast("Any", started.line("Copy as").menu())
    for action in menu.actions():
        action.trigger()
    assert started.wishes.calls == [("copy_token", each) for each in others]


def test_a_shape_that_is_forbidden_is_not_in_the_menu(started: Bench) -> None:
    policy = Policy(forbidden_formats=frozenset({"TOKEN", "CURL"}))
    started.presence.show_profile(replace(PROFILE, policy=policy))
    started.show(signed_in())
    assert not started.line("Copy token").isVisible()
    menu = cast("Any", started.line("Copy as").menu())
    assert "curl" not in [each.text() for each in menu.actions() if each.isVisible()]


def test_signing_in_from_the_menu_brings_the_window_where_the_code_will_be(started: Bench) -> None:
    started.window.hide()
    started.show(signed_in(left=0))
    started.line("Sign in").trigger()
    assert started.window.in_sight()
    assert started.wishes.calls == [("sign_in",)]


def test_settings_are_opened_in_the_window(started: Bench) -> None:
    started.window.hide()
    started.line("Settings…").trigger()
    assert started.window.in_sight()
    assert started.wishes.calls == [("open_settings",)]


def test_what_makes_no_sense_is_not_in_the_menu(started: Bench) -> None:
    shown = [each.text() for each in started.tray._menu.actions() if each.isVisible()]
    assert "Sign in" not in shown
    assert "Cancel" not in shown


def test_a_group_without_lines_leaves_no_second_separator(started: Bench) -> None:
    started.show(waiting(approved=True))
    shown = [each.text() or "---" for each in started.tray._menu.actions() if each.isVisible()]
    assert shown == [
        "Approved",
        "---",
        "Copy token (not approved yet)",
        "Copy as",
        "---",
        "Open XDR Login",
        "Settings…",
        "Lock now",
        "Quit",
    ]


def test_the_menu_is_right_before_it_is_asked_to_open(started: Bench) -> None:
    started.show(STATES["signed_out"])
    assert not started.line("Copy token (not signed in)").isEnabled()


def test_the_menu_counts_when_it_opens(started: Bench) -> None:
    FakeTime.stands_at = signed_in(left=432).issued_at
    started.tray._menu.aboutToShow.emit()
    assert started.line("Signed in, 10 min left").isVisible()


def test_an_ampersand_in_a_state_is_not_taken_for_a_key(
    started: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tray_texts, "summary", lambda *_: "R&D")
    started.tray._menu.aboutToShow.emit()
    assert started.line("R&&D").isVisible()


def test_a_copy_is_acknowledged_for_a_moment(started: Bench) -> None:
    looks: list[object] = []
    started.tray._draw = looks.append  # type: ignore[method-assign, assignment]
    started.presence.show_copy(Copying(CopyFormat.TOKEN))
    assert looks == []
    started.presence.show_copy(Copied(CopyFormat.TOKEN, clear_after=30))
    assert started.tray._acknowledged.interval() == 2000
    started.tray._acknowledged.stop()
    started.tray._acknowledged.timeout.emit()
    assert [look[0].name for look in cast("Any", looks)] == ["COPIED", "SIGNED_IN"]


# Coming and going


def test_a_click_hides_the_window_that_is_in_front(started: Bench) -> None:
    started.window.activateWindow()
    settle()
    started.icon().activated.emit(Reason.Trigger)
    assert not started.window.isVisible()


def test_a_click_brings_the_window_back(started: Bench) -> None:
    started.window.hide()
    started.icon().activated.emit(Reason.Trigger)
    assert started.window.in_sight()


def test_a_click_brings_a_minimized_window_back(started: Bench) -> None:
    started.window.showMinimized()
    settle()
    started.icon().activated.emit(Reason.Trigger)
    assert started.window.in_sight()


@pytest.mark.parametrize("reason", [Reason.Context, Reason.DoubleClick, Reason.MiddleClick])
def test_other_clicks_leave_the_window_where_it_is(started: Bench, reason: Reason) -> None:
    started.icon().activated.emit(reason)
    assert started.window.in_sight()


def test_closing_hides_the_window_and_says_so_once(started: Bench) -> None:
    started.window.close()
    assert not started.window.isVisible()
    said = [
        (
            "XDR Login is still running",
            (
                "Look for the XDR Login icon in the tray. To quit, select Quit there, or press "
                "Ctrl+Q in the window."
            ),
        )
    ]
    assert started.desktop.told == said
    started.window.show()
    started.window.close()
    assert started.desktop.told == said


def test_where_the_note_cannot_be_written_it_is_said_all_the_same(
    started: Bench, own_folders: Path
) -> None:
    (own_folders / "state" / "xdr-login").write_text("a file where the folder should be")
    started.window.close()
    assert len(started.desktop.told) == 1


def test_without_a_tray_closing_minimizes(bench: Bench) -> None:
    bench.desktop.has_tray = False
    bench.presence.start()
    bench.window.close()
    assert is_minimized(bench.window)
    assert bench.desktop.told == []


def test_what_was_put_away_is_out_of_sight_until_it_is_active_again(bench: Bench) -> None:
    told: list[bool] = []
    bench.window.sight_changed.connect(lambda: told.append(bench.window.in_sight()))
    bench.desktop.has_tray = False
    bench.presence.start()
    bench.window.close()
    other = seem_restored(bench.window)
    assert not bench.window.in_sight()
    bench.window.activateWindow()
    settle()
    assert bench.window.in_sight()
    assert told == [False, True]
    other.close()


def test_what_stands_in_for_the_tray_hides_again_though_qt_takes_it_for_restored(
    started: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.window.close()
    started.desktop.has_tray = False
    started.show(signed_in(left=400))
    monkeypatch.setattr(started.window, "isMinimized", lambda: False)  # as on Wayland
    started.desktop.has_tray = True
    started.tray.start()
    assert not started.window.isVisible()


def test_a_tray_that_has_gone_unnoticed_does_not_swallow_the_window(started: Bench) -> None:
    started.desktop.has_tray = False
    started.window.close()
    assert is_minimized(started.window)


def test_a_hidden_window_comes_back_when_the_tray_goes(started: Bench) -> None:
    started.window.close()
    started.desktop.has_tray = False
    started.show(signed_in(left=400))
    assert is_minimized(started.window)


def test_it_hides_again_when_the_tray_comes_back(started: Bench) -> None:
    started.window.close()
    started.desktop.has_tray = False
    started.show(signed_in(left=400))
    started.desktop.has_tray = True
    started.tray.start()
    assert not started.window.isVisible()
    assert started.icon().toolTip() == "Northwind SOC\nSigned in, 6 min left"


def test_a_window_that_a_person_minimized_is_left_where_it_is(bench: Bench) -> None:
    bench.desktop.has_tray = False
    bench.presence.start()
    bench.window.close()
    bench.desktop.has_tray = True
    bench.look_again()
    assert is_minimized(bench.window)


def test_a_tray_that_comes_late_is_found(bench: Bench) -> None:
    bench.desktop.has_tray = False
    bench.presence.start()
    bench.look_again()
    bench.desktop.has_tray = True
    bench.look_again()
    assert bench.icon().isVisible()
    assert not bench.tray._retry_timer.isActive()


def test_looking_for_a_tray_ends_after_some_minutes(bench: Bench) -> None:
    bench.desktop.has_tray = False
    bench.presence.start()
    pauses = []
    while bench.tray._retry_timer.isActive():
        pauses.append(bench.tray._retry_timer.interval() / 1000)
        bench.look_again()
    assert pauses == list(RETRY_DELAYS)
    assert pauses == sorted(pauses)
    assert sum(pauses) == 300


def test_started_hidden_without_a_tray_the_window_comes_minimized(bench: Bench) -> None:
    bench.window.hide()
    bench.desktop.has_tray = False
    bench.presence.start()
    for _ in range(4):
        bench.look_again()
    assert is_minimized(bench.window)


def test_after_the_end_no_icon_is_left(started: Bench) -> None:
    started.presence.close()
    assert started.tray._icon is None


def test_what_the_desktop_handed_over_does_not_stay(
    started: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESKTOP_STARTUP_ID", raising=False)
    with pytest.raises(ValueError, match="null"):
        started.presence.raise_window({"DESKTOP_STARTUP_ID": "x", "XDG_ACTIVATION_TOKEN": "\0"})
    assert "DESKTOP_STARTUP_ID" not in os.environ


# What is told


def test_what_the_window_shows_is_not_told_again(started: Bench) -> None:
    started.show(waiting())
    started.show(signed_in())
    started.presence.show_copy(NotCopied("There is no valid token.", "No token"))
    assert started.desktop.told == []


def test_a_sign_in_that_ends_behind_a_hidden_window_is_told(started: Bench) -> None:
    started.show(waiting())
    started.window.hide()
    started.show(signed_in())
    assert [title for title, _ in started.desktop.told] == ["Signed in"]


def test_a_copy_from_the_menu_that_failed_is_told(started: Bench) -> None:
    started.window.hide()
    started.presence.show_copy(NotCopied("It broke. The server says “<b>”.", "It broke"))
    started.presence.show_copy(NotCopied(""))  # the user gave up
    assert started.desktop.told == [("Not copied", "It broke. Open XDR Login for details.")]


def test_a_program_that_asks_is_told_without_its_name(started: Bench) -> None:
    started.window.hide()
    started.presence.notify_token_request()
    assert started.desktop.told == [
        (
            "Allow access to your token?",
            (
                "A program requests your token. Answer in XDR Login within a minute, or access is "
                "denied."
            ),
        )
    ]


def test_what_kept_a_token_from_being_copied_is_told_of_the_copy_alone(started: Bench) -> None:
    started.window.hide()
    started.presence.show_copy(Copying(CopyFormat.TOKEN))
    started.show(STUCK_AND_TRYING)
    started.show(STUCK)
    started.presence.show_copy(NotCopied("Can't reach the server. …", "No connection"))
    started.show(STUCK_AND_TRYING)
    started.show(STUCK)
    assert [title for title, _ in started.desktop.told] == ["Not copied"]


def test_trouble_is_told_when_the_copy_that_met_it_was_given_up(started: Bench) -> None:
    started.window.hide()
    started.presence.show_copy(Copying(CopyFormat.TOKEN))
    started.show(STUCK)
    started.presence.show_copy(NotCopied(""))
    started.show(STUCK)
    assert [title for title, _ in started.desktop.told] == ["Couldn't renew your token"]


def test_one_trouble_is_told_once_however_often_it_is_tried(started: Bench) -> None:
    started.window.hide()
    for _ in range(3):
        started.show(STUCK)
        started.show(STUCK_AND_TRYING)
    assert [title for title, _ in started.desktop.told] == ["Couldn't renew your token"]


def test_another_trouble_is_told_again(started: Bench) -> None:
    started.window.hide()
    for state in (STUCK, signed_in(), STUCK):
        started.show(state)
    assert len(started.desktop.told) == 2


def test_a_click_on_what_is_told_brings_the_window(started: Bench) -> None:
    started.window.hide()
    started.icon().messageClicked.emit()
    assert started.window.in_sight()


def test_news_of_another_profile_is_told_with_its_name(started: Bench) -> None:
    started.presence.show_profile(PROFILE)
    other = replace(OTHERS[0], name="<b>A & B")
    started.presence.show_other(ProfileStatus(other, waiting()))
    started.presence.show_other(ProfileStatus(other, signed_in()))
    started.presence.show_other(ProfileStatus(other, signed_in()))
    assert started.desktop.told == [
        ("bA  B: Signed in", "Your token is ready. Copy it from the tray.")
    ]


def test_the_same_failure_of_many_profiles_is_told_once(
    started: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    started.presence.show_profile(PROFILE)
    for number in range(50):
        profile = replace(OTHERS[0], id=f"customer-{number}", name=f"Customer {number}")
        started.presence.show_other(ProfileStatus(profile, STATES["keyring_locked"]))
    assert [title.partition(":")[0] for title, _ in started.desktop.told] == ["Customer 0"]
    started.presence.show_other(ProfileStatus(OTHERS[1], STATES["unreachable"]))
    assert len(started.desktop.told) == 2, "another failure is reported"
    clock[0] += 3600
    started.presence.show_other(ProfileStatus(OTHERS[0], STATES["keyring_locked"]))
    assert len(started.desktop.told) == 3, "much later it is reported again"


def test_what_happens_to_the_profile_in_the_window_is_told_once(started: Bench) -> None:
    other = OTHERS[0]
    started.window.hide()
    started.presence.show_other(ProfileStatus(other, waiting()))
    started.presence.show_profile(other)  # which is in the window from now on
    started.show(waiting())
    started.show(signed_in())
    started.presence.show_profile(PROFILE)
    started.presence.show_other(ProfileStatus(other, signed_in(left=10)))
    assert [title for title, _ in started.desktop.told] == ["Signed in"]
