"""What is painted and not written: the ring, the tiles, the QR code."""

import shutil
import subprocess
from math import cos, hypot, radians, sin
from pathlib import Path

import pytest
import segno
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from desktop.ui.kit.qr_code import QrCode
from desktop.ui.kit.theme import DARK, LIGHT, Theme
from desktop.ui.views.code_tiles import CodeTiles, _line_width
from desktop.ui.views.ring import Ring
from tests.rigs import requirements
from tests.sample_states import LINK
from tests.ui.harness import FONTS

LINKS = [
    f"{LINK}?user_code=WDJB-MJHT",
    "https://login.example/device",
    f"https://login.example/device?user_code=WDJB-MJHT&hint={'x' * 400}",
    "https://b\u00fccher.example/ger\u00e4t?code=\u00e4",
]


def drawn(widget: QWidget, theme: Theme, *, width: int, height: int) -> QImage:
    """`widget` on a card."""
    card = QWidget()
    card.setStyleSheet(f"QWidget {{ background: {theme.tokens['card']}; }}")
    card.resize(width, height)
    widget.setParent(card)
    widget.resize(width, height)
    card.ensurePolished()
    picture = card.grab().toImage()
    widget.setParent(None)
    card.deleteLater()
    return picture


def on_circle(picture: QImage, degrees: float) -> str:
    """The color of the ring at an angle, clockwise from the top."""
    radius = (168 - 10) / 2
    x = picture.width() / 2 + radius * sin(radians(degrees))
    y = picture.height() / 2 - radius * cos(radians(degrees))
    return picture.pixelColor(int(x), int(y)).name()


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("share", "track", "arc"),
    [
        (1.0, [], [10, 90, 180, 270, 350]),
        (0.75, [20, 70], [110, 180, 270, 340]),
        (0.5, [20, 90, 160], [200, 270, 340]),
        (0.1, [20, 90, 180, 270, 300], [340]),
        (0.0, [10, 90, 180, 270, 350], []),
    ],
)
def test_the_ring_opens_clockwise_as_time_passes(
    theme: Theme,
    tokens: dict[str, str],
    share: float,
    track: list[float],
    arc: list[float],
) -> None:
    theme.apply_tokens(tokens)
    ring = Ring(theme)
    ring.show_time("7:12", "until it expires", share=share, color="good")
    picture = drawn(ring, theme, width=200, height=168)
    assert {on_circle(picture, angle) for angle in track} <= {tokens["track"]}
    assert {on_circle(picture, angle) for angle in arc} <= {tokens["good"]}


def test_the_ring_is_dimmed_in_its_place_while_another_token_is_on_its_way(theme: Theme) -> None:
    ring = Ring(theme)
    ring.show_time("7:12", "until it expires", share=0.5, color="good")
    full = drawn(ring, theme, width=200, height=168)
    ring.set_busy(busy=True)
    busy = drawn(ring, theme, width=200, height=168)
    assert on_circle(busy, 270) not in {on_circle(full, 270), LIGHT["track"]}
    assert on_circle(busy, 90) == on_circle(full, 90)
    ring.set_busy(busy=False)
    assert drawn(ring, theme, width=200, height=168) == full


def test_the_ring_breathes_only_where_motion_is_wanted_and_somebody_looks(theme: Theme) -> None:
    ring = Ring(theme)
    ring.show()
    ring.set_busy(busy=True)
    assert not ring._timer.isActive()
    ring.set_busy(busy=False)
    theme.allows_motion = True
    ring.set_busy(busy=True)
    assert ring._timer.isActive()
    before = ring._opacity()
    ring._timer.timeout.emit()
    assert ring._opacity() > before
    ring.hide()
    assert not ring._timer.isActive()
    ring.show()
    assert ring._timer.isActive()
    ring.set_busy(busy=False)
    assert not ring._timer.isActive()
    ring.close()
    ring.deleteLater()


@pytest.mark.parametrize("color", ["good", "ending", "bad"])
def test_the_ring_has_the_colour_that_it_is_given(theme: Theme, color: str) -> None:
    ring = Ring(theme)
    ring.show_time("0:59", "until it expires", share=0.5, color=color)
    assert on_circle(drawn(ring, theme, width=200, height=168), 270) == LIGHT[color]


@pytest.mark.parametrize("family", FONTS)
@pytest.mark.parametrize("time", ["0:00", "7:12", "47:59:59", "3652 days", "∞"])
def test_the_time_stays_inside_the_ring(
    qapp: QApplication, theme: Theme, time: str, family: str
) -> None:
    usual = qapp.font()
    qapp.setFont(QFont(family, 10))
    ring = Ring(theme)
    ring.show_time(time, "until it expires", share=0, color="good")
    picture = drawn(ring, theme, width=200, height=168)
    qapp.setFont(usual)
    inside = (168 - 3 * 10) / 2
    dark = [
        hypot(x - 100, y - 84)
        for y in range(168)
        for x in range(200)
        if picture.pixelColor(x, y).lightness() < 90
    ]
    assert dark
    assert max(dark) < inside


def test_the_ring_takes_a_new_colour_scheme(theme: Theme) -> None:
    ring = Ring(theme)
    ring.show_time("7:12", "until it expires", share=0.5, color="good")
    theme.apply_tokens(DARK)
    assert on_circle(drawn(ring, theme, width=200, height=168), 270) == DARK["good"]


# The tiles


def tiles(theme: Theme, code: str) -> CodeTiles:
    made = CodeTiles(theme)
    made.set_code(code)
    return made


@pytest.mark.parametrize("width", [278, 318, 358, 478])
@pytest.mark.parametrize(
    "code", ["WDJB-MJHT", "123456789", "K7QW-2M9X-PLTR-8VZC", "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456"]
)
def test_no_line_of_tiles_is_wider_than_its_place(theme: Theme, code: str, width: int) -> None:
    made = tiles(theme, code)
    tile = made._tile_width(width)
    lines = made._lines(width, tile)
    assert "".join(lines) == code
    assert all(_line_width(line, tile) <= width + 0.5 for line in lines)


def test_the_last_line_of_tiles_is_not_cut(theme: Theme) -> None:
    made = tiles(theme, "K7QW-2M9X-PLTR-8VZC")
    picture = drawn(made, theme, width=278, height=made.heightForWidth(278))
    bottom = {picture.pixelColor(x, picture.height() - 2).name() for x in range(278)}
    above = {picture.pixelColor(x, picture.height() - 12).name() for x in range(278)}
    assert bottom == {LIGHT["card"]}
    assert LIGHT["fill"] in above


def test_a_usual_code_stands_on_one_line_at_360_pixels(theme: Theme) -> None:
    made = tiles(theme, "WDJB-MJHT")
    assert made._lines(278, made._tile_width(278)) == ["WDJB-MJHT"]


def test_a_long_code_wraps_and_grows_higher(theme: Theme) -> None:
    short, long = tiles(theme, "WDJB-MJHT"), tiles(theme, "K7QW-2M9X-PLTR-8VZC")
    assert len(long._lines(278, long._tile_width(278))) == 2
    assert long.heightForWidth(278) > long.heightForWidth(900)
    assert short.heightForWidth(278) < short.heightForWidth(360)


def test_a_long_code_breaks_between_its_groups(theme: Theme) -> None:
    long = tiles(theme, "K7QW-2M9X-PLTR-8VZC")
    assert long._lines(400, long._tile_width(400)) == ["K7QW-2M9X-PLTR-", "8VZC"]


def test_a_space_is_a_gap_and_no_tile(theme: Theme) -> None:
    one = drawn(tiles(theme, "AB CD"), theme, width=300, height=80)
    middle = {one.pixelColor(150, y).name() for y in range(80)}
    assert middle == {LIGHT["card"]}


def test_the_tiles_show_that_the_keyboard_is_on_them(theme: Theme) -> None:
    made = tiles(theme, "WDJB-MJHT")
    made.resize(318, made.heightForWidth(318))
    made.show()
    made.activateWindow()
    without = made.grab().toImage()
    made.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert made.hasFocus()
    assert made.grab().toImage() != without
    made.close()
    made.deleteLater()


# The QR code


@pytest.fixture
def qr_code(qapp: QApplication) -> QrCode:  # noqa: ARG001 - widgets need it
    return QrCode()


def photographed(qr_code: QrCode, link: str, *, width: int = 318) -> QImage:
    """The code as a phone sees it, between dark surroundings."""
    qr_code.set_link(link)
    surroundings = QWidget()
    surroundings.setStyleSheet("QWidget { background: #1b1f27; }")
    surroundings.resize(width, 232)
    qr_code.setParent(surroundings)
    qr_code.resize(width, 232)
    picture = surroundings.grab().toImage()
    qr_code.setParent(None)
    surroundings.deleteLater()
    return picture


@pytest.mark.parametrize("link", LINKS)
def test_a_phone_reads_the_link(qr_code: QrCode, link: str, tmp_path: Path) -> None:
    if shutil.which("zbarimg") is None:
        requirements.skip_or_fail("zbarimg (Debian: zbar-tools) is needed to read the QR code")
    file = tmp_path / "code.png"
    photographed(qr_code, link).save(str(file))
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(file)],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == link


@pytest.mark.parametrize("link", LINKS)
def test_every_module_stands_where_it_must(qr_code: QrCode, link: str) -> None:
    picture = photographed(qr_code, link)
    matrix = [list(map(bool, line)) for line in segno.make_qr(link, error="l").matrix]
    side = len(matrix) + 8
    module = 232 // side
    left, top = round((318 - module * side) / 2), round((232 - module * side) / 2)

    def dark(x: int, y: int) -> bool:
        pixel = picture.pixelColor(left + int((x + 4.5) * module), top + int((y + 4.5) * module))
        assert pixel.name() in {"#000000", "#ffffff"}
        return pixel == QColor("black")

    assert [[dark(x, y) for x in range(side - 8)] for y in range(side - 8)] == matrix


def test_a_quiet_zone_of_four_modules_is_around_it(qr_code: QrCode) -> None:
    picture = photographed(qr_code, LINKS[0])
    white = [x for x in range(318) if picture.pixelColor(x, 116) == QColor("white")]
    black = [x for x in range(318) if picture.pixelColor(x, 116) == QColor("black")]
    module = 232 // (len(segno.make_qr(LINKS[0], error="l").matrix) + 8)
    assert min(black) - min(white) >= 4 * module
    assert max(white) - max(black) >= 4 * module


def test_it_is_black_on_white_in_the_dark_too(qr_code: QrCode, theme: Theme) -> None:
    theme.apply_tokens(DARK)
    colors = {photographed(qr_code, LINKS[0]).pixelColor(x, 116).name() for x in range(100, 218)}
    assert colors == {"#000000", "#ffffff"}


def test_all_that_is_painted_is_a_label_to_a_screen_reader() -> None:
    assert all(issubclass(kind, QLabel) for kind in (Ring, CodeTiles, QrCode))
