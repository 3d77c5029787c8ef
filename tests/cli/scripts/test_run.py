"""`xdr-login run` and `xdr-login demo`: real children, real signals."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from desktop.cli.scripts import commands, programs
from desktop.cli.scripts import run as run_module
from desktop.services.configuration.profile_reader import Profiles
from desktop.services.model.access_token import AccessToken
from desktop.services.model.policy import Policy
from desktop.services.model.profile import Profile
from tests.cli.commands import COMMAND, CommandHarness, environment, run

SHOW = "import os, json; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def signed_in(home: CommandHarness) -> CommandHarness:
    """A home where somebody is signed in."""
    home.add_profile("soc")
    home.sign_in("soc")
    return home


def test_the_program_gets_a_valid_token(signed_in: CommandHarness) -> None:
    done = signed_in.run("run", "--", sys.executable, "-c", SHOW)
    assert (done.returncode, done.stderr) == (0, "")
    token = json.loads(done.stdout)["XDR_ACCESS_TOKEN"]
    answered = httpx.get(
        f"{signed_in.server.url}/iroh/profile/whoami", headers={"Authorization": f"Bearer {token}"}
    )
    assert answered.status_code == 200


def test_the_name_of_the_variable_can_be_chosen(signed_in: CommandHarness) -> None:
    done = signed_in.run("run", "--env", "TOKEN", "--", sys.executable, "-c", SHOW)
    found = json.loads(done.stdout)
    assert found["TOKEN"].startswith("ey")
    assert "XDR_ACCESS_TOKEN" not in found


def test_the_program_and_its_own_commands_know_the_profile(home: CommandHarness) -> None:
    home.add_profile("first")
    home.add_profile("soc")
    home.sign_in("soc")
    found = json.loads(home.run("run", "--profile", "SOC", "--", sys.executable, "-c", SHOW).stdout)
    assert (found["XDR_PROFILE"], found["XDR_LOGIN_PROFILE"]) == ("soc", "soc")
    assert "XDR_REGION" not in found  # the demo server is in none
    inner = [*COMMAND, "token", "--format", "json"]
    token = json.loads(home.run("run", "--profile", "soc", "--", *inner).stdout)
    assert token["access_token"] == found["XDR_ACCESS_TOKEN"]


def test_each_service_has_a_variable_with_its_base_address() -> None:
    services = {"conure": "https://conure.example/", "private-intel": "https://pi.example/ctia"}
    profile = Profile("soc", "SOC", "client", issuer="https://conure.example", services=services)
    found = programs.environment_for(profile)
    assert found["XDR_CONURE_URL"] == "https://conure.example"
    assert found["XDR_PRIVATE_INTEL_URL"] == "https://pi.example/ctia"
    # A service that the policy does not allow gets no token, so it is not offered.
    narrow = replace(profile, policy=Policy(services=("conure",)))
    assert "XDR_PRIVATE_INTEL_URL" not in programs.environment_for(narrow)


def test_a_profile_without_services_has_its_server() -> None:
    profile = Profile("soc", "SOC", "client", issuer="https://id.example/realms/soc")
    assert programs.environment_for(profile)["XDR_SERVER_URL"] == "https://id.example"


@pytest.mark.parametrize(
    ("preset", "region"),
    [("xdr-nam", "nam"), ("xdr-eu", "eu"), ("xdr-apjc", "apjc"), ("github", None), ("", None)],
)
def test_the_region_is_that_of_the_preset(preset: str, region: str | None) -> None:
    profile = Profile("soc", "SOC", "client", preset=preset, issuer="https://id.example")
    assert programs.environment_for(profile).get("XDR_REGION") == region


def test_variables_of_another_profile_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"XDR_PROFILE": "other", "XDR_REGION": "eu", "XDR_CONURE_URL": "https://conure.example"}
    other["XDR_ACCESS_TOKEN"] = "of-other"  # stays if --env names another variable for ours
    for name, value in {**other, "XDR_NOTE": "mine"}.items():
        monkeypatch.setenv(name, value)
    profile = Profile("soc", "SOC", "client", issuer="https://id.example")
    found = programs.environment_for(profile)
    assert {name for name in found if name.startswith("XDR_")} == {
        *("XDR_PROFILE", "XDR_LOGIN_PROFILE", "XDR_NOTE", "XDR_SERVER_URL")
    }
    monkeypatch.delenv("XDR_PROFILE")  # then the user has set them
    found = programs.environment_for(profile)
    assert found["XDR_CONURE_URL"] == "https://conure.example"
    assert found["XDR_ACCESS_TOKEN"] == "of-other"


@pytest.mark.skipif(sys.platform != "linux", reason="what is in /proc")
def test_the_token_is_in_no_argument_of_any_process(signed_in: CommandHarness) -> None:
    code = (
        "import os; from pathlib import Path; token = os.environ['XDR_ACCESS_TOKEN'].encode();"
        "print(sum(token in each.read_bytes() for each in Path('/proc').glob('[0-9]*/cmdline')))"
    )
    assert signed_in.run("run", "--", sys.executable, "-c", code).stdout == "0\n"


def test_the_exit_code_is_that_of_the_child(signed_in: CommandHarness) -> None:
    assert signed_in.run("run", sys.executable, "-c", "exit(42)").returncode == 42


def test_options_after_the_command_are_its_own(signed_in: CommandHarness) -> None:
    code = "import sys; print(sys.argv[1:])"
    done = signed_in.run("run", sys.executable, "-c", code, "--env", "X", "--help")
    assert done.stdout == "['--env', 'X', '--help']\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_the_child_and_end_it(
    signed_in: CommandHarness, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "--", "sh", "-c", "echo ready; exec sleep 60"],
        env=environment(signed_in.base),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(30) == -number


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGPIPE there")
def test_a_program_whose_reader_is_gone_ends_as_usual(signed_in: CommandHarness) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(map(repr, COMMAND))} run -- yes | head -1"],
        env=environment(signed_in.base),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("y\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="what is in /proc")
def test_the_program_does_not_inherit_ignored_signals(signed_in: CommandHarness) -> None:
    done = signed_in.run("run", "--", "grep", "SigIgn", "/proc/self/status")
    ignored = int(done.stdout.split()[1], 16)
    assert not any(ignored >> number - 1 & 1 for number in (signal.SIGPIPE, signal.SIGXFSZ))


def test_without_a_sign_in_nothing_is_started(home: CommandHarness, tmp_path: Path) -> None:
    home.add_profile("soc")
    done = home.run("run", "--", "touch", str(tmp_path / "started"))
    assert (done.returncode, done.stdout) == (3, "")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["--", "no-such-program-here"], 127, "Program “no-such-program-here” not found."),
        (["--", "no-such\x1b[2Jprogram"], 127, "Program “no-such [2Jprogram” not found."),
        (["--env", "A=B", "--", "true"], 2, "Use letters, digits and “_”"),
        ([], 2, "Missing argument"),
    ],
)
def test_a_program_that_cannot_run_is_an_error(given: list[str], code: int, words: str) -> None:
    done = run("run", *given)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_on_windows_a_program_left_in_the_current_folder_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools, here = tmp_path / "tools", tmp_path / "here"
    for folder in (tools, here):
        folder.mkdir()
        (folder / "hunt.exe").touch()
    (here / "planted.exe").touch()
    (tools / "notes.txt").touch()
    (tools / "script3.11.cmd").touch()
    monkeypatch.chdir(here)
    found = partial(
        programs.find_on_windows,
        environment={"PATH": f".;;{tools};relative", "PATHEXT": ".exe;.cmd;"},
    )
    assert found("hunt") == found("hunt.exe") == str(tools / "hunt.exe")
    assert found("script3.11") == str(tools / "script3.11.cmd")
    assert found("planted") is found("planted.exe") is found("notes.txt") is None
    # Where the user says that it is here, it is.
    assert found("./planted") == "planted.exe"
    assert found(str(here / "planted.exe")) == str(here / "planted.exe")
    assert found(str(here / "hunt3")) is None


@pytest.mark.skipif(sys.platform == "win32", reason="a file is no program by its mode there")
def test_a_program_that_cannot_be_started_gives_126(
    signed_in: CommandHarness, tmp_path: Path
) -> None:
    program = tmp_path / "broken"
    program.write_text("no program\n")
    done = signed_in.run("run", str(program))
    assert (done.returncode, "it is not a program" in done.stderr) == (126, True)
    program.write_text("#!/nowhere\n")
    program.chmod(0o755)
    done = signed_in.run("run", str(program))
    assert done.returncode == 126
    assert "Can't start “" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a single variable")
def test_a_token_that_is_too_long_for_the_environment_is_to_be_piped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_out(monkeypatch, "x" * 140_000)
    assert commands.run.main(["true"], standalone_mode=False) == 126
    assert capsys.readouterr().err == (
        "Can't start “true”: the token is too long for its environment. "
        "Pipe it instead: xdr-login token | true\n"
    )


@pytest.fixture(autouse=True)
def kept_signals() -> Iterator[None]:
    """Put back what a failed start leaves: a write to a closed pipe would end this process."""
    names = [getattr(signal, name, None) for name in ("SIGPIPE", "SIGXFSZ")]
    before = {each: signal.getsignal(each) for each in names if each is not None}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def hand_out(monkeypatch: pytest.MonkeyPatch, token: str = "token-SECRET") -> None:
    """Let a token be there."""
    held = AccessToken(token, "Bearer", None, ())
    profile = Profile("soc", "SOC", "client", issuer="https://id.example")
    profiles = Profiles(Path("profiles.toml"), {"soc": profile}, {})
    monkeypatch.setattr(run_module, "load_configuration", lambda: profiles)
    monkeypatch.setattr(run_module, "fetch_token_in_format", lambda *_, **__: held)


def test_the_program_gets_no_variables_of_the_bundle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hand_out(monkeypatch)
    monkeypatch.setattr(run_module, "supports_exec", False)
    monkeypatch.setattr(sys, "_MEIPASS", "/Applications/XDR Login.app", raising=False)
    monkeypatch.setenv("QT_PLUGIN_PATH", "/Applications/XDR Login.app/Contents/plugins")
    monkeypatch.setenv("OTHER", "/Applications/Other.app")
    code = "import os; exit('QT_PLUGIN_PATH' in os.environ or 'OTHER' not in os.environ)"
    assert commands.run.main([sys.executable, "-c", code], standalone_mode=False) == 0


def test_without_exec_the_program_is_awaited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_module, "supports_exec", False)
    hand_out(monkeypatch)
    before = signal.getsignal(signal.SIGINT)
    code = "import os; exit(7 if os.environ['XDR_ACCESS_TOKEN'] == 'token-SECRET' else 1)"
    assert commands.run.main([sys.executable, "-c", code], standalone_mode=False) == 7
    assert signal.getsignal(signal.SIGINT) == before


# The demo server


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
def test_the_demo_server_runs_alone_until_ctrl_c() -> None:
    with subprocess.Popen(
        [*COMMAND, "demo", "--token-lifetime", "40"],
        env={**environment(), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            told = ""
            for line in process.stdout:  # ends with the process, if nothing is said
                told += line
                if "Ctrl+C" in line:
                    break
            found = re.search(r"Issuer +(\S+)", told)
            assert found is not None
            answered = httpx.get(f"{found[1]}/.well-known/oauth-authorization-server")
            process.send_signal(signal.SIGINT)
            rest, errors = process.communicate(timeout=30)
        finally:
            process.kill()  # does nothing to one that has ended
    assert answered.status_code == 200
    assert f"xdr-login profiles add demo --preset xdr-custom --issuer {found[1]} --client" in told
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently there")
def test_the_command_that_the_demo_server_prints_adds_all_its_services(
    home: CommandHarness,
) -> None:
    with subprocess.Popen(
        [*COMMAND, "demo"],
        env={**environment(), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = "".join(iter(process.stdout.readline, "Press Ctrl+C to stop.\n"))
        process.send_signal(signal.SIGINT)
        process.wait(30)
    (line,) = re.findall(r"^  xdr-login (profiles add .*)$", told, re.MULTILINE)
    assert home.run(*shlex.split(line)).returncode == 0
    services = home.json("profiles", "show", "demo")["services"]
    assert services == dict(re.findall(r"^    (\S+) +(http://\S+)$", told, re.MULTILINE))
    assert len(services) == 5


def test_an_invalid_port_is_rejected() -> None:
    done = run("demo", "--port", "70000")
    assert done.returncode == 2
    assert "Invalid value for '--port'" in done.stderr


def test_without_the_extra_the_demo_server_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *a: None if name == 'starlette' else find(name, *a)\n"
    )
    done = run("demo", base={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert "pip install 'xdr-login[demo]'" in done.stderr
