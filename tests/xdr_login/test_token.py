"""`xdr_login.token`, `services` and the errors, with an app that is made up."""

import json
import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from desktop import xdr_login
from desktop.cli.terminal.exits import Exit, exit_code_by_name
from desktop.ipc import address
from desktop.ipc.messages import CODES, RefusedByAgent
from desktop.xdr_login import _errors, _requests
from tests.rigs.python_package import lay_out_package
from tests.xdr_login.conftest import FakeApp

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")


def run_python(code: str, folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run `code` where the package is installed as by the wheel."""
    site = lay_out_package(folder)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(
        command,
        env=environment | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


# From the running app


@pytest.mark.parametrize(
    ("arguments", "profile", "validity"),
    [
        ((), None, 60),
        (("soc",), "soc", 60),
        (("SOC «Nord»", 300), "SOC «Nord»", 300),
        ((None, 0.5), None, 1),
        ((None, -5), None, 0),
        ((None, 1e300), None, 86400),
    ],
)
def test_the_app_is_asked_for_the_token(
    app: FakeApp, arguments: tuple[Any, ...], profile: str | None, validity: int
) -> None:
    assert xdr_login.token(*arguments) == "token-1"
    (request,) = app.requests
    assert request == {
        "version": 1,
        "command": "token",
        "profile": profile,
        "min_validity": validity,
        "format": "raw",
    }


def test_the_environment_names_a_profile(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDR_LOGIN_PROFILE", "north")
    xdr_login.token()
    xdr_login.token("south")
    xdr_login.services()
    assert [each["profile"] for each in app.requests] == ["north", "south", "north"]


def test_the_services_are_those_of_the_app(app: FakeApp) -> None:
    app.services = {"platform": "https://api.example/iroh"}
    assert xdr_login.services() == {"platform": "https://api.example/iroh"}


KINDS = {
    "sign_in_needed": xdr_login.SignInNeeded,
    "declined": xdr_login.Declined,
    "forbidden": xdr_login.Forbidden,
    "locked": xdr_login.Locked,
    "network": xdr_login.NetworkError,
    "keyring": xdr_login.KeyringError,
    "server": xdr_login.ServerError,
    "failure": xdr_login.XdrLoginError,
    "usage": xdr_login.UsageError,
}


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_has_an_exception_named_like_its_exit_code(app: FakeApp, code: str) -> None:
    app.refusal = RefusedByAgent(code, "Why", "What to do.")
    for call in (xdr_login.token, xdr_login.services):
        with pytest.raises(xdr_login.XdrLoginError, match=r"^Why\. What to do\.$") as caught:
            call()
        error = caught.value
        assert type(error) is KINDS[code]
        assert (error.code, error.exit_code) == (code, exit_code_by_name(code))


@pytest.mark.parametrize("exit_code", [each for each in Exit if each not in {0, 130}])
def test_an_exit_code_of_the_command_has_its_exception(exit_code: Exit) -> None:
    error = _errors.error_by_exit_code(exit_code, "Why.")
    assert (error.exit_code, error.code) == (exit_code, exit_code.name.lower())


def test_an_error_survives_another_process() -> None:
    error = xdr_login.ForeignHost("No.", "https://api.example")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.origin) == ("No.", "https://api.example")


def test_another_user_who_listens_is_not_asked(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.xdr_login._desktop.ipc.peer.is_same_user", lambda _: False)
    monkeypatch.setattr(_requests, "_run", lambda *arguments: f"by {arguments[0]}")
    assert xdr_login.token() == "by token"
    assert app.requests == []


@pytest.mark.parametrize(("error", "platform"), [(BlockingIOError, "linux"), (OSError, "win32")])
def test_a_full_queue_is_awaited_and_windows_has_a_pipe(
    error: type[OSError], platform: str, app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_timeout: float) -> None:
        raise error

    monkeypatch.setattr(_requests, "connect", refuse)
    monkeypatch.setattr(_requests, "sys", SimpleNamespace(platform=platform))
    assert xdr_login.token("soc") == "token-1"
    (request,) = app.requests
    assert (request["profile"], request["format"]) == ("soc", "raw")


# From the command


def test_without_the_app_the_command_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []

    def run(*arguments: str) -> str:
        commands.append(arguments)
        return json.dumps({"id": "soc", "services": {"api": "https://api.example"}})

    monkeypatch.setattr(_requests, "_run", run)
    xdr_login.token("-x", 300)
    assert xdr_login.services("-x") == {"api": "https://api.example"}
    xdr_login.services()
    assert commands == [
        ("token", "--profile=-x", "--min-validity=300"),
        ("profiles", "show", "--json", "--", "-x"),
        ("profiles", "show", "--json", "--"),
    ]


@pytest.mark.parametrize("function", ["token", "services"])
def test_its_exit_code_becomes_an_exception(tmp_path: Path, function: str) -> None:
    code = (
        "import xdr_login\n"
        "try:\n"
        f"    xdr_login.{function}('nobody')\n"
        "except xdr_login.XdrLoginError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = run_python(code, tmp_path)
    assert done.stdout.startswith("XdrLoginError Set up your first profile. "), done.stderr


def test_an_error_that_the_command_prints_as_json_keeps_its_text(tmp_path: Path) -> None:
    code = (
        "import xdr_login\n"
        "try:\n"
        "    xdr_login.services('nobody')\n"
        "except xdr_login.XdrLoginError as error:\n"
        "    print(error)\n"
    )
    done = run_python(code, tmp_path)
    assert done.stdout.startswith("Set up your first profile. "), done.stderr


def test_nothing_of_the_current_folder_is_run(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for name in ("desktop", "xdr_login", "click", "subprocess", "json"):
        (here / f"{name}.py").write_text("print('stolen')\n")
    (here / "xdr-login").write_text("#!/bin/sh\necho stolen\n")
    (here / "xdr-login").chmod(0o755)
    code = (
        "import sys\n"
        "sys.path.remove('')\n"
        "import xdr_login\n"
        "try:\n"
        "    print(xdr_login.token('nobody'))\n"
        "except xdr_login.XdrLoginError as error:\n"
        "    print('safe')\n"
    )
    done = run_python(code, tmp_path / "site", cwd=here)
    assert done.stdout == "safe\n", done.stderr


def test_a_frozen_program_does_not_start_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(xdr_login.XdrLoginError, match=r"^XDR Login is not running\."):
        xdr_login.token()


@pytest.mark.parametrize(
    "ask",
    [
        lambda services: services.headers_for("GET", "https://api.example/v1"),
        lambda services: services.replace_token("digest"),
    ],
)
def test_a_bound_token_needs_the_running_app(ask: Callable[[_requests.Services], object]) -> None:
    services = _requests.Services("soc", {}, "https://login.example client", is_bound=True)
    with pytest.raises(xdr_login.XdrLoginError, match=r"^XDR Login is not running\."):
        ask(services)


# What is loaded


def test_the_import_loads_no_other_module(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import xdr_login\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    assert run_python(code, tmp_path).stdout.split() == ["xdr_login"]


def test_a_token_of_the_app_loads_little_and_not_the_app(app: FakeApp, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "before, path = set(sys.modules), [*sys.path]\n"
        "import xdr_login\n"
        "assert xdr_login.token() == 'token-1'\n"
        "assert sys.path == path\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = run_python(code, tmp_path)
    assert done.stdout.split() == [
        "__future__",
        "_socket",
        "xdr_login",
        "xdr_login._desktop",
        "xdr_login._desktop.ipc",
        "xdr_login._desktop.ipc.address",
        "xdr_login._desktop.ipc.exchange",
        "xdr_login._desktop.ipc.peer",
        "xdr_login._desktop.ipc.token_message",
        "xdr_login._requests",
    ], done.stderr
    assert len(app.requests) == 1


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_module_is_loaded_as_desktop(
    app: FakeApp, tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys, types\n"
        "sys.modules['desktop'] = None  # as another package of this name\n"
        "import xdr_login\n"
        "xdr_login.services()\n"
        "token = xdr_login.LiveToken('«x»')\n"
        "auth = xdr_login.Auth()\n"
        "from xdr_login._desktop.services.system.translation import translate\n"
        "translate('timed out')\n"
        "print([each for each in sys.modules if each.startswith('desktop.')])\n"
    )
    monkeypatch.setenv("LANGUAGE", language)
    done = run_python(code, tmp_path)
    assert done.stdout == "[]\n", done.stderr
    assert len(app.requests) == 2


def test_without_a_runtime_folder_the_same_socket_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    code = "from xdr_login._desktop.ipc.address import socket_name\nprint(socket_name())\n"
    done = run_python(code, tmp_path)
    assert done.stdout == f"{address.socket_name()}\n", done.stderr
    assert stat.S_IMODE(address.socket_path().parent.stat().st_mode) == 0o700


def test_everything_that_is_documented_is_there() -> None:
    assert {name for name in xdr_login.__all__ if hasattr(xdr_login, name)} == set(
        xdr_login.__all__
    )
    assert set(xdr_login.__all__) <= set(dir(xdr_login))
    with pytest.raises(AttributeError, match="has no attribute 'tokens'"):
        _ = xdr_login.tokens  # type: ignore[attr-defined]
