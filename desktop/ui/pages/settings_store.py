"""Applies changed settings at once, and saves them for the next start."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.settings import (
    Settings,
    broken_copy_path,
    find_read_error,
    save_settings,
)
from desktop.services.system.paths import settings_file
from desktop.services.system.translation import translatable
from desktop.services.system.worker import Worker
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

NOT_IN_THE_DEMO = translatable("Not available in the demo.")


class SettingsStore(QObject):
    """Owns the settings. A worker thread reads and writes files and autostart, in order.

    `profile` is the profile to start with at login, None for the default. `why_no_autostart` is why
    the app cannot start at login here; autostart is then neither read nor changed.

    `policy` holds the settings that an administrator has fixed. They override the user's file, and
    are not written to it.

    Signals:
        changed: these settings apply from now on.
        failed: something could not be saved or read; the reason as text.
    """

    changed = Signal(Settings)
    failed = Signal(str)
    _done = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings()
        self.policy = NO_POLICY
        self._own_settings = Settings()
        self.profile: str | None = None
        self.why_no_autostart = ""
        self._worker = Worker("settings")
        self._has_submitted = False
        self._has_reported_unreadable = False
        # The signal crosses from the worker's thread to the window's.
        self._done.connect(self._on_done)

    def use(self, settings: Settings) -> None:
        """Apply `settings`, under the policy, without saving them."""
        self._own_settings = settings
        self.settings = replace(settings, **self.policy.settings)  # type: ignore[arg-type] # the policy reader checked each type
        self.changed.emit(self.settings)

    def apply_policy(self, policy: Policy) -> None:
        if policy != self.policy:
            self.policy = policy
            self.use(self._own_settings)

    def change(self, settings: Settings) -> None:
        """Apply `settings` at once, and save them."""
        before = self.settings
        if settings == before:
            return
        locked = {name: getattr(self._own_settings, name) for name in self.policy.settings}
        own = replace(settings, **locked)
        is_refused = own == self._own_settings
        self.use(own)
        if is_refused:
            return
        self._submit(
            partial(save_settings, own, settings_file()),
            partial(self._on_saved, autostart=False),
        )
        if (
            _autostart_options(before) != _autostart_options(self.settings)
            and not self.why_no_autostart
        ):
            work = partial(_set_autostart, self.settings, self.profile)
            self._submit(work, partial(self._on_saved, autostart=True))

    def read_autostart(self) -> None:
        """Read from the system whether the app starts at login; it may have changed elsewhere."""
        if not self.why_no_autostart:
            self._submit(_is_autostart_on, self._on_autostart_read)

    def check_file(self) -> None:
        """Report once if the settings file cannot be read."""
        if not self._has_reported_unreadable:
            self._submit(partial(find_read_error, settings_file()), self._on_file_checked)

    async def close(self) -> None:
        """Wait until changed settings are saved."""
        if self._has_submitted:
            await self._worker.run(lambda: None)

    def _submit(self, work: Callable[[], Any], then: Callable[[Future[Any]], None]) -> None:
        self._has_submitted = True
        future = self._worker.submit(work)
        future.add_done_callback(partial(self._done.emit, then))

    def _on_done(self, then: Callable[[Future[Any]], None], future: Future[Any]) -> None:
        then(future)

    def _on_saved(self, future: Future[None], *, autostart: bool) -> None:
        try:
            future.result()
        except OSError as error:
            self.failed.emit(page_texts.setting_not_saved(error, at_login=autostart))
            if autostart:
                self.read_autostart()  # show what the system really does

    def _on_file_checked(self, future: Future[str]) -> None:
        if why := future.result():
            self._has_reported_unreadable = True
            file = settings_file()
            self.failed.emit(page_texts.settings_unreadable(file, why, kept=broken_copy_path(file)))

    def _on_autostart_read(self, future: Future[bool]) -> None:
        try:
            on = future.result()
        except OSError as error:
            self.failed.emit(page_texts.setting_not_saved(error, at_login=True))
            return
        if on != self.settings.start_at_login:
            self.use(replace(self._own_settings, start_at_login=on))


def _set_autostart(settings: Settings, profile: str | None) -> None:
    from desktop.services.system import autostart

    autostart.set_on(settings.start_at_login, hidden=settings.start_hidden, profile=profile)


def _is_autostart_on() -> bool:
    from desktop.services.system import autostart

    return autostart.is_on()


def _autostart_options(settings: Settings) -> tuple[bool, bool]:
    """What matters to autostart: hidden or not counts only while the app starts at login."""
    return settings.start_at_login, settings.start_at_login and settings.start_hidden
