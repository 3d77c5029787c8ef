"""The recipes for Python, with the real libraries."""

import sys

import pytest

from tests.recipes.conftest import Analyst, Recipes
from tests.xdr_login.conftest import FakeApi

IN_A_CELL = """\
import ast, asyncio, sys
*statements, last = sys.stdin.read().splitlines()
cell = "\\n".join([*statements, f"print({last})"])
asyncio.run(eval(compile(cell, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)))
"""
SEARCH = "/ctia/incident/search"


def run_python(analyst: Analyst, code: str, *, typed: str = "", profile: str = "northwind") -> str:
    """Run a script, which must work, and return what it prints."""
    given = {"PYTHONPATH": str(analyst.site), "XDR_LOGIN_PROFILE": profile}
    done = analyst.run(sys.executable, "-c", code, typed=typed, **given)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_requests_goes_on_with_a_new_token(analyst: Analyst, recipes: Recipes) -> None:
    analyst.server.inject("401", path=SEARCH)
    printed = run_python(
        analyst, analyst.local(recipes.only("requests", "python")), profile="southwind"
    )
    assert "Credential phishing against the finance team" in printed


def test_httpx_goes_on_with_a_new_token_between_two_pages(
    analyst: Analyst, recipes: Recipes
) -> None:
    analyst.server.inject("ok", "401", path=SEARCH)
    printed = run_python(analyst, recipes.only("httpx", "python"), profile="falcon")
    assert len(printed.splitlines()) == 120


def test_a_cell_of_a_notebook_prints_titles_and_no_token(
    analyst: Analyst, recipes: Recipes
) -> None:
    printed = run_python(analyst, IN_A_CELL, typed=recipes.only("Jupyter", "python"))
    assert printed.count("Beaconing to a newly registered domain") == 2
    assert "eyJ" not in printed


def test_threatresponse_sends_the_token(
    analyst: Analyst, recipes: Recipes, other_api: FakeApi
) -> None:
    pytest.importorskip("threatresponse", reason="has no wheel, so it is not pinned")
    families = dict.fromkeys(("visibility", "private_intel", "global_intel"), other_api.url)
    code = recipes.only("threatresponse", "python")
    run_python(analyst, code.replace("Token())", f"Token(), environment={families})"))
    assert set(other_api.tokens) == {f"Bearer {analyst.token()}"}


def test_falconpy_sends_the_token_of_its_profile(
    analyst: Analyst, recipes: Recipes, other_api: FakeApi
) -> None:
    code = recipes.only("falconpy", "python")
    run_python(analyst, code.replace('"falcon")', f'"falcon"), base_url="{other_api.url}"'))
    assert set(other_api.tokens) == {f"Bearer {analyst.token('falcon')}"}
