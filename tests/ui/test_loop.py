"""The event loop keeps what asyncio promises of its timers."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# In a process of its own: a loop of qasync ends the application that it runs on.
ON_THE_LOOP = """
import asyncio
from PySide6.QtWidgets import QApplication
from desktop.ui.loop import EventLoop

async def main():
{}

with EventLoop(QApplication([])) as loop:
    loop.run_until_complete(main())
"""


def on_the_loop(*lines: str) -> str:
    code = ON_THE_LOOP.format("\n".join(f"    {line}" for line in lines))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_calls_come_in_the_order_in_which_they_were_asked_for() -> None:
    told = on_the_loop(
        "for number in range(50):",
        "    loop.call_soon(print, number)",
        "    loop.call_later(0, print, number)",
        "await asyncio.sleep(0.01)",
    )
    assert told.split() == [str(number) for number in range(50) for _twice in range(2)]


def test_a_call_that_was_cancelled_does_not_come() -> None:
    told = on_the_loop(
        "loop.call_later(0.01, print, 'cancelled').cancel()",
        "loop.call_later(0.01, print, 'called')",
        "await asyncio.sleep(0.03)",
    )
    assert told.split() == ["called"]
