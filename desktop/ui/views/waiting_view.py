"""Waiting for approval: the code, ways to open the page, and the time that is left."""

from datetime import datetime
from enum import Enum, auto

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.services.model.states import AwaitingApproval, State
from desktop.services.system.translation import translate
from desktop.ui.kit.theme import GAP, Theme
from desktop.ui.kit.widgets import (
    Button,
    ButtonRow,
    Card,
    View,
    add_row,
    describe,
    fit_to_text,
    has_focus_ring,
    label,
    show_tooltip,
)
from desktop.ui.kit.word_breaks import kept_together
from desktop.ui.views.actions import Actions
from desktop.ui.views.code_tiles import CodeTiles
from desktop.ui.wording import window_texts

_BAR_HEIGHT = 4
_LONGEST_QR = 1000  # characters of a link; phones cannot read the symbol of a longer one


class WaitingView(View):
    """The code in tiles, one primary action, and the progress below."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self._code_card = _CodeCard(actions, theme)
        self._qr_card: _QrCard | None = None
        self._progress = _ProgressCard(theme)
        self._state: AwaitingApproval | None = None
        self.column.addStretch(1)
        self.column.addWidget(self._code_card)
        self.column.addWidget(self._progress)
        self.column.addStretch(1)
        self._code_card.show_qr.clicked.connect(lambda: self.show_qr(shown=True))
        self._cancel = fit_to_text(Button(translate("Cancel"), actions.cancel, "quiet"))
        self._warning = label("", "muted")
        self._new_code = fit_to_text(
            Button(translate("New code"), actions.request_new_code, "link")
        )
        self.footer_row.addWidget(self._warning, 1)
        self.footer_row.addWidget(self._new_code)
        self.footer_row.addWidget(self._cancel)

    def shows(self, state: State) -> bool:
        return isinstance(state, AwaitingApproval)

    def copy(self) -> None:
        self._code_card.copy()

    def show_state(self, state: AwaitingApproval, at: datetime) -> None:
        self._state = state
        self._code_card.show_state(state)
        if self._qr_card is not None:
            self._qr_card.show_state(state)
            if state.in_browser and not self._qr_card.isHidden():
                self.show_qr(shown=False)
        self._warning.setText(window_texts.caution(state))
        self._progress.show_state(state, at)
        self._new_code.setVisible(not state.in_browser)
        self._new_code.setEnabled(not state.approved and not state.is_fresh(at))
        self._cancel.setEnabled(not state.approved)

    def show_browser_opened(self, link: str) -> None:
        self._code_card.show_browser_opened(link)

    def show_browser_failure(self, link: str) -> None:
        self._code_card.show_browser_failure(link)

    def primary(self) -> Button:
        """Opening the browser, or closing the QR code."""
        card = self._qr_card
        return self._code_card.primary() if card is None or card.isHidden() else card.back

    def step_back(self) -> bool:
        shown = self._qr_card is not None and not self._qr_card.isHidden()
        if shown:
            self.show_qr(shown=False)
        return shown

    def show_qr(self, *, shown: bool) -> None:
        """Show the link as a QR code in place of the code, or the code again."""
        card = self._qr_card or self._make_qr_card()
        ringed = has_focus_ring(self._code_card.show_qr if shown else card.back)
        self._code_card.setVisible(not shown)
        card.setVisible(shown)
        if self.isVisible():
            (card.back if shown else self._code_card.show_qr).take_focus(ringed=ringed)

    def _make_qr_card(self) -> "_QrCard":
        card = self._qr_card = _QrCard()
        card.back.clicked.connect(lambda: self.show_qr(shown=False))
        self.column.insertWidget(1, card)
        self.setTabOrder(self._code_card.show_qr, card.back)
        if self._state is not None:
            card.show_state(self._state)
        return card


def _phone_can_open(state: AwaitingApproval) -> bool:
    """Whether a phone can read the link from the screen, and open it."""
    from desktop.oauth.addresses import is_loopback

    if state.in_browser:
        return False  # the redirect goes to this computer
    return len(state.link) <= _LONGEST_QR and not is_loopback(state.host)


class _Browser(Enum):
    """Whether the page of a link is open, as far as that is known."""

    CLOSED = auto()
    OPENED = auto()
    FAILED = auto()


class _CodeCard(Card):
    """The code, and ways to open the page."""

    def __init__(self, actions: Actions, theme: Theme) -> None:
        super().__init__(plain=True)
        self._actions = actions
        self._state: AwaitingApproval | None = None
        self._browser, self._link = _Browser.CLOSED, ""  # and for which link
        self._title = label("", "title", centered=True)
        self._text = label("", "subtitle", centered=True)
        self._failure = label("", "warning", centered=True)
        self._tiles = CodeTiles(theme)
        self._host = _Host()
        self._open = Button(translate("Open browser"), actions.open_browser, "primary")
        self._open_again = Button(translate("Open again"), actions.open_browser)
        self.copy_code = Button(translate("Copy code"), self.copy)
        self.copy_link = Button(translate("Copy link"), self._copy_link)
        self.show_qr = Button(translate("QR code"), lambda: None)
        for widget in (self._title, self._text, self._failure, self._tiles, self._open):
            self.column.addWidget(widget)
        self.column.addWidget(
            ButtonRow(self._open_again, self.copy_code, self.copy_link, self.show_qr)
        )
        self.column.addWidget(self._host)

    def primary(self) -> Button:
        return self._open_again if self._open.isHidden() else self._open

    def show_state(self, state: AwaitingApproval) -> None:
        self._state = state
        browser = self._browser
        if state.link != self._link or state.approved or state.is_retrying_exchange:
            browser = _Browser.CLOSED
        self._show_texts(state, browser)
        self._tiles.set_code(state.user_code)
        self._tiles.setVisible(not state.in_browser)
        self._offer_again(again=browser is _Browser.OPENED)
        # Opening the browser has copied the code.
        self.copy_code.setVisible(not state.in_browser and browser is not _Browser.OPENED)
        self._host.show_state(state)
        # The link of a browser sign-in contains values that only XDR Login and the server may know.
        # A screen reader would spell the whole link whenever the button has the focus.
        for button in (self._open, self._open_again):
            describe(button, window_texts.host(state))
            show_tooltip(button, state.host if state.in_browser else state.link)
        self.show_qr.setVisible(_phone_can_open(state))
        self.setEnabled(not state.approved and not state.is_retrying_exchange)

    def show_browser_opened(self, link: str) -> None:
        self._show_browser(_Browser.OPENED, link)

    def show_browser_failure(self, link: str) -> None:
        self._show_browser(_Browser.FAILED, link)

    def _show_browser(self, browser: _Browser, link: str) -> None:
        self._browser, self._link = browser, link
        if self._state is not None:
            self.show_state(self._state)

    def _show_texts(self, state: AwaitingApproval, browser: _Browser) -> None:
        failed = browser is _Browser.FAILED
        if failed:
            title, text = window_texts.browser_failure(state)
        elif browser is _Browser.OPENED:
            title, text = window_texts.approval_in_browser(state)
        else:
            title, text = window_texts.approval(state)
        self._title.setText(title)
        (self._failure if failed else self._text).setText(text)
        self._text.setVisible(not failed)
        self._failure.setVisible(failed)

    def _offer_again(self, *, again: bool) -> None:
        old = self.primary()
        had_focus, ringed = old.hasFocus(), has_focus_ring(old)
        self._open.setVisible(not again)
        self._open_again.setVisible(again)
        if had_focus and self.primary() is not old:
            self.primary().take_focus(ringed=ringed)

    def copy(self) -> None:
        if self._state is not None and self._state.in_browser:
            self._copy_link()
        else:
            self.copy_code.acknowledge(translate("Copied"))
            self._actions.copy_code()

    def _copy_link(self) -> None:
        self.copy_link.acknowledge(translate("Copied"))
        self._actions.copy_link()


class _Host(QWidget):
    """Where the link goes; a warning if that is not a host of the profile."""

    def __init__(self) -> None:
        super().__init__()
        self._known = label("", "muted", centered=True)
        self._other = label("", "warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._known)
        column.addWidget(self._other)

    def show_state(self, state: AwaitingApproval) -> None:
        (self._known if state.host_is_known else self._other).setText(window_texts.host(state))
        self._known.setVisible(state.host_is_known)
        self._other.setVisible(not state.host_is_known)


class _QrCard(Card):
    """The link for a phone."""

    def __init__(self) -> None:
        super().__init__(spacing=6, plain=True)
        # Few people need it, so its library is not loaded before.
        from desktop.ui.kit.qr_code import QrCode

        self._qr = QrCode()
        self._check = label("", "subtitle", centered=True)
        self.back = Button(translate("Back to the code"), lambda: None)
        self.column.addWidget(label(translate("Approve with your phone"), "title", centered=True))
        self._host = _Host()
        self.column.addWidget(self._qr)
        self.column.addWidget(self._check)
        self.column.addSpacing(GAP // 2)
        self.column.addWidget(self.back)
        self.column.addWidget(self._host)

    def show_state(self, state: AwaitingApproval) -> None:
        self._qr.set_link(state.link)
        self._host.show_state(state)
        code = kept_together(state.user_code)
        self._check.setText(translate("The page must show {code}", code=code))


class _ProgressCard(Card):
    """How long the code is valid, and what happens next."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(spacing=8, plain=True)
        self._heading = label("", "heading", reads_as="Heading")
        self._heading.setWordWrap(False)
        self._expires = label("", "muted")
        self._expires.setProperty("alignment", "AlignRight|AlignVCenter")
        self._bar = TimeBar(theme)
        self._polling = label("", "muted")
        self._trouble = label("", "warning")
        add_row(self.column, self._heading, self._expires)
        self.column.addWidget(self._bar)
        self.column.addWidget(self._trouble)
        self.column.addWidget(self._polling)

    def show_state(self, state: AwaitingApproval, at: datetime) -> None:
        text, share = window_texts.code_lifetime(state, at)
        self._heading.setText(window_texts.waiting(state))
        # Named first: a label without a name of its own tells screen readers every new text.
        self._expires.setAccessibleName(window_texts.spoken_code_lifetime(state, at))
        self._expires.setText(text)
        self._bar.show_share(share)
        polling = window_texts.polling_status(state, at)
        # Without the seconds.
        self._polling.setAccessibleName(window_texts.polling_status(state, max(at, state.next_at)))
        self._polling.setText(polling)
        self._polling.setVisible(bool(polling))
        self._trouble.setVisible(state.trouble is not None)
        self._trouble.setText(window_texts.trouble(state))


class TimeBar(QWidget):
    """The time that is left, from 0 to 1.

    Not a progress bar, because screen readers say every change of one.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.share = 1.0
        self.setFixedHeight(_BAR_HEIGHT)

    def show_share(self, share: float) -> None:
        if share != self.share:
            self.share = share
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isRightToLeft():
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        for width, token in ((self.width(), "track"), (self.width() * self.share, "primary")):
            bar = QPainterPath()
            bar.addRoundedRect(QRectF(0, 0, width, _BAR_HEIGHT), _BAR_HEIGHT / 2, _BAR_HEIGHT / 2)
            painter.fillPath(bar, self._theme.brush(token))
