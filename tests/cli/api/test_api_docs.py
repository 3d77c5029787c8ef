"""The examples in docs/api.md are valid, and go to services of Cisco XDR."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from desktop.cli.program import program
from desktop.cli.terminal.exits import Exit
from desktop.services.configuration.profile_reader import load_profile, load_profiles
from desktop.services.system.paths import profiles_file
from desktop.services.token.api_services import service_for

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("xdr-login ")]
CALLS = [line for line in LINES if re.match("xdr-login api [A-Z]", line)]
PROFILE = '[profiles.northwind]\npreset = "xdr-nam"\nclient_id = "c"\n'


@pytest.fixture(autouse=True)
def folder(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with the file that the examples send, and have one profile."""
    monkeypatch.chdir(own_folders)
    Path("query.json").write_text("{}")
    profiles_file().parent.mkdir(parents=True, exist_ok=True)
    profiles_file().write_text(PROFILE)


def run(line: str, *more: str) -> str:
    """Run the command in `line`, without what comes after it in a shell."""
    words = shlex.split(re.split("[|>]", line)[0])[1:]
    done = CliRunner().invoke(program, [*words, *more], standalone_mode=False)
    assert (done.exception, done.return_value) == (None, Exit.OK)
    return done.stdout


def test_the_page_has_examples_of_every_kind() -> None:
    assert len(CALLS) >= 5
    assert sum("--paginate" in each for each in CALLS) == 2


@pytest.mark.parametrize("line", CALLS)
def test_an_example_calls_a_service_of_cisco_xdr(line: str) -> None:
    as_code = [] if "--as" in line else ["--as", "curl"]
    code = run(line.replace(" --paginate", ""), *as_code)
    (address,) = re.findall(r"https://[^'\"]+", code)
    assert service_for(load_profile(), address).name in load_profile().services


def test_the_example_of_a_new_service_adds_it() -> None:
    (line,) = [each for each in LINES if "profiles edit" in each]
    run(line)
    added = load_profiles(profiles_file()).find("northwind").services
    assert added["reports"] == "https://reports.example/api"


def test_the_table_of_services_is_that_of_the_presets() -> None:
    for name in load_profile().services:
        assert re.search(rf"^\| Cisco XDR \|.*`{name}`", PAGE, re.MULTILINE)
