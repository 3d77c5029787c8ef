"""The design tokens, light and dark, and the style sheet made from them."""

from __future__ import annotations

import sys
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from desktop.services.system.resources import resource

if TYPE_CHECKING:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QAccessibilityHints, QBrush, QStyleHints

SPACE = 20  # logical pixels around and inside cards
GAP = 14
NARROWEST = 360
WIDEST_COLUMN = 520

LIGHT = {
    "background": "#f4f6f9",
    "card": "#ffffff",
    "border": "#dfe3e9",  # of what is only told apart
    "edge": "#7d8694",  # of what can be pressed
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
    "edge": "#707a8b",
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

# For people who asked their system for more contrast: texts have 7:1, and every part has an edge.
LIGHT_CONTRAST = {
    **LIGHT,
    "background": "#ffffff",
    "border": "#4a5362",
    "edge": "#10151d",
    "fill": "#e9edf5",
    "track": "#ffffff",
    "text": "#000000",
    "muted": "#2f3642",
    "primary": "#003eb3",
    "primary_hover": "#002a7a",
    "link": "#00308a",
    "focus": "#000000",
    "warning_fill": "#ffffff",
    "warning_text": "#5c3600",
    "good": "#07592f",
    "good_fill": "#ffffff",
    "good_text": "#06482a",
    "bad": "#9a1010",
    "bad_fill": "#ffffff",
    "bad_text": "#7d0c0c",
    "ending": "#7a4200",
}

DARK_CONTRAST = {
    **DARK,
    "background": "#000000",
    "card": "#000000",
    "border": "#aab2bf",
    "edge": "#ffffff",
    "fill": "#1d222b",
    "track": "#000000",
    "text": "#ffffff",
    "muted": "#d6dbe3",
    "primary": "#8fb4ff",
    "primary_hover": "#b5cdff",
    "on_primary": "#000000",
    "link": "#a8c5ff",
    "warning_fill": "#000000",
    "warning_text": "#ffd27a",
    "good": "#6fe3a3",
    "good_fill": "#000000",
    "good_text": "#6fe3a3",
    "bad": "#ffa0a0",
    "bad_fill": "#000000",
    "bad_text": "#ffa0a0",
    "ending": "#ffbf66",
}

# What other things stand on. With forced colors all of it is that of the window.
_PAPER = {"background", "card", "fill", "track"}

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
        self._hints: QStyleHints | None = None
        self._accessibility: QAccessibilityHints | None = None
        self._desktop_has_high_contrast = False
        # Asking for the scheme would load `Qt` before the first paint, see docs/decisions/start.md.
        self._system_is_dark = _is_dark(application.palette())
        self.tokens = DARK if self._system_is_dark else LIGHT
        self.apply_tokens(self.tokens)

    def follow_system(self) -> None:
        """Follow the color scheme and the contrast of the system from now on."""
        # Kept: the connections, and what PySide6 gets from them, end with their Python objects.
        self._hints = self._application.styleHints()
        self._hints.colorSchemeChanged.connect(self._on_scheme)
        self._accessibility = self._hints.accessibility()
        self._accessibility.contrastPreferenceChanged.connect(self._update)
        # A desktop that answers late may have changed them since the start.
        self._update()

    def set_preferences(self, *, high_contrast: bool, reduced_motion: bool) -> None:
        """Follow what the desktop says where Qt does not report it: see `SystemAppearance`."""
        self._desktop_has_high_contrast = high_contrast
        # Qt 6.11 does not have it yet.
        preference = getattr(self._accessibility, "motionPreference", None)
        is_reduced = preference is not None and preference().name == "ReducedMotion"
        self.allows_motion = not reduced_motion and not is_reduced
        self._update()

    def choose_scheme(self, scheme: str) -> None:
        """Use `light` or `dark`, or follow the system with `system`."""
        if scheme != self._chosen:
            self._chosen = scheme
            self._update()

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

    def _update(self) -> None:
        self._on_scheme(self._application.styleHints().colorScheme())

    def _on_scheme(self, scheme: Qt.ColorScheme) -> None:
        from PySide6.QtCore import Qt  # loaded late, see docs/decisions/start.md

        schemes = Qt.ColorScheme
        dark = scheme == schemes.Dark or (scheme == schemes.Unknown and self._system_is_dark)
        dark = dark if self._chosen == "system" else self._chosen == "dark"
        tokens = self._tokens_for(dark=dark)
        if tokens != self.tokens:
            self.apply_tokens(tokens)

    def _tokens_for(self, *, dark: bool) -> dict[str, str]:
        from PySide6.QtCore import Qt  # loaded late, as above

        accessibility = self._accessibility
        is_high = accessibility is not None and (
            accessibility.contrastPreference() == Qt.ContrastPreference.HighContrast
        )
        if is_high and sys.platform == "win32" and self._chosen == "system":
            self._application.setPalette(QPalette())  # back to that of the system
            return forced_tokens(self._application.palette())
        if is_high or self._desktop_has_high_contrast:
            return DARK_CONTRAST if dark else LIGHT_CONTRAST
        return DARK if dark else LIGHT

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


def forced_tokens(palette: QPalette) -> dict[str, str]:
    """Make tokens from the few colors of a contrast theme of Windows, which people choose."""
    roles = QPalette.ColorRole

    def color(role: QPalette.ColorRole) -> str:
        return palette.color(role).name()

    paper, ink = color(roles.Window), color(roles.WindowText)
    tokens = {name: paper if name in _PAPER or name.endswith("_fill") else ink for name in LIGHT}
    chosen, link = color(roles.Highlight), color(roles.Link)
    return tokens | {
        "primary": chosen,
        "primary_hover": chosen,
        "on_primary": color(roles.HighlightedText),
        "link": link,
    }


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
        (roles.BrightText, "focus"),  # the focus ring, see `Button`
    ):
        palette.setColor(role, QColor(tokens[token]))
    return palette
