"""On Wayland a copy is told when the compositor has it, and asks for a press where it must."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from desktop.ui.copy.clipboard import ECHO
from tests.end_to_end.copier_app import RENEWED, TOKEN
from tests.rigs.mutter import ESCAPE, SPACE, Mutter
from tests.rigs.process import Program, run_program, wait_until
from tests.rigs.sway import Sway


class Desktop:
    """Starts programs under Mutter."""

    def __init__(self, mutter: Mutter, programs: ExitStack) -> None:
        self.mutter = mutter
        self._programs = programs

    def start(self, seconds: float = 60) -> Program:
        """Start the program that copies, as it is in the tray: without a window."""
        app = self._run("tests.end_to_end.copier_app", "TOKEN", str(seconds))
        wait_for("ready", app)
        return app

    def paste_elsewhere(self) -> str:
        """What another program pastes, whose window has the focus."""
        app = self._run("tests.rigs.another_app")
        wait_for("read ", app)
        wait_until(app.has_ended, "the end of the other program")
        return app.read_output().strip()

    def copy_elsewhere(self, text: str) -> None:
        """Copy `text` by the press of a button in another program, which has the focus then."""
        app = self._run("tests.rigs.another_app", text)
        wait_for("focused", app)
        self.mutter.press(SPACE)
        wait_for("copied", app)

    def _run(self, module: str, *arguments: str) -> Program:
        command = [sys.executable, "-m", module, *arguments]
        return self._programs.enter_context(run_program(command, self.mutter.environment))


@pytest.fixture
def desktop(mutter: Mutter) -> Iterator[Desktop]:
    with ExitStack() as programs:
        yield Desktop(mutter, programs)


def wait_for(words: str, app: Program) -> None:
    """Wait until the program has printed `words`."""
    wait_until(lambda: words in app.read_output(), f"{words!r} from the program", app)


def test_a_copy_from_the_tray_is_there_once_it_is_told(desktop: Desktop) -> None:
    app = desktop.start()
    app.process.send_signal(signal.SIGUSR1)
    wait_for("copied TOKEN for 60 s", app)
    assert desktop.paste_elsewhere() == f"read {TOKEN!r}"


def test_it_asks_for_a_press_where_another_program_copied_last(desktop: Desktop) -> None:
    app = desktop.start()
    desktop.copy_elsewhere("a shopping list")
    app.process.send_signal(signal.SIGUSR1)
    wait_for("asks, refused", app)
    assert "copied" not in app.read_output()
    desktop.mutter.press(SPACE)
    wait_for("copied TOKEN for 60 s", app)
    assert desktop.paste_elsewhere() == f"read {TOKEN!r}"


def test_who_closes_the_window_has_not_copied(desktop: Desktop) -> None:
    app = desktop.start()
    desktop.copy_elsewhere("a shopping list")
    app.process.send_signal(signal.SIGUSR1)
    wait_for("asks, refused", app)
    desktop.mutter.press(ESCAPE)
    wait_for("not copied: ", app)
    assert desktop.paste_elsewhere() == "read 'a shopping list'"


def test_a_press_in_the_main_window_copies_without_another_window(desktop: Desktop) -> None:
    app = desktop.start()
    desktop.copy_elsewhere("a shopping list")
    press_in_the_main_window(desktop, app)
    assert "asks" not in app.read_output()
    assert desktop.paste_elsewhere() == f"read {TOKEN!r}"


@pytest.mark.parametrize("pressed", [False, True])
def test_every_copy_takes_the_place_of_the_last_one(desktop: Desktop, *, pressed: bool) -> None:
    app = desktop.start()
    if pressed:
        press_in_the_main_window(desktop, app)
        desktop.mutter.press(SPACE)
    else:
        app.process.send_signal(signal.SIGUSR1)
        wait_for("copied TOKEN", app)
        app.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: app.read_output().count("copied TOKEN") == 2, "another copy", app)
    assert desktop.paste_elsewhere() == f"read {RENEWED!r}"


def test_gnome_keeps_what_is_taken_back_until_a_window_comes_back(desktop: Desktop) -> None:
    app = desktop.start(seconds=1)
    app.process.send_signal(signal.SIGUSR1)
    wait_for("copied TOKEN for 1 s", app)
    wait_for("owns nothing", app)
    assert desktop.paste_elsewhere() == f"read {TOKEN!r}"  # as SECURITY.md says
    app.process.send_signal(signal.SIGUSR2)
    wait_for("focused", app)

    def is_gone() -> bool:
        time.sleep(2 * ECHO)  # the window needs the focus that long; who pastes takes it away
        return desktop.paste_elsewhere() == "read ''"

    wait_until(is_gone, "an empty clipboard")


def test_it_is_taken_back_when_the_program_ends_in_its_window(desktop: Desktop) -> None:
    app = desktop.start()
    press_in_the_main_window(desktop, app)
    app.process.terminate()
    wait_until(app.has_ended, "the end of the program")
    assert app.process.returncode == 0
    assert desktop.paste_elsewhere() == "read ''"


def test_what_another_program_copied_meanwhile_stays(desktop: Desktop) -> None:
    app = desktop.start()
    press_in_the_main_window(desktop, app)
    desktop.copy_elsewhere("a shopping list")
    app.process.terminate()
    wait_until(app.has_ended, "the end of the program")
    assert desktop.paste_elsewhere() == "read 'a shopping list'"


def press_in_the_main_window(desktop: Desktop, app: Program) -> None:
    """Show the main window and press its button, which copies."""
    app.process.send_signal(signal.SIGUSR2)
    wait_for("focused", app)
    desktop.mutter.press(SPACE)
    wait_for("copied TOKEN", app)


# Where a program may copy without the focus


@pytest.fixture
def tray(sway: Sway) -> Iterator[Program]:
    """Run the program that copies, which never has a window here."""
    command = [sys.executable, "-m", "tests.end_to_end.copier_app", "TOKEN", "60"]
    with run_program(command, sway.environment) as app:
        wait_for("ready", app)
        yield app


def pasted(sway: Sway, *options: str) -> str:
    """What a program without a window reads; empty where there is nothing."""
    command = ["wl-paste", "--no-newline", *options]
    read = subprocess.run(
        command, env=sway.environment, capture_output=True, text=True, check=False
    )
    return read.stdout


def test_with_data_control_no_window_is_needed(sway: Sway, tray: Program) -> None:
    subprocess.run(["wl-copy", "a shopping list"], env=sway.environment, check=True)  # noqa: S607
    tray.process.send_signal(signal.SIGUSR1)
    wait_for("copied TOKEN for 60 s", tray)
    assert pasted(sway) == TOKEN
    assert pasted(sway, "--type", "x-kde-passwordManagerHint") == "secret"
    assert "focused" not in tray.read_output()


def test_with_data_control_it_is_taken_back_at_the_end(sway: Sway, tray: Program) -> None:
    tray.process.send_signal(signal.SIGUSR1)
    wait_for("copied TOKEN", tray)
    tray.process.terminate()
    wait_until(tray.has_ended, "the end of the program")
    assert pasted(sway) == ""


def test_with_data_control_what_another_program_copied_stays(sway: Sway, tray: Program) -> None:
    tray.process.send_signal(signal.SIGUSR1)
    wait_for("copied TOKEN", tray)
    subprocess.run(["wl-copy", "a shopping list"], env=sway.environment, check=True)  # noqa: S607
    wait_for("owns nothing", tray)
    tray.process.terminate()
    wait_until(tray.has_ended, "the end of the program")
    assert pasted(sway) == "a shopping list"
