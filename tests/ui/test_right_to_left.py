"""What is mirrored in languages that are written from right to left, and what is not."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from desktop.ui.app.app import make_application
from desktop.ui.kit.fact_rows import FactRows
from desktop.ui.kit.fitted_label import ElidedLabel, FittedLabel
from desktop.ui.kit.inputs import Choice, TextInput
from desktop.ui.kit.mirrored_text import text_direction
from desktop.ui.kit.stepper import Stepper
from desktop.ui.kit.switch import Switch
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.widgets import Button, Label, label
from desktop.ui.pages.details_view import DetailsView
from desktop.ui.profiles.switcher_view import KeyHint
from desktop.ui.views.waiting_view import TimeBar
from desktop.ui.window.header import ProfileButton
from desktop.ui.window.profile_switcher import ProfileSwitcher
from tests.profile_shots import PROFILE_PAGES
from tests.pseudo_language import real_language
from tests.sample_states import PROFILE, STATES
from tests.shots import SEVERAL
from tests.ui.harness import Screen, settle

_WORD = "ساعة"


@pytest.fixture(autouse=True)
def _mirrored(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    with real_language("ar"):
        yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def picture_of(widget: QWidget, width: int = 300, height: int = 60) -> QImage:
    widget.resize(width, height)
    return widget.grab().toImage()


def inked(picture: QImage, rows: range | None = None) -> range:
    """From the first to the last column with another color than the first pixel."""
    paper = picture.pixelColor(0, 0)
    found = [
        x
        for x in range(picture.width())
        if any(picture.pixelColor(x, y) != paper for y in rows or range(picture.height()))
    ]
    return range(found[0], found[-1] + 1)


def place_of(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def labels() -> list[Label]:
    return [label(), label(role="muted"), FittedLabel("name"), ElidedLabel("name")]


@pytest.mark.usefixtures("theme")
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("text", ["https://sso.example", "Cisco XDR · أمريكا", "/usr/bin", _WORD])
def test_every_text_begins_on_the_right(number: int, text: str) -> None:
    shown = labels()[number]
    shown.setText(text)
    ink = inked(picture_of(shown))
    assert ink.start > 100
    assert ink.stop >= 298


@pytest.mark.usefixtures("theme")
def test_every_line_of_a_wrapped_text_begins_at_the_same_place() -> None:
    shown = label(" ".join([_WORD] * 10))  # the last line has no space at its end
    height, line = shown.heightForWidth(200), shown.fontMetrics().lineSpacing()
    picture = picture_of(shown, 200, height)
    starts = range(0, height - line + 1, line)
    assert len(starts) > 1
    assert len({inked(picture, range(top, top + line)).stop for top in starts}) == 1


@pytest.mark.usefixtures("theme")
@pytest.mark.parametrize("role", ["", "muted", "warning", "title"])
@pytest.mark.parametrize("text", ["/usr/bin/bash", "تم قفل"])
def test_one_line_is_painted_as_qt_paints_it(role: str, text: str) -> None:
    ours, of_qt = label(text, role), QLabel(text)
    of_qt.setProperty("role", role)
    of_qt.setWordWrap(True)
    of_qt.setAlignment(ours.alignment())
    assert picture_of(ours) == picture_of(of_qt)


@pytest.mark.usefixtures("theme")
def test_a_name_does_not_turn_the_words_after_it_around() -> None:
    mixed, marked = label("Cisco XDR · أمريكا"), label("\N{RIGHT-TO-LEFT MARK}Cisco XDR · أمريكا")
    assert picture_of(mixed) == picture_of(marked)


@pytest.mark.parametrize("text", ["/usr/bin/bash", "client-0000", "WDJB-MJHT", "casebook/sub:read"])
def test_a_path_an_id_a_code_and_a_scope_are_read_from_the_left(text: str) -> None:
    assert text_direction(text) is Qt.LayoutDirection.LeftToRight


@pytest.mark.usefixtures("theme")
def test_values_are_beside_their_names() -> None:
    facts = FactRows("", framed=False)
    facts.show_rows((("Python", "3.11.7"),))
    assert inked(picture_of(facts, 400, 40)).start > 200


def test_the_name_on_a_card_is_beside_the_badge(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    screen.show(STATES["signed_out"])
    PROFILE_PAGES["profiles"](screen.window)
    settle()
    assert screen.window.page is not None
    names = screen.window.page.findChildren(FittedLabel)
    name = next(each for each in names if each.text() == PROFILE.name)
    assert inked(name.grab().toImage()).stop >= name.width() - 2


@pytest.mark.usefixtures("theme")
def test_the_cursor_of_an_empty_search_is_far_from_the_shortcut() -> None:
    field = TextInput("Find")
    hint = KeyHint("Ctrl+K", field)
    field.resize(300, 40)
    field.show()
    settle()
    cursor = field.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    assert cursor.left() > hint.geometry().right() + 100
    assert hint.geometry().left() >= 8
    field.close()


def test_a_shortcut_in_a_menu_keeps_its_order() -> None:
    menu = ProfileSwitcher(SEVERAL)
    menu.aboutToShow.emit()
    shortcuts = [each.text().partition("\t")[2] for each in menu.actions()]
    assert "\N{FIRST STRONG ISOLATE}Ctrl+,\N{POP DIRECTIONAL ISOLATE}" in shortcuts


def test_the_time_that_is_left_is_on_the_right(theme: Theme) -> None:
    bar = TimeBar(theme)
    bar.show_share(0.25)
    picture = picture_of(bar, 400)
    assert picture.pixelColor(380, 2) != picture.pixelColor(20, 2) == picture.pixelColor(280, 2)


def test_the_header_is_in_line_with_the_content(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    screen.show(STATES["signed_out"])
    profile = screen.find(ProfileButton)
    primary = screen.window.view.primary()
    assert isinstance(primary, Button)
    (gear,) = (
        each for each in screen.window.findChildren(Button) if each.property("kind") == "settings"
    )
    icon = (gear.width() - gear.iconSize().width()) // 2
    assert place_of(profile).right() == place_of(primary).right()
    assert place_of(gear).left() + icon == place_of(primary).left()


def test_a_granted_scope_has_its_sign_on_the_right(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    page = screen.show_details()
    assert isinstance(page, DetailsView)
    (cell, *_) = [each for each in page.findChildren(Label) if each.text().startswith("✓")]
    assert text_direction(cell.text()) is Qt.LayoutDirection.RightToLeft


def test_more_stays_on_the_right_of_a_stepper() -> None:
    stepper = Stepper("Minutes", allowed=range(1, 9), unit="{count} min", changed=lambda _: None)
    stepper.resize(200, 40)
    stepper.show()
    less, more = (each for each in stepper.findChildren(QPushButton))
    assert less.geometry().right() < more.geometry().left()


def test_a_switch_that_is_on_has_its_knob_on_the_left(theme: Theme) -> None:
    switch = Switch("Notifications", theme, switched=lambda _: None)
    switch.setChecked(True)
    mirrored = switch.grab().toImage()
    switch.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    usual = switch.grab().toImage()
    knob = usual.pixelColor(32, 14)
    assert mirrored.pixelColor(14, 14) == knob != mirrored.pixelColor(32, 14)


def test_the_arrow_of_a_choice_is_on_the_left(theme: Theme) -> None:
    assert Choice({"": "Default"}, theme).property("mirrored") == "true"


def test_an_arabic_app_is_mirrored(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    class Made:
        direction = Qt.LayoutDirection.LeftToRight

        def __init__(self, _arguments: list[str]) -> None:
            """Be made instead of the only application of this process."""

        def setLayoutDirection(self, direction: Qt.LayoutDirection) -> None:
            self.direction = direction

        def __getattr__(self, _name: str) -> object:
            return lambda *_: None

    monkeypatch.setattr("desktop.ui.app.app.Application", Made)
    monkeypatch.setattr("desktop.ui.wording.qt_texts.QtTexts", lambda _application: None)
    assert make_application().direction is Qt.LayoutDirection.RightToLeft  # type: ignore[attr-defined]
    assert qapp.layoutDirection() is Qt.LayoutDirection.RightToLeft


def test_the_name_of_the_header_is_joined_as_in_the_language(screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    (button,) = screen.window.findChildren(ProfileButton)
    assert "Northwind SOC، Cisco XDR" in button.accessibleName()
