"""The settings page. What is changed holds at once: there is nothing to confirm."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import __version__
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.profile import Profile
from desktop.services.model.settings import CLIPBOARD_SECONDS, IN_USE_MINUTES, Settings
from desktop.services.model.states import SignedIn, State
from desktop.services.system.browsers import Browser
from desktop.services.system.paths import configuration_folder, log_folder
from desktop.ui.kit.inputs import Choice
from desktop.ui.kit.stepper import Stepper
from desktop.ui.kit.switch import Switch
from desktop.ui.kit.theme import Theme
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, View, add_row, fit_to_text, label, set_tooltip
from desktop.ui.views.actions import Actions, PageActions
from desktop.ui.wording import page_texts


class SettingsView(View):
    """Cards of switches and numbers, and the way out of the program."""

    def __init__(self, actions: Actions, pages: PageActions, theme: Theme) -> None:
        super().__init__()
        self._actions = actions
        self._pages = pages
        self._settings = Settings()
        self._policy = NO_POLICY
        self._profile: Profile | None = None
        self._failure = WarningCard()
        self._at_login = self._switch("Start when I log in", "start_at_login", theme)
        self._hidden = self._switch("Start hidden, in the tray", "start_hidden", theme)
        self._fresh = self._switch("Always keep the token fresh", "keep_fresh", theme)
        self._minutes = self._stepper(
            "Time in use", "in_use_minutes", allowed=IN_USE_MINUTES, unit="min"
        )
        self._seconds = self._stepper(
            "Time on the clipboard", "clipboard_seconds", allowed=CLIPBOARD_SECONDS, unit="s"
        )
        self._notifications = self._switch("Notifications", "notifications", theme)
        self._ask_for_tokens = self._switch(_ASK_FOR_TOKENS, "ask_for_tokens", theme)
        self._theme = self._choice("theme", page_texts.THEMES, theme)
        self._theme.setAccessibleName("Appearance")
        self._browser = self._choice("browser", {"": page_texts.DEFAULT_BROWSER}, theme)
        self._browser.setAccessibleName("Browser")
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
        """Whatever the state is."""
        return True

    def show_state(self, state: State, _at: datetime) -> None:
        """Tell what it costs to keep this token fresh."""
        self._show_cost(state.lifetime if isinstance(state, SignedIn) else None)

    def show_profile(self, profile: Profile | None) -> None:
        """Speak of the provider of `profile`."""
        self._profile = profile
        self._show_cost(None)

    def show_settings(self, settings: Settings) -> None:
        """Show `settings`, which hold now."""
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
        """Offer the browsers of this computer; one that was chosen and is gone stays to be seen."""
        known = {self._browser.itemData(number) for number in range(self._browser.count())}
        for browser in browsers:
            if browser.id in known:
                self._browser.setItemText(self._browser.findData(browser.id), browser.name)
            else:
                self._browser.addItem(browser.name, browser.id)

    def apply_policy(self, policy: Policy) -> None:
        """Show, and do not let change, what `policy` has decided."""
        self._policy = policy
        for name, row in self._rows.items():
            row.show_locked("" if self._is_editable(name) else page_texts.locked(policy.source))

    def _is_editable(self, setting: str) -> bool:
        return setting not in self._policy.settings

    def set_autostart_unavailable(self, reason: str) -> None:
        """Do not offer to start at login, for `reason`; empty where there is none."""
        self._at_login.setEnabled(not reason)
        self._about_login.setText(reason or page_texts.AT_LOGIN)
        set_tooltip(self._at_login, self._about_login.text())

    def show_failure(self, text: str) -> None:
        """What could not be kept, in words."""
        self._failure.show_text(text)

    def primary(self) -> Button:
        """Going back: nothing here is to be changed by chance."""
        return self._back

    def _show_cost(self, lifetime: float | None) -> None:
        self._cost.setText(page_texts.cost_of_keeping_fresh(lifetime, self._profile))
        set_tooltip(self._fresh, self._cost.text())

    def _lay_out(self) -> None:
        starting = Card()
        starting.column.addWidget(_Row("Start when I log in", self._about_login, self._at_login))
        hidden = _Row("Start hidden, in the tray", page_texts.START_HIDDEN, self._hidden)
        starting.column.addWidget(hidden)
        token = Card()
        fresh = _Row("Always keep the token fresh", self._cost, self._fresh)
        minutes = _Row("Renew while in use", page_texts.IN_USE, self._minutes)
        token.column.addWidget(fresh)
        token.column.addWidget(minutes)
        secrets = Card()
        seconds = _Row("Clear clipboard after", page_texts.CLIPBOARD, self._seconds)
        asks = _Row(_ASK_FOR_TOKENS, page_texts.ASK_FOR_TOKENS, self._ask_for_tokens)
        secrets.column.addWidget(seconds)
        secrets.column.addWidget(asks)
        looks = Card()
        theme = _Row("Appearance", page_texts.THEME, self._theme)
        browser = _Row("Browser", page_texts.BROWSER, self._browser)
        notifies = _Row("Notifications", page_texts.NOTIFICATIONS, self._notifications)
        for row in (theme, browser, notifies):
            looks.column.addWidget(row)
        self._rows = {
            "start_hidden": hidden,
            "keep_fresh": fresh,
            "in_use_minutes": minutes,
            "clipboard_seconds": seconds,
            "theme": theme,
            "browser": browser,
            "notifications": notifies,
            "ask_for_tokens": asks,
        }
        profiles = Card()
        manage = fit_to_text(Button("Manage profiles", self._actions.manage_profiles, "link"))
        add_row(profiles.column, label("Profiles", "heading"), manage).setStretch(0, 1)
        files = Card()
        files.column.addWidget(label("Files", "heading"))
        for folder, name, deed in (
            (configuration_folder(), "Open profiles folder", self._actions.open_profiles_folder),
            (log_folder(), "Open log folder", self._pages.open_log_folder),
        ):
            files.column.addWidget(label(str(folder), "muted"))
            add_row(files.column, fit_to_text(Button(name, deed, "link"))).addStretch(1)
        self.column.addWidget(label("Settings", "title"))
        cards = (profiles, starting, token, secrets, looks, files, self._about_card())
        for card in (self._failure, *cards):
            self.column.addWidget(card)
        self.column.addStretch(1)
        self._back = fit_to_text(Button("Back", self._pages.close_page, "quiet"))
        self.footer_row.addWidget(self._back)
        self.footer_row.addStretch(1)
        self.footer_row.addWidget(fit_to_text(Button("Quit", self._actions.quit, "quiet")))

    def _about_card(self) -> Card:
        """The version, and the way to the page about the program."""
        card = Card()
        more = fit_to_text(Button("About", self._pages.open_about, "link"))
        more.setAccessibleName("About XDR Login")
        add_row(card.column, label(f"XDR Login {__version__}", "heading"), more).setStretch(0, 1)
        return card

    def _switch(self, name: str, setting: str, theme: Theme) -> Switch:
        return Switch(name, theme, switched=partial(self._change, setting))

    def _choice(self, setting: str, entries: Mapping[str, str], theme: Theme) -> Choice:
        made = Choice(entries, theme)
        made.setFixedSize(*_CHOICE)
        made.currentIndexChanged.connect(lambda _index: self._change(setting, made.value()))
        return made

    def _stepper(self, name: str, setting: str, *, allowed: range, unit: str) -> Stepper:
        return Stepper(name, allowed=allowed, unit=unit, changed=partial(self._change, setting))

    def _change(self, setting: str, value: bool | int | str) -> None:  # noqa: FBT001 - as Qt emits it
        self._failure.show_text("")
        self._settings = replace(self._settings, **{setting: value})  # type: ignore[arg-type] # each has its own kind
        self._actions.change_settings(self._settings)


_ASK_FOR_TOKENS = "Ask me when a program wants a token"
_CHOICE = (150, 36)  # logical pixels: fits beside its name at 360


class _Row(QWidget):
    """Words and the control that they are about; pressing the words switches a switch too."""

    def __init__(self, name: str, about: str | QWidget, control: Switch | Stepper | Choice) -> None:
        super().__init__()
        self._control = control
        below = label(about, "muted") if isinstance(about, str) else about
        if isinstance(about, str):
            set_tooltip(control.number if isinstance(control, Stepper) else control, about)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        add_row(column, label(name, "heading"), control).setStretch(0, 1)
        column.addWidget(below)
        self._locked = label("", "muted")
        self._locked.hide()
        column.addWidget(self._locked)

    def show_locked(self, reason: str) -> None:
        """Say why this cannot be changed; nothing where it can."""
        self._locked.setText(reason)
        self._locked.setVisible(bool(reason))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Switch."""
        super().mouseReleaseEvent(event)
        if isinstance(self._control, Switch) and self.rect().contains(event.position().toPoint()):
            self._control.click()
