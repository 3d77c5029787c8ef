"""The package `xdr_login` with the real app, its server and its keyring, in real processes."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from desktop.services.system.paths import profiles_file, settings_file
from tests.cli.commands import age, sign_in
from tests.end_to_end.agent import headless, run_agent
from tests.end_to_end.conftest import App, Start, saved_token
from tests.end_to_end.test_renewal import renewals
from tests.end_to_end.test_sign_in import profile_for
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.process import wait_until
from tests.rigs.python_package import lay_out_package
from tests.rigs.secret_service import SecretStore
from tests.xdr_login.conftest import FakeApi, run_api

MANY = 50
LIFETIME = 600.0
TOKEN = "import xdr_login\nprint(xdr_login.token())\n"
CALLS = """\
import sys
import httpx, xdr_login
with httpx.Client(auth=xdr_login.Auth(), trust_env=False) as client:
    for _ in sys.stdin:  # a call for each line
        print(client.get(sys.argv[1] + "/iroh/profile/whoami").status_code, flush=True)
"""

PROCESSES = """\
import os, sys
import httpx, xdr_login
def call():
    with httpx.Client(auth=xdr_login.Auth(), trust_env=False, timeout=60) as client:
        return client.get(sys.argv[1]).status_code
children = []
for _ in range(int(sys.argv[2])):
    if (child := os.fork()) == 0:
        os._exit(call())
    children.append(child)
print({os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children})
"""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    """Run a server that approves; using a refresh token twice revokes everything."""
    with DemoServer(DemoOptions(approve_after=0, token_lifetime=LIFETIME)) as running_server:
        profile_for(running_server)
        yield running_server


@pytest.fixture
def signed_in(server: DemoServer, secret_service: SecretStore) -> DemoServer:
    """A server with a saved sign-in from before the app starts."""
    sign_in(secret_service, "soc")
    return server


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out_package(tmp_path_factory.mktemp("site"))


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """Run an API server that is a service of the profile."""
    file = profiles_file()
    for made in run_api():
        file.write_text(f'{file.read_text()}\n[profiles.soc.services]\nmore = "{made.url}"\n')
        yield made


def start(
    environment: Mapping[str, str], site: Path, code: str, *arguments: str
) -> subprocess.Popen[str]:
    """Start a Python program."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**environment, "PYTHONPATH": str(site)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(environment: Mapping[str, str], site: Path, code: str, *arguments: str) -> str:
    """Run it to its end; returns what it prints."""
    stdout, stderr = start(environment, site, code, *arguments).communicate(timeout=120)
    return f"{stdout}{stderr}"


def call(program: subprocess.Popen[str]) -> str:
    """Let it make one call; returns the status."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write("\n")
    program.stdin.flush()
    return program.stdout.readline().strip()


def test_a_program_goes_on_whatever_happens_to_token_and_app(
    signed_in: DemoServer, secret_service: SecretStore, site: Path
) -> None:
    program = start(headless(secret_service), site, CALLS, signed_in.url)
    assert call(program) == "200", "from the keyring, without the app"
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        assert call(program) == "200", "the app has started"
        assert renewals(signed_in) == []
    age(secret_service, "soc", LIFETIME)
    assert call(program) == "200", "the app has quit, and the token has lapsed"
    assert renewals(signed_in) == [200]
    age(secret_service, "soc", LIFETIME / 3)
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        signed_in.inject("401", path="/iroh/profile/whoami")
        assert call(program) == "200", "the server refused the token once"
        assert renewals(signed_in) == [200, 200]
    program.communicate(timeout=60)
    assert program.returncode == 0


def test_fifty_programs_whose_token_is_refused_cause_one_renewal(
    signed_in: DemoServer, api: FakeApi, secret_service: SecretStore, site: Path
) -> None:
    api.refused = str(saved_token(secret_service)["access_token"])
    api.gate = threading.Barrier(MANY)
    age(secret_service, "soc", LIFETIME / 3)  # in the first half of its life
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        printed = run(agent.environment, site, PROCESSES, api.url, str(MANY))
    assert printed == "{200}\n"
    assert (len(api.tokens), len(set(api.tokens))) == (2 * MANY, 2)
    assert renewals(signed_in) == [200]


def test_fifty_programs_whose_token_has_lapsed_cause_one_renewal(
    signed_in: DemoServer, secret_service: SecretStore, site: Path
) -> None:
    age(secret_service, "soc", LIFETIME)
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        programs = [start(agent.environment, site, TOKEN) for _ in range(MANY)]
        outputs = {each.communicate(timeout=120) for each in programs}
    assert outputs == {(f"{saved_token(secret_service)['access_token']}\n", "")}
    assert renewals(signed_in) == [200]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("with_app", [True, False])
def test_who_is_not_signed_in_learns_what_to_do(
    secret_service: SecretStore, site: Path, *, with_app: bool
) -> None:
    code = (
        "import xdr_login\n"
        "try:\n"
        "    xdr_login.token()\n"
        "except xdr_login.SignInNeeded as error:\n"
        "    print(error)\n"
    )
    if with_app:
        settings_file().write_text("[general]\n")
        with run_agent(secret_service, "--hidden") as agent:
            wait_until(lambda: "soc" in agent.status(), "the app", agent.program)
            printed = run(agent.environment, site, code)
    else:
        printed = run(headless(secret_service), site, code)
    assert printed == "You're not signed in. Run “xdr-login login --profile soc”, then try again.\n"


def test_services_are_the_same_with_and_without_the_app(
    signed_in: DemoServer, secret_service: SecretStore, site: Path
) -> None:
    code = "import xdr_login\nprint(xdr_login.services('Northwind SOC'))\n"
    expected = f"{{'server': '{signed_in.url}'}}\n"
    assert run(headless(secret_service), site, code) == expected
    with run_agent(secret_service) as agent:
        agent.wait_for("signed_in")
        assert run(agent.environment, site, code) == expected


def test_a_denied_program_gets_an_exception(
    server: DemoServer, secret_service: SecretStore, start: Start, site: Path, tmp_path: Path
) -> None:
    sign_in(secret_service, "soc")
    settings_file().write_text("ask_for_tokens = true\n")
    app: App = start(secret_service)
    app.wait_for("Copy token")
    script = tmp_path / "hunt.py"
    script.write_text(
        "import xdr_login\n"
        "try:\n"
        "    xdr_login.token()\n"
        "except xdr_login.Declined as error:\n"
        "    print(error)\n"
    )
    asking = subprocess.Popen(
        [sys.executable, str(script)],
        env={**app.display.environment, "PYTHONPATH": str(site)},
        stdout=subprocess.PIPE,
        text=True,
    )
    app.wait_for("use your token?")
    assert app.screen().shows("hunt.py")
    app.click("Deny")
    printed, _ = asking.communicate(timeout=60)
    assert printed.startswith("You denied access to the token.")
    assert app.quit() == 0
    del server
