"""Commands with the running app, and with npm's oidc-provider and a real browser."""

import json
import os
import re
import subprocess
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions, DemoServer
from desktop.demo.clients import SERVICE_CLIENT_ID, SERVICE_CLIENT_SECRET
from tests.end_to_end.agent import COMMAND, Agent, headless, run_agent
from tests.end_to_end.conftest import (
    keyring_entries,
    saved_token,
    store_client_password,
    write_profile,
)
from tests.rigs.browser import BrowserOpener
from tests.rigs.oidc_provider import OidcProvider, approve, approve_without_code
from tests.rigs.process import wait_until
from tests.rigs.secret_service import SecretStore

Done = subprocess.CompletedProcess[str]


def run(store: SecretStore, *arguments: str) -> Done:
    """Run a command on a desktop with the keyring of `store`."""
    environment = headless(store)
    environment.pop("SSH_CONNECTION", None)
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


@pytest.fixture
def agent(secret_service: SecretStore) -> Iterator[Agent]:
    """Run the app, signed in to a demo server that approves."""
    with DemoServer(DemoOptions(approve_after=0)) as server:
        write_profile(
            name="SOC",
            issuer=server.url,
            expected_issuer="IROH Auth",
            client_id=PUBLIC_CLIENT_ID,
            client_authentication="none",
            userinfo_endpoint=f"{server.url}/iroh/profile/whoami",
            scope="casebook profile",
        )
        with run_agent(secret_service) as made:
            made.wait_for("signed_in")
            yield made


def profiles_of_the_app(store: SecretStore) -> list[str]:
    status: Any = json.loads(run(store, "status", "--json").stdout)
    assert status["running"] is True
    return [each["id"] for each in status["profiles"]]


def test_commands_and_the_running_app_share_changes(
    agent: Agent, secret_service: SecretStore
) -> None:
    status: Any = json.loads(run(secret_service, "status", "--json").stdout)
    assert status["running"] is True
    assert [each["state"] for each in status["profiles"]] == ["signed_in"]

    child = run(secret_service, "run", "--", "sh", "-c", 'test -n "$XDR_ACCESS_TOKEN"')
    assert (child.returncode, child.stderr) == (0, "")
    status = json.loads(run(secret_service, "status", "--json").stdout)
    assert status["hand_outs"][0]["pid"] == os.getpid()
    assert "dana@northwind.example" in run(secret_service, "whoami").stdout
    assert re.search(r"(?m)^ok +app: running$", run(secret_service, "doctor").stdout)

    added = run(secret_service, "profiles", "add", "Lab", "--region", "eu", "--client-id", "lab")
    assert added.stdout == "lab\n"
    assert profiles_of_the_app(secret_service) == ["soc", "lab"]
    assert run(secret_service, "profiles", "remove", "lab", "--yes").returncode == 0
    assert profiles_of_the_app(secret_service) == ["soc"]

    out = run(secret_service, "logout", "--json")
    (left,) = json.loads(out.stdout)["signed_out"]
    assert (left["id"], left["revocation"]) == ("soc", "not_offered")
    agent.wait_for("signed_out")
    assert keyring_entries(secret_service) == {}
    assert run(secret_service, "logout").returncode == 3
    assert run(secret_service, "run", "--", "true").returncode == 3

    back = run(secret_service, "login", "--no-browser")
    assert back.returncode == 0, back.stderr
    agent.wait_for("signed_in")


def test_without_the_app_a_sign_in_serves_the_next_command(
    agent: Agent, secret_service: SecretStore
) -> None:
    agent.program.process.terminate()
    wait_until(agent.program.has_ended, "the end of the program")
    assert json.loads(run(secret_service, "status", "--json").stdout)["running"] is False
    assert (
        run(secret_service, "token").stdout.strip() == saved_token(secret_service)["access_token"]
    )


@pytest.mark.usefixtures("agent")
def test_a_token_is_not_sent_to_a_changed_server(secret_service: SecretStore) -> None:
    profiles_file = Path(os.environ["XDG_CONFIG_HOME"], "xdr-login", "profiles.toml")
    shown: list[str | None] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization"))
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        text = profiles_file.read_text("utf-8")
        here = f"http://127.0.0.1:{other.server_port}"
        before = tomllib.loads(text)["profiles"]["soc"]["issuer"]
        profiles_file.write_text(text.replace(before, here), "utf-8")
        for command in (("api", "GET", "/iroh/profile/whoami"), ("whoami",), ("run", "--", "env")):
            assert run(secret_service, *command).returncode == 3
        other.shutdown()
    assert shown == []


# All sign-in methods at another provider


@pytest.mark.parametrize(
    ("grant", "act"),
    [("device", approve), ("code", approve_without_code)],
)
def test_a_user_signs_in_at_another_provider(
    grant: str,
    act: Callable[[Page], None],
    oidc_provider: OidcProvider,
    secret_service: SecretStore,
    browser_opener: BrowserOpener,
) -> None:
    write_profile(
        name="Contoso",
        issuer=oidc_provider.issuer,
        client_id=oidc_provider.public.id,
        grant=grant,
        scope="openid offline_access",
    )
    environment = {**headless(secret_service), **browser_opener.changes}
    environment.pop("SSH_CONNECTION", None)
    with subprocess.Popen(
        [*COMMAND, "login", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        code = json.loads(process.stdout.readline())
        assert (code["event"], code["browser_opened"]) == ("code", True)
        assert (code["user_code"] is None) is (grant == "code")
        browser_opener.attach().do(act).result()
        rest, words = process.communicate(timeout=60)
    assert (process.returncode, words) == (0, "")
    signed_in = json.loads(rest)
    assert (signed_in["event"], signed_in["profile"]) == ("signed_in", "soc")
    assert run(secret_service, "whoami", "--json").returncode == 0
    assert run(secret_service, "logout", "--json").returncode == 0
    assert keyring_entries(secret_service) == {}


def test_a_client_signs_in_without_a_user(secret_service: SecretStore) -> None:
    with DemoServer(DemoOptions()) as server:
        write_profile(
            name="Robot",
            issuer=server.url,
            expected_issuer="IROH Auth",
            client_id=SERVICE_CLIENT_ID,
            grant="client-credentials",
        )
        missing = run(secret_service, "login")
        assert missing.returncode == 1
        assert "--client-secret-stdin" in missing.stderr
        store_client_password(secret_service, SERVICE_CLIENT_SECRET)
        done = run(secret_service, "login")
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("✓ Signed in to Robot")
        assert run(secret_service, "token").returncode == 0
