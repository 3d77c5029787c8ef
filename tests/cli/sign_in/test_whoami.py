"""`whoami` against the demo server, in several languages."""

from __future__ import annotations

import json

import pytest

from desktop.cli.sign_in import whoami
from tests.cli.demo_harness import DemoHarness
from tests.pseudo_language import real_language

LANGUAGES = ("ar", "en", "ja")


@pytest.fixture(autouse=True)
def _signed_in(served: DemoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoami, "fetch_token", served.fetch_token)


def test_programs_get_the_same_user_in_every_language(served: DemoHarness) -> None:
    printed = set()
    for language in LANGUAGES:
        with real_language(language):
            printed.add(served.run("whoami", "--json").stdout)
    (text,) = printed
    who = json.loads(text)["who"]
    assert who["user › scopes"].split()[:2] == ["enrich:read", "inspect:read"]
    assert who["org › enabled?"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_get_scopes_that_they_can_paste(served: DemoHarness, language: str) -> None:
    with real_language(language):
        assert "enrich:read, inspect:read, " in served.run("whoami").stdout
