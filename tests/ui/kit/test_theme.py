"""Colors that can be told apart, and a scheme that follows the system."""

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from desktop.services.system.resources import resource
from desktop.ui.kit.theme import (
    DARK,
    DARK_CONTRAST,
    LIGHT,
    LIGHT_CONTRAST,
    Theme,
    forced_tokens,
)
from desktop.ui.kit.widgets import Button
from tests.rigs.display import Display
from tests.sample_states import STATES
from tests.ui.harness import Screen, settle

ROOT = Path(__file__).parents[3]
SCHEMES = {"light": LIGHT, "dark": DARK}
HIGH_CONTRAST = {"light": LIGHT_CONTRAST, "dark": DARK_CONTRAST}

# What stands on what, in the style sheet and in what is painted.
TEXTS = [
    ("text", "background"),
    ("text", "card"),
    ("text", "fill"),  # a plain chip, a code tile, a button below the pointer
    ("text", "border"),  # a button that is pressed
    ("muted", "background"),
    ("muted", "card"),
    ("muted", "fill"),
    ("link", "card"),
    ("on_primary", "primary"),
    ("on_primary", "primary_hover"),
    ("warning_text", "warning_fill"),
    ("warning_text", "card"),  # a scope that was not granted
    ("muted", "warning_fill"),
    ("link", "warning_fill"),
    ("link", "background"),
    ("good_text", "good_fill"),
    ("bad_text", "bad_fill"),
]
# WCAG 1.4.11 asks 3:1 of what is no text.
SHAPES = [
    ("good", "card"),
    ("good", "track"),
    ("ending", "card"),
    ("ending", "track"),
    ("primary", "card"),
    ("muted", "card"),  # a switch that is off
    ("on_primary", "primary"),
    ("primary", "track"),
    ("focus", "background"),
    ("focus", "card"),
    ("focus", "primary"),
    ("edge", "card"),  # a button that is not the first choice
    ("edge", "background"),
    ("edge", "fill"),  # the same below the pointer
]

FOLLOWING = """
import sys
from PySide6.QtCore import QPoint, Qt
from desktop.ui.app.app import make_application
from desktop.ui.kit.theme import (
    DARK,
    DARK_CONTRAST,
    LIGHT,
    LIGHT_CONTRAST,
    Theme,
    forced_tokens,
)
application = make_application()
theme = Theme(application)
theme.follow_system()
names = {id(LIGHT): "light", id(DARK): "dark"}
worn = []
for scheme in (Qt.ColorScheme.Dark, Qt.ColorScheme.Light):
    application.styleHints().setColorScheme(scheme)
    application.processEvents()
    worn.append(names[id(theme.tokens)])
print(*worn)
"""


def luminance(color: str) -> float:
    """How WCAG 2 defines the relative luminance of an sRGB color."""
    read = QColor(color)
    red, green, blue = map(_linear, (read.redF(), read.greenF(), read.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture
def system_palette(qapp: QApplication) -> Callable[[str, str], None]:
    """Set the palette that the desktop would have."""

    def wear(window: str, text: str) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(window))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
        qapp.setPalette(palette)

    return wear


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    assert contrast(SCHEMES[scheme][text], SCHEMES[scheme][ground]) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_can_be_told_from_what_is_around_them(scheme: str, shape: str, ground: str) -> None:
    assert contrast(SCHEMES[scheme][shape], SCHEMES[scheme][ground]) >= 3


@pytest.mark.parametrize("scheme", HIGH_CONTRAST)
@pytest.mark.parametrize(("text", "ground"), [each for each in TEXTS if each[1] != "border"])
def test_text_can_be_read_with_more_contrast(scheme: str, text: str, ground: str) -> None:
    assert contrast(HIGH_CONTRAST[scheme][text], HIGH_CONTRAST[scheme][ground]) >= 7


@pytest.mark.parametrize("scheme", HIGH_CONTRAST)
@pytest.mark.parametrize(
    ("shape", "ground"),
    [*(each for each in SHAPES if each != ("focus", "primary")), ("border", "background")],
)
def test_shapes_stand_out_with_more_contrast(scheme: str, shape: str, ground: str) -> None:
    assert contrast(HIGH_CONTRAST[scheme][shape], HIGH_CONTRAST[scheme][ground]) >= 4.5


def test_forced_colors_are_those_of_the_system_alone() -> None:
    palette, roles = QPalette(), QPalette.ColorRole
    colors = {
        roles.Window: "#202020",
        roles.WindowText: "#ffffff",
        roles.Highlight: "#8ee3f0",
        roles.HighlightedText: "#263b50",
        roles.Link: "#75e9fc",
    }
    for role, color in colors.items():
        palette.setColor(role, QColor(color))
    tokens = forced_tokens(palette)
    assert tokens.keys() == LIGHT.keys()
    assert set(tokens.values()) == set(colors.values())
    for text, ground in [each for each in TEXTS if each[1] != "border"]:
        assert contrast(tokens[text], tokens[ground]) >= 4.5


def test_all_schemes_have_the_same_tokens() -> None:
    for tokens in (DARK, LIGHT_CONTRAST, DARK_CONTRAST):
        assert tokens.keys() == LIGHT.keys()


def test_more_contrast_and_less_motion_are_followed_while_it_runs(theme: Theme) -> None:
    theme.follow_system()
    theme.choose_scheme("dark")
    theme.set_preferences(high_contrast=True, reduced_motion=True)
    assert theme.tokens is DARK_CONTRAST
    assert not theme.allows_motion
    theme.choose_scheme("light")
    assert theme.tokens is LIGHT_CONTRAST
    theme.set_preferences(high_contrast=False, reduced_motion=False)
    assert theme.tokens is LIGHT
    assert theme.allows_motion


def test_the_focus_ring_of_a_button_has_a_gap(theme: Theme, screen: Screen) -> None:
    screen.show(STATES["declined"])
    button = screen.button("Sign in again")
    assert isinstance(button, Button)
    button.take_focus(ringed=True)
    settle()
    picture = screen.window.grab().toImage()
    start = button.mapTo(screen.window, QPoint(0, button.height() // 2))
    colors = [picture.pixelColor(start + QPoint(x, 0)).name() for x in range(8)]
    assert colors[0] == theme.tokens["focus"]
    assert colors[2:4] == [theme.tokens["background"]] * 2
    assert colors[6] == theme.tokens["primary"]


def test_the_style_sheet_uses_tokens_and_no_colour_of_its_own() -> None:
    sheet = resource("themes/window.qss").read_text("utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!.*\{)", sheet)
    used = set(re.findall(r"\$\{?(\w+)", sheet))
    assert used <= LIGHT.keys() | {
        "radius",
        "icons",
        "scheme",
        "small_size",
        "body_size",
        "name_size",
        "title_size",
    }


@pytest.mark.parametrize(
    ("window", "text", "tokens"),
    [("#ffffff", "#000000", LIGHT), ("#202020", "#eeeeee", DARK)],
)
def test_it_starts_in_the_scheme_of_the_system(
    qapp: QApplication,
    system_palette: Callable[[str, str], None],
    window: str,
    text: str,
    tokens: dict[str, str],
) -> None:
    system_palette(window, text)
    assert Theme(qapp).tokens is tokens


def test_it_follows_the_system_and_comes_back(theme: Theme, screen: Screen) -> None:
    screen.show(STATES["signed_in"])
    schemes = [Qt.ColorScheme.Dark, Qt.ColorScheme.Light, Qt.ColorScheme.Dark]
    drawn = []
    for scheme in schemes:
        theme._on_scheme(scheme)
        drawn.append(screen.window.grab().toImage().pixelColor(2, 2).name())
    assert drawn == [DARK["background"], LIGHT["background"], DARK["background"]]


def test_painted_colors_follow_too(theme: Theme) -> None:
    theme.apply_tokens(DARK)
    assert theme.color("good").name() == DARK["good"]


@pytest.mark.parametrize(
    ("window", "text", "tokens"),
    [("#ffffff", "#000000", LIGHT), ("#202020", "#eeeeee", DARK)],
)
def test_a_system_without_an_opinion_keeps_what_it_started_with(
    qapp: QApplication,
    system_palette: Callable[[str, str], None],
    window: str,
    text: str,
    tokens: dict[str, str],
) -> None:
    system_palette(window, text)
    theme = Theme(qapp)
    theme._on_scheme(Qt.ColorScheme.Unknown)
    assert theme.tokens is tokens


def test_the_same_scheme_again_costs_nothing(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    dressed: list[object] = []
    monkeypatch.setattr(theme, "apply_tokens", dressed.append)
    theme._on_scheme(Qt.ColorScheme.Light)
    assert dressed == []


def test_qt_itself_tells_of_a_change(display: Display) -> None:
    # Only a desktop that has schemes at all lets one be set.
    done = subprocess.run(
        [sys.executable, "-c", FOLLOWING],
        cwd=ROOT,
        env=display.environment | {"XDG_CURRENT_DESKTOP": "GNOME"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["dark", "light"]


def test_nothing_moves_before_the_system_was_asked(theme: Theme) -> None:
    assert not theme.allows_motion


def test_type_follows_the_size_that_the_person_chose(qapp: QApplication) -> None:
    usual = qapp.font()
    sizes: list[float] = []
    for font in (QFont("Inter", 10), QFont("Inter", 13)):
        qapp.setFont(font)
        sheet = Theme(qapp)._style_sheet()
        sizes += map(float, re.findall(r"QWidget \{[^}]*font-size: ([\d.]+)pt", sheet))
    qapp.setFont(usual)
    assert sizes == [10, 13]


def test_a_font_that_was_set_in_pixels_has_a_size_too(qapp: QApplication) -> None:
    usual, font = qapp.font(), QFont("Inter")
    font.setPixelSize(16)
    qapp.setFont(font)
    sheet = Theme(qapp)._style_sheet()
    qapp.setFont(usual)
    sizes = sorted({float(each) for each in re.findall(r"font-size: (-?[\d.]+)pt", sheet)})
    assert sizes[0] > 5
    assert all(larger > smaller for smaller, larger in pairwise(sizes))
