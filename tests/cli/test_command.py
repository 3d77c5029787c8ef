"""The command itself, as a process without a display."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from desktop import __version__
from desktop.cli.terminal.help import help_width
from desktop.demo import PUBLIC_CLIENT_ID, DemoOptions, DemoServer
from tests.cli.commands import COMMAND, environment, run
from tests.rigs.secret_service import SecretStore

ROOT = Path(__file__).parents[2]
LAST_LINE = r"✓ Signed in to Northwind SOC as \S+@northwind.example \(expires \d\d:\d\d[^)]*\)\."


def files_in(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text("utf-8", "replace")
        for path in folder.rglob("*")
        if path.is_file()
    }


def write_profile(
    folder: Path, server: DemoServer, name: str = "soc", *, scope: str = "casebook"
) -> None:
    """A profile for the demo server, as users have it."""
    file = folder / "config" / "xdr-login" / "profiles.toml"
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as opened:
        opened.write(
            f'[profiles.{name}]\nissuer = "{server.url}"\nexpected_issuer = "IROH Auth"\n'
            f'client_id = "{PUBLIC_CLIENT_ID}"\nname = "SOC"\nscope = ["{scope}"]\n'
        )


def test_a_demo_sign_in_without_a_display_ends_well(own_folders: Path) -> None:
    done = run("--demo", "--approve", "login")
    assert (done.returncode, done.stdout) == (0, "")
    *_, not_saved, last = done.stderr.splitlines()
    assert re.fullmatch(LAST_LINE, last)
    assert not_saved == "No keyring found. The token was not saved."
    assert files_in(own_folders) == {"(demo).lock": ""}, "nothing but the lock, and nothing in it"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display there")
def test_without_a_display_the_sign_in_uses_the_terminal() -> None:
    done = run("--demo", "--code-lifetime", "1")
    assert done.returncode == 3
    assert done.stderr.startswith("No display found. Signing in from the terminal.\n")
    assert "The code has expired. " in done.stderr
    assert done.stdout == ""


def test_a_sign_in_saves_its_token_in_the_real_store(
    secret_service: SecretStore, own_folders: Path
) -> None:
    with DemoServer(DemoOptions(approve_after=0.5)) as server:
        write_profile(own_folders, server)
        done = run("login", "--profile", "SOC", base=secret_service.environment)
    assert (done.returncode, done.stdout) == (0, "")
    signed_in, then = done.stderr.splitlines()[-2:]
    assert "Signed in to SOC as dana" in signed_in
    assert then == "Next: xdr-login token --profile soc"
    (entry,) = secret_service.entries().values()
    assert '"refresh_token":"' in entry
    assert "not saved" not in done.stderr


def test_a_program_reads_events(secret_service: SecretStore, own_folders: Path) -> None:
    with DemoServer(DemoOptions(approve_after=0.5)) as server:
        write_profile(own_folders, server)
        done = run("login", "--json", base=secret_service.environment)
    assert (done.returncode, done.stderr) == (0, "")
    code, signed_in = (json.loads(line) for line in done.stdout.splitlines())
    assert code["event"] == "code"
    assert code["verification_uri_complete"].endswith(code["user_code"])
    assert (signed_in["event"], signed_in["scope"]) == ("signed_in", "casebook")


def test_without_a_keyring_no_code_is_requested(own_folders: Path) -> None:
    with DemoServer(DemoOptions(approve_after=0)) as server:
        write_profile(own_folders, server)
        done = run("login")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith("No keyring found.")


def test_a_sign_in_is_found_again_though_nothing_can_be_noted(
    secret_service: SecretStore, own_folders: Path
) -> None:
    base = secret_service.environment
    (own_folders / "state" / "xdr-login").write_text("a file in the place of the folder")
    with DemoServer(DemoOptions(approve_after=0, token_lifetime=600)) as server:
        write_profile(own_folders, server)
        assert run("login", base=base).returncode == 0
        found = run("token", base=base)
        renewed = run("token", "--min-validity", "15m", base=base)
        signed_out = run("logout", base=base)
    assert (found.returncode, found.stderr) == (0, "")
    assert (renewed.returncode, renewed.stderr) == (0, "")
    assert signed_out.returncode == 0
    assert "cannot" not in signed_out.stderr
    assert run("token", base=base).returncode == 3


def test_a_declined_sign_in_gives_4(secret_service: SecretStore, own_folders: Path) -> None:
    with DemoServer(DemoOptions(approve_after=0)) as server:
        write_profile(own_folders, server, scope="admin")  # which the analyst does not have
        done = run("login", base=secret_service.environment)
    assert done.returncode == 4
    assert "Sign-in denied. Someone selected Deny" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="what opens a link there is no program on PATH")
def test_on_a_desktop_the_browser_is_opened_and_writes_nowhere(
    secret_service: SecretStore, own_folders: Path, tmp_path: Path
) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho noise\necho noise >&2\necho "$1" > {tmp_path}/opened\n')
    opener.chmod(0o755)
    base = {**secret_service.environment, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    base.pop("SSH_CONNECTION", None)
    with DemoServer(DemoOptions(approve_after=0.5)) as server:
        write_profile(own_folders, server)
        desktop = {**environment(base), "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(
            [*COMMAND, "login", "--json"],
            env=desktop,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
    code, _signed_in = (json.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "opened").read_text() == f"{code['verification_uri_complete']}\n"
    assert code["browser_opened"] is True


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")
@pytest.mark.parametrize("plain", [False, True])
def test_on_a_terminal_it_counts_down_in_one_line(plain: bool) -> None:  # noqa: FBT001
    import pty

    ours, theirs = pty.openpty()
    base = {**environment(), "COLUMNS": "120", "TERM": "xterm"}
    base.pop("NO_COLOR", None)
    with subprocess.Popen(
        [*COMMAND, "--demo", "--approve", "login"],
        env={**base, "NO_COLOR": "1"} if plain else base,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal of Linux says that it is over
            while piece := os.read(ours, 4096):
                shown += piece
        os.close(ours)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert process.returncode == 0
    text = shown.decode()
    assert ("\x1b[1mYour code:" in text) is not plain
    assert ("\x1b" in text) is not plain
    assert "█" not in text  # of a link to this computer
    countdown = re.findall(r"\rWaiting for approval\. The code expires in (\d+:\d\d)\.", text)
    assert len(set(countdown)) >= 2
    assert len(re.findall(r"Waiting for approval", text.replace("\r\n", "\n"))) == len(countdown)
    assert re.search(r"\r +\rNo keyring found", text), "what follows begins at the margin"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
@pytest.mark.parametrize("moment", ["Waiting for approval", "Your code"])
def test_ctrl_c_gives_130_and_leaves_nothing_behind(
    secret_service: SecretStore, own_folders: Path, moment: str
) -> None:
    with subprocess.Popen(
        [*COMMAND, "--demo", "login"],
        env=environment(secret_service.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(moment):
                break
        process.send_signal(signal.SIGINT)
        output, told = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "")
    assert told.endswith("\nCanceled.\n")
    assert secret_service.entries() == {}
    assert "".join(files_in(own_folders).values()) == "", "a lock at most, and nothing in it"


def test_the_version_is_printed() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"xdr-login {__version__}\n", "")


def test_without_a_profile_no_server_is_contacted() -> None:
    done = run("login")
    assert done.returncode == 1
    assert done.stderr.startswith("Set up your first profile. ")


def test_without_the_extra_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    # A finder that knows no Starlette, as in an installation without the extra.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == 'starlette' else find(name, *a)\n"
    )
    done = run("--demo", "login", base={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert (
        done.stderr
        == "Error: The demo server is not installed. Install it: pip install 'xdr-login[demo]'\n"
    )
    assert done.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently there")
def test_a_closed_pipe_is_not_a_bug() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*COMMAND, "profiles", "presets"],
        env=environment(),
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (1, b"")


# Not `importlib` and `warnings`: `python -m` itself imports these first, unless -P is given.
PLANTED = ("typing", "json", "socket", "click", "platformdirs", "dataclasses", "__future__")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a folder of somebody else, whose modules print a line when they are imported."""
    folder = tmp_path / "repository"
    (folder / "lib").mkdir(parents=True)
    for name in PLANTED:
        for file in (folder / f"{name}.py", folder / "lib" / f"{name}.py"):
            file.write_text("import os\nos.write(1, b'PLANTED\\n')\nos._exit(66)\n")
    return folder


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Make a folder that has the package as an installation has it."""
    for name in ("desktop", "resources"):
        (tmp_path / "site" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "site" / name).symlink_to(ROOT / name)
    return tmp_path / "site"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("desktop", ["--version"]),
        ("desktop", ["token"]),
        ("desktop", ["credential", "git", "get"]),
        ("desktop.demo", ["--help"]),
    ],
)
@pytest.mark.parametrize("path", ["{site}", ":{site}", ".:{site}", "lib:{site}", "{site}:"])
def test_the_current_folder_is_not_imported_from(
    module: str, arguments: list[str], path: str, repository: Path, installed: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=repository,
        env={**environment(), "PYTHONPATH": path.format(site=installed)},
        input=b"",
        capture_output=True,
        check=False,
    )
    assert b"PLANTED" not in done.stdout
    assert done.returncode != 66
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("key", ["stdlib", "purelib"])
def test_it_runs_in_the_folder_of_what_is_installed(key: str, installed: Path) -> None:
    """Python's own modules are still found where they are the current folder."""
    done = subprocess.run(
        [sys.executable, "-m", "desktop", "--help"],
        cwd=sysconfig.get_path(key),
        env={**environment(), "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


WITHOUT_A_HOME = """
import pwd, sys
def find(_user): raise KeyError
pwd.getpwuid = find
from desktop.__main__ import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems name the home folder elsewhere")
@pytest.mark.parametrize(
    "arguments",
    [[], ["token"], ["status"], ["login"], ["doctor"], ["profiles", "list"], ["logout"]],
    ids=" ".join,
)
@pytest.mark.parametrize("home", [None, "relative"])
def test_without_a_home_folder_there_are_words(
    arguments: list[str],
    home: str | None,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    kept = {k: v for k, v in environment().items() if k != "HOME" and not k.startswith("XDG_")}
    runtime = tmp_path_factory.mktemp("runtime")  # where no running app answers
    own = {"PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(runtime)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_HOME, *arguments],
        cwd=tmp_path,
        env={**kept, **own} | ({"HOME": home} if home else {}),
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No home folder. " in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is left in the current folder"


@pytest.mark.parametrize("command", [["-P", ROOT / "desktop" / "__main__.py"], [ROOT / "desktop"]])
def test_it_starts_by_its_path_from_any_folder(command: list[str | Path], repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, *command, "--version"],
        cwd=repository,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split()[0], done.returncode) == ("xdr-login", 0)


BREAK_DEMO_SERVER = """
import asyncio
from desktop.demo.app import AppServer
async def fail(self):
    await asyncio.sleep(1)
    raise RuntimeError("it broke")
AppServer.main_loop = fail
"""


def breaking(tmp_path: Path, code: str, **more: str) -> dict[str, str]:
    """An environment whose Python first runs `code`."""
    (tmp_path / "sitecustomize.py").write_text(code)
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    return {**os.environ, "PYTHONPATH": path, **more}


@pytest.mark.parametrize("arguments", [["--demo"], ["--demo", "login"], ["demo"]])
def test_when_the_demo_server_fails_the_command_ends_at_once(
    arguments: list[str], tmp_path: Path, own_folders: Path
) -> None:
    started_at = time.monotonic()
    done = run(*arguments, base=breaking(tmp_path, BREAK_DEMO_SERVER))
    assert time.monotonic() - started_at < 20  # the code is valid for ten minutes
    assert done.returncode == 1
    told = "The demo server stopped because of an error. Run the command again. Log: "
    assert told in done.stderr
    assert "it broke" not in done.stderr
    log = own_folders / "state" / "xdr-login" / "log" / "xdr-login.log"
    assert "it broke" in log.read_text("utf-8")


def test_when_the_demo_server_fails_the_window_closes(tmp_path: Path) -> None:
    base = breaking(tmp_path, BREAK_DEMO_SERVER, QT_QPA_PLATFORM="offscreen")
    done = run("--demo", base=base)
    assert done.returncode == 1
    assert "The demo server stopped because of an error." in done.stderr


def test_an_error_in_a_request_ends_the_demo_server(
    monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    expect_log("Exception in ASGI application")

    def fail(*_: object) -> str:
        raise RuntimeError("it broke")

    monkeypatch.setattr("desktop.demo.pages._typed_code", fail)
    with DemoServer() as server:
        assert httpx.get(f"{server.url}/iroh/oauth2/device").status_code == 500
        assert isinstance(server.ended.exception(timeout=10), RuntimeError)


HELP_MODULES = """\
import sys
from desktop.cli.program import run
assert run(["login", "--help"]) == 0
print(sorted({"logging", "shutil", "asyncio", "httpx", "tomllib"} & sys.modules.keys()))
"""


def test_the_help_of_a_command_loads_little() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP_MODULES],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("columns", "longest"), [("70", 68), ("20", 50), ("500", 98), ("", 78), ("no number", 78)]
)
def test_a_help_text_is_as_wide_as_the_terminal_within_limits(
    monkeypatch: pytest.MonkeyPatch, columns: str, longest: int
) -> None:
    def no_terminal(_: int) -> os.terminal_size:
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", no_terminal)
    monkeypatch.setenv("COLUMNS", columns)
    assert help_width() == longest


def test_a_help_text_without_columns_in_the_environment_asks_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((90, 40)))
    monkeypatch.delenv("COLUMNS", raising=False)
    assert help_width() == 88
