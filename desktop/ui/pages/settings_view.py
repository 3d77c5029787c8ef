"""The settings page. A change applies at once, nothing has to be confirmed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import __version__
from desktop.services.model.members import Kind, Member
from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.settings import SETTINGS, Settings
from desktop.services.model.states import SignedIn, State
from desktop.services.system.paths import configuration_folder, log_folder
from desktop.services.system.translation import translatable, translate
from desktop.ui.kit.inputs import Choice
from desktop.ui.kit.stepper import Stepper
from desktop.ui.kit.switch import Switch
from desktop.ui.kit.warning_card import WarningCard
from desktop.ui.kit.widgets import Button, Card, Page, add_row, fit_to_text, label, set_tooltip
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QMouseEvent

    from desktop.services.model.profile import Profile
    from desktop.services.system.browsers import Browser
    from desktop.ui.kit.theme import Theme
    from desktop.ui.pages.pages import Pages
    from desktop.ui.views.actions import Actions

_START_AT_LOGIN = translatable("Start at login")
# What stands together below a heading. What is not mentioned here comes last.
_GROUPS = (
    (translatable("Start"), ("start_hidden",)),
    (translatable("Token"), ("keep_fresh", "in_use_minutes")),
    (translatable("Privacy"), ("clipboard_seconds", "ask_for_tokens", "audit")),
    (
        translatable("Lock"),
        (
            "lock_on_screen_lock",
            "lock_on_sleep",
            "lock_on_user_switch",
            "lock_after_minutes",
            "renew_while_locked",
        ),
    ),
    (translatable("Appearance"), ("theme", "language", "browser", "notifications", "plain_output")),
)
_Control = Switch | Stepper | Choice
_ABOVE_HEADING, _BELOW_HEADING = 4, -8  # logical pixels more than between cards
_AROUND_NAME = 4  # logical pixels, which only a name of two lines needs
_CHOICE_SIZE = (150, 36)  # logical pixels: fits beside its name at a width of 360


class SettingsView(Page):
    """Cards of switches, numbers and choices, each below its heading."""

    def __init__(self, actions: Actions, pages: Pages, theme: Theme) -> None:
        super().__init__(translate("Settings"), go_back=pages.close_page)
        self._actions = actions
        self._pages = pages
        self._settings = Settings()
        self._policy = NO_POLICY
        self._profile: Profile | None = None
        self._failure = WarningCard()
        self._at_login = Switch(
            translate(_START_AT_LOGIN), theme, switched=partial(self._change, "start_at_login")
        )
        self._browser = self._choice(SETTINGS["browser"], theme)
        self._controls = {
            name: self._browser if name == "browser" else self._control(setting, theme)
            for name, setting in SETTINGS.items()
            if setting.title
        }
        self._about_login = label("", "muted")
        self._cost = label("", "muted")
        self._rows: dict[str, _Row] = {}
        self._lay_out()
        self.set_autostart_unavailable("")
        self.show_settings(self._settings)
        self._show_cost(None)

    def show_state(self, state: State, _at: datetime) -> None:
        self._show_cost(state.lifetime if isinstance(state, SignedIn) else None)

    def show_profile(self, profile: Profile | None) -> None:
        self._profile = profile
        self._show_cost(None)

    def show_settings(self, settings: Settings) -> None:
        self._settings = settings
        self._at_login.setChecked(settings.start_at_login)
        for name, control in self._controls.items():
            value = getattr(settings, name)
            if isinstance(control, Switch):
                control.setChecked(value)
            else:
                control.show_value(value)
            control.setEnabled(self._is_editable(name) and _applies(name, settings))

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

    def primary(self) -> QWidget:
        """The first setting that can be changed."""
        controls = (self._at_login, *(row.control for row in self._rows.values()))
        return next((each for each in controls if each.isEnabled()), self.back)

    def _is_editable(self, setting: str) -> bool:
        return setting not in self._policy.settings

    def _show_cost(self, lifetime: float | None) -> None:
        self._cost.setText(page_texts.cost_of_keeping_fresh(lifetime, self._profile))
        set_tooltip(self._controls["keep_fresh"], self._cost.text())

    def _lay_out(self) -> None:
        login = _Row(_START_AT_LOGIN, self._about_login, self._at_login)
        self._rows = {
            name: _Row(
                SETTINGS[name].title,
                self._cost if name == "keep_fresh" else SETTINGS[name].help,
                control,
            )
            for name, control in self._controls.items()
        }
        placed = {name for _, names in _GROUPS for name in names}
        others = tuple(name for name in self._rows if name not in placed)
        self.column.addWidget(self._failure)
        *groups, (last, names_of_last) = _GROUPS
        for heading, names in (*groups, (last, (*names_of_last, *others))):
            card = self._add_card(translate(heading))
            if "start_hidden" in names:
                card.column.addWidget(login)
            for name in names:
                card.column.addWidget(self._rows[name])
        self._add_profiles(self._add_card(translate("Profiles")))
        self._add_files(self._add_card(translate("Files")))
        self._add_about(self._add_card(translate("About")))
        self.column.addStretch(1)
        self.footer_row.addStretch(1)

    def _add_card(self, heading: str) -> Card:
        card = Card()
        self.column.addSpacing(_ABOVE_HEADING)
        self.column.addWidget(label(heading, "section"))
        self.column.addSpacing(_BELOW_HEADING)
        self.column.addWidget(card)
        return card

    def _add_profiles(self, card: Card) -> None:
        manage = Button(translate("Manage profiles"), self._actions.manage_profiles, "link")
        add_row(card.column, fit_to_text(manage)).addStretch(1)

    def _add_files(self, card: Card) -> None:
        open_profiles = self._actions.open_profiles_folder
        for folder, name, callback in (
            (configuration_folder(), translate("Open profiles folder"), open_profiles),
            (log_folder(), translate("Open log folder"), self._pages.open_log_folder),
        ):
            card.column.addWidget(label(str(folder), "muted"))
            add_row(card.column, fit_to_text(Button(name, callback, "link"))).addStretch(1)

    def _add_about(self, card: Card) -> None:
        about = fit_to_text(Button(translate("About"), self._pages.open_about, "link"))
        about.setAccessibleName(translate("About XDR Login"))
        version = label(f"XDR Login {__version__}")
        add_row(card.column, version, about).setStretch(0, 1)

    def _control(self, setting: Member, theme: Theme) -> _Control:
        name, changed = translate(setting.title), partial(self._change, setting.name)
        if setting.kind is Kind.BOOLEAN:
            return Switch(name, theme, switched=changed)
        if setting.kind is Kind.NUMBER:
            return Stepper(name, allowed=setting.allowed, unit=setting.unit, changed=changed)
        return self._choice(setting, theme)

    def _choice(self, setting: Member, theme: Theme) -> Choice:
        names = setting.translated_choices() or {"": translate(page_texts.DEFAULT_BROWSER)}
        made = Choice(names, theme)
        made.setAccessibleName(translate(setting.title))
        made.setFixedSize(*_CHOICE_SIZE)
        made.currentIndexChanged.connect(lambda _index: self._change(setting.name, made.value()))
        return made

    def _change(self, setting: str, value: bool | int | str) -> None:  # noqa: FBT001 - as Qt emits it
        self._failure.show_text("")
        self._settings = replace(self._settings, **{setting: value})  # type: ignore[arg-type] # each has its own type
        self._actions.change_settings(self._settings)


def _applies(name: str, settings: Settings) -> bool:
    """Whether a setting matters while the others are as they are."""
    if name == "start_hidden":
        return settings.start_at_login
    return name != "in_use_minutes" or not settings.keep_fresh


class _Row(QWidget):
    """A name, its control, and help below: a message, or a label that its owner updates.

    Clicking a row with a switch toggles the switch.
    """

    def __init__(self, name: str, about: str | QWidget, control: _Control) -> None:
        super().__init__()
        self.control = control
        if isinstance(about, str):
            about = label(translate(about), "muted")
            target = control.number if isinstance(control, Stepper) else control
            set_tooltip(target, about.text())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        heading = label(translate(name), "heading")
        heading.setContentsMargins(0, _AROUND_NAME, 0, _AROUND_NAME)
        if isinstance(control, Choice):
            heading.setBuddy(control)  # on Linux, the name of a combo box is its value
        add_row(column, heading, control).setStretch(0, 1)
        column.addWidget(about)
        self._locked = label("", "muted")
        self._locked.hide()
        column.addWidget(self._locked)

    def show_locked(self, reason: str) -> None:
        self._locked.setText(reason)
        self._locked.setVisible(bool(reason))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if isinstance(self.control, Switch) and self.rect().contains(event.position().toPoint()):
            self.control.click()
