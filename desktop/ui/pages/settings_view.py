"""The settings page. A change applies at once, nothing has to be confirmed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import __version__
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.settings import CLIPBOARD_SECONDS, IN_USE_MINUTES, Settings
from desktop.services.model.states import SignedIn, State
from desktop.services.system.paths import configuration_folder, log_folder
from desktop.services.system.translation import translatable, translate
from desktop.ui.kit.inputs import Choice
from desktop.ui.kit.stepper import Stepper
from desktop.ui.kit.switch import Switch
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, View, add_row, fit_to_text, label, set_tooltip
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from PySide6.QtGui import QMouseEvent

    from desktop.services.model.profile import Profile
    from desktop.services.system.browsers import Browser
    from desktop.ui.kit.theme import Theme
    from desktop.ui.pages.pages import Pages
    from desktop.ui.views.actions import Actions

_START_AT_LOGIN = translatable("Start at login")
_START_HIDDEN = translatable("Start hidden, in the tray")
_KEEP_FRESH = translatable("Always keep the token fresh")
_IN_USE_MINUTES = translatable("Keep renewing after a copy for")
_CLIPBOARD_SECONDS = translatable("Clear clipboard after")
_ASK_FOR_TOKENS = translatable("Ask before sharing tokens with programs")
_APPEARANCE = translatable("Appearance")
_BROWSER = translatable("Browser")
_NOTIFICATIONS = translatable("Notifications")
_CHOICE_SIZE = (150, 36)  # logical pixels: fits beside its name at a width of 360


class SettingsView(View):
    """Cards of switches, numbers and choices, and the button that quits."""

    def __init__(self, actions: Actions, pages: Pages, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._pages = pages
        self._settings = Settings()
        self._policy = NO_POLICY
        self._profile: Profile | None = None
        self._failure = WarningCard()
        self._at_login = self._switch(_START_AT_LOGIN, "start_at_login", theme)
        self._hidden = self._switch(_START_HIDDEN, "start_hidden", theme)
        self._fresh = self._switch(_KEEP_FRESH, "keep_fresh", theme)
        self._minutes = self._stepper(
            _IN_USE_MINUTES, "in_use_minutes", allowed=IN_USE_MINUTES, unit="min"
        )
        self._seconds = self._stepper(
            _CLIPBOARD_SECONDS, "clipboard_seconds", allowed=CLIPBOARD_SECONDS, unit="s"
        )
        self._notifications = self._switch(_NOTIFICATIONS, "notifications", theme)
        self._ask_for_tokens = self._switch(_ASK_FOR_TOKENS, "ask_for_tokens", theme)
        themes = {value: translate(text) for value, text in page_texts.THEMES.items()}
        self._theme = self._choice(_APPEARANCE, "theme", themes, theme)
        browsers = {"": translate(page_texts.DEFAULT_BROWSER)}
        self._browser = self._choice(_BROWSER, "browser", browsers, theme)
        self._simple_controls: dict[str, Switch | Choice] = {
            "notifications": self._notifications,
            "ask_for_tokens": self._ask_for_tokens,
            "theme": self._theme,
            "browser": self._browser,
        }
        self._about_login = label("", "muted")
        self._cost = label("", "muted")
        self._rows: dict[str, _Row] = {}
        self._lay_out()
        self.set_autostart_unavailable("")
        self.show_settings(self._settings)
        self._show_cost(None)

    def shows(self, _state: State) -> bool:
        return True

    def show_state(self, state: State, _at: datetime) -> None:
        self._show_cost(state.lifetime if isinstance(state, SignedIn) else None)

    def show_profile(self, profile: Profile | None) -> None:
        self._profile = profile
        self._show_cost(None)

    def show_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._at_login.setChecked(settings.start_at_login)
        self._hidden.setChecked(settings.start_hidden)
        self._hidden.setEnabled(settings.start_at_login and self._is_editable("start_hidden"))
        self._fresh.setEnabled(self._is_editable("keep_fresh"))
        self._fresh.setChecked(settings.keep_fresh)
        self._minutes.show_value(settings.in_use_minutes)
        self._minutes.setEnabled(not settings.keep_fresh and self._is_editable("in_use_minutes"))
        self._seconds.show_value(settings.clipboard_seconds)
        self._seconds.setEnabled(self._is_editable("clipboard_seconds"))
        self._notifications.setChecked(settings.notifications)
        self._ask_for_tokens.setChecked(settings.ask_for_tokens)
        self._theme.show_value(settings.theme)
        self._browser.show_value(settings.browser)
        for name, control in self._simple_controls.items():
            control.setEnabled(self._is_editable(name))

    def show_browsers(self, browsers: tuple[Browser, ...]) -> None:
        """Offer `browsers`; the chosen one stays in the list even if it was uninstalled."""
        known = {self._browser.itemData(number) for number in range(self._browser.count())}
        for browser in browsers:
            if browser.id in known:
                self._browser.setItemText(self._browser.findData(browser.id), browser.name)
            else:
                self._browser.addItem(browser.name, browser.id)

    def apply_policy(self, policy: Policy) -> None:
        self._policy = policy
        for name, row in self._rows.items():
            row.show_locked("" if self._is_editable(name) else page_texts.locked(policy.source))

    def set_autostart_unavailable(self, reason: str) -> None:
        """Disable starting at login for `reason`, a message; empty where it works."""
        self._at_login.setEnabled(not reason)
        self._about_login.setText(translate(reason or page_texts.AT_LOGIN))
        set_tooltip(self._at_login, self._about_login.text())

    def show_failure(self, text: str) -> None:
        self._failure.show_text(text)

    def primary(self) -> Button:
        """The button that changes nothing when it is pressed by accident."""
        return self._back

    def _is_editable(self, setting: str) -> bool:
        return setting not in self._policy.settings

    def _show_cost(self, lifetime: float | None) -> None:
        self._cost.setText(page_texts.cost_of_keeping_fresh(lifetime, self._profile))
        set_tooltip(self._fresh, self._cost.text())

    def _lay_out(self) -> None:
        login = _Row(_START_AT_LOGIN, self._about_login, self._at_login)
        self._rows = {
            "start_hidden": _Row(_START_HIDDEN, page_texts.START_HIDDEN, self._hidden),
            "keep_fresh": _Row(_KEEP_FRESH, self._cost, self._fresh),
            "in_use_minutes": _Row(_IN_USE_MINUTES, page_texts.IN_USE, self._minutes),
            "clipboard_seconds": _Row(_CLIPBOARD_SECONDS, page_texts.CLIPBOARD, self._seconds),
            "ask_for_tokens": _Row(
                _ASK_FOR_TOKENS, page_texts.ASK_FOR_TOKENS, self._ask_for_tokens
            ),
            "theme": _Row(_APPEARANCE, page_texts.THEME, self._theme),
            "browser": _Row(_BROWSER, page_texts.BROWSER, self._browser),
            "notifications": _Row(_NOTIFICATIONS, page_texts.NOTIFICATIONS, self._notifications),
        }
        self.column.addWidget(label(translate("Settings"), "title"))
        self.column.addWidget(self._failure)
        self.column.addWidget(self._profiles_card())
        for rows in (
            (login, self._rows["start_hidden"]),
            (self._rows["keep_fresh"], self._rows["in_use_minutes"]),
            (self._rows["clipboard_seconds"], self._rows["ask_for_tokens"]),
            (self._rows["theme"], self._rows["browser"], self._rows["notifications"]),
        ):
            card = Card()
            for row in rows:
                card.column.addWidget(row)
            self.column.addWidget(card)
        self.column.addWidget(self._files_card())
        self.column.addWidget(self._about_card())
        self.column.addStretch(1)
        self._back = fit_to_text(Button(translate("Back"), self._pages.close_page, "quiet"))
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)
        quit_button = Button(translate("Quit"), self._actions.quit, "quiet")
        self.footer_row.addWidget(fit_to_text(quit_button))

    def _profiles_card(self) -> Card:
        card = Card()
        manage = Button(translate("Manage profiles"), self._actions.manage_profiles, "link")
        heading = label(translate("Profiles"), "heading")
        add_row(card.column, heading, fit_to_text(manage)).setStretch(0, 1)
        return card

    def _files_card(self) -> Card:
        card = Card()
        card.column.addWidget(label(translate("Files"), "heading"))
        open_profiles = self._actions.open_profiles_folder
        for folder, name, callback in (
            (configuration_folder(), translate("Open profiles folder"), open_profiles),
            (log_folder(), translate("Open log folder"), self._pages.open_log_folder),
        ):
            card.column.addWidget(label(str(folder), "muted"))
            add_row(card.column, fit_to_text(Button(name, callback, "link"))).addStretch(1)
        return card

    def _about_card(self) -> Card:
        card = Card()
        about = fit_to_text(Button(translate("About"), self._pages.open_about, "link"))
        about.setAccessibleName(translate("About XDR Login"))
        version = label(f"XDR Login {__version__}", "heading")
        add_row(card.column, version, about).setStretch(0, 1)
        return card

    def _switch(self, name: str, setting: str, theme: Theme) -> Switch:
        return Switch(translate(name), theme, switched=partial(self._change, setting))

    def _choice(self, name: str, setting: str, entries: Mapping[str, str], theme: Theme) -> Choice:
        made = Choice(entries, theme)
        made.setAccessibleName(translate(name))
        made.setFixedSize(*_CHOICE_SIZE)
        made.currentIndexChanged.connect(lambda _index: self._change(setting, made.value()))
        return made

    def _stepper(self, name: str, setting: str, *, allowed: range, unit: str) -> Stepper:
        changed = partial(self._change, setting)
        return Stepper(translate(name), allowed=allowed, unit=unit, changed=changed)

    def _change(self, setting: str, value: bool | int | str) -> None:  # noqa: FBT001 - as Qt emits it
        self._failure.show_text("")
        self._settings = replace(self._settings, **{setting: value})  # type: ignore[arg-type] # each has its own type
        self._actions.change_settings(self._settings)


class _Row(QWidget):
    """A name, its control, and help below: a message, or a label that its owner updates.

    Clicking a row with a switch toggles the switch.
    """

    def __init__(self, name: str, about: str | QWidget, control: Switch | Stepper | Choice) -> None:
        super().__init__()
        self._control = control
        if isinstance(about, str):
            about = label(translate(about), "muted")
            target = control.number if isinstance(control, Stepper) else control
            set_tooltip(target, about.text())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        add_row(column, label(translate(name), "heading"), control).setStretch(0, 1)
        column.addWidget(about)
        self._locked = label("", "muted")
        self._locked.hide()
        column.addWidget(self._locked)

    def show_locked(self, reason: str) -> None:
        self._locked.setText(reason)
        self._locked.setVisible(bool(reason))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if isinstance(self._control, Switch) and self.rect().contains(event.position().toPoint()):
            self._control.click()
