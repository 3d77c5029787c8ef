"""Each operation on the keyring, a file or a socket fails once, for every one of them in turn.

Nothing is lost, the words say what happened, and the next try works.
"""

import _socket
import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from desktop.ipc import server as ipc_server
from desktop.ipc.client import NoAnswer, NotRunning, send_command
from desktop.ipc.messages import Members
from desktop.ipc.server import Server, claim_instance
from desktop.services.configuration.profile_file import save_profile
from desktop.services.configuration.profile_reader import read_document, read_profiles, read_text
from desktop.services.model.profile import BrokenProfile
from desktop.services.model.settings import Settings, load_settings, save_settings
from desktop.services.system.atomic_file import write_atomically
from desktop.ui.wording.page_texts import setting_not_saved
from tests.simulation.program import OWNER
from tests.simulation.server import DeviceCode
from tests.simulation.simulation import Simulation, new_simulation
from tests.simulation.words import find_missing_advice

FILES = (
    *((tempfile, "mkstemp"), (os, "fsync"), (os, "replace"), (os, "unlink")),
    *((shutil, "copymode"), (shutil, "copyfile"), (FileLock, "acquire")),
    *((Path, name) for name in ("mkdir", "read_text", "exists", "touch", "unlink")),
)


class ClientSocket(_socket.socket):
    """The socket of a command, whose methods can be replaced: those of the built-in type cannot."""

    connect, sendall, recv = (getattr(_socket.socket, n) for n in ("connect", "sendall", "recv"))


SOCKETS = (
    *((ClientSocket, name) for name in ("connect", "sendall", "recv")),
    *((asyncio.StreamReader, "readline"), (asyncio.StreamWriter, "drain")),
    (ipc_server, "is_same_user"),
)
OLD, NEW = "[profiles.a]\n", "[profiles.b]\n"


@contextmanager
def failing(
    number: int,
    places: tuple[tuple[object, str], ...],
    counts: Callable[[], bool] = lambda: True,
) -> Iterator[Callable[[], bool]]:
    """Let call `number` of these functions fail; what is yielded tells whether it did.

    Only calls made while `counts` is true are counted.
    """
    calls = 0

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def fail_once(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any function
            nonlocal calls
            calls += counts()
            if calls == number and counts():
                raise OSError(28, "No space left on device")
            return function(*arguments, **named)

        return fail_once

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in places:
            patch.setattr(owner, name, wrap(getattr(owner, name)))
        yield lambda: calls >= number


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Let the product warn of failing files in its log."""
    caplog.set_level(logging.CRITICAL, "desktop")


# Tokens


class Day(Simulation):
    """Signs in, renews, quits, starts again, signs out and in, always in the same order."""

    async def run(self) -> None:
        """Do what everybody does."""
        self.network.fault_rate = 0.0
        app = await self.start_program()
        for deed in ("sign_in", "renew", "save_again", "renew", "reload", "sign_out", "sign_in"):
            if deed in {"sign_in", "sign_out"}:
                self._ask()
            app.run(getattr(app.session, deed))
            await asyncio.sleep(50)
            self.invariants.check_tokens()
            if deed == "save_again":
                await app.quit()
                app = await self.start_program()
        await self.finish()

    def _show_to_person(self, code: DeviceCode) -> None:
        self.loop.call_later(2, self._decide, code, "approved")


def live(prepare: Callable[[Day], None]) -> Day:
    """Live one day with one failure; nothing may be lost."""
    with new_simulation(Day, seed=1) as day:
        prepare(day)
        day.loop.run_until_complete(day.run())
    assert not day.invariants.violations, "\n".join(day.trace)
    return day


@pytest.mark.parametrize("longest", [None, 300])
def test_every_step_of_the_keyring_may_fail(longest: int | None) -> None:
    def prepare(day: Day) -> None:
        day.longest_entry, day.keyring.fails_at = longest, number

    for number in count(1):
        if live(prepare).keyring.steps < number:
            break
    assert number > 30


@pytest.mark.parametrize("fault", ["refused", "answer lost", "answer reset", "503"])
def test_every_request_may_fail(fault: str) -> None:
    def prepare(day: Day) -> None:
        day.network.fails_at = (number, fault)

    for number in count(1):
        if live(prepare).network.requests < number:
            break
    assert number > 10


def test_every_file_of_the_token_store_may_fail() -> None:
    for number in count(1):
        with failing(number, FILES, lambda: OWNER.get(None) is not None) as has_failed:
            live(lambda _day: None)
        if not has_failed():
            break
    assert number > 20


# Files


def error_of(work: Callable[[], object]) -> Exception | None:
    """Return the expected error of `work`, if there is one."""
    try:
        work()
    except (OSError, BrokenProfile) as error:
        return error
    return None


def test_writing_a_file_may_fail_at_every_step(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for number in count(1):
        file.write_text(OLD)
        with failing(number, FILES) as has_failed:
            try:
                write_atomically(NEW, file)
            except OSError:
                assert file.read_text() in {OLD, NEW}
        assert [each.name for each in tmp_path.iterdir()] == ["file"]
        if not has_failed():
            break
    assert file.read_text() == NEW


@pytest.mark.parametrize("before", ['theme = "light"\n', "not = = toml\n"])
def test_saving_settings_may_fail_at_every_step(tmp_path: Path, before: str) -> None:
    file, changed = tmp_path / "settings.toml", replace(Settings(), theme="dark")
    for number in count(1):
        file.write_text(before)
        with failing(number, FILES) as has_failed:
            error = error_of(lambda: save_settings(changed, file))
        if isinstance(error, OSError):
            assert "No space left" in setting_not_saved(error, at_login=False)
            assert file.read_text() == before
        if not has_failed():
            break
        save_settings(changed, file)
        assert load_settings(file) == changed
    if "= =" in before:
        assert file.with_name("settings.toml.broken").read_text() == before


def test_saving_a_profile_may_fail_at_every_step(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    before = '[profiles.a]\nname = "A"\nclient_id = "1"\nissuer = "https://a.example"\n'
    for number in count(1):
        file.write_text(before)
        with failing(number, FILES) as has_failed:
            error = error_of(lambda: save_profile(file, "a", {"name": "B"}))
        if isinstance(error, BrokenProfile):
            assert find_missing_advice(error) == []
            assert file.read_text() == before
        name = read_profiles(file, read_document(file, read_text(file))).good["a"].name
        assert name in {"A", "B"}
        if not has_failed():
            assert name == "B"
            break


# Sockets


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")
async def test_every_operation_of_the_socket_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_socket, "socket", ClientSocket)
    served: list[Members] = []

    async def serve(members: Members, _process: int | None) -> Members:
        served.append(members)
        return {"done": True}

    claim = claim_instance()
    server = Server({"show": serve})
    await server.listen(claim)
    try:
        for number in count(1):
            served.clear()
            with failing(number, SOCKETS) as has_failed, suppress(NotRunning, NoAnswer):
                assert (await asyncio.to_thread(send_command, "show"))["done"] is True
            assert len(served) <= 1
            assert (await asyncio.to_thread(send_command, "show"))["done"] is True
            if not has_failed():
                break
        assert number > 6
    finally:
        await server.close()
        claim.release()
