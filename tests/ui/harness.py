"""What the tests of the window share: recorders of actions, and a reader of the screen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.oauth.metadata import ServerMetadata
from desktop.services.audit.audit_log import AuditLog
from desktop.services.model.access_token import AccessToken
from desktop.services.model.copy_formats import CopyFormat
from desktop.services.model.profile import Profile
from desktop.services.model.settings import Settings
from desktop.services.model.states import Revocation, SignedIn, State
from desktop.services.session.audit.session_audit import SessionAudit
from desktop.services.session.lock.app_lock import AppLock
from desktop.services.session.session import Session
from desktop.services.session.sessions import ProfileStatus
from desktop.services.session.token_recipients import TokenRecipient
from desktop.services.token.details import TokenDetails, token_details
from desktop.ui.app.controller import Controller
from desktop.ui.app.event_loop import EventLoop
from desktop.ui.copy.copier import Copier
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import Button, View
from desktop.ui.kit.word_breaks import unbroken
from desktop.ui.pages.details_controller import DetailsController
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.pages.pages import Pages
from desktop.ui.pages.settings_store import SettingsStore
from desktop.ui.pages.settings_view import SettingsView
from desktop.ui.views.waiting_view import WaitingView
from desktop.ui.window.window import Window
from tests.sample_states import CLAIMS, MADE_UP_TOKEN, METADATA, NOW, PROFILE, STATES

T = TypeVar("T")

FONTS = ("Inter", "DejaVu Sans")  # that of the screenshots, and one of the widest there are
TOKEN = "eyJ-the-access-token"
BREAK = "\N{ZERO WIDTH SPACE}"  # where a long word may be broken


@dataclass
class ProfileRecorder:
    """Profile actions that only record their calls."""

    calls: list[tuple[object, ...]] = field(default_factory=list)
    statuses: tuple[ProfileStatus, ...] = ()
    current_id: str = ""
    unreadable: int = 0
    are_many: bool = False
    api_service: str = ""

    def choose_api_service(self, name: str) -> None:
        self.calls.append(("choose_api_service", name))
        self.api_service = name

    @property
    def listed(self) -> tuple[ProfileStatus, ...]:
        return self.statuses

    def status(self, id_: str) -> ProfileStatus | None:
        return {each.profile.id: each for each in self.statuses}.get(id_)

    def by_recency(self) -> tuple[list[str], list[str]]:
        return [], [each.profile.id for each in self.statuses]

    def switch(self, id_: str) -> None:
        self.calls.append(("switch", id_))

    def switch_to_number(self, number: int) -> None:
        self.calls.append(("switch_to_number", number))

    def copy_token(self, id_: str, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        self.calls.append(("copy_token", id_, as_))

    def check_connection(self) -> None:
        self.calls.append(("check_connection",))

    def renew(self, id_: str) -> None:
        self.calls.append(("renew", id_))

    def sign_in(self, id_: str) -> None:
        self.calls.append(("sign_in", id_))

    def sign_out(self, id_: str) -> None:
        self.calls.append(("sign_out", id_))


@dataclass
class FakeSessions:
    """One session, or several statuses without sessions."""

    session: FakeSession | None = None
    statuses: tuple[ProfileStatus, ...] = ()
    others: dict[str, FakeSession] = field(default_factory=dict)
    are_many: bool = False
    lock: AppLock = field(default_factory=AppLock)

    @property
    def listed(self) -> tuple[ProfileStatus, ...]:
        return self.statuses

    def status(self, id_: str) -> ProfileStatus | None:
        return {each.profile.id: each for each in self.statuses}.get(id_)

    def find(self, id_: str) -> FakeSession | None:
        return self.others.get(id_)

    def apply(self, settings: Settings) -> None:
        if self.session is not None:
            self.session.apply(settings)

    def set_visible(self, *, visible: bool) -> None:
        if self.session is not None:
            self.session.set_visible(visible=visible)

    def touch(self) -> None:
        if self.session is not None:
            self.session.touches += 1

    def check_clock(self) -> None:
        if self.session is not None:
            self.session.check_clock()


@dataclass
class LockRecorder:
    """Lock actions that only record their calls."""

    calls: list[str]

    def lock(self) -> None:
        self.calls.append("lock")

    def unlock(self) -> None:
        self.calls.append("unlock")


@dataclass
class ActionRecorder:
    """Actions that only record their calls."""

    calls: list[str] = field(default_factory=list)
    offered: Revocation | None = None
    settings: Settings | None = None
    profiles: ProfileRecorder = field(default_factory=ProfileRecorder)

    @property
    def locking(self) -> LockRecorder:
        return LockRecorder(self.calls)

    def sign_in(self) -> None:
        self.calls.append("sign_in")

    def cancel(self) -> None:
        self.calls.append("cancel")

    def request_new_code(self) -> None:
        self.calls.append("request_new_code")

    def retry(self) -> None:
        self.calls.append("retry")

    def continue_without_keyring(self) -> None:
        self.calls.append("continue_without_keyring")

    def save_again(self) -> None:
        self.calls.append("save_again")

    def sign_out(self) -> None:
        self.calls.append("sign_out")

    def open_browser(self) -> None:
        self.calls.append("open_browser")

    def open_profiles_folder(self) -> None:
        self.calls.append("open_profiles_folder")

    def switch_profile(self) -> None:
        self.calls.append("switch_profile")

    def add_profile(self) -> None:
        self.calls.append("add_profile")

    def edit_profile(self) -> None:
        self.calls.append("edit_profile")

    def manage_profiles(self) -> None:
        self.calls.append("manage_profiles")

    def copy_code(self) -> None:
        self.calls.append("copy_code")

    def copy_link(self) -> None:
        self.calls.append("copy_link")

    def copy_token(self, as_: CopyFormat = CopyFormat.TOKEN) -> None:
        self.calls.append("copy_token" if as_ is CopyFormat.TOKEN else f"copy_token {as_.name}")

    def clear_copy(self) -> None:
        self.calls.append("clear_copy")

    def cancel_copy(self) -> None:
        self.calls.append("cancel_copy")

    def copy_details(self) -> None:
        self.calls.append("copy_details")

    def renew(self) -> None:
        self.calls.append("renew")

    def revoke_again(self) -> None:
        self.calls.append("revoke_again")

    def open_details(self) -> None:
        self.calls.append("open_details")

    def open_settings(self) -> None:
        self.calls.append("open_settings")

    def open_shortcuts(self) -> None:
        self.calls.append("open_shortcuts")

    def revocation_offered(self) -> Revocation | None:
        return self.offered

    def change_settings(self, settings: Settings) -> None:
        self.calls.append("change_settings")
        self.settings = settings

    def quit(self) -> None:
        self.calls.append("quit")


@dataclass
class PageRecorder:
    """Page actions that return sample data and record their calls."""

    calls: list[str] = field(default_factory=list)
    token: str | None = MADE_UP_TOKEN
    claims: dict[str, object] = field(default_factory=lambda: CLAIMS)
    given: tuple[TokenRecipient, ...] = ()
    confirmed_each_time: bool = False

    def close_page(self) -> None:
        self.calls.append("close_page")

    def token_details(self, state: SignedIn) -> TokenDetails | None:
        return token_details(state, profile=PROFILE, metadata=METADATA, claims=self.claims)

    def recipients(self) -> tuple[TokenRecipient, ...]:
        return self.given

    def is_confirmed_each_time(self) -> bool:
        return self.confirmed_each_time

    def reveal_token(self) -> str | None:
        self.calls.append("reveal_token")
        return self.token

    def query_userinfo(self) -> None:
        self.calls.append("query_userinfo")

    def query_app_grant(self) -> None:
        self.calls.append("query_app_grant")

    def open_log_folder(self) -> None:
        self.calls.append("open_log_folder")

    def open_about(self) -> None:
        self.calls.append("open_about")


@dataclass
class Screen:
    """A window, and what the user does with it."""

    theme: Theme
    actions: ActionRecorder = field(default_factory=ActionRecorder)
    pages: PageRecorder = field(default_factory=PageRecorder)
    profile: Profile = PROFILE
    width: int = 440
    height: int = 640
    window: Window = field(init=False)

    def __post_init__(self) -> None:
        self.window = Window(self.theme)
        self.window.set_actions(self.actions)
        self.window.set_profile(self.profile)
        self.window.enable_header()
        self.window.resize(self.width, self.height)

    def show(self, state: State, at: datetime = NOW) -> None:
        """Draw `state` and let Qt settle."""
        self.window.show_state(state, at)
        self.window.show()
        self.window.activateWindow()
        settle()

    def show_details(self, state: State | None = None) -> DetailsView:
        """Open the details on top of `state`."""
        self.show(state or STATES["signed_in"])
        page = DetailsView(self.actions, cast("DetailsController", self.pages))
        self._open_page(page, state or STATES["signed_in"])
        return page

    def show_settings(self, settings: Settings = Settings()) -> SettingsView:  # noqa: B008 - frozen
        """Open the settings on top of a token."""
        self.show(STATES["signed_in"])
        page = SettingsView(self.actions, cast("Pages", self.pages), self.theme)
        page.show_profile(self.profile)
        page.show_settings(settings)
        self._open_page(page, STATES["signed_in"])
        return page

    def _open_page(self, page: View, state: State) -> None:
        self.window.show_page(page)
        self.window.show_state(state, NOW)
        settle()

    def show_qr(self) -> None:
        """Show the QR code instead of the code."""
        assert isinstance(self.window.view, WaitingView)
        self.window.view.show_qr(shown=True)
        settle()

    def close(self) -> None:
        """Close and delete the window."""
        self.window.close()
        self.window.deleteLater()
        settle()

    @property
    def visible_texts(self) -> list[str]:
        """Every text on screen, in the order of the widgets."""
        return [unbroken(shown_text(widget)) for widget in texts_on(self.window)]

    def label(self, text: str) -> QLabel:
        """Return the visible label with this text."""
        found = [each for each in texts_on(self.window) if unbroken(each.text()) == text]
        assert len(found) == 1, f"{text!r} among {self.visible_texts}"
        assert isinstance(found[0], QLabel)
        return found[0]

    def button(self, text: str) -> QPushButton:
        """Return the visible button with this label."""
        found = [each for each in buttons_on(self.window) if shown_text(each) == text]
        assert len(found) == 1, (
            f"{text!r} among {[shown_text(each) for each in buttons_on(self.window)]}"
        )
        return found[0]

    def has_button(self, text: str) -> bool:
        """Whether a button with this label is visible."""
        return any(shown_text(each) == text for each in buttons_on(self.window))

    def find(self, kind: type[QWidget]) -> QWidget:
        """Return the only visible widget of its type."""
        found = [each for each in visible(self.window) if isinstance(each, kind)]
        assert len(found) == 1, found
        return found[0]

    @property
    def focused(self) -> str:
        """The name of the widget with the focus; empty for none."""
        widget = QApplication.focusWidget()
        return "" if widget is None else name_of(widget)


@dataclass
class FakeSession:
    """Records calls; `token` may be an error to raise instead of a token."""

    profile: Profile = PROFILE
    token: str | Exception = TOKEN
    metadata: ServerMetadata | None = None
    calls: list[str] = field(default_factory=list)
    applied: list[Settings] = field(default_factory=list)
    answer: object = field(default_factory=dict)
    seen: list[bool] = field(default_factory=list)
    touches: int = 0
    looks: int = 0
    renewed: asyncio.Event = field(default_factory=asyncio.Event)
    log: AuditLog = field(default_factory=AuditLog)
    audit: SessionAudit = field(init=False)

    def __post_init__(self) -> None:
        self.renewed.set()
        self.audit = SessionAudit(self.profile, self.log)

    def as_session(self) -> Session:
        """Pass for a session where one is copied from."""
        return cast("Session", self)

    def set_visible(self, *, visible: bool) -> None:
        self.seen.append(visible)

    def check_clock(self) -> None:
        self.looks += 1

    async def fetch_token(self) -> AccessToken:
        """Give the token once `renewed` is set."""
        await self.renewed.wait()
        if isinstance(self.token, Exception):
            raise self.token
        return AccessToken(
            self.token, "Bearer", NOW + timedelta(minutes=10), ("enrich:read", "casebook")
        )

    def access_token(self) -> str | None:
        return None if isinstance(self.token, Exception) else self.token

    def claims(self) -> dict[str, object]:
        return CLAIMS

    def apply(self, settings: Settings) -> None:
        self.applied.append(settings)

    async def query(self, question: Callable[..., object]) -> Any:  # noqa: ANN401 - any answer
        self.calls.append(question.__name__)
        await self.renewed.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def __getattr__(self, name: str) -> Callable[[], None]:
        return lambda: self.calls.append(name)


class ProgressListener(list[object]):
    """The progress that a copier has reported."""

    def __init__(self, copier: Copier) -> None:
        super().__init__()
        self._changed = asyncio.Event()
        copier.progressed.connect(self._on_progress)

    async def wait_for(self, number: int) -> None:
        """Wait until so much has been reported."""
        while len(self) < number:
            self._changed.clear()
            await self._changed.wait()

    def _on_progress(self, progress: object) -> None:
        self.append(progress)
        self._changed.set()


class FakeTime(datetime):
    """A wall clock that a test sets."""

    stands_at = NOW

    @classmethod
    def now(cls, _zone: object = None) -> datetime:  # type: ignore[override]
        return cls.stands_at


@dataclass
class ControllerHarness:
    """A controller with its window and a fake session."""

    controller: Controller
    window: Window
    session: FakeSession

    def show(self, state: State, *, at: datetime = NOW) -> None:
        """Report `state` as the session does."""
        FakeTime.stands_at = at
        self.controller.display.show(state)
        settle()

    def tick(self, seconds: float) -> None:
        """Advance the clock, and let the window count."""
        FakeTime.stands_at += timedelta(seconds=seconds)
        self.controller.display._redraw_timer.stop()
        self.controller.display._redraw_timer.timeout.emit()
        settle()


def run_on_event_loop(work: Coroutine[None, None, T]) -> T:
    """Run `work` on the event loop of the app."""
    application = QApplication.instance()
    with EventLoop(application) as loop:
        result: T = loop.run_until_complete(work)
    return result


def settle() -> None:
    """Let Qt deliver all events, deletions too."""
    for _ in range(4):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, 52)  # QEvent.Type.DeferredDelete


def visible(window: QWidget) -> Iterator[QWidget]:
    """Return the visible widgets of `window`."""
    return (each for each in window.findChildren(QWidget) if each.isVisibleTo(window))


def buttons_on(window: QWidget) -> list[QPushButton]:
    """Return the visible buttons."""
    return [each for each in visible(window) if isinstance(each, QPushButton)]


def texts_on(window: QWidget) -> list[QLabel | QPushButton]:
    """Return the visible labels and buttons with a text."""
    shown = (each for each in visible(window) if isinstance(each, (QLabel, QPushButton)))
    return [each for each in shown if each.text()]


def shown_text(widget: QLabel | QPushButton) -> str:
    """Return the text that is painted."""
    return widget.shown_text if isinstance(widget, Button) else widget.text()


def name_of(widget: QWidget) -> str:
    """Return the name of `widget` for a screen reader."""
    own = widget.text() if isinstance(widget, (QLabel, QPushButton)) else ""
    return unbroken(widget.accessibleName() or own)


def tab_order(window: QWidget) -> list[QWidget]:
    """Return the widgets in the order of Tab, from the first that was made."""
    chain: list[QWidget] = []
    each = window.nextInFocusChain()
    while each is not None and each is not window:
        chain.append(each)
        each = each.nextInFocusChain()
    return [
        each
        for each in chain
        if each.isVisibleTo(window)
        and each.isEnabled()
        and each.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]


def misfits(window: QWidget) -> list[str]:
    """Find texts larger than their label, and widgets beyond the sides of the window."""
    return [
        f"{name_of(each)[:40]!r}: {why}"
        for each in visible(window)
        for why in _misfits(each, window)
    ]


def _misfits(widget: QWidget, window: QWidget) -> Iterator[str]:
    corner = widget.mapTo(window, QPoint(0, 0))
    if corner.x() < 0 or corner.x() + widget.width() > window.width():
        yield f"from {corner.x()} to {corner.x() + widget.width()} of {window.width()}"
    if isinstance(widget, Button) and widget.text():
        text = shown_text(widget).replace("&", "")  # before the letter of a mnemonic
        needed, room = widget.fontMetrics().horizontalAdvance(text), _room_in(widget)
        if needed > room:
            yield f"needs {needed} of {room} pixels"
    if isinstance(widget, QLabel) and widget.text():
        yield from _clipped(widget)


def _room_in(button: Button) -> int:
    option = QStyleOptionButton()
    button.initStyleOption(option)
    element = QStyle.SubElement.SE_PushButtonContents
    return button.style().subElementRect(element, option, button).width()


def _clipped(label: QLabel) -> Iterator[str]:
    # The style sheet's padding is the difference between the hint and the text.
    flags = label.alignment() | Qt.TextFlag.TextWordWrap
    room = label.contentsRect()
    metrics = label.fontMetrics()
    if label.wordWrap():
        bounds = metrics.boundingRect(QRect(0, 0, room.width(), 10_000), flags, label.text())
    else:
        bounds = metrics.boundingRect(label.text())
    if bounds.width() > room.width() + 1 or metrics.height() > room.height():
        yield f"{bounds.size()} in {room.size()}"
    if label.wordWrap() and label.heightForWidth(label.width()) > label.height():
        yield f"{label.heightForWidth(label.width())} high in {label.height()}"


def wait_for_settings(keeper: SettingsStore, qtbot: QtBot) -> None:
    """Let everything that `keeper` was asked for be done, and told."""
    done = threading.Event()
    keeper._worker.submit(done.set)
    qtbot.waitUntil(done.is_set)
    settle()


def drain(controller: Controller) -> None:
    """Let the worker threads of `controller` report their results while its window exists."""
    pages = controller.pages
    for each in (controller.settings_store, pages, pages._about):
        if each is not None and each._worker._thread is not None:
            each._worker.submit(lambda: None).result()
    settle()
