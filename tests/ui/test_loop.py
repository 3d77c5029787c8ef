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


def test_a_call_that_was_cancelled_leaves_no_timer_behind() -> None:
    told = on_the_loop(
        "loop.call_later(60, print).cancel()",
        "await asyncio.sleep(0)",
        "print(len(loop._due), loop._alarm.isActive())",
    )
    assert told.split() == ["0", "False"]


def test_who_asks_again_and_again_lets_others_have_their_turn() -> None:
    told = on_the_loop(
        "from PySide6.QtCore import QTimer",
        "def again():",
        "    loop.call_soon(again)",
        "again()",
        "QTimer.singleShot(0, lambda: print('Qt'))",
        "await asyncio.sleep(0.05)",
        "print('asyncio')",
    )
    assert told.split() == ["Qt", "asyncio"]


def test_a_call_that_turns_qts_loop_itself_does_not_stop_the_others() -> None:
    told = on_the_loop(
        "from PySide6.QtCore import QEventLoop",
        "inner = QEventLoop()",
        "loop.call_soon(inner.exec)",
        "loop.call_soon(print, 'meanwhile')",
        "loop.call_later(0.01, print, 'later')",
        "loop.call_later(0.02, inner.quit)",
        "await asyncio.sleep(0.04)",
    )
    assert told.split() == ["meanwhile", "later"]


def test_a_call_that_is_due_in_a_year_stops_nothing() -> None:
    told = on_the_loop(
        "loop.call_later(365 * 86400, print, 'next year')",
        "loop.call_soon(print, 'now')",
        "await asyncio.sleep(0.01)",
        "print(loop._alarm.interval() <= 86_400_000, len(loop._due))",
    )
    assert told.split() == ["now", "True", "1"]


def test_an_alarm_that_rings_before_anything_is_due_is_set_again() -> None:
    told = on_the_loop(
        "import desktop.ui.loop",
        "desktop.ui.loop._LONGEST_ALARM = 5",
        "await asyncio.sleep(0.03)",
        "print('slept')",
    )
    assert told.split() == ["slept"]


def test_a_call_that_breaks_does_not_stop_the_others() -> None:
    told = on_the_loop(
        "loop.set_exception_handler(lambda _, context: print(context['exception']))",
        "loop.call_soon(lambda: 1 / 0)",
        "loop.call_soon(print, 'next')",
        "await asyncio.sleep(0.01)",
    )
    assert told.splitlines() == ["division by zero", "next"]
