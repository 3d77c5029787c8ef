"""Keeps the settings: in force at once, and written where they are read at the next start."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop.services.model.policy import NO_POLICY, Policy
from desktop.services.model.settings import Settings, broken_copy, save_settings, why_unreadable
from desktop.services.system.paths import settings_file
from desktop.services.system.worker import Worker
from desktop.ui.wording import page_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

NOT_IN_THE_DEMO = "Not in the demo"


class SettingsKeeper(QObject):
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
        self._own = Settings()
        self.profile: str | None = None
        self.why_not_at_login = ""
        self._worker = Worker("settings")
        self._asked = False
        self._told_unreadable = False
        # From the thread of the worker to the one of the window.
        self._done.connect(self._on_done)

    def use(self, settings: Settings) -> None:
        """Go by `settings` from now on, as they were loaded."""
        self._hold(settings)

    def obey(self, policy: Policy) -> None:
        """Go by `policy` from now on, as it was read anew."""
        if policy != self.policy:
            self.policy = policy
            self._hold(self._own)

    def change(self, settings: Settings) -> None:
        """Go by `settings` from now on, and keep them."""
        before = self.settings
        if settings == before:
            return
        locked = {name: getattr(self._own, name) for name in self.policy.settings}
        own = replace(settings, **locked)
        is_refused = own == self._own
        self._hold(own)
        if is_refused:
            return
        self._submit(
            partial(save_settings, own, settings_file()),
            partial(self._on_saved, asked=False),
        )
        if _starts(before) != _starts(self.settings) and not self.why_not_at_login:
            work = partial(_start_as, self.settings, self.profile)
            self._submit(work, partial(self._on_saved, asked=True))

    def ask_the_system(self) -> None:
        """Find out whether the system starts the program at login: it may have been told since."""
        if not self.why_not_at_login:
            self._submit(_is_started, self._on_start_known)

    def look_at_the_file(self) -> None:
        """Tell once if the file with the settings cannot be read."""
        if not self._told_unreadable:
            self._submit(partial(why_unreadable, settings_file()), self._on_looked_at)

    async def close(self) -> None:
        """Return when what was to be kept has been written."""
        if self._asked:
            await self._worker.run(lambda: None)

    def _hold(self, own: Settings) -> None:
        self._own = own
        self.settings = replace(own, **self.policy.settings)  # type: ignore[arg-type] # each was looked at
        self.changed.emit(self.settings)

    def _submit(self, work: Callable[[], Any], then: Callable[[Future[Any]], None]) -> None:
        self._asked = True
        future = self._worker.submit(work)
        future.add_done_callback(partial(self._done.emit, then))

    def _on_done(self, then: Callable[[Future[Any]], None], future: Future[Any]) -> None:
        then(future)

    def _on_saved(self, future: Future[None], *, asked: bool) -> None:
        try:
            future.result()
        except OSError as error:
            self.failed.emit(page_texts.not_kept(error, at_login=asked))
            if asked:
                self.ask_the_system()  # what it does is what is true

    def _on_looked_at(self, future: Future[str]) -> None:
        if why := future.result():
            self._told_unreadable = True
            file = settings_file()
            self.failed.emit(page_texts.settings_unreadable(file, why, kept=broken_copy(file)))

    def _on_start_known(self, future: Future[bool]) -> None:
        try:
            on = future.result()
        except OSError as error:
            self.failed.emit(page_texts.not_kept(error, at_login=True))
            return
        if on != self.settings.start_at_login:
            self._hold(replace(self._own, start_at_login=on))


def _start_as(settings: Settings, profile: str | None) -> None:
    from desktop.services.system import autostart

    autostart.set_on(settings.start_at_login, hidden=settings.start_hidden, profile=profile)


def _is_started() -> bool:
    from desktop.services.system import autostart

    return autostart.is_on()


def _starts(settings: Settings) -> tuple[bool, bool]:
    """How the program is started at login; how it would be does not matter while it is not."""
    return settings.start_at_login, settings.start_at_login and settings.start_hidden
