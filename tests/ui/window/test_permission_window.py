"""The window that asks whether a program may have the token: nothing is allowed by chance."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QIcon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.services.session.token_permission import PermissionAnswer, PermissionRequest
from desktop.services.system.processes import UNKNOWN_PROGRAM, Program
from desktop.services.system.terminal.terminal_session import TerminalSession
from desktop.ui.kit.widgets import Button
from desktop.ui.window import permission_window
from desktop.ui.window.permission_window import PermissionWindow
from tests.ui.harness import run_on_event_loop, texts_on

PROGRAM = Program("deploy.py", "/home/dana/deploy.py", 4711, "/usr/bin/python3.11", "its-files")
QUESTION = PermissionRequest(PROGRAM, "northwind", "Northwind SOC")
TERMINAL = TerminalSession("4700:1.5", "GNOME Terminal")
IN_TERMINAL = replace(QUESTION, program=replace(PROGRAM, parent="/usr/bin/bash", terminal=TERMINAL))

OVER = QRect(0, 0, 600, 600)

Deed = Callable[[PermissionWindow], object]


def answer(
    deed: Deed, *, too_soon: int = 0, question: PermissionRequest = QUESTION
) -> PermissionAnswer:
    """Ask, and do `deed` once presses count; gives the answer."""
    window = PermissionWindow(question, QIcon(), over=OVER, too_soon=too_soon)

    async def work() -> PermissionAnswer:
        asking = asyncio.ensure_future(window.ask())
        await asyncio.sleep(0)
        if not too_soon:
            window._guard.stop()
            window._enable_buttons()
        deed(window)
        return await asyncio.wait_for(asking, 20)

    given: list[PermissionAnswer] = []

    async def keep() -> None:
        given.append(await work())

    run_on_event_loop(keep())
    return given[0]


pytestmark = pytest.mark.usefixtures("theme")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deny", PermissionAnswer.DENY),
        ("once", PermissionAnswer.ONCE),
        ("for_terminal", PermissionAnswer.FOR_TERMINAL),
        ("for_an_hour", PermissionAnswer.FOR_AN_HOUR),
    ],
)
def test_a_press_is_the_answer(name: str, expected: PermissionAnswer) -> None:
    def press(window: PermissionWindow) -> None:
        button: Button = getattr(window, name)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    assert answer(press, question=IN_TERMINAL) is expected


def test_alt_and_a_letter_answer_and_count_only_after_a_pause_in_typing() -> None:
    def press(window: PermissionWindow) -> None:
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window)
        window._enable_buttons()
        QTest.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)
        QTest.qWait(150)  # a button that a shortcut presses looks pressed for a moment
        assert window._answer is not None
        assert not window._answer.done()
        window._keys_count.setRemainingTime(0)
        QTest.keyClick(window, Qt.Key.Key_A, Qt.KeyboardModifier.AltModifier)

    assert answer(press, too_soon=100_000) is PermissionAnswer.ONCE


def test_return_and_escape_and_closing_deny() -> None:
    def press_return(window: PermissionWindow) -> None:
        window.activateWindow()
        focus = window.focusWidget()
        assert focus is window.deny
        QTest.keyClick(window.deny, Qt.Key.Key_Return)

    assert answer(press_return) is PermissionAnswer.DENY
    assert answer(lambda window: QTest.keyClick(window, Qt.Key.Key_Escape)) is PermissionAnswer.DENY
    assert answer(PermissionWindow.close) is PermissionAnswer.DENY


def test_what_was_meant_for_another_window_presses_nothing() -> None:
    def type_on(window: PermissionWindow) -> None:
        for button in window._buttons:
            assert not button.isEnabled()
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape):
            QTest.keyClick(window, key)
        assert window.isVisible()
        window._enable_buttons()
        QTest.mouseClick(window.once, Qt.MouseButton.LeftButton)

    assert answer(type_on, too_soon=100_000, question=IN_TERMINAL) is PermissionAnswer.ONCE


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Tab])
def test_typing_goes_on_longer_than_the_buttons_are_disabled(key: Qt.Key) -> None:
    """A window manager may give the window the focus in the middle of a word."""

    def type_on(window: PermissionWindow) -> None:
        window._enable_buttons()
        window.once.setFocus()
        QTest.keyClick(window.once, key)
        QTest.keyClick(window, Qt.Key.Key_Escape)
        assert window.focusWidget() is window.once
        assert window.isVisible()
        window._keys_count.setRemainingTime(0)
        window.deny.setFocus()
        QTest.keyClick(window.deny, Qt.Key.Key_Return)

    assert answer(type_on, too_soon=100_000) is PermissionAnswer.DENY


def test_each_key_that_comes_too_soon_keeps_the_buttons_disabled() -> None:
    def type_on(window: PermissionWindow) -> None:
        window._guard.setTimerType(Qt.TimerType.PreciseTimer)
        window._guard.start()
        QTest.qWait(30)
        before = window._guard.remainingTime()
        QTest.keyClick(window, Qt.Key.Key_A)
        assert window._guard.remainingTime() > before
        window.close()

    answer(type_on, too_soon=100_000)


def test_a_focus_that_comes_later_starts_the_pause_again() -> None:
    def look(window: PermissionWindow) -> None:
        window._too_soon = 100_000
        assert window._keys_count.hasExpired()
        window.activateWindow()
        QTest.qWait(1)
        assert window.isActiveWindow()
        assert not window._keys_count.hasExpired()
        QTest.mouseClick(window.once, Qt.MouseButton.LeftButton)  # a click needs no pause

    other = QWidget()
    other.show()
    other.activateWindow()
    assert answer(look) is PermissionAnswer.ONCE
    other.deleteLater()


def test_it_comes_without_taking_the_keyboard() -> None:
    window = PermissionWindow(QUESTION, QIcon(), over=OVER)
    assert window.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    window.deleteLater()


def test_it_comes_up_in_front_of_the_window() -> None:
    window = PermissionWindow(QUESTION, QIcon(), over=QRect(300, 200, 440, 640))
    middle, wanted = window.geometry().center(), QRect(300, 200, 440, 640).center()
    assert (middle - wanted).manhattanLength() <= 2
    window.deleteLater()


def test_it_says_who_asks_for_what() -> None:
    window = PermissionWindow(QUESTION, QIcon(), over=OVER)
    window.show()
    words = " | ".join(each.text().replace("\N{ZERO WIDTH SPACE}", "") for each in texts_on(window))
    for word in ("deploy.py", "/home/dana/deploy.py", "/usr/bin/python3.11", "4711", "Northwind"):
        assert word in words
    assert "Let deploy.py use your token?" in words
    assert "Started by" not in words
    name = window.accessibleName()
    assert name.startswith("Let deploy.py use your token for Northwind SOC?")
    window.close()
    window.deleteLater()


def test_it_says_which_token_is_asked_for() -> None:
    question = replace(QUESTION, exchange="secure-endpoint")
    window = PermissionWindow(question, QIcon(), over=OVER)
    window.show()
    words = [each.text() for each in texts_on(window)]
    assert words[words.index("Token") + 1] == "secure-endpoint"
    name = window.accessibleName()
    assert name.startswith("Let deploy.py use your token “secure-endpoint” for Northwind SOC?")
    window.close()
    window.deleteLater()


@pytest.mark.parametrize(
    ("parent", "terminal", "starter"),
    [
        ("/usr/bin/bash", TERMINAL, "bash in GNOME Terminal"),
        ("/usr/libexec/gnome-terminal-server", TERMINAL, "GNOME Terminal"),
        ("", TERMINAL, "GNOME Terminal"),
        ("/usr/bin/bash", TerminalSession("1:1"), "bash in a terminal"),
        ("", TerminalSession("1:1"), "A terminal"),
        ("/usr/share/code/code", None, "Visual Studio Code"),
        ("/usr/sbin/cron", None, "cron"),
        (r"C:\Windows\System32\cmd.exe", TerminalSession("1:1", "Windows Terminal"), "cmd.exe in "),
    ],
)
def test_it_says_what_started_the_program_and_where(
    parent: str, terminal: TerminalSession | None, starter: str
) -> None:
    program = replace(PROGRAM, parent=parent, terminal=terminal)
    window = PermissionWindow(replace(QUESTION, program=program), QIcon(), over=OVER)
    window.show()
    words = [each.text() for each in texts_on(window)]
    assert words[words.index("Started by") + 1].startswith(starter)
    assert f"Northwind SOC? Started by {starter}" in window.accessibleName()
    window.close()
    window.deleteLater()


def test_the_time_until_it_is_denied_counts_down() -> None:
    def look(window: PermissionWindow) -> None:
        assert window._countdown.isActive()
        assert "Denied automatically in 1:00." in [each.text() for each in texts_on(window)]
        window._deadline.setRemainingTime(41_500)
        window._countdown.timeout.emit()
        assert "Denied automatically in 0:42." in [each.text() for each in texts_on(window)]
        window.close()

    answer(look)


def test_a_screen_reader_hears_the_countdown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(permission_window, "say", lambda _window, text: heard.append(text))

    def look(window: PermissionWindow) -> None:
        assert window._remaining.accessibleName() == "Denied automatically after a minute."
        for left in range(59, 0, -1):
            window._deadline.setRemainingTime(left * 1000 - 100)
            window._countdown.timeout.emit()
        window.close()

    answer(look)
    assert [each for each in heard if each] == ["30 seconds left"]


def test_what_is_not_known_is_said_to_be_so() -> None:
    window = PermissionWindow(replace(QUESTION, program=UNKNOWN_PROGRAM), QIcon(), over=OVER)
    window.show()
    words = [each.text() for each in texts_on(window)]
    assert "Let an unknown program use your token?" in words
    assert "Path unknown" in words
    assert "Process ID" not in words
    window.close()
    window.deleteLater()


@pytest.mark.parametrize("exchange", ["", "secure-endpoint"])
def test_an_unknown_program_is_spoken_of_within_a_sentence(exchange: str) -> None:
    asked = replace(QUESTION, program=UNKNOWN_PROGRAM, exchange=exchange)
    spoken = PermissionWindow(asked, QIcon(), over=OVER).accessibleName()
    token = f"token “{exchange}”" if exchange else "token"
    assert spoken.startswith(f"Let an unknown program use your {token} for Northwind SOC?")


def test_a_question_that_is_taken_back_goes_from_the_screen() -> None:
    window = PermissionWindow(QUESTION, QIcon(), over=OVER)

    async def work() -> None:
        asking = asyncio.ensure_future(window.ask())
        await asyncio.sleep(0)
        assert window.isVisible()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    run_on_event_loop(work())
    assert "PermissionWindow" not in {
        type(each).__name__ for each in QApplication.topLevelWidgets() if each.isVisible()
    }


@pytest.mark.parametrize("terminal", [None, TERMINAL])
def test_an_hour_is_not_offered_where_it_is_not_known_what_runs(
    terminal: TerminalSession | None,
) -> None:
    program = Program("bash", "/usr/bin/bash", 8, terminal=terminal)
    shell = PermissionRequest(program, "northwind", "Northwind SOC")

    def look(window: PermissionWindow) -> None:
        assert window.for_an_hour.isHidden()
        assert window.for_terminal.isVisible() == (terminal is not None)
        asks_always = any("so it asks every time" in each.text() for each in texts_on(window))
        assert asks_always == (terminal is None)
        window.deny.click()

    assert answer(look, question=shell) is PermissionAnswer.DENY
    assert answer(lambda window: window.for_an_hour.click()) is PermissionAnswer.FOR_AN_HOUR


@pytest.mark.parametrize(("presence", "is_hidden"), [("ask", False), ("always", True)])
def test_a_proof_is_announced_and_can_be_needed_each_time(
    presence: str, *, is_hidden: bool
) -> None:
    def look(window: PermissionWindow) -> None:
        assert window.for_an_hour.isHidden() is is_hidden
        said = "If you allow access, your system asks for your password or fingerprint next."
        assert any(said in each.text() for each in texts_on(window))
        window.deny.click()

    answer(look, question=replace(QUESTION, presence=presence))


def test_what_a_longer_answer_covers_is_said() -> None:
    def look(window: PermissionWindow) -> None:
        notes = " ".join(each.text() for each in texts_on(window))
        assert "“In this terminal” covers every program in it until you close it" in notes
        about = window.for_terminal.accessibleDescription()
        assert about.startswith("Every program in this terminal, until you close it, XDR Login lo")
        about = window.for_an_hour.accessibleDescription()
        assert about == "Only deploy.py, wherever it runs, until XDR Login locks."
        window.close()

    answer(look, question=IN_TERMINAL)

    def look_outside(window: PermissionWindow) -> None:
        assert window.for_terminal.isHidden()
        assert not any("terminal" in each.text() for each in texts_on(window))
        window.close()

    answer(look_outside)


def test_only_the_window_of_the_question_is_shown() -> None:
    before = {each for each in QApplication.topLevelWidgets() if each.isVisible()}
    window = PermissionWindow(IN_TERMINAL, QIcon(), over=OVER)
    assert {each for each in QApplication.topLevelWidgets() if each.isVisible()} == before
    window.deleteLater()
