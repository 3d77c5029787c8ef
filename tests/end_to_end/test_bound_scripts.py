"""Scripts with a bound token (DPoP): the running app makes the proofs, or the saved key does."""

import json
import subprocess
from collections.abc import Iterator
from types import ModuleType

import httpx
import pytest
import requests

from desktop.demo import PUBLIC_CLIENT_ID
from desktop.ipc import client
from desktop.xdr_login import Auth, ForeignHost
from tests.cli.commands import sign_in
from tests.end_to_end.agent import COMMAND, Agent, headless, run_agent
from tests.end_to_end.conftest import saved_token, write_profile
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.secret_service import SecretStore

WHOAMI = "/iroh/profile/whoami"


@pytest.fixture
def server(secret_service: SecretStore) -> Iterator[DemoServer]:
    """Run a server that requires a nonce in each proof, with somebody signed in."""
    with DemoServer(DemoOptions(approve_after=0, dpop="nonce")) as running_server:
        write_profile(
            issuer=running_server.url,
            expected_issuer="IROH Auth",
            client_id=PUBLIC_CLIENT_ID,
            scope="profile casebook",
            userinfo_endpoint=f"{running_server.url}{WHOAMI}",
        )
        sign_in(secret_service, "soc")
        yield running_server


@pytest.fixture
def agent(server: DemoServer, secret_service: SecretStore) -> Iterator[Agent]:
    """Run the app, signed in."""
    del server
    with run_agent(secret_service) as made:
        made.wait_for("signed_in")
        yield made


def run(store: SecretStore, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=headless(store),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def call(store: SecretStore, server: DemoServer, *options: str) -> httpx.Response:
    """Send a request with the headers that the command prints, as curl would."""
    url = f"{server.url}{WHOAMI}"
    given = ("--format", "dpop", "--method", "GET", "--url", f"{url}?from=script")
    done = run(store, "token", *given, *options)
    assert (done.returncode, done.stderr) == (0, "")
    headers = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert list(headers) == ["Authorization", "DPoP"]
    return httpx.get(url, headers=headers)


def check_scripts(store: SecretStore, server: DemoServer) -> None:
    refused = call(store, server)
    assert (refused.status_code, refused.json()["error"]) == (401, "use_dpop_nonce")
    assert call(store, server, "--nonce", refused.headers["dpop-nonce"]).status_code == 200
    for command in (("api", "GET", WHOAMI), ("whoami",)):
        done = run(store, *command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert "dana" in done.stdout


def test_the_running_app_makes_the_proofs_and_keeps_the_key(
    agent: Agent, server: DemoServer, secret_service: SecretStore
) -> None:
    check_scripts(secret_service, server)
    key = str(saved_token(secret_service)["key"])
    answers = [
        client.send_command("status"),
        client.send_command("token", profile="soc"),
        client.send_command("proof", profile="soc", method="GET", url=f"{server.url}{WHOAMI}"),
    ]
    assert key not in json.dumps(answers)
    assert agent.status()["soc"]["bound"] is True
    assert ", bound" in run(secret_service, "status").stdout


@pytest.mark.parametrize("library", [httpx, requests])
def test_the_python_package_signs_each_request_through_the_app(
    agent: Agent, server: DemoServer, library: ModuleType
) -> None:
    del agent
    auth = Auth("soc")
    for _ in range(2):
        answer = library.get(f"{server.url}{WHOAMI}?page=2", auth=auth)
        assert answer.status_code == 200
    # The first request learns the nonce, and the second one uses it.
    assert [each.status for each in server.history() if each.path == WHOAMI] == [401, 200, 200]


async def test_the_python_package_signs_requests_of_an_event_loop(
    agent: Agent, server: DemoServer
) -> None:
    del agent
    async with httpx.AsyncClient(auth=Auth("soc")) as http:
        assert (await http.get(f"{server.url}{WHOAMI}")).status_code == 200
        with pytest.raises(ForeignHost):
            await http.get("https://evil.example/")


def test_without_the_app_the_saved_key_makes_the_proofs(
    server: DemoServer, secret_service: SecretStore
) -> None:
    check_scripts(secret_service, server)
    assert ", bound" in run(secret_service, "status").stdout


@pytest.mark.parametrize(
    "command",
    [
        ("token",),
        ("token", "--format", "curl"),
        ("token", "--format", "env"),
        ("run", "--", "true"),
        ("credential", "httpie"),
        ("credential", "kubectl"),
    ],
)
def test_what_is_worth_nothing_is_refused_with_what_works(
    server: DemoServer, secret_service: SecretStore, command: tuple[str, ...]
) -> None:
    del server
    done = run(secret_service, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "bound to this computer" in done.stderr
    assert "--format dpop" in done.stderr


def test_json_says_that_the_token_is_bound(server: DemoServer, secret_service: SecretStore) -> None:
    del server
    done = run(secret_service, "token", "--format", "json")
    assert json.loads(done.stdout)["token_type"] == "DPoP"


def test_a_token_that_leaked_from_json_is_worth_nothing(
    server: DemoServer, secret_service: SecretStore
) -> None:
    token = json.loads(run(secret_service, "token", "--format", "json").stdout)["access_token"]
    for scheme in ("Bearer", "DPoP"):
        headers = {"Authorization": f"{scheme} {token}"}
        assert httpx.get(f"{server.url}{WHOAMI}", headers=headers).status_code == 401


def test_headers_for_another_server_are_refused(
    server: DemoServer, secret_service: SecretStore
) -> None:
    del server
    given = ("--format", "dpop", "--method", "GET", "--url", "https://evil.example/")
    done = run(secret_service, "token", *given)
    assert (done.returncode, done.stdout) == (4, "")
    assert "another server" in done.stderr
