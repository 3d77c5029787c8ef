"""The header of the window: one button for the profile, and one for the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.services.system.translation import translate
from desktop.ui.kit.fitted_label import ElidedLabel
from desktop.ui.kit.theme import GAP, SPACE
from desktop.ui.kit.widgets import Button, name_shortcut, set_margins

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QIcon, QKeyEvent

    from desktop.services.model.profile import Profile
    from desktop.ui.views.actions import Actions

_BADGE = 32
_GEAR = 36  # the button that opens the settings, a square
_ICON = 20
_LINES_WIDE = 17  # the width of the button, in lines of text: whatever the profile is called


class Header(QWidget):
    """The profile, and the settings; both buttons have their size and place from the start."""

    def __init__(self) -> None:
        super().__init__()
        self._actions: Actions | None = None
        self._is_enabled = False
        self._pressed_early: Callable[[], object] | None = None
        self.profile_button = ProfileButton(lambda: self._press(self._open_profiles))
        self.settings_button = _SettingsButton(lambda: self._press(self._open_settings))
        # Otherwise it would shrink to the height that the style sheet gives any button.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        line, corner = QHBoxLayout(self), QVBoxLayout()
        set_margins(line, begin=SPACE, top=SPACE - 6, end=SPACE - 8, bottom=GAP)
        line.setSpacing(8)
        line.addWidget(self.profile_button)
        line.addStretch()
        line.addLayout(corner)
        # Centered by stretches: a row is no higher than its lowest button of a fixed height.
        corner.addStretch()
        corner.addWidget(self.settings_button)
        corner.addStretch()

    def set_actions(self, actions: Actions) -> None:
        self._actions = actions

    def enable(self) -> None:
        """Let the buttons work, and do what was pressed last before that."""
        self._is_enabled = True
        pressed, self._pressed_early = self._pressed_early, None
        if pressed is not None and self.profile_button.isEnabled():
            pressed()

    def add_profile_switcher(self) -> None:
        """Load the list of profiles; not before the first code, unless it is opened."""
        button = self.profile_button
        if self._actions is not None and button.menu() is None:
            from desktop.ui.window.profile_switcher import ProfileSwitcher

            button.setMenu(ProfileSwitcher(self._actions, button))
            name_shortcut(self.settings_button, "Ctrl+,")

    def show_buttons(self, *, shown: bool) -> None:
        """Offer what opens pages, or only show the profile while XDR Login is locked."""
        self.profile_button.set_usable(usable=shown)
        self.settings_button.setVisible(shown)

    def _press(self, action: Callable[[], object]) -> None:
        if self._is_enabled:
            action()
        else:
            self._pressed_early = action

    def _open_profiles(self) -> None:
        if self.profile_button.menu() is None:  # otherwise Qt has opened it
            self.add_profile_switcher()
            self.profile_button.showMenu()

    def _open_settings(self) -> None:
        if self._actions is not None:
            self._actions.open_settings()


class ProfileButton(Button):
    """The badge, name and place of the profile, and an arrow: it opens the list of profiles.

    Its size depends on the font only, so that nothing moves when the profile is known.
    """

    def __init__(self, pressed: Callable[[], object]) -> None:
        super().__init__("", pressed, "profile")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.badge = QLabel()
        self.badge.setFixedSize(_BADGE, _BADGE)
        self.badge.setProperty("role", "badge")
        self.badge.setProperty("textFormat", "PlainText")
        self.badge.setProperty("alignment", "AlignCenter")
        self.name, self.place = ElidedLabel("name"), ElidedLabel("place", keeps_end=True)
        self._arrow = QLabel("▾")
        self._arrow.setProperty("textFormat", "PlainText")
        line, words = QHBoxLayout(self), QVBoxLayout()
        self._line = line
        set_margins(line, begin=8, top=7, end=12, bottom=7)
        line.setSpacing(10)
        line.addWidget(self.badge)
        line.addLayout(words, 1)
        line.addWidget(self._arrow)
        words.setSpacing(1)
        words.addWidget(self.name)
        words.addWidget(self.place)
        self._show("XDR Login", translate("Starting…"))

    def sizeHint(self) -> QSize:
        return QSize(_LINES_WIDE * self.fontMetrics().height(), self._line.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Leave room for the settings in the narrowest window."""
        return QSize(0, self.sizeHint().height())

    def show_profile(self, profile: Profile | None, icon: QIcon) -> None:
        """Show `profile`; without one, the app and its `icon`."""
        if profile is None:
            self.badge.setStyleSheet("background: transparent;")
            self.badge.setPixmap(icon.pixmap(QSize(_BADGE, _BADGE), self.devicePixelRatioF()))
            self._show("XDR Login", translate("No profile"))
            return
        from desktop.ui.kit.profile_badge import color_of, letter_of, text_color

        color = color_of(profile)
        self.badge.setStyleSheet(f"background: {color}; color: {text_color(color)};")
        self.badge.setText(letter_of(profile))
        self._show(profile.name, profile.provider_label)

    def set_usable(self, *, usable: bool) -> None:
        """Let the button open the list, or only show the profile."""
        self.setEnabled(usable)
        self._arrow.setVisible(usable)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the list with the down arrow too."""
        from PySide6.QtCore import Qt  # late, see docs/decisions/start.md

        if event.key() != Qt.Key.Key_Down:
            super().keyPressEvent(event)
        elif self.menu() is None:
            self.click()
        else:
            self.showMenu()

    def _show(self, name: str, place: str) -> None:
        self.name.setText(name)
        self.place.setText(place)
        self.setAccessibleName(translate(", ").join(filter(None, (name, place))))
        self.setAccessibleDescription(translate("Profiles"))


class _SettingsButton(Button):
    """A button with an icon instead of text, which the style sheet adds."""

    def __init__(self, pressed: Callable[[], object]) -> None:
        super().__init__("", pressed, "settings")
        self.setAccessibleName(translate("Settings"))
        self.setFixedSize(_GEAR, _GEAR)
        self.setIconSize(QSize(_ICON, _ICON))
        policy = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
