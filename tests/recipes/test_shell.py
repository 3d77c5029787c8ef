"""The recipes for shells, at the demo server."""

import json
import re
from pathlib import Path

import pytest

from tests.recipes.conftest import TENANTS, Analyst, Recipes, add_command
from tests.rigs.requirements import skip_without


@pytest.fixture(autouse=True)
def jq() -> None:
    """Skip where jq isn't installed."""
    skip_without("jq")


def test_curl_gets_an_answer_in_both_kinds_of_shell(analyst: Analyst, recipes: Recipes) -> None:
    with_file, with_pipe = (each.text for each in recipes.blocks("curl"))
    assert "dana@northwind.example" in analyst.run_shell(with_file)
    done = analyst.run("sh", "-c", analyst.local(with_pipe))
    assert (done.returncode, done.stderr) == (0, "")
    assert "dana@northwind.example" in done.stdout


def test_a_token_in_an_argument_would_be_noticed(analyst_with_app: Analyst) -> None:
    analyst_with_app.run("sh", "-c", 'tr "$(xdr-login token)" x')
    assert analyst_with_app.token() in analyst_with_app.arguments()


def test_jq_prints_all_open_incidents_also_if_the_token_ends_between_two_pages(
    analyst: Analyst, recipes: Recipes
) -> None:
    analyst.server.inject("ok", "401", path="/ctia/incident/search")
    lines = analyst.run_shell(recipes.only("jq", "sh")).splitlines()
    assert len(lines) == 40, "a third of all"
    assert all(re.match(r"incident-[0-9a-f-]+\t\S", each) for each in lines)


def incident_ids(analyst: Analyst, count: int) -> list[str]:
    query = ("api", "GET", "private-intel:/incident/search", "-f", f"limit={count}")
    return [each["id"] for each in json.loads(analyst.run("xdr-login", *query).stdout)]


def test_a_loop_asks_for_each_incident(analyst: Analyst, recipes: Recipes) -> None:
    ids = incident_ids(analyst, 3)
    (analyst.home / "ids.txt").write_text("".join(f"{each}\n" for each in ids))
    lines = analyst.run_shell(recipes.only("Shell loops", "sh")).splitlines()
    assert [each.split("\t")[0] for each in lines] == ids


def test_each_tenant_gets_a_file_of_its_own(analyst: Analyst, recipes: Recipes) -> None:
    assert analyst.run_shell(recipes.only("All your tenants", "sh")) == ""
    for each in TENANTS:
        assert len(json.loads((analyst.home / f"{each}.json").read_text())) == 120


@pytest.mark.parametrize("with_app", [True, False])
def test_cron_finds_the_app_or_else_the_keyring(
    analyst: Analyst, recipes: Recipes, tmp_path: Path, *, with_app: bool
) -> None:
    *settings, job = recipes.only("cron", "crontab").splitlines()
    changes = dict(each.split("=", 1) for each in settings)
    here = {
        "PATH": f"{analyst.commands}:{changes.pop('PATH')}",
        "XDG_RUNTIME_DIR": str(analyst.runtime if with_app else tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": analyst.bus.address,
    }
    assert set(changes) < set(here), "replaced by the same of this test"
    command = re.sub(r"^\*/15 \* \* \* \* ", "", job)
    assert "%" not in command, "cron makes a new line of it"
    given = [f"{name}={value}" for name, value in here.items()]
    for each in ("incidents.json", "hunt.log"):
        (analyst.home / each).unlink(missing_ok=True)
    cron = ["-i", f"HOME={analyst.home}", "LOGNAME=dana", "SHELL=/bin/sh", *given]
    done = analyst.run("env", *cron, "/bin/sh", "-c", command)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (analyst.home / "hunt.log").read_text() == ""
    assert len(json.loads((analyst.home / "incidents.json").read_text())) == 20


def test_wsl_starts_the_program_of_windows(analyst: Analyst, recipes: Recipes) -> None:
    add_command(analyst, "xdr-login.exe", "xdr-login \"$@\" | sed 's/$/\\r/'")
    assert "dana@northwind.example" in analyst.run_shell(recipes.only("WSL", "sh"))
