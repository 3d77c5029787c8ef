"""What can be asked for, and which part of the program is called for it."""

import gc
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import httpx
import pytest

import desktop.cli.sign_in.login
from desktop import __version__
from desktop.__main__ import main
from desktop.cli.terminal import window
from desktop.cli.terminal.window import has_display
from desktop.demo import DemoOptions
from desktop.ipc import client
from desktop.options import Options, demo_profile
from desktop.services.model.exchanges import find_exchange
from desktop.services.system import paths

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Options]]]:
    """What was called, the window or the terminal, and with which options."""
    calls: list[tuple[str, Options]] = []

    def run_window(options: Options) -> int:
        calls.append(("window", options))
        return 7

    def run_terminal(options: Options) -> int:
        calls.append(("terminal", options))
        return 8

    window = ModuleType("desktop.ui.app.app")
    window.run = run_window  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "desktop.ui.app.app", window)
    monkeypatch.setattr(desktop.cli.sign_in.login, "sign_in_without_display", run_terminal)
    for name in DISPLAYS:
        monkeypatch.delenv(name, raising=False)
    yield calls
    gc.enable()


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    """What is said when these arguments are refused."""
    assert main(given) == 2
    return capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"xdr-login {__version__}\n"


def test_help_names_every_option_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    words = capsys.readouterr().out
    assert "Sign in to Cisco XDR, or to any OAuth 2.0 provider" in words
    assert "xdr-login --demo --token-lifetime 40" in words
    for option in (
        *("--version", "--profile NAME", "--verbose", "--hidden"),
        *("--demo", "--approve", "--token-lifetime SECONDS", "--code-lifetime SECONDS"),
    ):
        assert option in words


@pytest.fixture
def listen() -> Iterator[Callable[[str], None]]:
    """Let somebody answer at a socket."""
    with ExitStack() as open_sockets:

        def begin(address: str) -> None:
            server = open_sockets.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(address)
            server.listen()

        yield begin


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display there")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISPLAY", ":4711"),
        ("DISPLAY", "unix:4711"),
        ("DISPLAY", "x"),
        ("DISPLAY", ":" + "9" * 5000),
        ("DISPLAY", "localhost:4711.0"),
        ("DISPLAY", "127.0.0.1:99999"),
        ("WAYLAND_DISPLAY", "wayland-7"),
        ("WAYLAND_DISPLAY", "x" * 200),
        ("WAYLAND_DISPLAY", "/dev/null"),
        ("QT_QPA_PLATFORM", "xcb"),
        ("QT_QPA_PLATFORM", "wayland"),
        ("QT_QPA_PLATFORM", "wayland;xcb"),
        ("QT_QPA_PLATFORM", "xcb:option=1"),
        ("QT_QPA_PLATFORM", "nonsense"),
        ("QT_QPA_PLATFORM", ";"),
    ],
)
def test_a_display_without_a_server_does_not_count(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for each in DISPLAYS:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, value)
    assert not has_display()


@pytest.fixture
def forwarded() -> Iterator[int]:
    """Let an X server listen in the network, as ssh does; gives its number."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1] - 6000


def test_the_only_screen_may_have_another_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(window, "_BY_DEVICE", {"eglfs": str(tmp_path / "card")})
    monkeypatch.setenv("QT_QPA_PLATFORM", "eglfs")
    assert not has_display()
    (tmp_path / "card1").touch()
    assert has_display()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display there")
@pytest.mark.parametrize("name", DISPLAYS)
def test_with_a_display_there_is_a_window(
    called: list[tuple[str, Options]],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    name: str,
) -> None:
    assert not has_display()
    if name == "DISPLAY":
        forwarded = request.getfixturevalue("forwarded")
        monkeypatch.setenv(name, f"localhost:{forwarded}.0")
    if name == "QT_QPA_PLATFORM":
        monkeypatch.setenv(name, "nonsense;offscreen:option=1")
    if name == "WAYLAND_DISPLAY":
        folder = tempfile.mkdtemp(prefix="run-", dir=os.environ["HOME"])
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        monkeypatch.setenv(name, "wayland-0")
        request.getfixturevalue("listen")(f"{folder}/wayland-0")
    assert has_display()
    assert main(["--profile", "northwind", "--verbose"]) == 7
    assert [(where, options.profile, options.verbose) for where, options in called] == [
        ("window", "northwind", True)
    ]


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_always_have_a_display(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert has_display()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display there")
def test_without_a_display_the_terminal_is_used(
    called: list[tuple[str, Options]],
) -> None:
    assert main([]) == 8
    assert [where for where, _options in called] == ["terminal"]


@pytest.mark.parametrize(
    ("given", "interactive", "approve_after"),
    [
        (["--demo"], True, None),
        (["--demo"], False, 3.0),
        (["--demo", "--approve"], True, 3.0),
    ],
)
def test_without_a_terminal_the_demo_approves_automatically(
    called: list[tuple[str, Options]],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    *,
    interactive: bool,
    approve_after: float | None,
) -> None:
    monkeypatch.setattr(sys, "stdin", type("Input", (), {"isatty": lambda _: interactive})())
    main([*given, "--token-lifetime", "40", "--code-lifetime", "30"])
    assert called[0][1].demo == DemoOptions(
        token_lifetime=40, code_lifetime=30, approve_after=approve_after
    )


def test_with_a_window_the_demo_waits_for_approval(
    called: list[tuple[str, Options]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(sys, "stdin", None)
    main(["--demo"])
    assert called[0][1].demo == DemoOptions()


@pytest.mark.parametrize(
    "given", [["--approve"], ["--token-lifetime", "40"], ["--code-lifetime", "40"]]
)
def test_the_options_of_the_demo_need_the_demo(
    capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    assert f"{given[0]} needs --demo." in refused(capsys, *given)


@pytest.mark.parametrize("seconds", ["0", "0.9", "86401", "-1", "nan", "inf", "soon", ""])
def test_a_lifetime_is_from_a_second_to_a_day(
    capsys: pytest.CaptureFixture[str], seconds: str
) -> None:
    words = refused(capsys, "--demo", f"--token-lifetime={seconds}")
    assert "Invalid value for '--token-lifetime'" in words


def test_unknown_and_abbreviated_options_are_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such option '--prof'" in refused(capsys, "--prof", "x")


def test_a_missing_demo_server_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
    called: list[tuple[str, Options]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(paths, "demo_is_installed", lambda: False)
    assert main(["--demo"]) == 1
    told = "Error: The demo server is not installed. Install it: pip install 'xdr-login[demo]'\n"
    assert capsys.readouterr().err == told
    assert not called


# The options


def test_the_demo_server_is_started_once_and_stopped() -> None:
    options = Options(demo=DemoOptions())
    options.close()
    try:
        profile = options.load_profile()
        assert profile == options.load_profile()
        exchange = find_exchange(profile, "secure-endpoint")
        endpoint = exchange.url.removesuffix("/v3/access_tokens")
        assert (exchange.kind, httpx.get(exchange.url).status_code) == ("bearer", 405)
        assert profile == demo_profile(profile.issuer, profile.services, endpoint)
        assert list(profile.services) == [
            *("platform", "private-intel", "intel", "conure", "automate")
        ]
        assert profile.issuer.startswith("http://127.0.0.1:")
        assert profile.provider_label == "Demo server · nothing here is real"
        assert "_server" not in repr(options)
    finally:
        options.close()


def loaded_by(code: str) -> set[str]:
    """Which modules a process has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_command_line_loads_neither_qt_nor_the_protocol() -> None:
    heavy = {"PySide6", "httpx", "keyring", "asyncio", "starlette", "jwt", "tomlkit"}
    assert not heavy & loaded_by("import desktop.cli.program, desktop.options")


_HELP_OF_EVERY_COMMAND = """
import contextlib, io, sys
import click
from desktop.cli.program import program
def walk(command, ctx, path):
    with contextlib.redirect_stdout(io.StringIO()):
        command.main(["--help"], prog_name=" ".join(path), standalone_mode=False)
    assert not HEAVY & {*sys.modules}, (path, HEAVY & {*sys.modules})
    for name in command.list_commands(ctx) if isinstance(command, click.Group) else ():
        walk(command.get_command(ctx, name), ctx, [*path, name])
walk(program, click.Context(program), ["xdr-login"])
"""
_TO_WORK = {
    *("asyncio", "cryptography", "email", "httpx", "keyring", "ssl", "tomlkit"),
    *(
        "desktop.oauth.http",
        "desktop.services.session.session",
        "desktop.services.wording.messages",
    ),
}


def test_no_help_loads_what_its_command_works_with() -> None:
    loaded = loaded_by(f"HEAVY = {_TO_WORK}\n{_HELP_OF_EVERY_COMMAND}\npass")
    assert "desktop.cli.profiles.draft_commands" in loaded


def test_status_from_the_app_and_the_list_of_profiles_load_only_what_they_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not _TO_WORK & loaded_by("import desktop.cli.sign_in.status")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "xdr-login/profiles.toml"
    file.parent.mkdir()
    file.write_text('[profiles.soc]\npreset = "xdr-eu"\nclient_id = "c"\n')
    loaded = loaded_by("from desktop.cli.program import run; run(['profiles', 'list'])")
    assert "soc" in loaded
    assert not _TO_WORK & loaded


def test_the_window_never_loads_the_library_of_the_command_line() -> None:
    loaded = loaded_by(
        "import desktop.services.network.http_client, desktop.services.session.session"
    )
    assert "httpx" in loaded
    assert not {"click", "rich"} & loaded


def test_the_window_is_opened_without_the_command_line() -> None:
    code = (
        "import desktop.cli.terminal.window as w;"
        "w.has_display = lambda: True; w.open_window = print;"
    )
    loaded = loaded_by(f"{code} from desktop.__main__ import main; main([])")
    assert not {"click", "desktop.cli.program", "PySide6"} & loaded


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--hidden", "login"], "--hidden cannot be used with login."),
        (
            ["--demo", "status"],
            (
                "--demo cannot be used with status. To try the command, run a demo server: "
                "xdr-login demo"
            ),
        ),
    ],
)
def test_window_options_cannot_be_used_with_commands(
    capsys: pytest.CaptureFixture[str], given: list[str], words: str
) -> None:
    assert words in refused(capsys, *given)


def test_an_unknown_command_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    assert "No such command 'lgin'. Did you mean 'login'?" in refused(capsys, "lgin")
    assert "No such command 'zzz'.\n" in refused(capsys, "zzz")


# One at a time


OTHER_PROFILE = (
    "XDR Login is already running, and its window is now in front. "
    "To use another profile, choose it there."
)
SHOWN = "XDR Login is already running. Its window is now in front."


@pytest.fixture
def runs_already(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Let the program run already; whether it was left alone."""
    asked: list[bool] = []

    def hand_over(*, quietly: bool) -> None:
        asked.append(quietly)
        raise client.AlreadyRunning

    monkeypatch.setattr(client, "defer_to_running_app", hand_over)
    return asked


@pytest.mark.parametrize(
    ("given", "quietly", "words"),
    [
        ([], False, f"{SHOWN}\n"),
        (["--hidden"], True, "XDR Login is already running.\n"),
        (["--profile", "soc"], False, f"{OTHER_PROFILE}\n"),
    ],
)
def test_a_second_app_defers_to_the_first(
    called: list[tuple[str, Options]],
    runs_already: list[bool],
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    words: str,
    *,
    quietly: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(given) == 0
    assert runs_already == [quietly]
    assert called == []
    assert capsys.readouterr().err == words


def test_a_demo_does_not_defer_to_the_running_app(
    called: list[tuple[str, Options]],
    runs_already: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(["--demo"]) == 7
    assert runs_already == []
    assert len(called) == 1


def test_an_app_that_loses_the_race_at_the_start_defers_too(
    called: list[tuple[str, Options]],  # noqa: ARG001 - its module is replaced here
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run_window(_options: Options) -> int:
        raise client.AlreadyRunning

    monkeypatch.setattr(sys.modules["desktop.ui.app.app"], "run", run_window)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main([]) == 0
    assert capsys.readouterr().err.startswith("XDR Login is already running.")


def test_hidden_is_passed_to_the_window(
    called: list[tuple[str, Options]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(["--hidden"]) == 7
    assert [(where, options.hidden) for where, options in called] == [("window", True)]


@pytest.mark.usefixtures("called")
def test_hidden_needs_a_display(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--hidden needs a display" in refused(capsys, "--hidden")
