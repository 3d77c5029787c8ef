"""`xdr-login api` against the demo server."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest

from desktop.cli.api import api_answers
from desktop.cli.api.api_routes import list_routes
from desktop.cli.terminal.exits import Exit
from desktop.demo import PUBLIC_CLIENT_ID
from desktop.services.model.api_calls import Language
from desktop.services.token.openapi import load_bundled_routes
from tests.cli.commands import COMMAND, CommandHarness, environment
from tests.cli.demo_harness import DemoHarness, write_profile
from tests.pseudo_language import real_language
from tests.rigs import requirements

ROOT = Path(__file__).parents[3]
WHOAMI = "/iroh/profile/whoami"
STATUS = "/iroh/oauth2/grant-status"
GRANT = f"/iroh/oauth2/app-grant/{PUBLIC_CLIENT_ID}"


# What comes out


def test_json_is_unchanged_in_a_pipe(served: DemoHarness) -> None:
    found = served.run("api", "GET", WHOAMI)
    assert found.return_value == Exit.OK
    assert json.loads(found.stdout)["user"]["user-email"] == "dana@northwind.example"
    assert "\n" not in found.stdout
    assert found.stderr == ""


@pytest.mark.usefixtures("terminal")
def test_json_is_readable_on_a_terminal(served: DemoHarness) -> None:
    found = served.run("api", "get", WHOAMI)
    assert '  "user": {\n    "user-id"' in found.stdout


def test_fields_of_a_get_go_into_the_query(served: DemoHarness) -> None:
    found = served.run("api", "GET", STATUS, "-f", f"client_id={PUBLIC_CLIENT_ID}")
    assert json.loads(found.stdout)["client-id"] == PUBLIC_CLIENT_ID
    other = served.run("api", "GET", f"{STATUS}?client_id=client-x%20y")
    assert json.loads(other.stdout)["client-id"] == "client-x y"


def test_status_and_headers_can_be_included(served: DemoHarness) -> None:
    found = served.run("api", "GET", WHOAMI, "--include")
    head, _, body = found.stdout.partition("\n\n")
    assert head.splitlines()[0] == "HTTP/1.1 200 OK"
    assert "content-type: application/json" in head.lower()
    assert json.loads(body)["org"]["name"] == "Northwind SOC"


def test_head_shows_the_headers(served: DemoHarness) -> None:
    found = served.run("api", "HEAD", "/iroh/oauth2/device")
    assert found.stdout.startswith("HTTP/1.1 200 OK\n")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", ""),
        (b'{"a":"\xc3\xa9"}', '{\n  "a": "\u00e9"\n}'),
        (b'{"a":"\x7f\xc2\x9b2J"}', '{\n  "a": "\\u007f\\u009b2J"\n}'),
        (b"\x1b[2Jplain\n", "\\u001b[2Jplain"),
        (b"a\xff\tb\nc", "a\ufffd\tb\nc"),
        ("\u202egnp".encode(), "\\u202egnp"),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_response_cannot_control_the_terminal(body: bytes, shown: str) -> None:
    assert api_answers.readable(body) == shown


def test_deep_json_is_not_indented() -> None:
    body = b"[" * 200 + b",".join([b"1"] * 100_000) + b"]" * 200
    assert api_answers.readable(body) == body.decode()


@pytest.mark.usefixtures("terminal")
def test_output_to_a_terminal_is_limited(
    served: DemoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_answers, "LARGEST_ON_SCREEN", 10)
    found = served.run("api", "GET", WHOAMI)
    assert found.stdout == '{"user":{"\n'
    assert found.return_value == Exit.FAILURE
    assert "redirect the output" in found.stderr


# Errors


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("401", Exit.SIGN_IN_NEEDED, "Sign in again: xdr-login login --again --profile northwind"),
        ("403", Exit.FORBIDDEN, "The token may lack a scope that this request needs"),
        ("429:90s", Exit.NETWORK, "Try again in"),
        ("500", Exit.NETWORK, "answered 500 Internal Server Error: “Something went wrong on"),
        ("503", Exit.NETWORK, "The service is being updated."),
    ],
)
def test_an_error_has_a_message_and_an_exit_code(
    served: DemoHarness, fault: str, code: Exit, words: str
) -> None:
    served.server.inject(fault, path="/iroh/example")
    found = served.run("api", "POST", "/iroh/example", "--yes")
    assert found.return_value == code
    assert words in found.stderr
    if found.stdout:
        trace_id = json.loads(found.stdout)["trace_id"]
        assert f"Trace ID: {trace_id}" in found.stderr


def test_a_missing_route_is_a_failure_with_a_trace_id(served: DemoHarness) -> None:
    found = served.run("api", "GET", "/iroh/nothing")
    assert found.return_value == Exit.FAILURE
    answered = json.loads(found.stdout)
    assert found.stderr == (
        f"127.0.0.1 answered 404 Not Found: “Not Found”\nTrace ID: {answered['trace_id']}\n"
    )


def test_an_unreachable_server_is_a_network_error(served: DemoHarness) -> None:
    write_profile("http://127.0.0.1:1")
    found = served.run("api", "GET", WHOAMI)
    assert found.return_value == Exit.NETWORK
    assert "Can't reach the server" in found.stderr


def test_a_redirect_is_not_followed(served: DemoHarness) -> None:
    before = len(served.server.history())
    found = served.run("api", "GET", "/")
    assert found.return_value == Exit.FAILURE
    assert "Redirects are not followed" in found.stderr
    assert [each.path for each in served.server.history()[before:]] == ["/"]


# API services


@pytest.fixture
def services(served: DemoHarness) -> dict[str, str]:
    """Two services under another name of the demo server, which is another host."""
    elsewhere = served.server.url.replace("127.0.0.1", "localhost")
    named = {"profile": f"{elsewhere}/iroh/profile/", "conure": elsewhere}
    write_profile(served.server.url, services=named)
    return named


def test_a_service_is_called_by_its_name_or_its_address(
    served: DemoHarness, services: dict[str, str]
) -> None:
    for path in ("profile:/whoami", f"conure:{WHOAMI}", f"{services['conure']}{WHOAMI}?a=b"):
        before = len(served.server.history())
        found = served.run("api", "GET", path)
        assert (found.return_value, found.stderr) == (Exit.OK, "")
        assert json.loads(found.stdout)["org"]["name"] == "Northwind SOC"
        assert [each.path for each in served.server.history()[before:]] == [WHOAMI]
    assert served.run("api", "GET", WHOAMI).return_value == Exit.OK


def test_a_redirect_of_a_service_is_not_followed(
    served: DemoHarness, services: dict[str, str]
) -> None:
    assert services
    before = len(served.server.history())
    found = served.run("api", "GET", "conure:/")
    assert (found.return_value, "Redirects are not followed" in found.stderr) == (1, True)
    assert [each.path for each in served.server.history()[before:]] == ["/"]


@pytest.mark.parametrize("language", list(Language))
def test_the_printed_code_has_the_whole_address(
    served: DemoHarness, services: dict[str, str], language: Language
) -> None:
    found = served.run("api", "GET", "profile:/whoami", "--as", language.value)
    assert f"{services['profile']}whoami" in found.stdout
    assert served.validities == []


def test_an_unknown_service_gets_the_list_and_a_suggestion(
    served: DemoHarness, services: dict[str, str]
) -> None:
    assert services
    found = served.run("api", "GET", "conur:/v2")
    assert isinstance(found.exception, click.UsageError)
    assert str(found.exception) == (
        "“Northwind SOC” has no API service “conur”. Did you mean “conure”? "
        "Available services: profile, conure, server."
    )
    assert served.validities == []


def test_a_foreign_host_is_refused_with_how_to_add_it(served: DemoHarness) -> None:
    found = served.run("api", "GET", "https://evil.example/v1")
    assert isinstance(found.exception, click.UsageError)
    assert "evil.example is not an API service of “Northwind SOC”" in str(found.exception)
    assert "profiles edit northwind --service NAME=https://evil.example" in str(found.exception)


# The token


def test_a_rejected_token_is_renewed_once_for_safe_methods(served: DemoHarness) -> None:
    served.tokens.insert(0, "refused")
    found = served.run("api", "GET", WHOAMI)
    assert found.return_value == Exit.OK
    assert served.validities[0] == 60.0
    assert served.validities[1] > 490.0  # longer than the first one lives
    assert len(served.validities) == 2


def test_a_token_that_stays_rejected_is_reported(served: DemoHarness) -> None:
    served.tokens[:] = ["refused"]
    found = served.run("api", "GET", WHOAMI)
    assert found.return_value == Exit.SIGN_IN_NEEDED
    assert json.loads(found.stdout)["error"] == "invalid_token"
    assert len(served.validities) == 2


def test_unsafe_methods_are_never_repeated(served: DemoHarness) -> None:
    served.tokens.insert(0, "refused")
    before = len(served.statuses_of(GRANT))
    found = served.run("api", "DELETE", GRANT, "--yes")
    assert found.return_value == Exit.SIGN_IN_NEEDED
    assert served.statuses_of(GRANT)[before:] == [401]
    assert len(served.validities) == 1


def test_the_token_is_in_no_output(served: DemoHarness) -> None:
    for arguments in (("GET", WHOAMI, "-i"), ("GET", "/x"), ("GET", WHOAMI, "--as", "curl")):
        found = served.run("api", *arguments)
        assert served.tokens[0] not in found.output
        assert found.return_value is not None


# What changes something


def test_without_a_terminal_it_needs_yes(served: DemoHarness) -> None:
    before = len(served.statuses_of(GRANT))
    found = served.run("api", "DELETE", GRANT)
    assert isinstance(found.exception, click.UsageError)
    assert "--yes" in str(found.exception)
    assert len(served.statuses_of(GRANT)) == before


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("said", "code"), [("n\n", Exit.FORBIDDEN), ("y\n", Exit.OK)])
def test_on_a_terminal_it_asks(served: DemoHarness, said: str, code: Exit) -> None:
    before = len(served.statuses_of(GRANT))
    found = served.run("api", "DELETE", GRANT, stdin=said)
    assert found.return_value == code
    assert f"DELETE {served.server.url}{GRANT} as Northwind SOC?" in found.stderr
    assert len(served.statuses_of(GRANT)) - before == (said == "y\n")


# Bodies


def test_fields_become_json(served: DemoHarness) -> None:
    csrf = json.loads(served.run("api", "GET", "/iroh/oauth2/csrf-token").stdout)["csrf-token"]
    found = served.run(
        *("api", "POST", "/iroh/oauth2/code", "--yes"),
        *("-f", f"client_id={PUBLIC_CLIENT_ID}"),
        *("-f", "redirect_uri=http://127.0.0.1:1/callback"),
        *("-f", f"code_challenge={'c' * 43}", "-f", f"csrf_token={csrf}"),
        *("-f", "state=a=b c"),
    )
    assert found.return_value == Exit.OK, found.output
    assert json.loads(found.stdout)["state"] == "a=b c"


def test_fields_become_a_form_with_form(served: DemoHarness) -> None:
    found = served.run(
        "api", "POST", "/iroh/oauth2/device_authorization", "--form", "--yes", "-f", "scope=coffee"
    )
    assert json.loads(found.stdout)["error"] == "invalid_client"  # it was read


@pytest.mark.parametrize("from_stdin", [True, False])
def test_a_body_can_come_from_a_file_or_stdin(
    served: DemoHarness, tmp_path: Path, *, from_stdin: bool
) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"csrf_token": "x"}')
    found = served.run(
        *("api", "POST", "/iroh/oauth2/code", "--yes", "--input"),
        "-" if from_stdin else str(file),
        stdin=file.read_bytes() if from_stdin else "",
    )
    assert json.loads(found.stdout)["error"] == "invalid_csrf_token"


def test_the_size_of_a_body_is_limited(
    served: DemoHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desktop.cli.api import api

    monkeypatch.setattr(api, "_LARGEST_INPUT", 3)
    file = tmp_path / "body.json"
    file.write_text("1234")
    found = served.run("api", "POST", "/iroh/x", "--yes", "--input", str(file))
    assert isinstance(found.exception, click.BadParameter)


# What is refused before anything is sent


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("GET",),
        ("BREW", "/x"),
        ("GET", "https://evil.example/"),
        ("GET", "server://evil.example/"),
        ("GET", "server:evil.example/"),
        ("GET", "server:"),
        ("GET", "server:\\evil.example"),
        ("GET", "server:/x#@evil.example"),
        ("GET", "http://127.0.0.1@evil.example/"),
        ("GET", "http://127.0.0.1:1/"),
        ("GET", "ftp://evil.example/"),
        ("GET", "x"),
        ("GET", ":/x"),
        ("GET", "//evil.example/"),
        ("GET", "/\\evil.example/"),
        ("GET", "@evil.example/"),
        ("GET", "/x", "-H", "Authorization: Bearer other"),
        ("GET", "/x", "-H", "authorization : Bearer other"),
        ("GET", "/x", "-H", "Host: evil.example"),
        ("GET", "/x", "-f", "no-value"),
        ("GET", "/x", "--input", "-"),
        ("POST", "/x", "--input", "/no/such/file"),
        ("GET", "/x", "--json"),
        ("POST", "/x", "--input", "-", "--as", "curl"),
    ],
)
def test_invalid_calls_are_usage_errors(served: DemoHarness, arguments: tuple[str, ...]) -> None:
    before = len(served.server.history())
    found = served.run("api", *arguments)
    assert isinstance(found.exception, click.UsageError)
    assert found.exception.exit_code == Exit.USAGE
    assert served.validities == []
    assert len(served.server.history()) == before


# The list


def test_the_list_has_groups_parameters_and_assumptions(served: DemoHarness) -> None:
    found = served.run("api", "--list")
    lines = found.stdout.splitlines()
    groups = [line for line in lines if line and not line.startswith(" ")]
    assert groups == [f"server  {served.server.url}", "OAuth2", "Grants", "DeviceGrant"]
    assert "  DELETE /iroh/oauth2/app-grant/{client-id}" in lines
    assert any("client-id (path, required)" in line for line in lines)
    assert any("Assumed: The path, which Cisco" in line for line in lines)


def test_the_list_of_known_routes_is_translated_but_not_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with real_language("de"):
        list_routes(load_bundled_routes(), (), "", as_json=False)
        assert "      Code anfordern (RFC 8628).\n" in capsys.readouterr().out
        list_routes(load_bundled_routes(), (), "", as_json=True)
        assert "Request a code (RFC 8628)" in capsys.readouterr().out


def test_the_list_is_by_service(served: DemoHarness, services: dict[str, str]) -> None:
    lines = served.run("api", "--list").stdout.splitlines()
    assert lines[0] == f"server  {served.server.url}"
    assert lines[-3:] == [
        "Other API services. Call them as NAME:/path.",
        f"  profile  {services['profile'].rstrip('/')}",
        f"  conure   {services['conure']}",
    ]
    found = json.loads(served.run("api", "--list", "--json").stdout)
    assert [each["name"] for each in found["services"]] == ["profile", "conure", "server"]
    assert found["services"][1] == {"name": "conure", "address": services["conure"]}
    assert {each["service"] for each in found["routes"]} == {"server"}


def test_routes_of_cisco_xdr_are_not_those_of_another_provider(served: DemoHarness) -> None:
    folder = Path(os.environ["XDG_CONFIG_HOME"], "xdr-login")
    (folder / "profiles.toml").write_text('[profiles.x]\npreset = "github"\nclient_id = "c"\n')
    assert served.run("api", "--list").stdout.splitlines() == [
        "API services. Call them as NAME:/path.",
        "  api     https://api.github.com",
        "  server  https://github.com",
    ]
    assert json.loads(served.run("api", "--list", "--json").stdout)["routes"] == []


def test_without_a_profile_the_known_routes_are_listed(served: DemoHarness) -> None:
    Path(os.environ["XDG_CONFIG_HOME"], "xdr-login", "profiles.toml").unlink()
    assert served.run("api", "--list").stdout.startswith("OAuth2\n")
    assert json.loads(served.run("api", "--list", "--json").stdout)["services"] == []


def test_the_list_can_be_json(served: DemoHarness) -> None:
    routes = json.loads(served.run("api", "--list", "--json").stdout)["routes"]
    (found,) = [each for each in routes if each["path"] == "/iroh/oauth2/grant-status"]
    assert (found["method"], found["group"], found["needs_token"]) == ("GET", "Grants", True)
    assert found["parameters"][0]["where"] == "query"
    assert found["scopes"] == []


def test_another_description_can_be_listed(served: DemoHarness, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(
        json.dumps(
            {
                "swagger": "2.0",
                "basePath": "/v2",
                "securityDefinitions": {"login": {"type": "oauth2"}},
                "paths": {"/pets": {"get": {"security": [{"login": ["pets:read"]}]}}},
            }
        )
    )
    found = served.run("api", "--list", "--openapi", str(file))
    assert "  GET /v2/pets" in found.stdout
    assert served.server.url not in found.stdout, "nobody knows whose routes these are"
    assert "Required scopes: pets:read." in found.stdout


@pytest.mark.parametrize("content", [b"openapi: 3.1.0\n", b"{}", b"\x00\xff", b'{"openapi": 3}'])
def test_an_invalid_description_is_an_error(
    served: DemoHarness, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(content)
    found = served.run("api", "--list", "--openapi", str(file))
    assert isinstance(found.exception, click.BadParameter)
    assert found.exception.exit_code == Exit.USAGE


# As a process


def test_a_route_is_called_with_the_token_of_the_keyring(home: CommandHarness) -> None:
    home.add_profile("soc")
    home.sign_in("soc")
    done = home.run("api", "GET", WHOAMI, "--profile", "soc")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["org"]["name"] == "Northwind SOC"


def test_without_a_sign_in_nothing_is_called(home: CommandHarness) -> None:
    home.add_profile("soc")
    done = home.run("api", "GET", WHOAMI)
    assert (done.returncode, done.stdout) == (3, "")
    assert home.server.history() == []


@pytest.mark.parametrize(
    ("language", "runner"), [("curl", "sh"), ("python", sys.executable), ("javascript", "node")]
)
def test_the_printed_code_makes_the_call(
    home: CommandHarness, tmp_path: Path, language: str, runner: str
) -> None:
    requirements.require("language", runner, *(["curl"] if language == "curl" else []))
    home.add_profile("soc")
    home.sign_in("soc")
    program = tmp_path / "xdr-login"
    program.write_text(f'#!/bin/sh\nexec {shlex.join((sys.executable, "-m", "desktop"))} "$@"\n')
    program.chmod(0o755)
    code = tmp_path / "call.mjs"
    printed = home.run("api", "GET", WHOAMI, "--as", language)
    assert (printed.returncode, printed.stderr) == (0, "")
    code.write_text(printed.stdout)
    path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    done = subprocess.run(
        [runner, str(code)],
        env=home.base | {"PATH": path, "PYTHONPATH": str(ROOT), "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["org"]["name"] == "Northwind SOC"


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_on_a_real_terminal_output_is_formatted_and_changes_are_confirmed(
    home: CommandHarness,
) -> None:
    home.add_profile("soc")
    home.sign_in("soc")
    code, shown = on_a_terminal(home, "api", "GET", WHOAMI)
    assert code == Exit.OK
    assert '  "user": {\r\n    "user-id"' in shown
    code, shown = on_a_terminal(home, "api", "DELETE", GRANT, typed="n\n")
    assert code == Exit.FORBIDDEN
    assert "DELETE" in shown
    assert shown.endswith("Nothing was sent.\r\n")
    assert not any(each.method == "DELETE" for each in home.server.history())


def on_a_terminal(home: CommandHarness, *arguments: str, typed: str = "") -> tuple[int, str]:
    """Run the command with all its streams on a terminal; gives its exit code and what it shows."""
    import pty  # exists on POSIX only

    ours, theirs = pty.openpty()
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        with subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment(home.base),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            terminal.write(typed.encode())
            shown = b""
            with suppress(OSError):  # how Linux says that the other side is closed
                while piece := terminal.read(4096):
                    shown += piece
        return process.returncode, shown.decode()
