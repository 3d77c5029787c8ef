"""The room around texts and buttons."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget

from desktop.services.model.states import Revocation
from desktop.ui.kit.theme import Theme
from desktop.ui.pages.settings_view import _Row
from desktop.ui.profiles.profile_form import ProfileForm
from desktop.ui.views.scopes_card import ScopesCard
from desktop.ui.views.sign_out_button import SignOutButton
from tests.profile_shots import PROFILE_PAGES
from tests.pseudo_language import real_language
from tests.sample_states import STATES
from tests.ui.harness import Screen, settle

_DIRECTIONS = (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft)


@pytest.fixture(params=_DIRECTIONS, ids=["from-left", "from-right"])
def direction(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Qt.LayoutDirection]:
    qapp.setLayoutDirection(request.param)
    yield request.param
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def place_of(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


def blank_columns(picture: QImage) -> list[int]:
    """The widths of what is blank between what is painted."""
    paper = picture.pixelColor(picture.width() // 2, 1)
    inked = [
        x
        for x in range(picture.width())
        if any(picture.pixelColor(x, y) != paper for y in range(picture.height()))
    ]
    return [after - before - 1 for before, after in pairwise(inked)]


@pytest.mark.usefixtures("direction")
def test_the_arrow_of_a_submenu_has_room_beside_the_longest_name(theme: Theme) -> None:
    del theme  # its style sheet
    menu = QMenu()
    submenu = menu.addMenu("Fabrikam Security Operations")
    menu.resize(menu.sizeHint())
    item = menu.actionGeometry(submenu.menuAction())
    row = menu.grab(item.adjusted(8, 2, -8, -2)).toImage()
    assert max(blank_columns(row)) >= 8


def test_scopes_that_were_not_granted_are_in_line_and_off_the_edge(screen: Screen) -> None:
    screen.show(STATES["signed_in_fewer_scopes"])
    (card,) = screen.window.findChildren(ScopesCard)
    missing = card._missing
    text = missing.contentsRect().translated(missing.pos())
    assert text.left() == card._summary.x() + 1, "the button has an edge around its text"
    assert card.height() - text.bottom() > 10


@pytest.mark.parametrize("width", [360, 440])
def test_a_button_that_asks_ends_where_those_above_do(
    open_screen: Callable[..., Screen], direction: Qt.LayoutDirection, width: int
) -> None:
    screen = open_screen(width=width)
    screen.actions.offered = Revocation.GRANT_REVOKED
    screen.show(STATES["signed_in"])
    (button,) = screen.window.findChildren(SignOutButton)
    before = place_of(button)
    primary = screen.window.view.primary()
    assert primary is not None
    button.ask()
    settle()
    asks, above = place_of(button), place_of(primary)
    if direction == Qt.LayoutDirection.LeftToRight:
        assert asks.right() == above.right()
    else:
        assert asks.left() == above.left()
    button.cancel_question()
    settle()
    assert place_of(button) == before


def test_a_form_that_asks_begins_where_those_above_do(screen: Screen) -> None:
    screen.show(STATES["signed_out"])
    PROFILE_PAGES["first_run"](screen.window)
    settle()
    form = screen.window.page
    assert isinstance(form, ProfileForm)
    form.mark_unsaved()
    form.step_back()
    settle()
    assert place_of(form._buttons.cancel).left() == place_of(form.options).left()


def test_revoking_does_not_look_like_a_link(screen: Screen) -> None:
    screen.show(STATES["telling_again"])
    shown = screen.button("Revoking…").grab().toImage()
    places = [QPoint(x, y) for x in range(shown.width()) for y in range(shown.height())]
    colors = {shown.pixelColor(each).name() for each in places}
    assert screen.theme.color("muted").name() in colors
    assert screen.theme.color("link").name() not in colors
    assert not screen.button("Revoking…").font().bold()
    screen.show(STATES["not_revoked"])
    assert screen.button("Revoke again").property("busy") == "false"


def test_a_new_profile_is_told_once_of_pasting(screen: Screen) -> None:
    screen.show(STATES["signed_out"])
    PROFILE_PAGES["first_run"](screen.window)
    settle()
    assert screen.has_button("Paste JSON")
    assert "Have the client as JSON? Paste it here." not in screen.visible_texts


@pytest.mark.parametrize("language", ["de", "ja"])
def test_a_setting_of_two_lines_does_not_touch_its_hint(
    open_screen: Callable[..., Screen], language: str
) -> None:
    with real_language(language):
        page = open_screen(width=360).show_settings()
        labels = [row.findChildren(QLabel) for row in page.findChildren(_Row)]
        gaps = [
            about.y() - heading.y() - heading.contentsRect().bottom() - 1
            for heading, about, *_ in labels
            if heading.contentsRect().height() >= 2 * heading.fontMetrics().height()
        ]
    assert gaps
    assert min(gaps) >= 6
