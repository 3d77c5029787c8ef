"""The design tokens, light and dark, and the style sheet made from them."""

from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.services.resources import resource

SPACE = 20  # logical pixels around and inside cards
GAP = 14
NARROWEST = 360
WIDEST_COLUMN = 520

LIGHT = {
    "background": "#f4f6f9",
    "card": "#ffffff",
    "border": "#dfe3e9",
    "fill": "#edf0f7",
    "track": "#e2e6ec",
    "text": "#10151d",
    "muted": "#565f6d",
    "primary": "#0b5fff",
    "primary_hover": "#0a52dc",
    "on_primary": "#ffffff",
    "focus": "#07245c",
    "warning_fill": "#fdf0d5",
    "warning_text": "#85500a",
    "good": "#128a4b",
    "good_fill": "#e3f5ea",
    "good_text": "#0f6b38",
    "bad": "#c62828",
    "bad_fill": "#fde7e7",
    "bad_text": "#a31d1d",
    "ending": "#b3620a",
}

DARK = {
    "background": "#10131a",
    "card": "#1b1f27",
    "border": "#2b313c",
    "fill": "#272c37",
    "track": "#2b303b",
    "text": "#eef1f6",
    "muted": "#a4acb9",
    "primary": "#5b8fff",
    "primary_hover": "#7aa4ff",
    "on_primary": "#0a1226",
    "focus": "#ffffff",
    "warning_fill": "#35290f",
    "warning_text": "#f5b84e",
    "good": "#4dcb86",
    "good_fill": "#12301f",
    "good_text": "#54d08d",
    "bad": "#ff7b7b",
    "bad_fill": "#3a1a1c",
    "bad_text": "#ff9a9a",
    "ending": "#f0a33e",
}

# Steps of type, relative to the size that the person chose for the system.
_TYPE = {"small_size": 0.92, "body_size": 1.0, "name_size": 1.08, "title_size": 1.5}


class Theme:
    """The tokens of the colour scheme in force, as colours for painting."""

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self.tokens = LIGHT
        self.follow()

    def follow(self) -> None:
        """Take the system's colour scheme and dress the application in it."""
        scheme = self._application.styleHints().colorScheme()
        self.tokens = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        self._application.setPalette(_palette(self.tokens))
        self._application.setStyleSheet(self._style_sheet())

    def color(self, token: str) -> QColor:
        """The colour `token`."""
        return QColor(self.tokens[token])

    def motion_wanted(self) -> bool:
        """Whether the person has not asked the system for less motion."""
        # Kept in a name: the hints die with the Python object of their parent.
        style_hints = self._application.styleHints()
        preference = style_hints.accessibility().motionPreference()
        return preference != Qt.MotionPreference.ReducedMotion

    def _style_sheet(self) -> str:
        base = self._application.font().pointSizeF()
        sizes = {name: f"{base * step:.1f}" for name, step in _TYPE.items()}
        text = resource("themes/window.qss").read_text("utf-8")
        return Template(text).substitute(self.tokens, radius="12", **sizes)


def _palette(tokens: dict[str, str]) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, token in (
        (roles.Window, "background"),
        (roles.Base, "card"),
        (roles.Button, "card"),
        (roles.ToolTipBase, "card"),
        (roles.WindowText, "text"),
        (roles.Text, "text"),
        (roles.ButtonText, "text"),
        (roles.ToolTipText, "text"),
        (roles.PlaceholderText, "muted"),
        (roles.Highlight, "primary"),
        (roles.HighlightedText, "on_primary"),
        (roles.Link, "primary"),
    ):
        palette.setColor(role, QColor(tokens[token]))
    return palette
