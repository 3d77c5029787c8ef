"""A signed-in user with the running app, and the recipes of the docs.

The user has a home, a keyring and a tenant at the demo server. The app runs for all tests here.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop.demo import PUBLIC_CLIENT_ID
from tests.cli.commands import age, sign_in
from tests.rigs import requirements
from tests.rigs.demo_server import DemoOptions, DemoServer
from tests.rigs.memory import folder_in_memory
from tests.rigs.process import run_program, wait_until
from tests.rigs.python_package import lay_out_package
from tests.rigs.secret_service import Bus, run_bus, run_keyring
from tests.xdr_login.conftest import FakeApi, run_api

ROOT = Path(__file__).parents[2]
PROGRAMS = ("curl", "jq", "newman", "bru", "terraform", "ansible-playbook", "env", "sh", "tr")
TENANTS = ("northwind", "southwind", "falcon", "github", "robot")
SECONDS_AGO = 360
"""When the analyst signed in: `xdr-login api` replaces no token in the first half of its life."""
HOSTS = {
    "https://visibility.amp.cisco.com/iroh": "platform",
    "https://private.intel.amp.cisco.com/ctia": "private-intel",
}

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on the page."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Recipes:
    """What is below each heading of docs/recipes.md."""

    sections: Mapping[str, str]

    def blocks(self, heading: str) -> list[Block]:
        """Return the code below a heading."""
        found = re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", self.sections[heading])
        return [Block(language, text) for language, text in found]

    def only(self, heading: str, language: str) -> str:
        """Return the one block in this language."""
        (text,) = [each.text for each in self.blocks(heading) if each.language == language]
        return text


@dataclass(frozen=True, slots=True)
class Analyst:
    """A user on this computer who is signed in to several tenants."""

    home: Path
    bus: Bus
    server: DemoServer
    site: Path

    @property
    def commands(self) -> Path:
        """Return the folder with `xdr-login`, and programs that note their arguments."""
        return self.home / "bin"

    @property
    def runtime(self) -> Path:
        return self.home / "run"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a terminal; nothing of the test's own is in it."""
        return {
            "HOME": str(self.home),
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime),
            "NO_PROXY": "127.0.0.1",
            "QT_QPA_PLATFORM": "offscreen",
            "CHECKPOINT_DISABLE": "1",  # or Terraform looks for a newer version
            **self.bus.changes,
        }

    def local(self, recipe: str) -> str:
        """Replace the hosts of Cisco XDR by those of the demo server."""
        for address, service in HOSTS.items():
            for region in (address, address.replace(".amp.", ".eu.amp.")):
                recipe = recipe.replace(region, self.server.services[service])
        recipe = recipe.replace("https://api.eu.amp.cisco.com", self.server.secure_endpoint)
        assert "cisco.com" not in recipe
        return recipe

    def run(self, *command: str, typed: str = "", **changes: str) -> Done:
        """Run a program to its end, in the home folder."""
        return subprocess.run(
            command,
            cwd=self.home,
            env={**self.environment, **changes},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def run_shell(self, recipe: str, **changes: str) -> str:
        """Run a recipe for the shell, which must work, and return what it prints."""
        done = self.run("bash", "-o", "pipefail", "-c", self.local(recipe), **changes)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def token(self, profile: str = TENANTS[0]) -> str:
        return self.run("xdr-login", "token", "--profile", profile).stdout.strip()

    def arguments(self) -> str:
        """Return the arguments of all programs since the last time."""
        file = self.home / "arguments"
        found = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)
        return found


@pytest.fixture(scope="session")
def recipes() -> Recipes:
    page = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    return Recipes(dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", page)))


@pytest.fixture(scope="module")
def analyst_with_app() -> Iterator[Analyst]:
    """Run the app of an analyst who is signed in to all tenants."""
    requirements.require_linux("recipes")
    requirements.require("recipes", "bash", "curl", "dbus-daemon", "gnome-keyring-daemon")
    with contextlib.ExitStack() as stack:
        # Not tmp_path: the path of a socket is limited.
        new = tempfile.TemporaryDirectory(prefix="xdr-", dir=folder_in_memory())
        home = Path(stack.enter_context(new))
        server = stack.enter_context(DemoServer(DemoOptions(interval=0, approve_after=0)))
        store = stack.enter_context(run_keyring(stack.enter_context(run_bus())))
        site = lay_out_package(home / "site")
        analyst = Analyst(home, store, server, site)
        lay_out_home(analyst)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
            patch.setenv("XDG_STATE_HOME", str(home / ".local" / "state"))
            for each in TENANTS:
                sign_in(store, each)
                age(store, each, SECONDS_AGO)
        app = stack.enter_context(run_program(["xdr-login", "--hidden"], analyst.environment))
        wait_until(lambda: is_running(analyst), "the app", app)
        yield analyst


@pytest.fixture
def analyst(analyst_with_app: Analyst) -> Iterator[Analyst]:
    """Give the analyst to a test, and look for tokens in arguments at its end."""
    analyst_with_app.arguments()
    yield analyst_with_app
    arguments = analyst_with_app.arguments()
    assert not any(analyst_with_app.token(each) in arguments for each in TENANTS)
    assert "eyJ" not in arguments, "the beginning of every token of the demo server"


@pytest.fixture
def other_api() -> Iterator[FakeApi]:
    """Run an API that the demo server doesn't have."""
    for made in run_api():
        made.refused = "no token"
        yield made


def lay_out_home(analyst: Analyst) -> None:
    """Make the profiles and the programs."""
    folder = analyst.home / ".config" / "xdr-login"
    for each in (folder, analyst.commands, analyst.runtime):
        each.mkdir(parents=True, mode=0o700)
    services = json.dumps(analyst.server.services).replace('": ', '" = ')
    profile = (
        f'issuer = "{analyst.server.url}"\nexpected_issuer = "IROH Auth"\n'
        f'client_id = "{PUBLIC_CLIENT_ID}"\nservices = {services}\n'
    )
    exchange = f'kind = "bearer"\nurl = "{analyst.server.secure_endpoint}/v3/access_tokens"\n'
    text = "".join(
        f"[profiles.{each}]\n{profile}[profiles.{each}.exchanges.secure-endpoint]\n{exchange}"
        for each in TENANTS
    )
    (folder / "profiles.toml").write_text(text)
    add_command(
        analyst, "xdr-login", f'exec "{sys.executable}" -P "{ROOT}/desktop/__main__.py" "$@"'
    )
    for name in PROGRAMS:
        if found := shutil.which(name):
            note = f'printf "%s\\n" "{name} $*" >> "{analyst.home}/arguments"'
            add_command(analyst, name, f'{note}\nexec "{found}" "$@"')


def add_command(analyst: Analyst, name: str, script: str) -> None:
    """Make a program of the analyst from a script for the shell."""
    file = analyst.commands / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def is_running(analyst: Analyst) -> bool:
    done = analyst.run("xdr-login", "status", "--json")
    return '"running": true' in done.stdout
