"""Scripts get a token from the running app, or from the keyring."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from desktop.ipc import client
from desktop.services.system.paths import profiles_file, settings_file
from tests.cli.commands import age, sign_in
from tests.end_to_end.agent import (
    COMMAND,
    Agent,
    headless,
    run_agent,
    socket_path,
    start_token,
    token,
)
from tests.end_to_end.conftest import saved_token
from tests.end_to_end.test_renewal import renewals
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore

MANY = 50
LIFETIME = 600.0
GARBAGE = (b"", b'{"version": 1, "comm', b"\0\xff garbage\n", b"[" * 60000)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a server that approves; using a refresh token twice revokes everything."""
    options = DemoOptions(approve_after=0, token_lifetime=LIFETIME)
    with DemoServer(options) as running_server:
        profile_for(running_server)
        yield running_server


@pytest.fixture
def signed_in(server: DemoServer, secret_service: SecretStore) -> DemoServer:
    """A server with a saved sign-in from before the app starts."""
    sign_in(secret_service, "soc")
    return server


@pytest.fixture
def agent(signed_in: DemoServer, secret_service: SecretStore) -> Iterator[Agent]:
    """Run the app, signed in."""
    del signed_in
    with run_agent(secret_service) as made:
        made.wait_for("signed_in")
        yield made


def held(store: SecretStore) -> str:
    return str(saved_token(store)["access_token"])


# With the running app


def test_a_script_gets_the_token_and_nothing_else(
    agent: Agent, secret_service: SecretStore
) -> None:
    done = token(agent.environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{held(secret_service)}\n"
    as_json = json.loads(token(agent.environment, "--format", "json").stdout)
    assert as_json["access_token"] == held(secret_service)
    hand_outs = client.send_command("status")["hand_outs"]
    assert isinstance(hand_outs, list)
    assert hand_outs[0]["pid"] == os.getpid(), "the caller is recorded"
    assert held(secret_service) not in json.dumps(client.send_command("status"))


def test_a_request_to_quit_is_confirmed(agent: Agent) -> None:
    done = subprocess.run(
        [*COMMAND, "quit"],
        env=dict(agent.environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    wait_until(agent.program.has_ended, "the end of the program")


def test_the_fast_path_loads_no_slow_modules(agent: Agent) -> None:
    program = (
        "import sys\n"
        "from desktop.__main__ import main\n"
        "code = main(['token'])\n"
        "sys.stderr.write('\\n'.join(name for name, module in sys.modules.items() if module))\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        # Coverage measurement would load some of these modules.
        env={k: v for k, v in agent.environment.items() if not k.startswith("COVERAGE_")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("\n") == 1
    loaded = {name.split(".")[0] for name in done.stderr.split("\n")}
    slow = {"PySide6", "httpx", "click", "json", "typing", "re", "socket", "pathlib", "asyncio"}
    assert not loaded & slow
    ours = {name for name in done.stderr.split("\n") if name.startswith("desktop.")}
    assert ours == {
        "desktop.__main__",
        "desktop.cli",
        "desktop.cli.terminal",
        "desktop.cli.terminal.streams",
        "desktop.cli.token_fast_path",
        "desktop.ipc",
        "desktop.ipc.address",
        "desktop.ipc.exchange",
        "desktop.ipc.peer",
        "desktop.ipc.token_message",
    }


def test_fifty_requests_at_expiry_cause_one_renewal(
    signed_in: DemoServer, secret_service: SecretStore
) -> None:
    age(secret_service, "soc", LIFETIME * 0.6)  # not renewed in the first half of its lifetime
    first = held(secret_service)
    go = threading.Barrier(MANY)

    def take(_number: int) -> str:
        go.wait()
        # Like a script whose token has just expired.
        answer = client.send_command("token", timeout=60, profile=None, min_validity=LIFETIME)
        return str(answer["access_token"])

    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        assert renewals(signed_in) == []
        with ThreadPoolExecutor(MANY) as scripts:
            taken = set(scripts.map(take, range(MANY)))
        assert renewals(signed_in) == [200]
        assert taken == {held(secret_service)} != {first}
        assert agent.status()["soc"]["state"] == "signed_in"


def test_fifty_processes_get_the_same_token(agent: Agent, server: DemoServer) -> None:
    processes = [start_token(agent.environment, "--min-validity", "1h") for _ in range(MANY)]
    outputs = [each.communicate(timeout=120) for each in processes]
    assert {each.returncode for each in processes} == {0}, {stderr for _, stderr in outputs}
    assert len({stdout for stdout, _ in outputs}) == 1
    assert renewals(server) == [], "it is in the first half of its life"


def test_a_hostile_program_does_not_block_others(agent: Agent) -> None:
    with ExitStack() as open_sockets:
        for number in range(100):
            hostile = open_sockets.enter_context(socket.socket(socket.AF_UNIX))
            hostile.connect(os.fspath(socket_path()))
            hostile.send(GARBAGE[number % len(GARBAGE)])
        for _ in range(5):
            done = token(agent.environment)
            assert (done.returncode, done.stderr) == (0, "")
        assert client.send_command("show")["ok"] is True
    assert agent.status()["soc"]["state"] == "signed_in"
    assert not agent.program.has_ended()


def test_a_silent_connection_is_closed(agent: Agent) -> None:
    with ExitStack() as open_sockets:
        for _ in range(200):
            silent = open_sockets.enter_context(socket.socket(socket.AF_UNIX))
            silent.connect(os.fspath(socket_path()))
        assert token(agent.environment).returncode == 0
    assert not agent.program.has_ended()


def test_other_users_cannot_use_the_socket(agent: Agent) -> None:
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("requires root")
    program = (
        "import socket, sys\n"
        "try:\n"
        "    socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
        "except PermissionError:\n"
        "    print('refused')\n"
    )
    as_another = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    command = [*as_another, "/usr/bin/env", "python3", "-I", "-c", program, str(socket_path())]
    # The folder of the socket is closed even if all parent folders are open.
    runtime = Path(os.environ["XDG_RUNTIME_DIR"])
    for folder in (runtime, runtime.parent):
        folder.chmod(0o755)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout == "refused\n", done.stderr
    # Even if it is opened on purpose, the app checks who connects.
    socket_path().parent.chmod(0o755)
    socket_path().chmod(0o666)
    line = '{"version": 1, "command": "token", "profile": null}'
    code = (
        "import socket, sys\n"
        "peer = socket.socket(socket.AF_UNIX)\n"
        "peer.connect(sys.argv[1])\n"
        "try:\n"
        f"    peer.sendall(b'{line}\\n')\n"
        "    print(len(peer.recv(65536)))\n"
        "except OSError:\n"
        "    print(0)\n"
    )
    command[-2] = code
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.stdout == "0\n", done.stderr
    assert token(agent.environment).returncode == 0


# Crashes


def test_a_crashed_client_does_not_affect_others(agent: Agent) -> None:
    for _ in range(20):
        process = start_token(agent.environment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert token(agent.environment).returncode == 0
    assert not agent.program.has_ended()


def test_a_script_renews_if_the_app_crashes_during_a_renewal(
    signed_in: DemoServer, secret_service: SecretStore
) -> None:
    server = signed_in
    age(secret_service, "soc", LIFETIME * 0.6)
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        first = held(secret_service)
        server.inject("hang", grant_type="refresh_token")
        process = start_token(agent.environment, "--min-validity", "1h")
        wait_until(lambda: server.pending_faults() == 0, "the request of a renewal")
        assert agent.status()["soc"]["renewing"] is True
        agent.program.process.kill()
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")
    assert stdout == f"{held(secret_service)}\n" != f"{first}\n"
    assert set(renewals(server)) == {200}


@pytest.mark.usefixtures("signed_in")
def test_a_script_gets_its_token_whenever_the_app_crashes(secret_service: SecretStore) -> None:
    for milliseconds in (0, 4, 15, 60):
        with run_agent(secret_service) as agent:
            agent.wait_for("signed_in")
            process = start_token(agent.environment, "--min-validity", "1s")
            with suppress(subprocess.TimeoutExpired):
                process.wait(milliseconds / 1000)
            agent.program.process.kill()
            stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (0, "")
        assert stdout.count(".") == 2, "a whole token"


# Without the app


def test_without_the_app_the_token_comes_from_the_keyring(
    server: DemoServer, secret_service: SecretStore
) -> None:
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")  # so that the token is saved
    first = held(secret_service)
    done = token(headless(secret_service), "--min-validity", "1s")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{first}\n", "")
    age(secret_service, "soc", LIFETIME)
    processes = [start_token(headless(secret_service)) for _ in range(5)]
    outputs = {each.communicate(timeout=120) for each in processes}
    assert outputs == {(f"{held(secret_service)}\n", "")}
    assert held(secret_service) != first
    assert renewals(server)[-1:] == [200]
    assert set(renewals(server)) == {200}, "a refresh token that comes twice ends all"


@pytest.mark.usefixtures("server")
def test_without_a_sign_in_there_is_an_error(secret_service: SecretStore) -> None:
    done = token(headless(secret_service))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "You're not signed in. Run “xdr-login login --profile soc”, then try again.\n"
    )


@pytest.mark.usefixtures("signed_in")
def test_without_the_app_required_permission_is_not_skipped(secret_service: SecretStore) -> None:
    settings_file().write_text("ask_for_tokens = true\n")
    done = token(headless(secret_service))
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Can't ask for your permission.")


@pytest.mark.usefixtures("signed_in")
def test_without_the_app_nobody_can_confirm_to_be_there(secret_service: SecretStore) -> None:
    file = profiles_file()
    file.write_text(file.read_text("utf-8") + '\npresence = "ask"\n', "utf-8")
    done = token(headless(secret_service))
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Can't ask you to confirm that it's you.")
    assert "Start XDR Login" in done.stderr


@pytest.mark.usefixtures("signed_in")
def test_a_missing_keyring_is_reported(secret_service: SecretStore) -> None:
    environment = headless(secret_service) | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    done = token(environment)
    assert (done.returncode, done.stdout) == (6, "")


@pytest.mark.usefixtures("signed_in")
def test_an_app_of_another_version_is_skipped(secret_service: SecretStore) -> None:
    path = socket_path()
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen()
        said: list[bytes] = []

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                said.append(peer.recv(65536))
                peer.sendall(b'{"version": 2, "ok": true, "text": "another-token"}\n')

        another = threading.Thread(target=answer)
        another.start()
        done = token(headless(secret_service), "--min-validity", "1s")
        another.join()
    path.unlink()
    assert json.loads(said[0])["command"] == "token"
    assert (done.returncode, done.stdout) == (0, f"{held(secret_service)}\n")


def test_help_has_examples() -> None:
    done = subprocess.run([*COMMAND, "token", "--help"], capture_output=True, text=True, check=True)
    assert "xdr-login token --format curl" in done.stdout
    assert done.stderr == ""
