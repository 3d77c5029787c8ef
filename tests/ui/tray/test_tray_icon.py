"""The icon of the tray, looked at as pixels."""

import itertools

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from desktop.ui.tray.tray_icon import COLORS, ENDING_COLOR, SIZES, tray_icon
from desktop.ui.wording.tray_texts import ARC_STEPS, IconShape
from tests.ui.kit.test_theme import contrast

pytestmark = pytest.mark.usefixtures("qapp")

PANELS = ("#f2f2f2", "#2b2b2b")  # of desktops, light and dark
ENOUGH = 3.0  # WCAG 2.1, 1.4.11: what is needed to recognize a shape
SMALL = (16, 22)


def picture(look: IconShape, steps: int = 0, *, size: int = 16) -> QImage:
    return tray_icon(look, steps).pixmap(QSize(size, size)).toImage()


def shape(image: QImage) -> set[tuple[int, int]]:
    """What is left of an icon where a panel shows no colors: the places that are covered."""
    places = itertools.product(range(image.width()), range(image.height()))
    return {(x, y) for x, y in places if image.pixelColor(x, y).alpha() > 127}


@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_there_as_it_is(size: int) -> None:
    assert picture(IconShape.SIGNED_IN, 5, size=size).size() == QSize(size, size)


@pytest.mark.parametrize("size", SMALL)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(IconShape, 2)))
def test_shapes_differ_without_their_colors(size: int, one: IconShape, other: IconShape) -> None:
    first, second = (shape(picture(look, size=size)) for look in (one, other))
    assert len(first ^ second) > max(len(first), len(second)) * 0.3


@pytest.mark.parametrize("size", SMALL)
@pytest.mark.parametrize("look", [IconShape.SIGNED_IN, IconShape.TROUBLE])
def test_what_is_in_a_filled_shape_is_cut_out_of_it(size: int, look: IconShape) -> None:
    image = picture(look, size=size)
    alphas = {image.pixelColor(x, y).alpha() for x in range(size) for y in range(size // 3, size)}
    inside = image.pixelColor(size // 2, size * 9 // 16 if look is IconShape.TROUBLE else size // 2)
    assert 255 in alphas
    assert inside.alpha() < 128


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("color", [*COLORS.values(), ENDING_COLOR])
def test_every_colour_stands_out_from_light_and_dark_panels(panel: str, color: str) -> None:
    assert contrast(color, panel) >= ENOUGH


def test_the_arc_shrinks_with_the_time() -> None:
    covered = [len(shape(picture(IconShape.SIGNED_IN, steps, size=48))) for steps in range(25)]
    assert covered == sorted(covered)
    assert len(set(covered)) == ARC_STEPS + 1


def test_the_arc_changes_its_colour_towards_the_end() -> None:
    def colors(steps: int) -> set[str]:
        image = picture(IconShape.SIGNED_IN, steps, size=48)
        return {image.pixelColor(x, y).name() for x, y in shape(image)}

    assert ENDING_COLOR in colors(4)
    assert ENDING_COLOR not in colors(5)
