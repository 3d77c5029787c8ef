"""The real app with many profiles, which measures itself.

`python -m benchmarks.many_profiles_app FILE` starts with the profiles of the configuration folder,
whose saved tokens are in FILE, so that the figures are those of the app and not of a keyring. Each
line is a name and a value: CPU time and standstills in milliseconds, memory in MB.
"""

from __future__ import annotations

import gc

gc.disable()  # as `xdr-login` does

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from PySide6.QtCore import QElapsedTimer, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from desktop.options import Options  # noqa: E402
from desktop.services.model.states import Requesting, SignedIn  # noqa: E402
from desktop.services.secrets.keystore import MemoryKeystore  # noqa: E402
from desktop.ui.app import app  # noqa: E402
from desktop.ui.window.window import Window  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from desktop.services.session.session import Session
    from desktop.ui.app.controller import Controller
    from desktop.ui.kit.theme import Theme
    from desktop.ui.tray.tray_menu import TrayMenu

_BEAT = 2  # milliseconds between two looks at the clock
_LOOK = 100  # milliseconds between two looks at the profiles
_QUIET = 1000  # milliseconds in which what was started comes to an end
_TICKS = 20


def report(name: str, value: float) -> None:
    """Print one line."""
    sys.stdout.write(f"{name} {value}\n")
    sys.stdout.flush()


class MeasuringWindow(Window):
    """A window that measures the start, and then one thing after the other."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._longest = 0.0
        self._since_beat = QElapsedTimer()
        self._beat = QTimer(self, interval=_BEAT)
        self._beat.setProperty("timerType", 0)  # Qt.TimerType.PreciseTimer
        self._beat.timeout.connect(self._on_beat)
        self._look = QTimer(self, interval=_LOOK)
        self._look.timeout.connect(self._on_look)
        self._steps = self._measure()
        self.painted.connect(self._on_painted)

    def _on_painted(self) -> None:
        self._since_beat.start()
        self._beat.start()
        self._look.start()

    def _on_beat(self) -> None:
        self._longest = max(self._longest, self._since_beat.nsecsElapsed() / 1e6)
        self._since_beat.restart()

    def _on_look(self) -> None:
        sessions = self._controller.sessions if self._actions is not None else None
        # The tray is made before the other profiles are loaded.
        if sessions is None or _tray_menu() is None:
            return
        if any(isinstance(each.state, Requesting) for each in sessions.statuses):
            return
        if all(sessions.find(each.profile.id) is not None for each in sessions.statuses):
            self._look.stop()
            self._next()

    def _next(self) -> None:
        pause = next(self._steps, None)
        if pause is not None:
            QTimer.singleShot(pause, self._next)

    def _measure(self) -> Iterator[int]:
        yield _QUIET
        report("start", time.process_time() * 1000)
        report("standstill", self._longest)
        report("memory", _resident_memory())
        sessions = self._controller.sessions
        assert sessions is not None
        changed = [sessions.find(each.profile.id) for each in sessions.statuses]
        before, self._longest = time.process_time(), 0.0
        for session in filter(None, changed):
            _publish_change(session)
            yield 0
        yield _QUIET
        report("change", (time.process_time() - before) * 1000 / len(changed))
        report("changing", self._longest)
        report("tick", _cpu_of(self._controller.display.refresh, _TICKS))
        menu = _tray_menu()
        assert menu is not None
        report("menu", _cpu_of(partial(_open_menu, menu), 1))
        report("hide", _cpu_of(self._hide_and_show, 1))
        report("switcher", _cpu_of(self._controller.switch_profile, 1))
        self._longest, before = 0.0, time.process_time()
        self._controller.manage_profiles()
        while self.page is None:
            yield _LOOK
        yield _QUIET
        report("manage", (time.process_time() - before) * 1000)
        report("managing", self._longest)
        self._controller.quit()

    def _hide_and_show(self) -> None:
        self.hide()
        self.show()

    @property
    def _controller(self) -> Controller:
        controller: Controller = self._actions  # type: ignore[assignment] # it is one in the app
        return controller


def _publish_change(session: Session) -> None:
    """Show another state, as at the begin of a renewal."""
    from dataclasses import replace

    if isinstance(session.state, SignedIn):
        renewing = replace(session.state, renewing=True)
        session._state.publish(renewing)  # noqa: SLF001 - a server would change the figures


def _open_menu(menu: TrayMenu) -> None:
    menu.aboutToShow.emit()
    menu.sizeHint()


def _cpu_of(work: Callable[[], object], times: int) -> float:
    """Return the milliseconds of CPU time that `work` takes, with what Qt does of it later."""
    before = time.process_time()
    for _ in range(times):
        work()
        QApplication.processEvents()
    return (time.process_time() - before) * 1000 / times


def _tray_menu() -> TrayMenu | None:
    from desktop.ui.tray.tray_menu import TrayMenu

    return next((each for each in QApplication.topLevelWidgets() if type(each) is TrayMenu), None)


def _resident_memory() -> float:
    fields = Path("/proc/self/statm").read_text("ascii").split()
    return int(fields[1]) * 4096 / 1e6


class _FilledKeystore(MemoryKeystore):
    def __init__(self) -> None:
        super().__init__()
        self._values = json.loads(Path(sys.argv[1]).read_text("utf-8"))


def main() -> int:
    """Run the app."""
    from desktop.services.network import real_environment

    keystore = _FilledKeystore()
    real_environment.system_keystore = lambda: keystore  # type: ignore[attr-defined]
    app.Window = MeasuringWindow  # type: ignore[attr-defined]
    return app.run(Options())


if __name__ == "__main__":
    sys.exit(main())
