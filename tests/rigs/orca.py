"""Orca, the screen reader of Linux desktops, on a display, a bus and with settings of its own."""

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs import requirements
from tests.rigs.display import Display, run_display
from tests.rigs.memory import folder_in_memory
from tests.rigs.process import Program, RigError, run_program, wait_until
from tests.rigs.secret_service import Bus, run_bus, run_keyring
from tests.rigs.speech import Speech, run_speech

ACCESSIBILITY_BUS = "/usr/libexec/at-spi-bus-launcher"
TIMEOUT = 90.0
"""Seconds to wait for words on a busy computer."""

_MOST_TABS = 60
_SILENCE = 1.0  # seconds
_ROLES = re.compile("button|box|label|entry|text|list")  # as Orca says them

# Orca does not start while another one runs, which it looks for on the whole computer.
_NO_OTHER_ORCA = "#!/bin/sh\nexit 1\n"


@dataclass(slots=True)
class Orca:
    """A running screen reader; a test listens to what it says, in order."""

    bus: Bus
    display: Display
    environment: dict[str, str]
    speech: Speech
    program: Program
    _next: int = 0  # of what was said, where the test goes on listening

    def wait_for(self, words: str) -> str:
        """Wait until Orca has said a text that contains `words`, and return the text."""

        def find() -> int | None:
            said = enumerate(self.speech.said[self._next :], self._next)
            return next((number for number, text in said if words in text), None)

        self._wait_until(lambda: find() is not None, f"Orca to say {words!r}")
        number = find()
        assert number is not None
        self._next = number + 1
        return self.speech.said[number]

    def said_after(self, words: str) -> list[str]:
        """Return what was said after the last text that is `words`, when Orca is silent again."""
        count = -1
        while count != len(self.speech.said):
            count = len(self.speech.said)
            time.sleep(_SILENCE)
        said = self.speech.said
        return said[max(n for n, text in enumerate(said) if text == words) + 1 :]

    def was_interrupted(self, words: str) -> bool:
        """Return whether the last text that contains `words` was not said to its end."""
        said = self.speech.said
        return max(n for n, text in enumerate(said) if words in text) in self.speech.interrupted

    def tab_to(self, words: str) -> str:
        """Press Tab until Orca says a text that contains `words`, and return the text."""
        begin = len(self.speech.said)
        for _ in range(_MOST_TABS):
            self._tab()
            found = [each for each in self.speech.said[begin:] if words in each]
            if found:
                return found[0]
        raise RigError(f"Tab never led to {words!r}. Orca said:\n{self.speech.transcript}")

    def _tab(self) -> None:
        before = len(self.speech.said)
        self.press("Tab")
        self._wait_until(
            lambda: any(_ROLES.search(each) for each in self.speech.said[before:]),
            "Orca to say where Tab leads",
        )

    def _wait_until(self, is_true: Callable[[], bool], what: str) -> None:
        try:
            wait_until(is_true, what, self.program, timeout=TIMEOUT)
        except RigError as error:
            error.add_note(f"Orca said:\n{self.speech.transcript}")
            raise

    def count_events(self, seconds: float) -> int:
        """Count what the accessibility bus is told about objects in the next seconds."""
        from jeepney import DBusAddress, MatchRule, message_bus, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        address = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
        with open_dbus_connection(self.bus.address) as session:
            reply = session.send_and_get_reply(new_method_call(address, "GetAddress"))
        events = MatchRule(type="signal", interface="org.a11y.atspi.Event.Object")
        count, end = 0, time.monotonic() + seconds
        with open_dbus_connection(str(reply.body[0])) as bus:
            bus.send_and_get_reply(message_bus.AddMatch(events))
            with bus.filter(events, bufsize=1000) as queue, contextlib.suppress(TimeoutError):
                while True:
                    bus.recv_until_filtered(queue, timeout=max(0.0, end - time.monotonic()))
                    count += 1
        return count

    def press(self, *keys: str) -> None:
        """Press keys, such as `Tab` or `ctrl+c`, in the window with the focus."""
        self.display.run("xdotool", "key", *keys)


@pytest.fixture
def orca() -> Iterator[Orca]:
    """Run Orca, with a keyring on the same bus."""
    requirements.require_linux("orca")
    programs = (
        "orca",
        "dbus-daemon",
        "gnome-keyring-daemon",
        "Xvfb",
        "openbox",
        "xdotool",
        "xprop",
    )
    requirements.require("orca", *programs)
    if not Path(ACCESSIBILITY_BUS).exists():
        requirements.skip_or_fail("the orca rig requires at-spi2-core")
    with (
        tempfile.TemporaryDirectory(prefix="orca-", dir=folder_in_memory()) as name,
        run_display() as display,
        run_bus() as bus,
        run_keyring(bus),
        run_speech(Path(name) / "speech") as speech,
    ):
        environment = display.environment | bus.changes | _settings(Path(name))
        launcher = [ACCESSIBILITY_BUS, "--launch-immediately", "--a11y=1", "--screen-reader=1"]
        with (
            run_program(launcher, environment),
            run_program(["orca"], environment | {"XDG_DATA_HOME": f"{name}/data"}) as program,
        ):
            made = Orca(bus, display, environment, speech, program)
            made.wait_for("Screen reader on")
            yield made


def _settings(folder: Path) -> dict[str, str]:
    search = folder / "bin" / "pgrep"
    search.parent.mkdir()
    search.write_text(_NO_OTHER_ORCA)
    search.chmod(0o755)
    return {
        "PATH": f"{search.parent}:{os.environ['PATH']}",
        "SPEECHD_ADDRESS": f"unix_socket:{folder}/speech",
        "GSETTINGS_BACKEND": "memory",
        "LC_ALL": "C.UTF-8",
    }
