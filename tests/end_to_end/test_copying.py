"""Another program can read a copied token until it is cleared."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from desktop.services.model.copy_formats import CopyFormat, formatted
from tests.end_to_end.copier_app import TOKEN, make_token
from tests.end_to_end.test_sign_in import clipboard
from tests.rigs.display import Display
from tests.rigs.process import Program, run_program, wait_until

FOR_LONG = 60
URL = "https://127.0.0.1/whoami"


@dataclass(frozen=True)
class CopierApp:
    """The app that copies."""

    program: Program
    display: Display

    def copy(self) -> None:
        """Copy, and wait for the confirmation."""
        self.program.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "copied " in self.program.read_output(), "a copy", self.program)

    def end(self) -> int:
        """Quit the app and return the exit code."""
        self.program.process.terminate()
        wait_until(self.program.has_ended, "the end of the program")
        return self.program.process.returncode


class Desktop:
    """A display on which tests start programs."""

    def __init__(self, display: Display, programs: ExitStack) -> None:
        self._display = display
        self._programs = programs

    def start(self, format_: CopyFormat = CopyFormat.TOKEN, seconds: float = FOR_LONG) -> CopierApp:
        """Start the app that copies."""
        name = "tests.end_to_end.copier_app"
        command = [sys.executable, "-m", name, format_.name, str(seconds)]
        app = self._run(command)
        wait_until(lambda: "ready" in app.read_output(), "the program", app)
        return CopierApp(app, self._display)

    def copy_elsewhere(self, text: str) -> None:
        """Copy `text` with another program."""
        self._run(["xclip", "-quiet", "-selection", "clipboard", "-i"], typed=text.encode())
        wait_until(
            lambda: (
                "passwordManagerHint" not in clipboard(self._display, "TARGETS")
                and clipboard(self._display) == text
            ),
            "the other program's copy",
        )

    def _run(self, command: list[str], typed: bytes = b"") -> Program:
        started = run_program(command, self._display.environment, typed=typed)
        return self._programs.enter_context(started)


@pytest.fixture
def desktop(display: Display) -> Iterator[Desktop]:
    with ExitStack() as programs:
        yield Desktop(display, programs)


@pytest.mark.parametrize("format_", CopyFormat)
def test_another_program_reads_every_copy_format(
    desktop: Desktop, display: Display, format_: CopyFormat
) -> None:
    app = desktop.start(format_)
    app.copy()
    assert clipboard(display) == formatted(format_, make_token(), url=URL)
    assert clipboard(display, "x-kde-passwordManagerHint") == "secret"
    assert f"copied {format_.name} for 60 s" in app.program.read_output()


def test_what_is_copied_as_curl_runs_in_a_shell(desktop: Desktop, display: Display) -> None:
    app = desktop.start(CopyFormat.CURL)
    app.copy()
    script = f"curl() {{ printf '%s\\n' \"$@\"; }}\n{clipboard(display)}"
    read = display.run("sh", "-c", script)
    assert read.splitlines() == ["-H", f"Authorization: Bearer {TOKEN}", URL]


def test_the_clipboard_is_cleared_after_a_while(desktop: Desktop, display: Display) -> None:
    app = desktop.start(seconds=1)
    app.copy()
    assert clipboard(display) == TOKEN
    wait_until(lambda: clipboard(display) == "", "an empty clipboard", app.program)
    assert app.end() == 0


def test_the_clipboard_is_cleared_on_quit(desktop: Desktop, display: Display) -> None:
    app = desktop.start()
    app.copy()
    assert app.end() == 0
    assert clipboard(display) == ""


def test_a_later_copy_of_another_program_stays(desktop: Desktop, display: Display) -> None:
    app = desktop.start()
    app.copy()
    desktop.copy_elsewhere("a shopping list")
    assert app.end() == 0
    assert clipboard(display) == "a shopping list"


def test_the_clipboard_manager_is_cleared_too(desktop: Desktop, display: Display) -> None:
    app = desktop.start()
    app.copy()
    desktop.copy_elsewhere(TOKEN)
    assert app.end() == 0
    assert clipboard(display) == ""


def test_the_primary_selection_is_never_used(desktop: Desktop, display: Display) -> None:
    app = desktop.start()
    app.copy()
    with pytest.raises(subprocess.CalledProcessError):  # there is no selection
        display.run("xclip", "-selection", "primary", "-o")


def test_no_token_is_printed(desktop: Desktop) -> None:
    app = desktop.start()
    app.copy()
    assert app.end() == 0
    assert TOKEN not in app.program.read_output()
