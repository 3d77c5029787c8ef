"""No old code, lost token, process or connection is left behind."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.oauth.http import LONGEST_REQUEST
from tests.end_to_end.conftest import Start, keyring_entries, saved_token
from tests.end_to_end.test_sign_in import TOKEN, count_polls, profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import LOGIN_PASSWORD, SecretStore

ESTABLISHED = "01"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a demo server."""
    with DemoServer(DemoOptions(interval=1)) as running_server:
        profile_for(running_server)
        yield running_server


def test_a_new_code_replaces_a_valid_one(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    app = start(secret_service)
    first = app.code()
    app.click("New code")  # enabled a few seconds after the code has arrived
    wait_until(lambda: app.code() != first, "another code")
    second, polls = app.code(), count_polls(server)
    server.approve(first)
    wait_until(lambda: count_polls(server) >= polls + 2, "two polls for the new code")
    assert app.screen().shows("Waiting for approval")
    assert keyring_entries(secret_service) == {}
    server.approve(second)
    app.wait_for("Copy token")
    assert app.quit() == 0


def test_a_hanging_server_does_not_end_a_sign_in(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    server.inject("500", "hang")
    app = start(secret_service)
    code = app.code()
    app.wait_for("The server has a problem. Your code is still valid. Retrying automatically.")
    app.wait_for(
        "The server is not responding. Your code is still valid. Retrying automatically.",
        timeout=2 * LONGEST_REQUEST,
    )
    server.approve(code)
    app.wait_for("Copy token")
    assert [each.status for each in server.history() if each.path == TOKEN] == [500, 200]
    assert app.quit() == 0


def test_a_token_is_saved_when_the_keyring_is_unlocked(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    secret_service.lock()
    app = start(secret_service)
    server.approve(app.code())
    app.wait_for("The keyring is locked. Your token isn't saved")
    unlock(secret_service)
    app.click("Save again")
    wait_until(lambda: not app.screen().shows("isn't saved"), "the warning's end", app.program)
    assert saved_token(secret_service)["access_token"]
    assert app.screen().focus == "Copy token"
    assert app.quit() == 0


def test_after_quitting_no_process_or_connection_is_left(
    start: Start, server: DemoServer, secret_service: SecretStore
) -> None:
    app = start(secret_service)
    app.code()
    wait_until(lambda: count_polls(server) >= 1, "the first question")
    assert connections_to(server)
    assert app.quit() == 0
    assert processes_of(app.program.process.pid) == []
    wait_until(lambda: not connections_to(server), "the end of the last connection")


def unlock(store: SecretStore) -> None:
    """Unlock the keyring without its prompt."""
    import jeepney
    import secretstorage
    from secretstorage.util import format_secret, open_session

    with store.connection() as connection:
        collection = secretstorage.get_default_collection(connection)
        password = format_secret(open_session(connection), LOGIN_PASSWORD, "text/plain")
        where = jeepney.DBusAddress(
            "/org/freedesktop/secrets",
            bus_name="org.freedesktop.secrets",
            interface="org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
        )
        what = (collection.collection_path, password)
        call = jeepney.new_method_call(where, "UnlockWithMasterPassword", "o(oayays)", what)
        connection.send_and_get_reply(call)
        assert not collection.is_locked()


def processes_of(leader: int) -> list[str]:
    """Return all processes in the session of the app, without the zombie of the leader."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(os.fsdecode((folder / "cmdline").read_bytes()))
    return found


def connections_to(server: DemoServer) -> list[str]:
    """Return the open connections to the server."""
    port = f"{int(server.url.rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [
        fields[1] for fields in lines if fields[2].endswith(f":{port}") and fields[3] == ESTABLISHED
    ]
