"""The narrowest window in German, whose texts are long: what goes where if it does not fit."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QWidget

from desktop.ui.kit.widgets import Button, ButtonRow
from desktop.ui.profiles import profile_row
from desktop.ui.window.profile_switcher import ProfileSwitcher
from tests import shots
from tests.profile_shots import PROFILE_PAGES
from tests.pseudo_language import real_language
from tests.sample_states import STATES
from tests.ui.harness import Screen, settle

_MARGIN = 20


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    with real_language("de"):
        yield


@pytest.fixture
def narrow(open_screen: Callable[..., Screen]) -> Screen:
    screen = open_screen(width=360)
    screen.window.add_profile_switcher()
    return screen


def place_of(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def slack_of(button: Button) -> int:
    """The pixels that the text of `button` leaves."""
    return button.width() - button.fontMetrics().horizontalAdvance(button.text())


def test_buttons_share_a_row_by_the_length_of_their_texts(narrow: Screen) -> None:
    narrow.show(STATES["waiting"])
    row = narrow.find(ButtonRow)
    buttons = [each for each in row.findChildren(Button) if each.isVisible()]
    slacks = [slack_of(each) for each in buttons]
    assert len({each.y() for each in buttons}) == 1
    assert len(buttons) == 3
    assert min(slacks) >= 16
    assert max(slacks) - min(slacks) < 10


def test_buttons_with_enough_room_have_the_same_width(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(width=440)
    screen.show(STATES["waiting"])
    buttons = [each for each in screen.find(ButtonRow).findChildren(Button) if each.isVisible()]
    widths = {each.width() for each in buttons}
    assert max(widths) - min(widths) <= 1


def test_the_primary_button_of_a_footer_goes_below_the_others(narrow: Screen) -> None:
    narrow.show(STATES["signed_out"])
    PROFILE_PAGES["first_run"](narrow.window)
    settle()
    cancel, save = narrow.button("Abbrechen"), narrow.button("Speichern")
    primary = place_of(narrow.button("Speichern und anmelden"))
    assert place_of(cancel).top() == place_of(save).top()
    assert primary.top() > place_of(save).bottom()
    assert (primary.left(), primary.right() + 1) == (_MARGIN, 360 - _MARGIN)
    narrow.window.resize(440, 640)
    settle()
    primary = place_of(narrow.button("Speichern und anmelden"))
    assert abs(primary.center().y() - place_of(save).center().y()) <= 1
    assert primary.left() > place_of(save).right()


def test_the_last_of_long_quiet_buttons_goes_below_at_the_end(narrow: Screen) -> None:
    with real_language("fr"):
        narrow.show(STATES["signed_in"])
        PROFILE_PAGES["check_connection"](narrow.window)
        settle()
        back, again = narrow.button("Retour"), narrow.button("Vérifier de nouveau")
        edit = place_of(narrow.button("Modifier le profil"))
    assert place_of(back).top() == place_of(again).top() < edit.top()
    assert edit.right() == place_of(again).right()


@pytest.mark.parametrize("width", [360, 440])
def test_the_state_of_a_profile_is_never_cut(
    open_screen: Callable[..., Screen], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    painted: dict[str, int] = {}
    paint_line = profile_row._paint_line

    def record(*arguments: object) -> None:
        painter, _room, where, _direction, text, _alignment = arguments
        metrics: QFontMetrics = painter.fontMetrics()  # type: ignore[attr-defined]
        painted[str(text)] = where.width() - metrics.horizontalAdvance(str(text))  # type: ignore[attr-defined]
        paint_line(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(profile_row, "_paint_line", record)
    screen = open_screen(width=width)
    screen.show(STATES["signed_in"])
    shots._show_switcher(screen.window)
    screen.window.resize(width, 1200)
    screen.show(STATES["signed_in"])
    for state in ("Wartet auf Genehmigung", "Anmeldung abgelehnt", "Abgemeldet"):
        assert painted[state] >= 0
    assert painted["Northwind SOC"] >= 0


def test_whoever_was_signed_in_is_named_in_full(narrow: Screen) -> None:
    narrow.show(STATES["revoked"])
    assert narrow.has_button("Als dana@northwind.example fortfahren")


def test_the_keys_of_a_long_shortcut_are_no_higher(narrow: Screen) -> None:
    narrow.show(STATES["signed_in"])
    shots._CHANGES["shortcuts"](narrow.window)
    settle()
    keys = [each for each in narrow.window.findChildren(QLabel) if each.property("role") == "key"]
    assert len(keys) > 8
    assert len({each.height() for each in keys}) == 1


def test_a_menu_shortens_the_state_before_a_short_name(narrow: Screen) -> None:
    narrow.show(STATES["signed_in"])
    shots._show_profiles(narrow.window)
    settle()
    menu = narrow.find(ProfileSwitcher)
    names = [each.text().partition(" · ")[0] for each in menu.actions()]
    assert {"Northwind SOC", "Contoso SOC"} <= set(names)
    assert menu.width() <= 360 - _MARGIN
