"""The texts for people: all are translated, and the catalogues fit the sources."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import write_po
from hypothesis import given
from hypothesis import strategies as st
from translations import catalogues

from desktop.services.system import translation
from desktop.services.system.translation import translate, translate_plural

ROOT = catalogues.ROOT
SOURCES = sorted((ROOT / "desktop").rglob("*.py"))
# Folders in which every text for people is translated.
TRANSLATED = (
    "desktop/cli",
    "desktop/services/configuration",
    "desktop/services/profile_editor",
    "desktop/services/wording",
)
# Folders that are not there yet. Take one out, and put it above, once its texts are translated.
NOT_YET_TRANSLATED = (
    "desktop/cli",
    "desktop/services/session",
    "desktop/services/token",
    "desktop/ui",
)
# English on purpose: generated templates and schemas, the facts that support asks for, the table of
# commands, and a script for PowerShell.
ENGLISH_FILES = {
    "desktop/cli/completion.py",
    "desktop/cli/program.py",
    "desktop/services/configuration/schema.py",
}
# What takes a text for people.
SINKS = {
    *("Button", "QLabel", "QPushButton", "label", "addAction", "echo", "say", "set_tooltip"),
    *("print_message", "setAccessibleDescription", "setAccessibleName", "setPlaceholderText"),
    *("setText", "setToolTip", "setWindowTitle", "show_text"),
}
# What takes text for developers, or the name of something.
INTERNAL = {
    *("compile", "debug", "info", "warning", "error_type", "exception", "Path", "TypeVar"),
    *("getLogger", "NewType", "type", "cast", "get", "import_module"),
    *("command", "option", "_FieldOption"),  # the help of commands is English
}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def calls() -> Iterator[tuple[str, ast.Call]]:
    for file in SOURCES:
        if name_of(file) == "desktop/services/system/translation.py":
            continue
        for call in catalogues.translation_calls(ast.parse(file.read_text("utf-8"))):
            yield f"{name_of(file)}:{call.lineno}", call


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_template_is_up_to_date() -> None:
    assert catalogues.TEMPLATE.read_text("utf-8") == catalogues.template_text(), (
        "run: python3 dev.py translations"
    )


def test_keys_are_whole_literals() -> None:
    wrong = [
        place
        for place, call in calls()
        for key in catalogues.keys_of(call)
        if isinstance(key, (ast.JoinedStr, ast.BinOp))
        or (isinstance(key, ast.Call) and catalogues.function_name(key) in {"format", "join"})
    ]
    assert not wrong, "no f-string, no concatenation: whole sentences with named parameters"


def test_calls_give_the_parameters_of_their_keys() -> None:
    wrong = []
    for place, call in calls():
        function = catalogues.function_name(call)
        keys = catalogues.texts_of(call)
        given_names = {each.arg for each in call.keywords}
        if function == "translatable" or None in given_names:  # filled in later, or a **mapping
            continue
        implied = {"count"} if function == "translate_plural" else set()
        wrong += [
            place
            for key in keys
            if not parameters(key) <= given_names | implied or not given_names <= parameters(key)
        ]
    assert not wrong


def test_parameters_have_plain_names() -> None:
    for message in catalogues.make_template():
        for text in (message.id,) if isinstance(message.id, str) else message.id:
            if "{" in text:
                assert all(name.isidentifier() for name in parameters(text)), text


def is_text(value: str) -> bool:
    """Whether `value` looks like a text for people: a capital word and more, or a sentence."""
    words = value.split()
    return (
        len(words) > 1
        and value[0].isupper()
        and value[1:2].islower()
        and any(word.isalpha() and word.islower() for word in words[1:])
    )


class UntranslatedTexts(ast.NodeVisitor):
    """Collects the lines with a text for people that is not translated."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self._parents: list[ast.AST] = []

    def generic_visit(self, node: ast.AST) -> None:
        self._parents.append(node)
        super().generic_visit(node)
        self._parents.pop()

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = catalogues.function_name(node)
        if name in catalogues.FUNCTIONS:
            for each in node.keywords:
                self.visit(each)
        elif name in SINKS:
            self.lines += [
                each.lineno
                for each in node.args[:1]
                if isinstance(each, ast.Constant)
                and isinstance(each.value, str)
                and each.value[:1].isupper()
            ]
            self.generic_visit(node)
        elif name not in INTERNAL:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and is_text(node.value):
            self.lines.append(node.lineno)


def untranslated(source: str) -> list[int]:
    found = UntranslatedTexts()
    found.visit(ast.parse(source))
    return sorted(set(found.lines))


def test_every_text_for_people_is_translated() -> None:
    wrong = [
        f"{name_of(file)}:{line}"
        for file in SOURCES
        if name_of(file).startswith(TRANSLATED) and name_of(file) not in ENGLISH_FILES
        for line in untranslated(file.read_text("utf-8"))
    ]
    assert not wrong


@pytest.mark.parametrize("folder", NOT_YET_TRANSLATED)
def test_folders_that_are_done_are_not_listed_as_open(folder: str) -> None:
    files = [file for file in SOURCES if name_of(file).startswith(folder)]
    assert any(untranslated(file.read_text("utf-8")) for file in files)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('"""Say it.\n\nMore of it here."""\n', []),
        ('title = "Sign in again"', [1]),
        ('title = translatable("Sign in again")', []),
        ('title = translate("Copy {name}", name="Not translated")', [1]),
        ('_log.info("Started in the background")', []),
        ('button.setText("Copy")', [1]),
        ('button.setText(translate("Copy"))', []),
        ('raise KeyError("no key")', []),
        ('text = f"Signed in as {user}"', [1]),
        ('name = "client_id"', []),
    ],
)
def test_texts_are_told_from_other_strings(source: str, lines: list[int]) -> None:
    assert untranslated(source) == lines


def test_the_wheel_has_all_resources_but_the_sources_of_translations() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    resources = {name_of(each) for each in (ROOT / "resources").iterdir()}
    assert set(wheel["force-include"]) == resources - {"resources/translations"}
    assert (ROOT / wheel["hooks"]["custom"]["path"]).exists()


def test_english_loads_no_gettext() -> None:
    code = (
        "import sys; from desktop.services.system.translation import translate;"
        "assert translate('Copy {name}', name='x') == 'Copy x'; assert 'gettext' not in sys.modules"
    )
    environment = {**os.environ, "LANGUAGE": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)


# Languages


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the languages in a folder of their own."""
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    monkeypatch.setattr(catalogues, "TEMPLATE", tmp_path / "xdr-login.pot")
    return tmp_path


def test_a_language_is_updated_compiled_and_counted(folder: Path) -> None:
    file = folder / "de" / "LC_MESSAGES" / "xdr-login.po"
    file.parent.mkdir(parents=True)
    german = Catalog(locale="de")
    german.add("Try again", "Erneut versuchen")
    with file.open("wb") as opened:
        write_po(opened, german)
    catalogues.update()
    done, count = catalogues.completeness(file)
    assert done == 1
    assert count == len(catalogues.make_template())
    (compiled,) = catalogues.compile_all()
    with compiled.open("rb") as opened:
        message = read_mo(opened).get("Try again")
    assert message is not None
    assert message.string == "Erneut versuchen"


def test_the_pseudo_language_changes_every_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues.write_pseudo_language(tmp_path)
    monkeypatch.setattr("desktop.services.system.resources.resource", lambda _name: tmp_path)
    monkeypatch.setenv("LANGUAGE", catalogues.PSEUDO_LANGUAGE)
    translation._load_catalogue.cache_clear()
    shown = translate("Wait {wait}, then try again.", wait="2 minutes")
    assert "⟦" in shown
    assert "2 minutes" in shown
    assert "try again" not in shown
    assert "⟦2 mîñûtés" in translate_plural("{count} minute", "{count} minutes", 2)
    translation._load_catalogue.cache_clear()


@given(st.sampled_from(["Copy", "Wait {wait}, then try again.", "{a}{b}", ""]))
def test_a_pseudo_text_is_longer_and_keeps_its_parameters(text: str) -> None:
    changed = catalogues.pseudo_text(text)
    assert parameters(changed) == parameters(text)
    assert len(changed) >= 1.4 * len(text)
