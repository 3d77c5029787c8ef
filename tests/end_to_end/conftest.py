"""The app, started and observed as a user does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.rigs.browser import BrowserOpener
from tests.rigs.display import Display
from tests.rigs.process import TIMEOUT, Program, run_program, wait_until
from tests.rigs.secret_service import Bus, SecretStore

Start = Callable[..., "App"]


@dataclass(frozen=True, slots=True)
class Screen:
    """What one can see: texts, the code spelled, who has the focus.

    Of buttons, and of the lines of an open menu, the place and whether they can be chosen. `stays`
    is set where closing the window ends the program no longer.
    """

    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    buttons: dict[str, tuple[int, int, bool]] = field(default_factory=dict)
    focus: str = ""
    menu: dict[str, tuple[int, int, bool]] = field(default_factory=dict)
    stays: bool = False

    def shows(self, words: str) -> bool:
        """Return whether a text or a button contains `words`."""
        shown = (*self.texts, *self.buttons)
        return any(words in text.replace("\N{ZERO WIDTH SPACE}", "") for text in shown)


@dataclass(frozen=True, slots=True)
class App:
    """The running app."""

    program: Program
    display: Display

    def screen(self) -> Screen:
        """Return what is on screen."""
        whole, _, _ = self.program.read_output().rpartition("\n")  # the last line may be incomplete
        lines = [line for line in whole.splitlines() if line.startswith("{")]
        return Screen(**json.loads(lines[-1])) if lines else Screen()

    def wait_for(self, words: str, *, timeout: float = TIMEOUT) -> Screen:
        """Wait until a text contains `words`, for `timeout` seconds at most."""
        what = f"{words!r} on screen"
        wait_until(lambda: self.screen().shows(words), what, self.program, timeout=timeout)
        return self.screen()

    def code(self) -> str:
        """Wait for the code, which is spelled for screen readers, and return it."""
        wait_until(lambda: bool(self.screen().codes), "a code on screen", self.program)
        spelled = self.screen().codes[0].removeprefix("Code: ")
        return "".join({"dash": "-"}.get(name, name) for name in spelled.split(", "))

    def click(self, button: str) -> None:
        """Wait until the button with this text is enabled, and click it."""

        def clickable() -> bool:
            return self.screen().buttons.get(button, (0, 0, False))[2]

        wait_until(clickable, f"the button {button!r}", self.program)
        x, y, _ = self.screen().buttons[button]
        self.display.run("xdotool", "mousemove", str(x), str(y), "click", "1")

    def choose(self, line: str) -> None:
        """Wait until the menu is open, and choose the entry with this text."""
        wait_until(lambda: line in self.screen().menu, f"{line!r} in the menu", self.program)
        x, y, _ = self.screen().menu[line]
        self.display.run("xdotool", "mousemove", str(x), str(y), "click", "1")

    def press(self, key: str) -> None:
        """Press a key, such as `Return` or `ctrl+c`, in the window."""
        window = self.display.wait_for_window("XDR Login")
        self.display.run("xdotool", "windowfocus", "--sync", window, "key", key)

    def is_window_visible(self) -> bool:
        return bool(self.display.windows("XDR Login"))

    def close(self) -> None:
        """Close the window by its frame, and wait until it is hidden."""
        window = self.display.wait_for_window("XDR Login")
        self.display.run("xdotool", "windowactivate", "--sync", window)
        press_at = 0.0

        def is_hidden() -> bool:
            nonlocal press_at
            if not self.is_window_visible():
                return True
            if time.monotonic() > press_at:
                # The window manager handles this key and closes the window that it regards as
                # active, which is none for a moment when a panel appears.
                self.display.run("xdotool", "key", "alt+F4")
                press_at = time.monotonic() + 2
            return False

        wait_until(is_hidden, "the window's disappearance", self.program)

    def quit(self) -> int:
        """Quit the app and return the exit code."""
        self.press("ctrl+q")
        return self.wait_for_exit()

    def wait_for_exit(self) -> int:
        """Wait until the app has quit and return the exit code."""
        wait_until(self.program.has_ended, "the end of the program")
        return self.program.process.returncode


@pytest.fixture(autouse=True)
def shared_signing_key(one_signing_key: None) -> None:
    """Use the same signing key for all servers."""


@pytest.fixture
def start(display: Display, browser_opener: BrowserOpener) -> Iterator[Start]:
    """Start the app with the keyring of `bus`; end it after the test if necessary."""
    with ExitStack() as running_apps:

        def begin(bus: Bus, *arguments: str) -> App:
            environment = display.environment | bus.changes | browser_opener.changes
            command = [sys.executable, "-m", "tests.end_to_end.reporting_app", *arguments]
            return App(running_apps.enter_context(run_program(command, environment)), display)

        yield begin


def write_profile(**members: str | int) -> None:
    """Write the only profile, `soc`."""
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "xdr-login"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}" for name, value in members.items()]
    (folder / "profiles.toml").write_text("\n".join(["[profiles.soc]", *lines]))


def store_client_password(store: SecretStore, password: str) -> None:
    """Save a client password as the documentation describes."""
    edit = ["profiles", "edit", "soc", "--client-secret-stdin"]
    command = [sys.executable, "-m", "desktop", *edit]
    subprocess.run(command, env=store.environment, input=f"{password}\n", text=True, check=True)


def keyring_entries(store: SecretStore) -> dict[str, str]:
    """Return the entries of the app in the keyring; Chromium has entries too."""
    return {label: text for label, text in store.entries().items() if "XDR Login" in label}


def saved_token(store: SecretStore) -> dict[str, object]:
    """Return the token set that is saved in the keyring."""
    (text,) = [
        text for label, text in keyring_entries(store).items() if "client password" not in label
    ]
    found: dict[str, object] = json.loads(text[text.index("{") :])
    return found
