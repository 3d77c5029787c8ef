"""The design tokens, light and dark, and the style sheet made from them."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from desktop.services.system.resources import resource

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QBrush

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
    "link": "#0a52dc",
    "focus": "#051b47",
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
    "link": "#7aa4ff",
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

# Font sizes, relative to that of the system.
_TYPE = {"small_size": 0.92, "body_size": 1.0, "name_size": 1.08, "title_size": 1.42}

_MIDDLE = 128  # of the lightness of a color


class Theme:
    """The design tokens of the current color scheme.

    `allows_motion` is False until the system has been asked, after the first paint.
    """

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self.allows_motion = False
        self._chosen = "system"
        # Asking for the scheme would load `Qt` before the first paint, see docs/decisions/start.md.
        self._system_is_dark = _is_dark(application.palette())
        self.tokens = DARK if self._system_is_dark else LIGHT
        self.apply_tokens(self.tokens)

    def follow_system(self) -> None:
        """Follow the system's color scheme from now on, and reduce motion if the system does."""
        # Kept in a variable: its connections end with its Python object.
        hints = self._application.styleHints()
        hints.colorSchemeChanged.connect(self._on_scheme)
        # A desktop that answers late may have changed it since the start.
        self._on_scheme(hints.colorScheme())
        # Qt 6.11 does not have it yet.
        preference = getattr(hints.accessibility(), "motionPreference", None)
        self.allows_motion = preference is None or preference().name != "ReducedMotion"

    def choose_scheme(self, scheme: str) -> None:
        """Use `light` or `dark`, or follow the system with `system`."""
        if scheme != self._chosen:
            self._chosen = scheme
            self._on_scheme(self._application.styleHints().colorScheme())

    def apply_tokens(self, tokens: dict[str, str]) -> None:
        """Apply `tokens` to the application."""
        self.tokens = tokens
        self._application.setPalette(_palette(tokens))
        self._application.setStyleSheet(self._style_sheet())

    def color(self, token: str) -> QColor:
        """Return the color `token`."""
        return QColor(self.tokens[token])

    def brush(self, token: str) -> QBrush:
        """Return a brush of the color `token`."""
        # `QBrush(color)` would load `Qt` before the first code, see docs/decisions/start.md.
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, self.color(token))
        return palette.window()

    def _on_scheme(self, scheme: Qt.ColorScheme) -> None:
        from PySide6.QtCore import Qt  # loaded late, see docs/decisions/start.md

        schemes = Qt.ColorScheme
        dark = scheme == schemes.Dark or (scheme == schemes.Unknown and self._system_is_dark)
        dark = dark if self._chosen == "system" else self._chosen == "dark"
        tokens = DARK if dark else LIGHT
        if tokens is not self.tokens:
            self.apply_tokens(tokens)

    def _style_sheet(self) -> str:
        font = self._application.font()
        base = font.pointSizeF()
        if base <= 0:  # it was set in pixels
            base = QFontInfo(font).pointSizeF()
        sizes = {name: f"{base * step:.1f}" for name, step in _TYPE.items()}
        text = resource("themes/window.qss").read_text("utf-8")
        scheme = "dark" if self.color("background").lightness() < _MIDDLE else "light"
        icons = resource("icons").as_posix()
        return Template(text).substitute(
            self.tokens, radius="12", icons=icons, scheme=scheme, **sizes
        )


def _is_dark(palette: QPalette) -> bool:
    return palette.window().color().lightness() < palette.windowText().color().lightness()


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
