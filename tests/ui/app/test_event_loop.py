"""The event loop behaves as asyncio documents for timers, contexts and sockets."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# In a process of its own: a loop of qasync ends the application that it runs on.
ON_THE_LOOP = """
import asyncio
from PySide6.QtWidgets import QApplication
from desktop.ui.app.event_loop import EventLoop

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


def test_calls_run_in_the_order_they_were_scheduled() -> None:
    told = on_the_loop(
        "for number in range(50):",
        "    loop.call_soon(print, number)",
        "    loop.call_later(0, print, number)",
        "await asyncio.sleep(0.01)",
    )
    assert told.split() == [str(number) for number in range(50) for _twice in range(2)]


def test_a_cancelled_call_does_not_run() -> None:
    told = on_the_loop(
        "loop.call_later(0.01, print, 'cancelled').cancel()",
        "loop.call_later(0.01, print, 'called')",
        "await asyncio.sleep(0.03)",
    )
    assert told.split() == ["called"]


def test_a_cancelled_call_leaves_no_timer() -> None:
    told = on_the_loop(
        "loop.call_later(60, print).cancel()",
        "await asyncio.sleep(0)",
        "print(len(loop._due), loop._alarm.isActive())",
    )
    assert told.split() == ["0", "False"]


def test_a_call_that_reschedules_itself_does_not_starve_others() -> None:
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


def test_a_call_that_runs_qts_loop_does_not_stop_the_others() -> None:
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


def test_a_call_due_in_a_year_does_not_block_others() -> None:
    told = on_the_loop(
        "loop.call_later(365 * 86400, print, 'next year')",
        "loop.call_soon(print, 'now')",
        "await asyncio.sleep(0.01)",
        "print(loop._alarm.interval() <= 86_400_000, len(loop._due))",
    )
    assert told.split() == ["now", "True", "1"]


def test_a_timer_that_fires_early_is_set_again() -> None:
    told = on_the_loop(
        "import desktop.ui.app.event_loop",
        "desktop.ui.app.event_loop._LONGEST_ALARM = 5",
        "await asyncio.sleep(0.03)",
        "print('slept')",
    )
    assert told.split() == ["slept"]


def test_a_call_that_raises_does_not_stop_the_others() -> None:
    told = on_the_loop(
        "loop.set_exception_handler(lambda _, context: print(context['exception']))",
        "loop.call_soon(lambda: 1 / 0)",
        "loop.call_soon(print, 'next')",
        "await asyncio.sleep(0.01)",
    )
    assert told.splitlines() == ["division by zero", "next"]


IN_A_CONTEXT = (
    "import contextvars",
    "profile = contextvars.ContextVar('profile', default='none')",
    "inside = contextvars.copy_context()",
    "inside.run(profile.set, 'soc')",
)
UNIX_LOOP = pytest.mark.skipif(sys.platform == "win32", reason="no readers on a proactor's loop")


def test_a_call_runs_in_its_context() -> None:
    told = on_the_loop(
        *IN_A_CONTEXT,
        "tell = lambda: print(profile.get())",
        "loop.call_soon(tell, context=inside)",
        "loop.call_later(0, tell, context=inside)",
        "loop.call_at(loop.time(), tell, context=inside)",
        "loop.call_soon(tell)",
        "await asyncio.sleep(0.01)",
    )
    assert told.split() == ["soc", "soc", "soc", "none"]


def test_a_call_from_another_thread_runs_in_the_context_that_it_was_given() -> None:
    told = on_the_loop(
        *IN_A_CONTEXT,
        "import threading",
        "def ask():",
        "    profile.set('thread')",
        "    loop.call_soon_threadsafe(lambda: print('given', profile.get()), context=inside)",
        "    loop.call_soon_threadsafe(lambda: print('copied', profile.get()))",
        "thread = threading.Thread(target=ask)",
        "thread.start(), thread.join()",
        "await asyncio.sleep(0.05)",
    )
    assert told.splitlines() == ["given soc", "copied thread"]


@UNIX_LOOP
@pytest.mark.parametrize("given", ["", ", context=contextvars.copy_context()"])
def test_a_reader_and_a_writer_run_in_the_context_they_were_added_in(given: str) -> None:
    told = on_the_loop(
        *IN_A_CONTEXT,
        "import socket",
        "near, far = socket.socketpair()",
        "far.send(b'x')",
        "def tell(name, remove):",
        "    remove(near.fileno())",
        "    print(name, profile.get())",
        "def add():",
        f"    loop._add_reader(near.fileno(), tell, 'read', loop._remove_reader{given})",
        f"    loop._add_writer(near.fileno(), tell, 'write', loop._remove_writer{given})",
        "inside.run(add)",
        "await asyncio.sleep(0.05)",
        "near.close(), far.close()",
    )
    assert sorted(told.splitlines()) == ["read soc", "write soc"]


@UNIX_LOOP
def test_a_reader_runs_in_an_empty_context_if_given_one() -> None:
    told = on_the_loop(
        *IN_A_CONTEXT,
        "import socket",
        "near, far = socket.socketpair()",
        "far.send(b'x')",
        "def tell():",
        "    loop._remove_reader(near.fileno())",
        "    print(profile.get())",
        "empty = contextvars.Context()",
        "inside.run(lambda: loop._add_reader(near.fileno(), tell, context=empty))",
        "await asyncio.sleep(0.05)",
        "near.close(), far.close()",
    )
    assert told.split() == ["none"]


def test_a_connection_is_made_and_answered() -> None:
    told = on_the_loop(
        "async def answer(reader, writer):",
        "    writer.write(await reader.readline())",
        "    writer.close()",
        "server = await asyncio.start_server(answer, '127.0.0.1', 0)",
        "reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())",
        "writer.write(b'echo\\n')",
        "print((await asyncio.wait_for(reader.read(), 10)).decode())",
        "writer.close()",
        "server.close()",
    )
    assert told.split() == ["echo"]


def test_calls_made_at_the_end_see_a_running_loop() -> None:
    # Qt turns once more when the future is done, and calls what is due then.
    told = on_the_loop(
        "running = lambda: print(asyncio.get_running_loop() is loop)",
        "asyncio.current_task().add_done_callback(lambda _: loop.call_soon(running))",
        "print('done')",
    )
    assert told.split() == ["done", "True"]


def test_the_running_loop_is_restored_after_the_due_calls() -> None:
    told = on_the_loop(
        "from PySide6.QtCore import QEventLoop",
        "inner = QEventLoop()",
        "running = lambda: print(asyncio._get_running_loop() is loop)",
        "def turn():",
        "    inner.exec()",
        "    running()",
        "loop.call_soon(turn)",
        "loop.call_soon(running)",
        "loop.call_later(0.01, inner.quit)",
        "await asyncio.sleep(0.03)",
        "asyncio._set_running_loop(None)",
        "loop._on_alarm()",
        "print(asyncio._get_running_loop())",
        "asyncio._set_running_loop(loop)",
    )
    assert told.split() == ["True", "True", "None"]


def test_scheduling_a_call_uses_nothing_deprecated() -> None:
    told = on_the_loop(
        "import warnings",
        "warnings.simplefilter('error')",
        "loop.call_soon(print, 'called')",
        "await asyncio.sleep(0.01)",
    )
    assert told.split() == ["called"]


def test_a_closed_loop_refuses_calls_and_keeps_none() -> None:
    told = on_the_loop(
        "import atexit",
        "def tell():",
        "    print(loop.is_closed(), len(loop._due), loop._alarm.isActive())",
        "    try:",
        "        loop.call_soon(print, 'called')",
        "    except RuntimeError as error:",
        "        print(error)",
        "atexit.register(tell)",
        "loop.call_later(60, print)",
    )
    assert told.splitlines() == ["True 0 False", "Event loop is closed"]
