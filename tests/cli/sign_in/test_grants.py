"""`grants` and `csrf-token` against the demo server."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import click
import pytest

from desktop.cli.api import csrf_token
from desktop.cli.api.api_answers import read_beginning
from desktop.cli.sign_in import grants
from desktop.cli.terminal.exits import Exit
from desktop.demo import PUBLIC_CLIENT_ID
from desktop.oauth.errors import UnusableAnswer
from desktop.oauth.resource import ResourceAnswer
from tests.cli.commands import CommandHarness
from tests.cli.demo_harness import DemoHarness, write_profile
from tests.oauth.test_resource import Pieces
from tests.pseudo_language import real_language

GRANT = "/iroh/oauth2/app-grant"


def test_status_shows_the_granted_access(served: DemoHarness) -> None:
    found = served.run("grants", "status")
    assert found.return_value == Exit.OK
    app, granted, since = found.stdout.splitlines()
    assert app == f"Client ID  {PUBLIC_CLIENT_ID}"
    assert granted.startswith("Granted    enrich:read, inspect:read, casebook")
    assert re.fullmatch(r"Since      \d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d:\d\d \S+", since)


def test_status_shows_a_date_of_the_language_but_scopes_as_people_paste_them(
    served: DemoHarness,
) -> None:
    with real_language("ja"):
        _, granted, since = served.run("grants", "status").stdout.splitlines()
    assert "enrich:read, inspect:read, casebook" in granted
    assert re.search(r"\d{4}年\d+月\d+日", since)


def test_status_prints_json(served: DemoHarness) -> None:
    found = json.loads(served.run("grants", "status", "--json").stdout)
    assert (found["profile"], found["client_id"]) == ("northwind", PUBLIC_CLIENT_ID)
    assert found["granted"] is True
    assert found["scope"].split()[0] == "enrich:read"
    assert datetime.fromisoformat(found["since"]).tzinfo == UTC


@pytest.mark.parametrize("command", ["status", "revoke"])
def test_a_server_without_grants_is_an_error(served: DemoHarness, command: str) -> None:
    write_profile(served.server.url, app_grants=False)
    found = served.run("grants", command)
    assert found.return_value == Exit.FAILURE
    assert "The server of Northwind SOC doesn't keep track of granted access." in found.stderr


def test_json_has_the_error(served: DemoHarness) -> None:
    elsewhere = json.loads(served.run("csrf-token", "--json", "--path", "/iroh/elsewhere").stdout)
    assert (elsewhere["event"], elsewhere["code"]) == ("error", "failure")
    assert "answered 404" in elsewhere["message"]
    write_profile(served.server.url, app_grants=False)
    none = json.loads(served.run("grants", "status", "--json").stdout)
    assert (none["event"], none["code"]) == ("error", "failure")


def test_revoking_needs_yes_without_a_terminal(served: DemoHarness) -> None:
    found = served.run("grants", "revoke")
    assert isinstance(found.exception, click.UsageError)


@pytest.mark.usefixtures("terminal")
def test_revoking_asks_first(served: DemoHarness) -> None:
    found = served.run("grants", "revoke", stdin="n\n")
    assert found.return_value == Exit.FORBIDDEN
    assert "on all your computers (Northwind SOC). Revoke it?" in found.stderr
    assert "Nothing was revoked." in found.stderr


def test_revoking_goes_through_the_running_app(
    served: DemoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "sign_out_in_app", lambda _: ({"text": "You are signed out."},))
    found = served.run("grants", "revoke", "--yes")
    assert found.return_value == Exit.OK
    assert found.stderr == "Northwind SOC: You are signed out.\n"


def test_revoking_without_a_sign_in_exits_with_3(
    served: DemoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "sign_out_in_app", lambda _: ())
    assert served.run("grants", "revoke", "--yes").return_value == Exit.SIGN_IN_NEEDED


def test_revoking_ends_the_grant_and_empties_the_keyring(home: CommandHarness) -> None:
    home.add_profile("soc", app_grant_endpoint=f"{home.server.url}{GRANT}")
    home.sign_in("soc")
    assert home.json("grants", "status")["scope"] == "casebook profile"
    done = home.run("grants", "revoke", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert "You're signed out on all computers." in done.stderr
    assert home.store.entries() == {}
    assert [each.status for each in home.server.history() if each.path.startswith(GRANT)] == [204]
    assert home.run("grants", "revoke", "--yes").returncode == Exit.SIGN_IN_NEEDED


# CSRF tokens


def test_only_the_csrf_token_is_printed(served: DemoHarness) -> None:
    found = served.run("csrf-token")
    assert found.return_value == Exit.OK
    assert len(found.stdout.strip()) == 43
    told = json.loads(served.run("csrf-token", "--json").stdout)
    assert told["expires_in"] == 60
    assert told["csrf_token"] != found.stdout.strip()


def test_a_rejected_token_is_renewed_for_it(served: DemoHarness) -> None:
    served.tokens.insert(0, "refused")
    assert served.run("csrf-token").return_value == Exit.OK


def test_a_missing_route_is_an_error_of_the_server(served: DemoHarness) -> None:
    found = served.run("csrf-token", "--path", "/iroh/elsewhere")
    assert found.return_value == Exit.FAILURE
    assert found.stdout == ""
    assert "answered 404" in found.stderr
    assert "Trace ID: " in found.stderr


def test_other_servers_are_rejected(served: DemoHarness) -> None:
    found = served.run("csrf-token", "--path", "//evil.example/x")
    assert isinstance(found.exception, click.UsageError)


def answered(body: bytes) -> ResourceAnswer:
    headers: dict[str, str] = {}
    return ResourceAnswer("login.example", 200, "OK", "HTTP/1.1", headers, (), aiter(Pieces(body)))


@pytest.mark.parametrize(
    ("body", "token", "lifetime"),
    [
        (b'{"csrf-token": "t", "expires-in": 30}', "t", 30.0),
        (b'{"csrf_token": "t"}', "t", None),
        (b'{"token": "t"}', "t", None),
        (b'"t"', "t", None),
    ],
)
def test_a_token_is_found_in_several_shapes(
    body: bytes, token: str, lifetime: float | None
) -> None:
    assert csrf_token._token_in(answered(body), body) == (token, lifetime)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]", b'"a\\u001b[2J"', b"[" * 100_000])
def test_an_invalid_csrf_token_is_not_printed(body: bytes) -> None:
    with pytest.raises(UnusableAnswer):
        csrf_token._token_in(answered(body), body)


async def test_no_more_is_read_than_a_token_needs() -> None:
    body, is_whole = await read_beginning(answered(b"x" * 100_000), 65536)
    assert (len(body), is_whole) == (65536, False)
