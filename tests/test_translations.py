"""The texts for people: all are translated, and the catalogs fit the sources."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import write_po
from builder.localized import NSIS_LANGUAGES
from hypothesis import given
from hypothesis import strategies as st
from translations import catalogues, compiled
from translations.isolates import isolate

from desktop.services.system.language import (
    LANGUAGE_NAMES,
    MISSING_KEY,
    forget_language,
    is_right_to_left,
)
from desktop.services.system.language.catalog import CompiledCatalog
from desktop.services.system.translation import translate, translate_plural

ROOT = catalogues.ROOT
SOURCES = sorted((ROOT / "desktop").rglob("*.py"))
# English on purpose: a folder, a file, or a function or table in a file; and why.
ENGLISH = {
    "desktop/cli/profiles/profile_check.py:_print_finding": "a command",
    "desktop/cli/scripts/token_source.py:_parse_answer": "of an error that is caught",
    "desktop/cli/terminal/usage_errors.py:_suggestion": "texts of Click, which gettext translates",
    "desktop/cli/program.py:COMMANDS": "extracted with the help of the commands",
    "desktop/cli/profiles/commands.py:_PROFILES": "the same",
    "desktop/cli/scripts/commands.py:_CREDENTIAL": "the same",
    "desktop/cli/sign_in/commands.py:_GRANTS": "the same",
    "desktop/cli/program.py:EXAMPLES": "the same",
    "desktop/services/session/lock/polkit.py:_UNKNOWN_ACTION": "what polkit says",
    "desktop/frozen.py": "program code, and errors as those of Python",
    "desktop/demo/": "a server, whose texts are a server's",
    "desktop/oauth/": "has no translation; the reasons of its errors are extracted",
    "desktop/services/system/about.py:command_to_install": "a command",
    "desktop/services/system/about.py:installer": "the name of a program",
    "desktop/xdr_login/": "errors for whoever writes a program, as those of Python",
    "desktop/selftest.py": "for those who build and test packages",
    "desktop/services/model/copy_formats.py": "program code",
    "desktop/services/model/audit.py": "events for administrators, whose rules search for them",
    "desktop/services/model/audit_kinds.py": "the same",
    "desktop/services/audit/": "the names of logs, and formats of theirs",
    "desktop/services/model/policy.py": "templates and schemas for administrators",
    "desktop/services/model/profile.py:_ADDRESS": "the same",
    "desktop/services/model/profile.py:client_secret_key": "the name of a keyring entry",
    "desktop/services/model/profile.py:proxy_password_key": "the same",
    "desktop/services/model/settings.py:_HEADING": "a comment in a file",
    "desktop/services/configuration/profile_file.py:export_profiles": "the same",
    "desktop/services/configuration/profile_parts.py": "what Python says of TOML, in English",
    "desktop/services/model/toml_text.py:_ESCAPE_ERRORS": "the same",
    "desktop/services/secrets/secret_service.py": "the label that keyring gives an entry",
    "desktop/services/secrets/keyring_vault.py": "for the log: people read a row of the messages",
    "desktop/services/system/connections.py:_CANNOT_ACCEPT": "for the log",
    "desktop/services/system/connections.py:Connections._on_end": "for the log",
    "desktop/services/system/interpreters.py": "names of options and programs",
    "desktop/services/session/loopback.py:_response": "HTTP headers",
    "desktop/services/token/call_templates.py": "program code",
    "desktop/services/token/details.py:details_for_support": "for support, who read English",
    "desktop/services/wording/missing_library.py:_install_command": "commands",
    "desktop/ui/app/self_test.py": "for those who build and test packages",
    "desktop/ui/app/single_instance.py:_UNAVAILABLE": "for the log",
}
# What takes a text for people.
SINKS = {
    *("Button", "QLabel", "QPushButton", "label", "addAction", "echo", "say", "set_tooltip"),
    *("print_message", "setAccessibleDescription", "setAccessibleName", "setPlaceholderText"),
    *("setText", "setToolTip", "setWindowTitle", "show_text"),
}
# What takes text for developers, or the name of something.
INTERNAL = {
    *("compile", "debug", "info", "warning", "error", "error_type", "exception", "Path", "TypeVar"),
    *("getLogger", "NewType", "type", "cast", "get", "import_module"),
    *(
        "command",
        "exchange_option",
        "option",
        "Option",
    ),  # their help is extracted with the commands
    # Of these, people never read the text.
    *("BadMessage", "ConnectionResetError", "OSError", "PermissionError", "RuntimeError"),
    *("KeyError", "ValueError", "report_loop_error", "call_exception_handler"),
}
# What begins with a description for whoever writes the file: editors show it, in English.
DESCRIBING = {"_address", "about", "member", "table", "text"}
PRODUCT = "XDR Login"


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
    keys = [key for file in SOURCES for key in catalogues.messages_of(file.read_text("utf-8"))]
    for key in keys:
        for text in (key,) if isinstance(key, str) else key:
            assert all(name.isidentifier() for name in parameters(text)), text


def run_on_import(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield what Python runs when it imports a module: no function, but its defaults."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from node.decorator_list
            yield from filter(None, (*node.args.defaults, *node.args.kw_defaults))
        elif isinstance(node, ast.ClassDef):
            yield from (*node.decorator_list, *node.bases, *node.keywords)
            yield from run_on_import(node.body)
        else:
            yield node


def translated_on_import(source: str) -> list[int]:
    return [
        call.lineno
        for node in run_on_import(ast.parse(source).body)
        for call in catalogues.translation_calls(node)
        if catalogues.function_name(call) != "translatable"
    ]


def test_nothing_is_translated_before_the_language_is_known() -> None:
    samples = (ROOT / "tests" / name for name in ("sample_states.py", "profile_shots.py"))
    wrong = [
        f"{file.name}:{line}"
        for file in (*SOURCES, *samples)
        for line in translated_on_import(file.read_text("utf-8"))
    ]
    assert not wrong, "use translatable() in tables of a module or a class, and in defaults"


@pytest.mark.parametrize(
    "source",
    [
        'TITLE = translate("Sign in")',
        'class View:\n    title = translate("Sign in")',
        'def ask(text=translate("Sign in")):\n    pass',
        'def ask(*, text=translate("Sign in")):\n    pass',
    ],
)
def test_what_is_translated_on_import_is_found(source: str) -> None:
    assert translated_on_import(source)


def test_a_function_may_translate() -> None:
    assert not translated_on_import('class A:\n    def b(self):\n        translate("Sign in")')


_TWO_WORDS = re.compile(r"(?<![\w/.:-])[A-Za-z][a-z']+ [a-z']{2,}(?![\w/.(=-])")


def is_text(value: str) -> bool:
    """Whether `value` looks like a text for people: two words in a row, the second lower-case."""
    return value != PRODUCT and _TWO_WORDS.search(value) is not None


class UntranslatedTexts(ast.NodeVisitor):
    """Collects the lines with a text for people that is not translated.

    `english` are names of functions, classes and tables whose texts are English on purpose.
    """

    def __init__(self, english: Collection[str] = ()) -> None:
        self.lines: list[int] = []
        self.used: set[str] = set()  # of `english`
        self._english = english
        self._names: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_named(node.name, node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_named(node.name, node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_named(node.name, node)

    def visit_Assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        self._visit_named(target.id if isinstance(target, ast.Name) else "", node)

    def _visit_named(self, name: str, node: ast.AST) -> None:
        before = len(self.lines)
        self._names.append(name)
        self.generic_visit(node)
        place = ".".join(self._names)
        self._names.pop()
        if place in self._english and len(self.lines) > before:
            self.used.add(place)
            del self.lines[before:]

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = catalogues.function_name(node)
        if name in {*catalogues.FUNCTIONS, *DESCRIBING}:
            for each in node.keywords:
                self.visit(each)
        elif name in SINKS:
            self.lines += [
                each.lineno
                for each in node.args[:1]
                if isinstance(each, ast.Constant)
                and isinstance(each.value, str)
                and each.value[:1].isupper()
                and each.value != PRODUCT
            ]
            self.generic_visit(node)
        elif name not in INTERNAL:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and is_text(node.value):
            self.lines.append(node.lineno)


def untranslated(source: str, english: Collection[str] = ()) -> list[int]:
    found = UntranslatedTexts(english)
    found.visit(ast.parse(source))
    return sorted(set(found.lines))


def english_names(file: Path) -> set[str]:
    """The parts of a file whose texts are English on purpose."""
    prefix = f"{name_of(file)}:"
    return {place.removeprefix(prefix) for place in ENGLISH if place.startswith(prefix)}


def test_every_text_for_people_is_translated() -> None:
    wholly = tuple(place for place in ENGLISH if ":" not in place)
    wrong = [
        f"{name_of(file)}:{line}"
        for file in SOURCES
        if not name_of(file).startswith(wholly)
        for line in untranslated(file.read_text("utf-8"), english_names(file))
    ]
    assert not wrong, "use translate(), or give the reason in ENGLISH"


@pytest.mark.parametrize("place", ENGLISH)
def test_nothing_is_english_on_purpose_that_has_no_texts(place: str) -> None:
    path, _, name = place.partition(":")
    found: list[int | str] = []
    for file in SOURCES:
        if name_of(file).startswith(path):
            texts = UntranslatedTexts({name})
            texts.visit(ast.parse(file.read_text("utf-8")))
            found += texts.used if name else texts.lines
    assert found


def test_a_text_that_is_not_marked_fails() -> None:
    view = (ROOT / "desktop/ui/views/signed_out_view.py").read_text("utf-8")
    assert not untranslated(view)
    planted = view.replace('translate("Sign in to {profile}"', 'str.format("Sign in to {profile}"')
    assert planted != view
    assert untranslated(planted)


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
        ('text = f"{count} permissions were granted"', [1]),
        ('reason = "the file cannot be read"', [1]),
        ('raise ValueError("this cannot be read")', []),
        ('window.setWindowTitle("XDR Login")', []),
        ('name = "client_id"', []),
    ],
)
def test_texts_are_told_from_other_strings(source: str, lines: list[int]) -> None:
    assert untranslated(source) == lines


# Besides `formats.py`: what joins words with spaces that are not sentences, and why.
SPACED_WORDS = {
    "desktop/cli/api/api_answers.py": "the status line of HTTP",
    "desktop/cli/api/api_routes.py": "a method with its path, and scopes",
    "desktop/cli/profiles/profile_check.py": "a command",
    "desktop/cli/profiles/profiles.py": "values as in the file",
    "desktop/cli/sign_in/grants.py": "scopes",
    "desktop/cli/sign_in/saved_status.py": "the same",
    "desktop/cli/sign_in/sign_in_output.py": "the same",
    "desktop/cli/terminal/help.py": "the English of a help text, which is a key",
    "desktop/cli/terminal/help_formatter.py": "how a command is called",
    "desktop/cli/terminal/usage_errors.py": "a command",
    "desktop/services/profile_editor/check.py": "scopes",
    "desktop/services/profile_editor/client_search.py": "what a server said, to compare",
    "desktop/ui/app/active_profiles.py": "ids in the settings",
    "desktop/ui/pages/about_page.py": "a name with its version",
    "desktop/ui/pages/shortcuts_view.py": "keys",
    "desktop/ui/wording/window_texts.py": "a sign before a text",
}


def joined_sentences(source: str) -> set[int]:
    """The lines that put a text after another, with a space or a full stop between them."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.JoinedStr(values=values):
                found |= {
                    node.lineno
                    for before, between, after in zip(values, values[1:], values[2:], strict=False)
                    if isinstance(before, ast.FormattedValue)
                    and isinstance(after, ast.FormattedValue)
                    and isinstance(between, ast.Constant)
                    and between.value in {" ", ". "}
                }
            case ast.Attribute(value=ast.Constant(value=" " | ". "), attr="join", lineno=line):
                found.add(line)
    return found


def test_sentences_are_joined_in_one_module() -> None:
    folders = ("desktop/ui/", "desktop/cli/", "desktop/services/wording/")
    joining = {
        name_of(file)
        for file in SOURCES
        if name_of(file).startswith((*folders, "desktop/services/profile_editor/"))
        and joined_sentences(file.read_text("utf-8"))
    }
    assert joining == SPACED_WORDS.keys(), "use join_sentences() or with_title()"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('text = f"{advice.title}. {advice.text}"', {1}),
        ('text = f"{text} {advice.help}"', {1}),
        ('text = " ".join(sentences)', {1}),
        ("text = join_sentences(text, advice.help)", set()),
        ('address = f"{host}:{port}"', set()),
    ],
)
def test_joined_sentences_are_found(source: str, lines: set[int]) -> None:
    assert joined_sentences(source) == lines


# Besides `formats.py`, which knows the language: a file that formats, and why.
OWN_FORMATS = {
    "desktop/services/network/proxy_transport.py": "names of HTTP schemes",
    "desktop/services/system/about.py": "for support, who read English",
    "desktop/cli/profiles/profiles.py": "values as in the file",
    "desktop/ipc/client.py": "JSON",
    "desktop/services/model/members.py": "the same",
    "desktop/services/model/profile.py": "names as on the command line",
}


def own_formats(source: str) -> list[int]:
    """The lines that format a time, group digits, or list with commas."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=spec)])):
                if "%" in str(spec)[:1] or "," in str(spec):
                    found.append(node.lineno)
            case ast.Attribute(attr="strftime", lineno=line):
                found.append(line)
            case ast.Attribute(value=ast.Constant(value=", "), attr="join", lineno=line):
                found.append(line)
    return found


def test_times_numbers_and_lists_are_formatted_in_one_module() -> None:
    wholly = tuple(place for place in ENGLISH if ":" not in place)
    formats = {
        name_of(file)
        for file in SOURCES
        if not name_of(file).startswith((*wholly, "desktop/services/wording/formats.py"))
        if own_formats(file.read_text("utf-8"))
    }
    assert formats == OWN_FORMATS.keys()


@pytest.mark.parametrize(
    "source",
    ['f"{at:%H:%M}"', 'f"{count:,}"', 'at.strftime("%d")', '", ".join(names)'],
)
def test_formats_outside_the_module_are_found(source: str) -> None:
    assert own_formats(source) == [1]


def test_nothing_is_computed_from_a_translation() -> None:
    changes = {
        *("capitalize", "endswith", "find", "format", "lower", "partition", "removeprefix"),
        *("removesuffix", "replace", "rpartition", "rstrip", "startswith", "strip", "title"),
        *("upper",),
    }
    wrong = [
        f"{name_of(file)}:{node.lineno}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        if node.attr in changes
        if isinstance(node.value, ast.Call)
        if catalogues.function_name(node.value) in catalogues.FUNCTIONS
    ]
    assert not wrong


def test_the_wheel_has_all_resources_but_the_sources_of_translations() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    resources = {name_of(each) for each in (ROOT / "resources").iterdir()}
    included = {each for each in wheel["force-include"] if each.startswith("resources/")}
    assert included == resources - {"resources/translations"}
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
    (made,) = catalogues.compile_all()
    with made.open("rb") as opened:
        message = read_mo(opened).get("Try again")
    assert message is not None
    assert message.string == "Erneut versuchen"


LANGUAGES = [file.parents[1].name for file in catalogues.languages()]


def messages_in(language: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each translated message: its name, its English texts, and its forms."""
    for each in catalogues.read(catalogues.file_of(language)):
        if each.id and catalogues.is_done(each):
            keys = [each.id] if isinstance(each.id, str) else list(each.id)
            texts = each.string if isinstance(each.string, tuple) else (str(each.string),)
            yield keys[0], keys, list(texts)


def test_every_language_can_be_chosen() -> None:
    assert {"en", *LANGUAGES} == LANGUAGE_NAMES.keys()
    assert NSIS_LANGUAGES.keys() == LANGUAGE_NAMES.keys()
    assert all((catalogues.FOLDER / each / "glossary.md").exists() for each in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_messages_of_the_template(language: str) -> None:
    known = {str(each.id) for each in catalogues.make_template()}
    assert {str(each.id) for each in catalogues.read(catalogues.file_of(language))} == known


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_whole_or_says_that_it_is_not(language: str) -> None:
    file = catalogues.file_of(language)
    missing = [each.id for each in catalogues.missing(file)]
    assert bool(missing) == catalogues.says_incomplete(file), missing[:20]


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_parameters(language: str) -> None:
    wrong = []
    for name, keys, texts in messages_in(language):
        known = set[str]().union(*map(parameters, keys))
        # A form such as "one day" or "two days" may do without the number.
        needed = parameters(keys[0]).intersection(*map(parameters, keys))
        needed -= {"count"} if len(keys) > 1 else set()
        if not all(needed <= parameters(each) <= known for each in texts):
            wrong.append(name)
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_form_of_their_messages(language: str) -> None:
    """Lines, spaces at the ends, mnemonics, tabs and commands are those of the English text."""
    wrong = []
    for name, keys, texts in messages_in(language):
        for text in texts:
            same = (
                text.count("\n") == keys[-1].count("\n"),
                text[:1].isspace() == keys[-1][:1].isspace(),
                text[-1:].isspace() == keys[-1][-1:].isspace() or name == ", ",
                bool(re.search(r"&\w", text)) == bool(re.search(r"&\w", keys[-1])),
                not MARKS & set(text),
                set(OPTION.findall(text)) == set(OPTION.findall(" ".join(keys))),
            )
            if not all(same):
                wrong.append((name, same))
    assert not wrong


# A translation comes from someone whose language few of us read. What it could do besides saying
# something else: fill memory, show a member of a value, lead elsewhere, or control a terminal.
HOST = re.compile(r"(?:https?://|www\.)[\w.:-]+|\b[\w-]+\.(?:com|org|net|io|dev|example)\b")


def formats_in(text: str) -> set[tuple[str | None, ...]]:
    """The formats of the parameters, such as "!r" in the texts of Click."""
    return {tuple(format_) for _, name, *format_ in Formatter().parse(text) if name is not None}


def does_more(keys: list[str], text: str) -> bool:
    """Whether `text` does more than to say what its English texts say."""
    english = " ".join(keys)
    is_formatted = not formats_in(text) <= formats_in(english)
    is_hidden = any(unicodedata.category(each)[0] == "C" and each not in english for each in text)
    hosts = {each.strip(".:") for each in HOST.findall(text)}
    is_markup = "<" in text and "<" not in english
    leads_elsewhere = not hosts <= {each.strip(".:") for each in HOST.findall(english)}
    return is_formatted or is_hidden or is_markup or leads_elsewhere


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_only_say_something(language: str) -> None:
    wrong = [
        (name, text)
        for name, keys, texts in messages_in(language)
        for text in texts
        if does_more(keys, text)
    ]
    assert not wrong


@pytest.mark.parametrize(
    "text",
    [
        "Öffne {path:>999999999}",
        "Öffne {path!r}",
        "Öffne \x1b[2J{path}",
        "Öffne \u200b{path}",
        "Öffne {path} von evil.example",
        "Öffne {path} von https://127.0.0.1",
        "Öffne <img src=x>{path}",
    ],
)
def test_a_hostile_translation_is_found(text: str) -> None:
    assert not does_more(["Open {path}"], "Öffne {path}")
    assert does_more(["Open {path}"], text)


MARKS = set("\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+|`[^`]+`|(?<!/)xdr-login [a-z]+")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_all_its_plural_forms(language: str) -> None:
    count = Catalog(locale=language).num_plurals
    assert all(
        len(texts) == (count if len(keys) > 1 else 1) for _, keys, texts in messages_in(language)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_gettext_accepts_a_language(language: str) -> None:
    if shutil.which("msgfmt") is None:
        pytest.skip("needs msgfmt")
    file = catalogues.file_of(language)
    command = ["msgfmt", "--check-format", "--check-domain", "-o", os.devnull, str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_filled_in_is_taken_over(folder: Path) -> None:
    catalogues.TEMPLATE.parent.mkdir(exist_ok=True)
    file = catalogues.add_language("de")
    given = Catalog(locale="de")
    given.add("Try again", "Erneut versuchen")
    given.add("Not a text of ours", "Keiner")
    given.add("Copy", "")
    filled_in = folder / "filled_in.po"
    with filled_in.open("wb") as opened:
        write_po(opened, given)
    before = len(catalogues.missing(file))
    assert catalogues.merge(file, filled_in) == 1
    assert len(catalogues.missing(file)) == before - 1
    assert catalogues.says_incomplete(file)


@pytest.mark.usefixtures("folder")
def test_the_compiled_language_counts_what_is_missing() -> None:
    catalogues.add_language("de")
    (made,) = catalogues.compile_all()
    counted = CompiledCatalog(made.read_bytes()).find(MISSING_KEY)
    assert counted == str(len(catalogues.make_template()))


def test_the_pseudo_language_changes_every_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues.write_pseudo_language(tmp_path)
    monkeypatch.setattr("desktop.services.system.resources.resource", lambda _name: tmp_path)
    monkeypatch.setenv("LANGUAGE", catalogues.PSEUDO_LANGUAGE)
    forget_language()
    shown = translate("Wait {wait}, then try again.", wait="2 minutes")
    assert "⟦" in shown
    assert "2 minutes" in shown
    assert "try again" not in shown
    assert "⟦2 mîñûtés" in translate_plural("{count} minute", "{count} minutes", 2)
    forget_language()


@given(st.sampled_from(["Copy", "Wait {wait}, then try again.", "{a}{b}", ""]))
def test_a_pseudo_text_is_longer_and_keeps_its_parameters(text: str) -> None:
    changed = catalogues.pseudo_text(text)
    assert parameters(changed) == parameters(text)
    assert len(changed) >= 1.4 * len(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_babel_reads_the_same_from_a_compiled_language(language: str, tmp_path: Path) -> None:
    file = catalogues.file_of(language)
    target = compiled.compile_language(file, tmp_path / language / "LC_MESSAGES" / "xdr-login.mo")
    with target.open("rb") as opened:
        found = forms_by_key(read_mo(opened))
    found.pop((MISSING_KEY,), None)
    marked = isolate if is_right_to_left(language) else str
    expected = forms_by_key(each for each in catalogues.read(file) if catalogues.is_done(each))
    assert found == {key: tuple(map(marked, forms)) for key, forms in expected.items()}


def forms_by_key(messages: Iterable[Message]) -> dict[tuple[str, ...], tuple[str, ...]]:
    def in_tuple(text: str | Iterable[str] | None) -> tuple[str, ...]:
        return (text,) if isinstance(text, str) else tuple(text or ())

    return {in_tuple(each.id): in_tuple(each.string) for each in messages if each.id}


def test_only_languages_that_changed_are_compiled_again(folder: Path) -> None:
    names = ("de", "ja")
    files = [folder / each / "LC_MESSAGES" / "xdr-login.po" for each in names]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text('msgid ""\nmsgstr ""\n\nmsgid "Copy"\nmsgstr "Kopieren"\n', "utf-8")
    german, japanese = (each.with_suffix(".mo") for each in files)
    assert compiled.compile_outdated(folder) == [german, japanese]
    assert compiled.compile_outdated(folder) == []
    later = german.stat().st_mtime_ns + 1
    os.utime(files[0], ns=(later, later))
    assert compiled.compile_outdated(folder) == [german]
    assert CompiledCatalog(german.read_bytes()).find("Copy") == "Kopieren"
    assert [
        each.name for each in german.parent.iterdir() if each.suffix not in {".po", ".mo"}
    ] == []


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ('msgid "Copy"\nmsgstr "Ko"\n"pie\\"ren\\n"\n', {"Copy": 'Kopie"ren\n'}),
        ('#, fuzzy\nmsgid "Copy"\nmsgstr "Kopie"\n', {"Copy": "Copy"}),
        ('#, fuzzy\nmsgid "Copy"\nmsgstr "Kopie"\n\nmsgid "No"\nmsgstr "Nein"\n', {"No": "Nein"}),
        ('msgid "Copy"\nmsgstr ""\nmsgid "No"\nmsgstr "Nein"\n', {"Copy": "Copy", "No": "Nein"}),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] ""\n', {"a": "a"}),
        ('#~ msgid "Copy"\n#~ msgstr "Kopie"\n', {"Copy": "Copy"}),
    ],
)
def test_what_is_not_translated_is_left_out(
    text: str, texts: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "de" / "LC_MESSAGES" / "xdr-login.po"
    file.parent.mkdir(parents=True)
    file.write_text(f'msgid ""\nmsgstr ""\n\n{text}', "utf-8")
    catalog = CompiledCatalog(compiled.compile_language(file, file.with_suffix(".mo")).read_bytes())
    assert {each: catalog.find(each) for each in texts} == texts


@pytest.mark.parametrize(
    "text", ["msgid Copy\n", 'msgid "Copy" "\n', 'msgid "\\x"\n', "<<<<<<< main\n"]
)
def test_a_broken_file_of_a_language_is_not_compiled(text: str, tmp_path: Path) -> None:
    file = tmp_path / "xdr-login.po"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"xdr-login\.po, line 1: not understood"):
        compiled.compile_language(file, tmp_path / "xdr-login.mo")


@pytest.mark.parametrize(
    ("language", "loose"),
    [
        ("fr", r"« | »| [:;!?](?![\w/])"),  # but not ":443" or "?code="
        ("de", r"\bz\. B\."),
    ],
)
def test_lines_do_not_end_before_punctuation_or_within_abbreviations(
    language: str, loose: str
) -> None:
    assert [
        text
        for message in catalogues.read(catalogues.file_of(language))
        if message.id and message.string
        for text in ([message.string] if isinstance(message.string, str) else message.string)
        if re.search(loose, text)
    ] == []
