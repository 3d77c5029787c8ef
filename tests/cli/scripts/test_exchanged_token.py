"""`token --for` without the running app, as a process with a real keyring and a real server."""

import json

import httpx
import pytest

from tests.cli.commands import CommandHarness


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
