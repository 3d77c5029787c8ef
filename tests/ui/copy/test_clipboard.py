import asyncio

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.ui.copy import clipboard as module
from desktop.ui.copy.clipboard import Clipboard
from tests.ui.harness import settle

MARKS = {
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"1",
    'application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"': b"\0\0\0\0",
    'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"': b"\0\0\0\0",
    "x-kde-passwordManagerHint": b"secret",
}

CLEAR = QClipboard.clear  # as it is where nobody refuses


@pytest.fixture
def system(qapp: QApplication) -> QClipboard:  # noqa: ARG001 - there must be one
    return QGuiApplication.clipboard()


def copy_secret(clipboard: Clipboard, text: str) -> None:
    assert asyncio.run(clipboard.copy_secret(text))


def marks(system: QClipboard) -> dict[str, bytes]:
    content: QMimeData | None = system.mimeData()  # None once it is empty, on some platforms
    if content is None:
        return {}
    return {name: bytes(content.data(name).data()) for name in MARKS if content.hasFormat(name)}


def test_a_secret_is_marked_for_every_platform(system: QClipboard) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    assert system.text() == "token"
    assert marks(system) == MARKS
    clipboard.clear_secret()


def test_what_is_no_secret_is_not_marked(system: QClipboard) -> None:
    Clipboard().copy("WDJB-MJHT")
    assert system.text() == "WDJB-MJHT"
    assert marks(system) == {}


def test_a_secret_is_taken_back_when_its_time_is_over(system: QClipboard, qtbot: QtBot) -> None:
    clipboard = Clipboard(clear_after=0.02)
    copy_secret(clipboard, "token")
    qtbot.waitUntil(lambda: system.text() == "")
    assert marks(system) == {}


def test_what_somebody_else_copied_meanwhile_stays(system: QClipboard, qtbot: QtBot) -> None:
    clipboard, cleared = Clipboard(clear_after=0.02), []
    clipboard.secret_cleared.connect(lambda: cleared.append(1))
    copy_secret(clipboard, "token")
    system.setText("a shopping list")
    qtbot.waitUntil(lambda: not clipboard._timer.isActive())
    assert system.text() == "a shopping list"
    assert not cleared


def test_it_tells_when_the_secret_is_cleared(system: QClipboard, qtbot: QtBot) -> None:
    clipboard = Clipboard(clear_after=0.02)
    with qtbot.waitSignal(clipboard.secret_cleared):
        copy_secret(clipboard, "token")
    assert system.text() == ""


def test_what_replaces_a_secret_is_told_at_once(
    system: QClipboard, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    monkeypatch.setattr(QClipboard, "ownsClipboard", lambda _self: False)
    with qtbot.waitSignal(clipboard.secret_forgotten):
        system.setText("a shopping list")
    system.setText("token")  # chosen in a history
    clipboard.clear_secret()
    assert system.text() == ""


def test_a_clipboard_manager_that_keeps_the_secret_does_not_replace_it(
    system: QClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard, forgotten = Clipboard(), []
    copy_secret(clipboard, "token")
    clipboard.secret_forgotten.connect(lambda: forgotten.append(1))
    monkeypatch.setattr(QClipboard, "ownsClipboard", lambda _self: False)
    system.setText("token")
    assert not forgotten
    clipboard.clear_secret()
    assert system.text() == ""


def test_the_user_code_stays(system: QClipboard) -> None:
    clipboard = Clipboard(clear_after=0.02)
    copy_secret(clipboard, "token")
    clipboard.copy("WDJB-MJHT")
    assert not clipboard._timer.isActive()
    clipboard.clear_secret()
    assert system.text() == "WDJB-MJHT"


def test_a_code_stays_until_a_lock(system: QClipboard) -> None:
    clipboard = Clipboard()
    clipboard.copy_code("WDJB-MJHT")
    assert marks(system) == {}
    clipboard.clear_secret()
    assert system.text() == "WDJB-MJHT"
    clipboard.clear_for_lock()
    assert system.text() == ""


def test_a_lock_clears_no_other_text(system: QClipboard) -> None:
    clipboard = Clipboard()
    clipboard.copy_code("WDJB-MJHT")
    system.setText("a shopping list")
    clipboard.clear_for_lock()
    assert system.text() == "a shopping list"
    clipboard.copy_code("WDJB-MJHT")
    clipboard.copy("WDJB-MJHT")  # as a part of what support needs
    clipboard.clear_for_lock()
    assert system.text() == "WDJB-MJHT"


def test_copying_again_starts_the_time_anew(system: QClipboard) -> None:
    clipboard = Clipboard(clear_after=30)
    copy_secret(clipboard, "one")
    clipboard._timer.stop()  # as if its time were nearly over
    copy_secret(clipboard, "two")
    assert clipboard._timer.isActive()
    assert clipboard._timer.interval() == 30_000
    clipboard.clear_secret()
    assert system.text() == ""


def test_clearing_twice_clears_once(system: QClipboard) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    clipboard.clear_secret()
    system.setText("token")
    clipboard.clear_secret()
    assert system.text() == "token"


def test_the_secret_is_forgotten_with_it() -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    clipboard.clear_secret()
    assert "token" not in map(str, vars(clipboard).values())


def test_a_new_time_holds_from_the_next_copy_on(system: QClipboard, qtbot: QtBot) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "one")
    clipboard.clear_after = 0.02
    assert clipboard._timer.interval() == 30_000  # as the user was told
    copy_secret(clipboard, "two")
    qtbot.waitUntil(lambda: system.text() == "")


def test_the_secret_is_taken_back_at_the_end(system: QClipboard) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    asyncio.run(clipboard.close())
    assert system.text() == ""


def test_what_somebody_else_copied_stays_at_the_end(system: QClipboard) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    system.setText("a shopping list")
    asyncio.run(clipboard.close())
    assert system.text() == "a shopping list"


def test_a_clipboard_that_does_not_take_the_secret_is_noticed(
    system: QClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard = Clipboard()
    # Windows: another program holds the clipboard open.
    monkeypatch.setattr(QClipboard, "setMimeData", lambda *_: None)
    assert not asyncio.run(clipboard.copy_secret("token"))
    assert not clipboard._timer.isActive()
    assert system.text() == ""


def test_what_was_copied_in_our_own_window_stays(
    system: QClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    clipboard = Clipboard()
    copy_secret(clipboard, "token")
    system.setText("a claim that was marked with the mouse")
    monkeypatch.setattr(QClipboard, "ownsClipboard", lambda _: True)
    clipboard.clear_secret()
    assert system.text() == "a claim that was marked with the mouse"


@pytest.fixture
def refusing(system: QClipboard, monkeypatch: pytest.MonkeyPatch) -> Clipboard:
    """Have copied "one", on a desktop that takes nothing more from a program without the focus."""
    monkeypatch.setattr(module, "ECHO", 0.01)
    clipboard = Clipboard(wayland=True)
    clipboard._secret = "one"
    system.setText("one")
    monkeypatch.setattr(QClipboard, "setMimeData", lambda *_: None)
    monkeypatch.setattr(QClipboard, "clear", lambda _: None)
    return clipboard


def come_back(clipboard: Clipboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the focus to a window."""
    monkeypatch.setattr(QClipboard, "clear", CLEAR)
    window = QWidget()
    window.show()
    window.activateWindow()
    settle()
    clipboard._clear_leftovers()
    window.close()


def test_a_secret_that_could_not_be_replaced_is_taken_back_later(
    refusing: Clipboard, system: QClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not asyncio.run(refusing.copy_secret("two"))
    assert system.text() == "one"
    come_back(refusing, monkeypatch)
    assert system.text() == ""


def test_a_secret_whose_replacement_was_given_up_is_taken_back_later(
    refusing: Clipboard, system: QClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def give_up() -> None:
        copying = asyncio.create_task(refusing.copy_secret("two"))
        await asyncio.sleep(0)
        copying.cancel()
        await asyncio.wait({copying})

    asyncio.run(give_up())
    assert system.text() == "one"
    come_back(refusing, monkeypatch)
    assert system.text() == ""


def test_a_cleared_secret_that_shows_only_after_the_focus_is_cleared_again(
    system: QClipboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ECHO", 0.01)
    clipboard = Clipboard(wayland=True)
    clipboard._leftover_secrets = {"one"}
    window = QWidget()
    window.show()
    window.activateWindow()
    settle()  # has the focus, and the compositor has not announced what it keeps
    system.setText("one")
    settle()
    assert system.text() == ""
    assert not clipboard._leftover_secrets
    window.close()


def test_only_wayland_asks_for_the_focus(system: QClipboard) -> None:
    assert system.text() == ""
    assert not Clipboard().needs_focus
    assert Clipboard(wayland=True).needs_focus
