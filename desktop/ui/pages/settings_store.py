"""Keeps the settings: in force at once, and written where they are read at the next start."""

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
from desktop.services.system.worker import Worker
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

NOT_IN_THE_DEMO = "Not in the demo"


class SettingsStore(QObject):
    """Owns the settings. Files and the operating system are asked in a thread, in order.

    What knows the operating system is loaded there too, when it is first needed.

    `profile` is what a start at login begins with, if not with the usual one. `why_not_at_login` is
    why there can be none: then the system is neither asked nor told.

    `policy` is what an administrator has decided: a setting in it holds, whatever the person's file
    says, and cannot be changed. That file is not given its value.

    Signals:
        changed: other settings hold from now on.
        failed: something could not be kept, or read; why, in words.
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
        # From the thread of the worker to the one of the window.
        self._done.connect(self._on_done)

    def use(self, settings: Settings) -> None:
        """Go by `settings` from now on, as they were loaded."""
        self._apply(settings)

    def apply_policy(self, policy: Policy) -> None:
        """Go by `policy` from now on, as it was read anew."""
        if policy != self.policy:
            self.policy = policy
            self._apply(self._own_settings)

    def change(self, settings: Settings) -> None:
        """Go by `settings` from now on, and keep them."""
        before = self.settings
        if settings == before:
            return
        locked = {name: getattr(self._own_settings, name) for name in self.policy.settings}
        own = replace(settings, **locked)
        is_refused = own == self._own_settings
        self._apply(own)
        if is_refused:
            return
        self._submit(
            partial(save_settings, own, settings_file()),
            partial(self._on_saved, asked=False),
        )
        if (
            _autostart_options(before) != _autostart_options(self.settings)
            and not self.why_no_autostart
        ):
            work = partial(_set_autostart, self.settings, self.profile)
            self._submit(work, partial(self._on_saved, asked=True))

    def read_autostart(self) -> None:
        """Find out whether the system starts the program at login: it may have been told since."""
        if not self.why_no_autostart:
            self._submit(_is_autostart_on, self._on_autostart_read)

    def check_file(self) -> None:
        """Tell once if the file with the settings cannot be read."""
        if not self._has_reported_unreadable:
            self._submit(partial(find_read_error, settings_file()), self._on_file_checked)

    async def close(self) -> None:
        """Return when what was to be kept has been written."""
        if self._has_submitted:
            await self._worker.run(lambda: None)

    def _apply(self, own: Settings) -> None:
        self._own_settings = own
        self.settings = replace(own, **self.policy.settings)  # type: ignore[arg-type] # each was looked at
        self.changed.emit(self.settings)

    def _submit(self, work: Callable[[], Any], then: Callable[[Future[Any]], None]) -> None:
        self._has_submitted = True
        future = self._worker.submit(work)
        future.add_done_callback(partial(self._done.emit, then))

    def _on_done(self, then: Callable[[Future[Any]], None], future: Future[Any]) -> None:
        then(future)

    def _on_saved(self, future: Future[None], *, asked: bool) -> None:
        try:
            future.result()
        except OSError as error:
            self.failed.emit(page_texts.setting_not_saved(error, at_login=asked))
            if asked:
                self.read_autostart()  # what it does is what is true

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
            self._apply(replace(self._own_settings, start_at_login=on))


def _set_autostart(settings: Settings, profile: str | None) -> None:
    from desktop.services.system import autostart

    autostart.set_on(settings.start_at_login, hidden=settings.start_hidden, profile=profile)


def _is_autostart_on() -> bool:
    from desktop.services.system import autostart

    return autostart.is_on()


def _autostart_options(settings: Settings) -> tuple[bool, bool]:
    """How the program is started at login; how it would be does not matter while it is not."""
    return settings.start_at_login, settings.start_at_login and settings.start_hidden
