"""Which language the texts are in."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from desktop.services.configuration.policy_sources import read_plist, read_toml
from desktop.services.model.settings import Settings, load_settings, save_settings
from desktop.services.system import language as languages
from desktop.services.system.language.catalog import CompiledCatalog
from desktop.services.system.paths import settings_file
from desktop.services.system.translation import translate, translate_plural

pytestmark = pytest.mark.usefixtures("_installed")
CATALOGS = {
    "ar": {"Open {path}": "افتح {path}"},
    "de": {"Open {path}": "{path} öffnen"},
    "pt_BR": {"Open {path}": "Abrir {path}"},
}


@pytest.fixture(name="_installed")
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Have three languages, a settings file of this test, no policy and nothing else."""
    for name, texts in CATALOGS.items():
        catalog = Catalog(locale=name)
        for message, text in texts.items():
            catalog.add(message, text)
        catalog.add(("{count} day", "{count} days"), tuple(map(str, range(catalog.num_plurals))))
        file = tmp_path / name / "LC_MESSAGES" / "xdr-login.mo"
        file.parent.mkdir(parents=True)
        with file.open("wb") as opened:
            write_mo(opened, catalog)
    monkeypatch.setattr("desktop.services.system.resources.resource", lambda _name: tmp_path)
    monkeypatch.setattr(languages, "POLICY_FILE", str(tmp_path / "policy.toml"))
    monkeypatch.setattr(languages, "settings_path", lambda: str(tmp_path / "settings.toml"))
    for name in ("XDR_LOGIN_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    languages.forget_language()
    yield
    monkeypatch.undo()
    languages.forget_language()


@pytest.fixture
def setting(tmp_path: Path) -> Callable[[str], None]:
    """Choose the setting `language`."""
    return lambda name: save_settings(Settings(language=name), tmp_path / "settings.toml")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "pt_PT.UTF-8"}, "pt_BR"),
        ({"LANG": "pt-BR"}, "pt_BR"),
        ({"LANG": "sv_SE.UTF-8"}, "en"),
        ({"LC_MESSAGES": "de_DE@euro", "LANG": "ar"}, "de"),
        ({"LC_ALL": "C.UTF-8", "LANG": "de"}, "en"),
        ({"LANGUAGE": "sv:ar:de", "LC_ALL": "de"}, "ar"),
        ({"LANGUAGE": "en_GB:de"}, "en"),
        ({"LANGUAGE": "de", "XDR_LOGIN_LANG": "ar"}, "ar"),
        ({}, "en"),
    ],
)
def test_the_environment_names_the_language(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr(languages, "_from_system", tuple)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert languages.current_language() == expected


def test_the_system_decides_where_no_variable_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_from_system", lambda: ("fr-FR", "pt-BR", "en-US"))
    assert languages.current_language() == "pt_BR"


def test_a_setting_comes_before_the_system_and_an_option_before_both(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[[str], None]
) -> None:
    monkeypatch.setenv("LANGUAGE", "ar")
    setting("de")
    assert languages.current_language() == "de"
    monkeypatch.setenv("XDR_LOGIN_LANG", "")
    languages.use_language("pt_BR")
    assert languages.current_language() == "pt_BR"


def test_english_can_be_chosen_in_another_system(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[[str], None]
) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    setting("en")
    assert translate("Open {path}", path="x") == "Open x"


def test_a_policy_fixes_the_language(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: Callable[[str], None]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('settings.language = "ar"\n', "utf-8")
    setting("de")
    monkeypatch.setenv("XDR_LOGIN_LANG", "de")
    assert languages.current_language() == "ar"


@pytest.mark.parametrize("content", ["settings = 3", "not toml", 'settings.language = "system"'])
def test_a_policy_without_a_language_fixes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    (tmp_path / "policy.toml").write_text(content, "utf-8")
    monkeypatch.setenv("LANG", "de")
    assert languages.current_language() == "de"


def test_the_managed_preferences_of_macos_fix_the_language(tmp_path: Path) -> None:
    import plistlib

    file = tmp_path / "managed.plist"
    file.write_bytes(plistlib.dumps({"settings": {"language": "de"}}))
    assert languages._from_plist(str(file)) == "de"
    if sys.platform != "win32":
        found = read_plist(file, owner=os.getuid())
        assert found is not None
        assert found.members["settings"] == {"language": "de"}


@pytest.mark.skipif(sys.platform == "win32", reason="a file of Linux")
def test_both_readers_of_a_policy_agree(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('[settings]\nlanguage = "de"\n', "utf-8")
    found = read_toml(file, owner=os.getuid())
    assert found is not None
    assert found.members["settings"] == {"language": languages._from_toml(str(file))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('language = "de"', "de"),
        ("language='de' # the one", "de"),
        ('\ufeff# first\nlanguage="de"', "de"),
        ('language = "system"', ""),
        ('theme = "dark"\n[other]\nlanguage = "de"', ""),
    ],
)
def test_the_setting_is_read_as_toml_reads_it(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text, "utf-8")
    assert languages._from_settings() == expected
    assert load_settings(file).language == (expected or "system")


def test_the_settings_are_read_from_where_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    if sys.platform == "linux":
        assert languages.settings_path() == str(settings_file())


def test_arabic_is_written_from_right_to_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "de")
    assert translate("Open {path}", path="/etc/xdg") == "/etc/xdg öffnen"
    assert not languages.is_right_to_left()
    assert languages.is_right_to_left("ar")
    languages.forget_language()
    monkeypatch.setenv("LANG", "ar")
    assert languages.is_right_to_left()


@pytest.mark.parametrize("language", ["ar", "de", "en"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\u2069/\u2067b", "a/b"),
        ("a\u202egnp", "agnp"),
        ("a\u2068b", "a\u2068b\u2069"),
        ("a \u2068b\u2069 c", "a \u2068b\u2069 c"),
        ("Zürich 東京", "Zürich 東京"),
    ],
)
def test_a_value_does_not_change_the_direction_of_the_rest(
    monkeypatch: pytest.MonkeyPatch, language: str, value: str, shown: str
) -> None:
    monkeypatch.setenv("LANG", language)
    text = translate("Open {path}", path=value)
    assert text in {f"Open {shown}", f"{shown} öffnen", f"افتح {shown}"}


@pytest.mark.parametrize("name", ["أمن", "SOC الرياض"])
def test_a_name_from_right_to_left_does_not_reorder_other_words(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("LANG", "de")
    assert translate("Open {path}", path=name) == f"\u2068{name}\u2069 öffnen"
    monkeypatch.setenv("LANG", "ar")  # has marks of its own
    languages.forget_language()
    assert translate("Open {path}", path=name) == f"افتح {name}"


@pytest.mark.parametrize(
    ("count", "form"), [(0, "0"), (1, "1"), (2, "2"), (3, "3"), (11, "4"), (100, "5"), (103, "3")]
)
def test_arabic_has_six_plural_forms(
    monkeypatch: pytest.MonkeyPatch, count: int, form: str
) -> None:
    monkeypatch.setenv("LANG", "ar")
    assert translate_plural("{count} day", "{count} days", count) == form


def test_an_incomplete_catalog_leaves_texts_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ar")
    file = languages._catalog_file("ar")
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        languages.forget_language()
        assert translate("Open {path}", path="x") in {"Open x", "افتح x"}
        assert translate_plural("{count} day", "{count} days", 2) in {"2", "2 days"}


def test_a_catalog_that_can_not_be_read_leaves_texts_in_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "de")
    assert languages.current_language() == "de"
    languages._catalog_file("de").unlink()
    assert translate("Open {path}", path="x") == "Open x"


def test_a_catalog_with_offsets_outside_of_the_file_has_no_texts() -> None:
    catalog = CompiledCatalog(struct.pack("<7I", 0x950412DE, 0, 2**32 - 1, 28, 2**32 - 1, 0, 0))
    assert catalog.find("Copy") == "Copy"
    assert catalog.find_plural("{count} day", "{count} days", 2) == "{count} days"


def test_very_many_languages_are_matched_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    list_files = os.listdir

    def record(folder: str) -> list[str]:
        listed.append(folder)
        return list_files(folder)

    monkeypatch.setattr(os, "listdir", record)
    monkeypatch.setenv("LANGUAGE", ":".join(f"x{each}" for each in range(1000)) + ":de")
    assert languages.current_language() == "de"
    assert len(listed) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a FIFO")
def test_a_pipe_in_place_of_the_settings_does_not_hold_up_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.toml")
    code = (
        "import sys; from desktop.services.system import language as languages;"
        "languages.settings_path = lambda: sys.argv[1]; print(languages._from_settings() or 'none')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "settings.toml")],
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert done.stdout == b"none\n"


@pytest.mark.skipif(sys.platform == "win32", reason="has no HOME")
def test_settings_in_the_current_folder_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("HOME", ".")
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    assert languages.settings_path() == ""


def test_a_file_that_is_no_catalog_is_refused() -> None:
    with pytest.raises(ValueError, match="not a compiled catalog"):
        CompiledCatalog(b"msgid")
