"""`token --for` without the running app, as a process with a real keyring and a real server."""

import json
import sys
from contextlib import nullcontext

import httpx
import pytest

from tests.cli.commands import CommandHarness
from tests.end_to_end.agent import run_agent


@pytest.fixture
def exchanging(home: CommandHarness) -> CommandHarness:
    """Be signed in with a profile that has exchanges."""
    home.add_profile("soc")
    url = f"{home.server.secure_endpoint}/v3/access_tokens"
    with home.file.open("a") as file:
        file.write(
            f'[profiles.soc.exchanges.secure-endpoint]\nkind = "bearer"\nurl = "{url}"\n'
            "[profiles.soc.exchanges.orders]\n"
        )
    return home


def test_the_service_takes_the_token_that_is_printed(exchanging: CommandHarness) -> None:
    exchanging.sign_in("soc")
    done = exchanging.run("token", "--for", "secure-endpoint", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    token = json.loads(done.stdout)
    assert token["expires_at"]
    where = f"{exchanging.server.secure_endpoint}/v3/organizations"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert httpx.get(where, headers=headers).status_code == 200
    first = exchanging.run("token").stdout.strip()
    assert first != token["access_token"]
    assert httpx.get(where, headers={"Authorization": f"Bearer {first}"}).status_code == 401


@pytest.mark.parametrize("command", ["run", "foreach"])
@pytest.mark.parametrize(
    "with_app",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(
                sys.platform != "linux", reason="the app needs no display there"
            ),
        ),
    ],
)
def test_a_program_gets_the_token_of_the_other_service(
    exchanging: CommandHarness, command: str, *, with_app: bool
) -> None:
    exchanging.sign_in("soc")
    program = ("--", sys.executable, "-c", "import os; print(os.environ['XDR_ACCESS_TOKEN'])")
    with run_agent(exchanging.store) if with_app else nullcontext() as agent:
        if agent:
            agent.wait_for("signed_in", "soc")
        done = exchanging.run(command, "--for", "secure-endpoint", *program)
    assert (done.returncode, done.stderr) == (0, "")
    where = f"{exchanging.server.secure_endpoint}/v3/organizations"
    headers = {"Authorization": f"Bearer {done.stdout.removeprefix('soc: ').strip()}"}
    assert httpx.get(where, headers=headers).status_code == 200


@pytest.mark.parametrize("command", ["run", "foreach"])
def test_a_program_does_not_start_without_the_token_of_the_other_service(
    exchanging: CommandHarness, command: str
) -> None:
    exchanging.sign_in("soc")
    for name, code, words in (
        ("nosuch", 2, "nosuch"),
        ("", 2, "Missing NAME for --for."),
        ("orders", 7, "No token for “orders”"),
    ):
        program = ("--", sys.executable, "-c", "print('ran')")
        done = exchanging.run(command, "--for", name, *program)
        assert (done.returncode, done.stdout) == (code, "")
        assert words in done.stderr


def test_what_is_missing_is_named(exchanging: CommandHarness) -> None:
    done = exchanging.run("token", "--for", "secure-endpoint")
    assert (done.returncode, done.stdout) == (3, "")
    assert "xdr-login login --profile soc" in done.stderr
    done = exchanging.run("token", "--for", "secure-endpont")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean “secure-endpoint”?" in done.stderr


def test_an_empty_name_does_not_print_the_first_token(exchanging: CommandHarness) -> None:
    exchanging.sign_in("soc")
    done = exchanging.run("token", "--for", "")  # such as an unset variable
    assert (done.returncode, done.stdout) == (2, "")
    assert "Missing NAME for --for." in done.stderr


def test_a_refusal_names_the_exchange(exchanging: CommandHarness) -> None:
    exchanging.sign_in("soc")
    done = exchanging.run("token", "--for", "orders")  # which the demo server does not offer
    assert (done.returncode, done.stdout) == (7, "")
    assert "No token for “orders”" in done.stderr
