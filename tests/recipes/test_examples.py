"""Every example for a shell in docs/command-line.md and docs/api.md, at the demo server."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from tests.recipes.conftest import ROOT, Analyst, add_command
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.requirements import skip_without
from tests.rigs.secret_service import run_bus, run_keyring

BLOCKS = {
    f"{page}-{number}": block
    for page in ("command-line", "api")
    for number, block in enumerate(
        re.findall(r"(?ms)^```sh\n(.*?)^```$", (ROOT / f"docs/{page}.md").read_text("utf-8")), 1
    )
}
BY_LINES = "xdr-login completion"
OF_NEWCOMERS = ("xdr-login profiles", "--format dpop")
AS_SIGNED_IN = {
    name: block
    for name, block in BLOCKS.items()
    if not any(each in block for each in (BY_LINES, *OF_NEWCOMERS))
}
# Programs that the examples start, and that call no server of their own.
PROGRAMS = {
    "gh": 'test "$GITHUB_TOKEN"',
    "make": 'test "$XDR_ACCESS_TOKEN" && echo report',
    "kubectl": "",
    "logger": "exit 1",
    "hunt": 'test "$XDR_ACCESS_TOKEN" && echo hunted >> hunted.txt',
    "http": """
        url=$1 name=${2%%:@*} file=${2#*:@}
        curl --fail --silent --show-error -H "$name: $(cat "$file")" "$url"
    """,
}
HUNT = "import os; assert os.environ['XDR_ACCESS_TOKEN']; print(os.environ['XDR_PLATFORM_URL'])\n"


@pytest.fixture(autouse=True)
def installed() -> None:
    """Skip where a program that nothing installs is missing."""
    skip_without("jq", "git")


@pytest.fixture
def prepared(analyst_with_app: Analyst) -> Analyst:
    """Give the analyst the programs and files that the examples name."""
    home = analyst_with_app.home
    for name, script in PROGRAMS.items():
        add_command(analyst_with_app, name, script)
    (home / "hunt.py").write_text(HUNT)
    (home / "query.json").write_text('{"status": "Open"}')
    return analyst_with_app


def local(analyst: Analyst, block: str) -> str:
    """Replace what is elsewhere on this computer, and answer what a terminal would be asked."""
    block = re.sub(r"api POST (?!.* --as )[^|>\n]*", r"\g<0> --yes", block)
    block = block.replace("unix:path=/run/user/$(id -u)/bus", analyst.bus.address)
    return block.replace("/usr/local/bin/hunt", str(analyst.commands / "hunt"))


def require_success(analyst: Analyst, script: str, **changes: str) -> str:
    """Run a script that ends at its first error, and return what it prints."""
    command = ("bash", "-o", "pipefail", "-c", f"set -e\n{analyst.local(script)}")
    done = analyst.run(*command, typed="typed\n", **changes)
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout, "curl takes any answer"
    return done.stdout


@pytest.mark.parametrize("name", AS_SIGNED_IN)
def test_an_example_works_for_who_is_signed_in(prepared: Analyst, name: str) -> None:
    require_success(prepared, local(prepared, AS_SIGNED_IN[name]))


@pytest.mark.parametrize(
    "wrong",
    [
        "xdr-login api GET nosuch:/x",
        "xdr-login token --for nosuch | cat",
        "curl -s https://visibility.eu.amp.cisco.com/iroh/profile/whoami",
        "xdr-login run -- false || logger failed",
    ],
)
def test_an_example_that_fails_would_be_noticed(prepared: Analyst, wrong: str) -> None:
    with pytest.raises(AssertionError):
        require_success(prepared, f"{wrong}\ntrue")


@pytest.mark.parametrize("with_app", [True, False])
def test_status_has_the_members_that_the_page_shows(
    prepared: Analyst, tmp_path: Path, *, with_app: bool
) -> None:
    page = (ROOT / "docs/command-line.md").read_text("utf-8")
    found = re.search(r"(?ms)^## xdr-login status\n.*?^```json\n(.*?)^```$", page)
    assert found
    shown = json.loads(found[1])
    runtime = {} if with_app else {"XDG_RUNTIME_DIR": str(tmp_path)}
    status = json.loads(prepared.run("xdr-login", "status", "--json", **runtime).stdout)
    assert (status["running"], status.keys()) == (with_app, shown.keys())
    assert {frozenset(each) for each in status["profiles"]} == {frozenset(shown["profiles"][0])}


COMPLETIONS = {
    re.findall(r"completion (\w+)", line)[0]: line
    for block in BLOCKS.values()
    for line in block.splitlines()
    if BY_LINES in line
}
BEFORE = {
    "zsh": "autoload -Uz compinit; compinit -u",
    "fish": "mkdir -p ~/.config/fish/completions",
}
COMMANDS = {"powershell": "pwsh"}


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_an_example_of_completion_works_in_its_shell(prepared: Analyst, shell: str) -> None:
    command = COMMANDS.get(shell, shell)
    skip_without(command)
    script = "\n".join(filter(None, (BEFORE.get(shell), COMPLETIONS[shell])))
    done = prepared.run(command, "-c", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def newcomer(prepared: Analyst, tmp_path: Path) -> Iterator[Analyst]:
    """Run a keyring and a server that binds tokens, for somebody without profiles or the app."""
    with ExitStack() as stack:
        server = stack.enter_context(
            DemoServer(DemoOptions(interval=0, approve_after=0, dpop="on"))
        )
        store = stack.enter_context(run_keyring(stack.enter_context(run_bus())))
        shutil.copytree(prepared.commands, tmp_path / "bin")
        (tmp_path / "run").mkdir(mode=0o700)
        yield replace(prepared, home=tmp_path, bus=store, server=server)


def test_the_examples_of_profiles_work_one_after_the_other(newcomer: Analyst) -> None:
    (newcomer.home / "password.txt").write_text("secret-of-robot\n")
    client = {"client_id": "client-1", "name": "Hunt", "grants": ["device-grant"], "scopes": []}
    (newcomer.home / "client.json").write_text(json.dumps(client))
    blocks = [each for each in BLOCKS.values() if OF_NEWCOMERS[0] in each]
    assert len(blocks) >= 4
    require_success(newcomer, "\n".join(blocks))
    listed = json.loads(require_success(newcomer, "xdr-login profiles list --json"))
    assert [each["id"] for each in listed["profiles"]] == ["northwind", "robot", "hunt"]
    assert listed["broken"] == []
    shown = json.loads(require_success(newcomer, "xdr-login profiles show northwind --json"))
    assert shown["services"]["reports"] == "https://reports.example/api"


def test_the_example_of_a_bound_token_works(newcomer: Analyst) -> None:
    issuer = f"--preset xdr-custom --issuer {newcomer.server.url}"
    add = f"xdr-login profiles add demo {issuer} --client-id {PUBLIC_CLIENT_ID}"
    require_success(newcomer, f"{add}\nxdr-login login")
    (block,) = [each for each in BLOCKS.values() if OF_NEWCOMERS[1] in each]
    url = f"{newcomer.server.url}/iroh/profile/whoami"
    assert "dana@northwind.example" in require_success(newcomer, block, URL=url)
