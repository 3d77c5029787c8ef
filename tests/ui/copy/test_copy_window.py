"""The window that copies on Wayland, with a compositor of few lines in place of a real one."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.services.model.copy_formats import CopyFormat
from desktop.ui.copy import clipboard as module
from desktop.ui.copy.clipboard import Clipboard
from desktop.ui.copy.copier import Copier
from desktop.ui.copy.copy_window import CopyWindow
from desktop.ui.kit.copy_progress import Copied, Copying, NotCopied
from desktop.ui.kit.theme import Theme
from tests.ui.harness import (
    FONTS,
    TOKEN,
    FakeSession,
    ProgressListener,
    buttons_on,
    misfits,
    run_on_event_loop,
    settle,
    texts_on,
)


class Compositor(QObject):
    """Qt's clipboard on Wayland: it shows its own content at once, whatever becomes of it.

    `takes` says whether the next copies are accepted, `silent` whether a refusal is without a word.
    """

    dataChanged = Signal()  # noqa: N815 - Qt's name

    def __init__(self, *, takes: bool = True, silent: bool = True) -> None:
        super().__init__()
        self.takes = takes
        self.silent = silent
        self.truth = "a shopping list"
        self._own: QMimeData | None = None

    def ownsClipboard(self) -> bool:
        return self._own is not None

    def text(self) -> str:
        return self.truth if self._own is None else self._own.text()

    def setMimeData(self, content: QMimeData) -> None:
        self._own = content
        self.dataChanged.emit()
        QTimer.singleShot(0, self, self._answer)

    def clear(self) -> None:
        if self._own is not None and self.truth == self._own.text():
            self.truth = ""
        self._own = None
        self.dataChanged.emit()

    def _answer(self) -> None:
        if self.takes and self._own is not None:
            self.truth = self._own.text()
        elif self.silent:
            return
        else:
            self._own = None
        self.dataChanged.emit()


class Person(CopyWindow):
    """The window, and somebody who does `deeds` one by one when it asks for a press."""

    def __init__(self, deeds: Iterator[Any], **options: float) -> None:
        super().__init__(**options)
        self._deeds = deeds
        self.asked: list[str] = []

    async def wait_for_press(self, *, refused: bool) -> bool:
        deed = next(self._deeds)
        QTimer.singleShot(0, self, lambda: self._do(deed))
        return await super().wait_for_press(refused=refused)

    def _do(self, deed: Any) -> None:  # noqa: ANN401 - any callable
        self.asked.append(texts_on(self)[0].text())
        deed(self)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ECHO", 0.05)


@pytest.fixture
def compositor(theme: Theme) -> Compositor:  # noqa: ARG001 - what windows wear
    return Compositor(takes=False)


@pytest.fixture
def copier(compositor: Compositor, monkeypatch: pytest.MonkeyPatch) -> Copier:
    monkeypatch.setattr(QGuiApplication, "clipboard", lambda: compositor)
    return Copier(Clipboard(wayland=True))


def press(window: CopyWindow) -> None:
    QTest.mouseClick(buttons_on(window)[0], Qt.MouseButton.LeftButton)


def escape(window: CopyWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Escape)


def copy(copier: Copier, *deeds: Any, **options: float) -> tuple[ProgressListener, Person]:  # noqa: ANN401
    """Copy while somebody does `deeds`; gives what was told, and the window."""
    told = ProgressListener(copier)
    window = Person(iter(deeds), **options)
    copier._make_window = lambda: window

    async def work() -> None:
        copier.copy(FakeSession().as_session(), CopyFormat.TOKEN)
        await told.wait_for(2)

    run_on_event_loop(work())
    return told, window


def words_in(window: CopyWindow) -> list[str]:
    return [each.text() for each in texts_on(window)]


def test_where_the_copy_is_accepted_there_is_no_window(
    copier: Copier, compositor: Compositor
) -> None:
    compositor.takes = True
    told, window = copy(copier)
    assert told == [Copying(CopyFormat.TOKEN), Copied(CopyFormat.TOKEN, 30)]
    assert compositor.truth == TOKEN
    assert not window.isVisible()


@pytest.mark.parametrize("silent", [True, False])
def test_a_refused_copy_is_not_claimed_and_harms_nobody(
    copier: Copier, compositor: Compositor, *, silent: bool
) -> None:
    compositor.silent = silent
    told, window = copy(copier, CopyWindow.close)
    assert told == [Copying(CopyFormat.TOKEN), NotCopied("")]
    assert window.asked == ["Your desktop didn't accept the copy. Click Copy to try again."]
    assert compositor.truth == compositor.text() == "a shopping list"


def test_a_press_copies(copier: Copier, compositor: Compositor) -> None:
    def press_well(window: CopyWindow) -> None:
        compositor.takes = True
        press(window)

    told, window = copy(copier, press, press_well)
    assert told[1:] == [Copied(CopyFormat.TOKEN, 30)]
    assert len(window.asked) == 2
    assert compositor.truth == TOKEN
    assert words_in(window) == ["Copied. Clears in 30\N{NO-BREAK SPACE}s"]
    assert window.isVisible()
    window.close()


def test_return_presses_too(copier: Copier, compositor: Compositor) -> None:
    def press_return(window: CopyWindow) -> None:
        compositor.takes = True
        QTest.keyClick(buttons_on(window)[0], Qt.Key.Key_Return)

    told, window = copy(copier, press_return)
    assert told[1:] == [Copied(CopyFormat.TOKEN, 30)]
    window.close()


def test_without_the_focus_it_does_not_even_try(
    copier: Copier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Person, "isActiveWindow", lambda _: False)
    _, window = copy(copier, CopyWindow.close, active_within=0.01)
    assert window.asked == [
        "Click Copy. Your desktop needs a click before an app can use the clipboard."
    ]


@pytest.mark.parametrize("font", FONTS)
def test_its_words_fit(copier: Copier, qapp: QApplication, font: str) -> None:
    usual = qapp.font()
    qapp.setFont(QFont(font, 10))
    misfitting: list[str] = []

    def look(window: CopyWindow) -> None:
        settle()
        misfitting.extend(misfits(window))
        window.close()

    copy(copier, look)
    qapp.setFont(usual)
    assert misfitting == []


def test_escape_gives_up(copier: Copier) -> None:
    told, window = copy(copier, escape)
    assert told[1:] == [NotCopied("")]
    assert not window.isVisible()


def test_a_copy_that_is_given_up_closes_the_window(copier: Copier) -> None:
    told, window = copy(copier, lambda _: copier.cancel())
    settle()
    run_on_event_loop(copier.close())
    assert told[1:] == [NotCopied("")]
    assert not window.isVisible()


def test_what_it_says_is_read_to_who_does_not_see_it(copier: Copier) -> None:
    names: list[str] = []

    def listen(window: CopyWindow) -> None:
        names.append(window.accessibleName())
        window.close()

    copy(copier, listen)
    assert names == ["Your desktop didn't accept the copy. Click Copy to try again."]


def test_what_was_refused_is_not_taken_back_later(copier: Copier, compositor: Compositor) -> None:
    copy(copier, CopyWindow.close)
    compositor.truth = TOKEN  # copied by somebody else
    run_on_event_loop(copier.close())
    assert compositor.truth == TOKEN
