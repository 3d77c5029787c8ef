from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from desktop.services.system import language as languages
from desktop.services.system.translation import translate, translate_plural

Choose = Callable[[str], None]


@pytest.fixture
def language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Choose]:
    """Have a German catalog, and ask for a language: `language("de_AT.UTF-8")`."""
    catalog = Catalog(locale="de")
    catalog.add("Copy {name}", "{name} kopieren")
    catalog.add(("{count} profile", "{count} profiles"), ("{count} Profil", "{count} Profile"))
    file = tmp_path / "de" / "LC_MESSAGES" / "xdr-login.mo"
    file.parent.mkdir(parents=True)
    with file.open("wb") as opened:
        write_mo(opened, catalog)
    monkeypatch.setattr("desktop.services.system.resources.resource", lambda _name: tmp_path)

    def choose(name: str) -> None:
        for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("LANGUAGE", name)
        languages.forget_language()

    yield choose
    monkeypatch.undo()
    languages.forget_language()


@pytest.mark.parametrize("name", ["", "C", "C.UTF-8", "POSIX", "en", "en_GB.UTF-8", "en:de"])
def test_english_needs_no_catalogue(language: Choose, name: str) -> None:
    language(name)
    assert translate("Copy {name}", name="token") == "Copy token"
    assert languages.load_catalog() is None


@pytest.mark.parametrize("name", ["de", "de_AT.UTF-8", "fr:de", "de:en"])
def test_a_message_is_translated_with_its_values(language: Choose, name: str) -> None:
    language(name)
    assert translate("Copy {name}", name="{token}") == "{token} kopieren"


def test_a_message_missing_from_the_catalogue_stays_english(language: Choose) -> None:
    language("de")
    assert translate("Renew now") == "Renew now"


@pytest.mark.parametrize(
    ("name", "count", "text"),
    [
        ("en", 1, "1 profile"),
        ("en", 2, "2 profiles"),
        ("de", 1, "1 Profil"),
        ("de", 0, "0 Profile"),
    ],
)
def test_a_count_chooses_the_plural_form(
    language: Choose, name: str, count: int, text: str
) -> None:
    language(name)
    assert translate_plural("{count} profile", "{count} profiles", count) == text


def test_braces_of_a_message_without_values_stay(language: Choose) -> None:
    language("en")
    assert translate("{not a value}") == "{not a value}"
