"""Small widgets that every view uses: labels, buttons and cards, styled by the style sheet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSize, QTimer
from PySide6.QtGui import QFocusEvent, QHideEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.services.system.translation import translate
from desktop.ui.kit.reader_roles import read_as
from desktop.ui.kit.theme import GAP, NARROWEST, SPACE
from desktop.ui.kit.word_breaks import breakable, unbroken, with_whole_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QKeySequence, QPaintEvent, QResizeEvent

    from desktop.services.model.states import State
    from desktop.ui.kit.copy_progress import CopyProgress

_HEADINGS = {"title", "section"}
_BETWEEN_BUTTONS = 12
_BETWEEN_QUIET = 8  # in the footer
QUIET_PADDING = 8
"""Pixels beside the text of a quiet button in the footer, as in the style sheet."""
_LEAST_SLACK = 6  # pixels more than the text of a button in a row needs
_SLACK_OF_SAME = 12  # where all have the same width
_RING_WIDTH, _RING_CORNER = 2, 10  # pixels of the focus ring
_ACKNOWLEDGED_FOR = 1600  # milliseconds


class Label(QLabel):
    """A label that breaks a very long word, such as a host, so that its end is visible.

    From right to left, names and addresses begin on the right too; Qt puts them on the left.
    """

    def __init__(self) -> None:
        super().__init__()
        if self.isRightToLeft():
            self.setProperty("alignment", "AlignRight|AlignAbsolute|AlignVCenter")

    def setText(self, text: str) -> None:
        """Show `text`; a screen reader reads it without the breaks."""
        shown, name = breakable(text), unbroken(text)
        if not self.is_copied:
            shown = with_whole_name(shown)
        if shown == self.text():
            return  # a screen reader would be told, however often
        if self._names_itself or shown != name:
            self._names_itself = shown != name
            self.setAccessibleName(name if self._names_itself else "")
        super().setText(shown)

    is_copied = False  # with the mouse, where a path must have no mark that nobody sees
    _names_itself = False  # the name is its text without the breaks

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.isRightToLeft():
            super().paintEvent(event)
            return
        from desktop.ui.kit.mirrored_text import is_selectable, paint_text  # not for others

        if is_selectable(self):
            super().paintEvent(event)
        else:
            paint_text(self)


def label(text: str = "", role: str = "", *, centered: bool = False, reads_as: str = "") -> Label:
    """Make a wrapping plain-text label, so that text from a server is never read as markup.

    `reads_as` is its role for screen readers; titles are headings.
    """
    made = Label()
    if reads_as or role in _HEADINGS:
        read_as(made, reads_as or "Heading")
    made.setProperty("textFormat", "PlainText")  # first: it sets the text again
    made.setText(text)
    made.setWordWrap(True)
    made.setProperty("role", role)
    if centered:
        made.setProperty("alignment", "AlignCenter")
    return made


class Button(QPushButton):
    """A button that Return presses too and that can confirm what it did.

    `kind` is one of those in the style sheet, such as "primary" or "link", or empty.
    """

    def __init__(self, text: str, pressed: Callable[[], object], kind: str = "") -> None:
        super().__init__(_without_mnemonic(text))
        self._text = text
        self._acknowledgement = ""
        self.setProperty("kind", kind)
        self.setAutoDefault(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: pressed())
        self._has_edge = kind in {"", "primary"}
        self._restore_timer = QTimer(self, singleShot=True, interval=_ACKNOWLEDGED_FOR)
        self._restore_timer.timeout.connect(self.restore_text)
        self._is_taking_focus = False

    def acknowledge(self, text: str) -> None:
        """Show `text` for a moment; `say` it yourself.

        It is only painted: of another text, and of its return, screen readers would tell.
        """
        self.setText(_without_mnemonic(self._text))
        self._acknowledgement = text
        self._restore_timer.start()
        self.updateGeometry()
        self.update()

    def fits_narrowest(self, text: str) -> bool:
        """Whether `text` fits a button that is as wide as the narrowest window."""
        room = NARROWEST - 2 * (SPACE + QUIET_PADDING)
        self.ensurePolished()  # else its font would not be that of the style sheet
        return self.fontMetrics().horizontalAdvance(text) <= room

    @property
    def shown_text(self) -> str:
        return self._acknowledgement or self.text()

    def replace_text(self, text: str) -> None:
        """Show `text` until `restore_text` or `acknowledge`."""
        self._restore_timer.stop()
        self._acknowledgement = ""
        self.setText(_without_mnemonic(text))

    def restore_text(self) -> None:
        """Show the label again."""
        self.replace_text(self._text)
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Fit three in a row at 360 pixels; quiet ones are never cut."""
        if self._has_edge:
            return QSize(0, super().minimumSizeHint().height())
        hint, width = super().sizeHint(), self.fontMetrics().horizontalAdvance
        if self._acknowledgement:
            longer = max(0, width(self._acknowledgement) - width(self.text()))
            hint.setWidth(hint.width() + longer)
        return hint

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus ring only if the keyboard is used."""
        super().focusInEvent(event)
        if not self._is_taking_focus:  # before the first code, when `Qt` must not be loaded
            update_focus_ring(self, event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the focus ring, unless the whole window loses the focus."""
        super().focusOutEvent(event)
        update_focus_ring(self, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint an acknowledgement, and the focus ring around what has an edge of its own."""
        if self._acknowledgement:
            self._paint_acknowledgement()
        else:
            super().paintEvent(event)
        if self._has_edge and has_focus_ring(self):
            from PySide6.QtGui import QPainter, QPalette, QPen  # late, see docs/decisions/start.md

            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            color = self.palette().color(QPalette.ColorRole.BrightText)
            painter.setPen(QPen(color, _RING_WIDTH))
            inset = _RING_WIDTH // 2
            room = self.rect().adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(room, _RING_CORNER, _RING_CORNER)

    def _paint_acknowledgement(self) -> None:
        from PySide6.QtWidgets import QStyle, QStyleOptionButton, QStylePainter

        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = _without_mnemonic(self._acknowledgement)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)

    def take_focus(self, *, ringed: bool) -> None:
        """Take the focus from something that goes away."""
        self._is_taking_focus = True
        self.setFocus()
        self._is_taking_focus = False
        _show_focus_ring(self, shown=ringed)


class Card(QFrame):
    """A panel with rounded corners; `column` is its layout.

    A `plain` one has no border: it holds what a view is about, and cards what comes with it.
    It has no name for screen readers: Orca 43 would read all of it when the focus gets there.
    """

    def __init__(self, spacing: int = GAP - 2, *, plain: bool = False) -> None:
        super().__init__()
        read_as(self, "Grouping")
        self.column = QVBoxLayout(self)
        self.column.setSpacing(spacing)
        if plain:
            self.column.setContentsMargins(0, 0, 0, 0)
        else:
            self.setProperty("card", "true")
            self.column.setContentsMargins(SPACE, SPACE - 2, SPACE, SPACE - 2)


def add_heading(card: Card, text: str) -> None:
    """Put `text` above what is in `card`."""
    card.column.addWidget(label(text, "heading", reads_as="Heading"))


def add_row(column: QBoxLayout, *widgets: QWidget) -> QHBoxLayout:
    """Add a row of `widgets` to `column`.

    WORKAROUND: layouts are added while they are empty, here and elsewhere. PySide6 6.11 keeps
    objects of the items of a layout that is added, which outlive what Qt deletes; whatever Qt then
    puts at the same address, such as the content of the clipboard, is taken for them.
    """
    made = QHBoxLayout()
    column.addLayout(made)
    made.setSpacing(12)
    for widget in widgets:
        made.addWidget(widget)
    return made


class ButtonRow(QWidget):
    """Buttons in a row, in a column if their texts do not fit.

    They have the same width, or the same space around their texts if one has little.
    """

    def __init__(self, *buttons: Button) -> None:
        super().__init__()
        line = _RowOrColumn(self, buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(_BETWEEN_BUTTONS)
        for button in buttons:
            line.addWidget(button, 1)


class _RowOrColumn(QBoxLayout):
    """Chooses its direction for the width it gets, and knows its height before."""

    def __init__(self, parent: QWidget, buttons: tuple[Button, ...]) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight, parent)
        self._buttons = buttons

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        shown = self._shown()
        height = max(button.sizeHint().height() for button in shown)
        rows = 1 if self._fits_row(width) else len(shown)
        return (height + _BETWEEN_BUTTONS) * rows - _BETWEEN_BUTTONS

    def setGeometry(self, place: QRect) -> None:
        directions = QBoxLayout.Direction
        fits = self._fits_row(place.width())
        self.setDirection(directions.LeftToRight if fits else directions.TopToBottom)
        self._share(place.width())
        super().setGeometry(place)

    def _share(self, width: int) -> None:
        """Give each button the same width, or one in proportion to its text."""
        shown = self._shown()
        same = (width + _BETWEEN_BUTTONS) // len(shown) - _BETWEEN_BUTTONS
        has_room = max(button.sizeHint().width() for button in shown) + _SLACK_OF_SAME <= same
        for number, button in enumerate(self._buttons):
            share = 1 if has_room else button.sizeHint().width()
            if self.stretch(number) != share:  # setting it would lay out everything again
                self.setStretch(number, share)

    def _fits_row(self, width: int) -> bool:
        beside = _LEAST_SLACK + _BETWEEN_BUTTONS
        needed = sum(button.sizeHint().width() + beside for button in self._shown())
        return needed - _BETWEEN_BUTTONS <= width

    def _shown(self) -> tuple[Button, ...]:
        # A hidden button may replace another one later.
        return tuple(button for button in self._buttons if not button.isHidden()) or self._buttons


class Footer(QWidget):
    """What is below a view: in a row, if its texts fit.

    If not, the last button goes below the others, as wide as the view if it is the primary one; and
    if these do not fit either, they are in a column.
    """

    def __init__(self) -> None:
        super().__init__()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(_BETWEEN_QUIET)
        self.row, self._below = QHBoxLayout(), QHBoxLayout()
        for each in (self.row, self._below):
            lines.addLayout(each)
            each.setSpacing(_BETWEEN_QUIET)
        self._lower: QWidget | None = None  # the last button, while it is below

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def arrange(self) -> None:
        """Put everything into one line, or into more."""
        widgets = [each for each in self.children() if isinstance(each, QWidget)]  # as added
        shown = [each for each in widgets if not each.isHidden()]
        if len(shown) > 1 and isinstance(shown[-1], Button):
            self._put_below(None if self._fits(shown) else shown[-1])
        beside = [each for each in shown if each is not self._lower]
        set_fitting(self.row, fits=self._fits(beside))
        if beside:
            self._align(beside[0], beside[-1])

    def _fits(self, widgets: list[QWidget]) -> bool:
        needed = sum(_needed_width(each) + _BETWEEN_QUIET for each in widgets)
        return needed <= self.width() - 2 * QUIET_PADDING + _BETWEEN_QUIET

    def _put_below(self, last: QWidget | None) -> None:
        """Put `last` below the others, or if there is none, what is below back beside them."""
        if last is self._lower:
            return
        moved, self._lower = last or self._lower, last
        if moved is None:
            return
        policies, is_wide = QSizePolicy.Policy, not _is_quiet(moved)
        if last is None:
            self._below.removeWidget(moved)
            self.row.addWidget(moved)
        else:
            from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

            self.row.removeWidget(moved)
            self._below.addWidget(moved)
            if not is_wide:
                self._below.setAlignment(moved, Qt.AlignmentFlag.AlignRight)
            set_margins(self._below, begin=QUIET_PADDING, end=QUIET_PADDING * is_wide)
        across = policies.Expanding if is_wide and last is not None else policies.Maximum
        moved.setSizePolicy(across, policies.Fixed)

    def _align(self, first: QWidget, last: QWidget) -> None:
        """Put words at the edge in line with what is above; quiet buttons have space around.

        That of a button that asks is filled, so its edge is in line.
        """
        begin, end = (
            0 if _is_quiet(each) and each.property("asks") != "true" else QUIET_PADDING
            for each in (first, last)
        )
        set_margins(self.row, begin=begin, end=end)


def set_margins(layout: QBoxLayout, *, begin: int, end: int, top: int = 0, bottom: int = 0) -> None:
    """Set the margins of `layout` where lines begin and end; Qt mirrors everything but margins."""
    parent = layout.parentWidget()
    is_mirrored = parent is not None and parent.isRightToLeft()
    left, right = (end, begin) if is_mirrored else (begin, end)
    layout.setContentsMargins(left, top, right, bottom)


def set_fitting(row: QHBoxLayout, *, fits: bool) -> None:
    """Turn `row` into a column, or back if it `fits`."""
    if fits == (row.property("column") is None):
        return
    directions = QBoxLayout.Direction
    row.setDirection(directions.LeftToRight if fits else directions.TopToBottom)
    row.setProperty("column", None if fits else "true")


def _is_quiet(widget: QWidget) -> bool:
    return bool(widget.property("kind") == "quiet")


def _needed_width(widget: QWidget) -> int:
    hint = widget.sizeHint() if isinstance(widget, Button) else widget.minimumSizeHint()
    return hint.width()


class View(QWidget):
    """The content for one state: a column of cards and, at the bottom of the window, a footer.

    `seconds_to_redraw` is how often time changes it, whatever the state; `None` for never.
    """

    seconds_to_redraw: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GAP)
        self.footer = Footer()
        self.footer_row = self.footer.row

    def shows(self, state: State) -> bool:
        """Whether this view can show `state`."""
        raise NotImplementedError

    def show_state(self, state: Any, at: datetime) -> None:  # noqa: ANN401 - differs by view
        """Show `state`, which `shows` accepts, as it is at `at`."""
        raise NotImplementedError

    def show_browser_opened(self, link: str) -> None:
        """Say that the browser was opened for `link`, if this view shows it."""

    def show_browser_failure(self, link: str) -> None:
        """Say that no browser could be started for `link`, if this view shows it."""

    def primary(self) -> QWidget | None:
        """Return the button or control that gets the focus first."""
        return None

    def copy(self) -> None:
        """Do what the copy shortcut does in this view."""

    def show_copy(self, progress: CopyProgress) -> None:
        """Show the progress of a copy of the token, in views that offer it."""

    def step_back(self) -> bool:
        """Close what was opened within the view; return whether there was something."""
        return False


class Page(View):
    """A page on top of a view, with a title and the button `back`. It stays in every state."""

    def __init__(self, title: str, *, go_back: Callable[[], object]) -> None:
        super().__init__()
        self.back = fit_to_text(Button(translate("Back"), go_back, "quiet"))
        self.footer_row.addWidget(self.back)
        if title:
            self.column.addWidget(label(title, "title"))

    def shows(self, _state: State) -> bool:
        return True

    def show_state(self, _state: Any, _at: datetime) -> None:  # noqa: ANN401 - as in `View`
        """Do nothing: most pages do not depend on the state."""

    def primary(self) -> QWidget:
        """The button that changes nothing when it is pressed by accident."""
        return self.back


def set_tooltip(widget: QWidget, text: str) -> None:
    """Describe `widget` in a tooltip and for screen readers. `text` is never read as markup."""
    if show_tooltip(widget, text):
        describe(widget, unbroken(text))


def show_tooltip(widget: QWidget, text: str) -> bool:
    """Show `text` in a tooltip, never as markup; return whether it is another one."""
    markup = tooltip_markup(text)
    if widget.toolTip() == markup:
        return False
    widget.setToolTip(markup)
    return True


def tooltip_markup(text: str) -> str:
    """Turn `text` into markup, because Qt guesses whether a tooltip is markup."""
    # `html.escape` would load all entities of HTML before the first code.
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>" if text else ""


def describe(widget: QWidget, text: str) -> None:
    """Describe `widget` for screen readers; what `say` has put there stays in front of it."""
    message = widget.findChild(_Message)
    if message is None:
        widget.setAccessibleDescription(text)
    else:
        message.description = text


def say(widget: QWidget, text: str, *, again: bool = True) -> None:
    """Let a screen reader say `text`, wherever the focus is in the window of `widget`.

    Unless `again`, not if the focus is already described by it.
    """
    if not text or not _is_screen_reader_active():
        return
    focused = widget.window().focusWidget()
    if not _READS_DESCRIPTIONS or focused is None:
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
        return
    if again and focused.accessibleDescription() == text:
        focused.setAccessibleDescription("")
    describe_for_now(focused, text)


def describe_for_now(widget: QWidget, text: str) -> None:
    """Describe `widget` as `text`, until the focus moves to another one in its window."""
    if _is_screen_reader_active():
        (widget.findChild(_Message) or _Message(widget)).show(text)


def _is_screen_reader_active() -> bool:
    from PySide6.QtGui import QAccessible  # late, see docs/decisions/start.md

    return QAccessible.isActive()


# Orca before 45, as in Debian 12, ignores announcements. Every Orca reads the description of what
# has the focus, whenever that changes; with both, newer ones would say everything twice.
_READS_DESCRIPTIONS = sys.platform == "linux"


class _Message(QObject):
    """Replaces the description of a control until another one has the focus.

    `description` is what comes back then.
    """

    def __init__(self, control: QWidget) -> None:
        super().__init__(control)
        self._control = control
        self._is_over = False
        self.description = control.accessibleDescription()
        control.installEventFilter(self)

    def show(self, text: str) -> None:
        self._is_over = False
        self._control.setAccessibleDescription(text)

    def eventFilter(self, _control: QObject, event: QEvent) -> bool:
        """Wait for the end of the focus; the window may lose it in the meantime.

        What is disabled loses the focus before another control gets it.
        """
        if isinstance(event, QHideEvent) and not event.spontaneous():
            self._is_over = True  # in a window without the focus, no control loses it
        elif not isinstance(event, QFocusEvent):
            return False
        elif event.gotFocus():
            if self._is_over:  # it was hidden until now, and its old news would be read
                self._end()
        elif self._control.isEnabled():
            from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

            if event.reason() != Qt.FocusReason.ActiveWindowFocusReason:
                self._is_over = True
                # Not before readers know that the focus has moved: they would read it.
                QTimer.singleShot(0, self, self._end_in_sight)
        return False

    def _end_in_sight(self) -> None:
        if self._is_over and self._control.isVisible():
            self._end()

    def _end(self) -> None:
        self._control.setAccessibleDescription(self.description)
        self._control.removeEventFilter(self)
        self.setParent(None)
        self.deleteLater()


def name_shortcut(button: Button, key: str) -> None:
    """Tell in the tooltip of `button` which key does the same."""
    name = button.accessibleName() or button.text()
    button.setToolTip(translate("{name} ({key})", name=name, key=shortcut_name(key)))
    describe(button, shortcut_name(key))  # otherwise Qt takes the tooltip, with the name again


def shortcut_name(key: str | QKeySequence.StandardKey) -> str:
    """Return the name of `key` on this platform, such as ⌘K for Ctrl+K on macOS."""
    from PySide6.QtGui import QKeySequence  # late, see docs/decisions/start.md

    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def set_mnemonics(*buttons: Button) -> None:
    """Let Alt with a letter press each of the `buttons` of a dialog, and underline that letter."""
    taken: set[str] = set()
    for button in buttons:
        text = button.text()
        letters = (at for at, letter in enumerate(text) if letter.isascii() and letter.isalpha())
        at = next((each for each in letters if text[each].lower() not in taken), None)
        if at is not None:
            taken.add(text[at].lower())
            button.setText(f"{text[:at]}&{text[at:]}")
            button.setAccessibleName(text)


def _without_mnemonic(text: str) -> str:
    """Keep an "&", such as that of a user's name, from hiding itself and making a shortcut."""
    return text.replace("&", "&&")


def fit_to_text(button: Button) -> Button:
    """Make `button` no wider than its text, for the footer."""
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    button.setProperty("narrow", "true")
    return button


def has_focus_ring(widget: QWidget | None) -> bool:
    """Whether `widget` shows the focus ring."""
    return widget is not None and widget.property("ring") == "true"


def update_focus_ring(widget: QWidget, event: QFocusEvent) -> None:
    """Show the focus ring if the keyboard brought the focus, until it goes elsewhere."""
    from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

    reasons = Qt.FocusReason
    if event.reason() != reasons.ActiveWindowFocusReason:
        keyboard = (reasons.TabFocusReason, reasons.BacktabFocusReason, reasons.ShortcutFocusReason)
        _show_focus_ring(widget, shown=event.gotFocus() and event.reason() in keyboard)


def _show_focus_ring(widget: QWidget, *, shown: bool) -> None:
    if has_focus_ring(widget) != shown:
        set_style_property(widget, "ring", "true" if shown else "false")


def scroll_into_view(widget: QWidget) -> None:
    """Scroll until `widget` is visible."""
    around = widget.parentWidget()
    while around is not None and not isinstance(around, QScrollArea):
        around = around.parentWidget()
    if around is not None:
        around.ensureWidgetVisible(widget)


def set_style_property(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet uses, and apply it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
