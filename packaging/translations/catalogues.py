"""The catalogs: one template with all texts, one file per language, and a pseudo-language."""

from __future__ import annotations

import ast
import io
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from desktop import __version__
from desktop.services.system.language import DOMAIN
from translations import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FOLDER = compiled.FOLDER
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
FUNCTIONS = {"translate": 1, "translatable": 1, "translate_plural": 2}  # keys among the arguments
PSEUDO_LANGUAGE = "qps"
_PSEUDO_HEADER = "Content-Type: text/plain; charset=utf-8\n"
ISSUES = "https://github.com/xdr-login/xdr-login/issues"
INCOMPLETE = "# Incomplete:"
"""Begins a line at the top of a language that says what is missing; a whole one has none."""
_HEADING = "# Texts of XDR Login. Generated: python3 dev.py translations"
# The texts in tables that are not Python.
_PRESET_TEXTS = ("region", "hint")
_SCOPE_TEXTS = ("text",)
_VARYING = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator')
_ERRORS_WITH_REASON = {"IncompleteAnswer", "NoUsableToken", "UnsafeAddress", "UnusableAnswer"}

Key = str | tuple[str, ...]
"""The English text of a message; singular and plural where it has both."""


def make_template() -> Catalog:
    """Collect the texts of all sources."""
    catalog = Catalog(
        project="XDR Login",
        version=__version__,
        msgid_bugs_address=ISSUES,
        charset="utf-8",
        fuzzy=False,
    )
    catalog.header_comment = _HEADING
    for name, message in sorted(_messages(), key=str):
        catalog.add(message, locations=[(name, 0)])
    return catalog


def _messages() -> Iterator[tuple[str, Key]]:
    from translations import command_help  # needs Click, which compiling does not

    for file in sorted((ROOT / "desktop").rglob("*.py")):
        source = file.read_text("utf-8")
        for message in (*messages_of(source), *_reasons_in(source)):
            yield file.relative_to(ROOT).as_posix(), message
    yield from _table_messages(ROOT / "resources" / "presets.toml", _PRESET_TEXTS)
    for file in sorted((ROOT / "resources" / "scopes").glob("*.toml")):
        yield from _table_messages(file, _SCOPE_TEXTS)
    yield from _route_texts()
    yield from (("packaging/product.toml", each) for each in _product_texts())
    yield from (each for each in command_help.help_texts() if each[1])
    yield from command_help.click_texts()


def _route_texts() -> Iterator[tuple[str, str]]:
    """Yield what our own description of the API says of routes and parameters."""
    from desktop.services.token.openapi import BUNDLED_DESCRIPTION, load_bundled_routes

    for route in load_bundled_routes():
        texts = [route.text, route.assumed]
        for each in route.parameters:
            texts += [each.text, each.assumed]
        yield from ((f"resources/{BUNDLED_DESCRIPTION}", each) for each in texts if each)


def messages_of(source: str) -> Iterator[Key]:
    """Yield the texts that Python code translates. Variables are skipped: they are marked."""
    for call in translation_calls(ast.parse(source)):
        if keys := texts_of(call):
            yield keys[0] if len(keys) == 1 else tuple(keys)


def _reasons_in(source: str) -> Iterator[str]:
    """Yield the reasons of the protocol's errors, which are translated when they are shown."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and function_name(call) in _ERRORS_WITH_REASON:
            named = [each.value for each in call.keywords if each.arg == "detail"]
            for value in (*call.args[1:2], *named):
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def translation_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls of the functions that translate."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and function_name(node) in FUNCTIONS:
            yield node


def keys_of(call: ast.Call) -> list[ast.expr]:
    """Return the arguments of a translation that are its key."""
    return call.args[: FUNCTIONS[function_name(call)]]


def texts_of(call: ast.Call) -> list[str]:
    """Return the keys of a translation that are literals."""
    constants = [each.value for each in keys_of(call) if isinstance(each, ast.Constant)]
    return [each for each in constants if isinstance(each, str)]


def function_name(call: ast.Call) -> str:
    """Return the name of the called function, without the object that it belongs to."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _table_messages(file: Path, members: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for table in tomllib.loads(file.read_text("utf-8")).values():
        for member in members:
            if text := table.get(member):
                yield file.relative_to(ROOT).as_posix(), text


def _product_texts() -> Iterator[str]:
    """Yield what stores, menus and installers show."""
    members = tomllib.loads((ROOT / "packaging" / "product.toml").read_text("utf-8"))
    yield members["summary"]
    yield from members["description"]
    yield from (each["caption"] for each in members["screenshots"])
    yield from members["polkit"].values()
    yield from members["setup"].values()


def template_text() -> str:
    """Write the template as text, without anything that differs from one run to the next."""
    written = io.BytesIO()
    write_po(written, make_template(), sort_output=True, include_lineno=False)
    lines = written.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_VARYING))


def languages() -> list[Path]:
    """List the files of all languages."""
    return compiled.languages(FOLDER)


def file_of(language: str) -> Path:
    """Return the file of a language, such as "pt_BR"."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def update() -> None:
    """Write the template and bring every language up to date with it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_text(template_text(), "utf-8")
    template = make_template()
    for file in languages():
        catalog = read(file)
        # A guess from a similar text would be a wrong text, and one that is gone is of no use.
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        write(catalog, file)


def add_language(language: str) -> Path:
    """Make the file of a new language, without any translation."""
    file = file_of(language)
    file.parent.mkdir(parents=True)
    catalog = Catalog(
        locale=language,
        project="XDR Login",
        version=__version__,
        msgid_bugs_address=ISSUES,
        language_team="none",
        charset="utf-8",
        fuzzy=False,
    )
    catalog.update(make_template())
    write(catalog, file)
    return file


def write(catalog: Catalog, file: Path) -> None:
    """Write a language, without anything that differs from one run to the next."""
    messages = [each for each in catalog if each.id]
    lacking = len(messages) - sum(map(is_done, messages))
    says = f"\n{INCOMPLETE} {lacking} of {len(messages)} messages are not translated"
    catalog.header_comment = _HEADING + (says if lacking else "")
    written = io.BytesIO()
    write_po(written, catalog, sort_output=True, include_lineno=False, width=100)
    lines = written.getvalue().decode().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(_VARYING))
    file.write_text(text, "utf-8", newline="\n")


def missing(file: Path) -> list[Message]:
    """List what a language lacks."""
    return [each for each in read(file) if each.id and not is_done(each)]


def merge(file: Path, translated: Path) -> int:
    """Take the translations of another file over; return how many there are.

    Only those of messages that still exist, and no empty ones.
    """
    catalog, given = read(file), read(translated, locale=file.parents[1].name)
    taken = [each for each in given if each.id and is_done(each) and each.id in catalog]
    for each in taken:
        message = catalog.get(each.id)
        if message is not None:
            message.string = each.string
            message.flags.discard("fuzzy")
    write(catalog, file)
    return len(taken)


def compile_all() -> list[Path]:
    """Compile every language; return the compiled files."""
    return compiled.compile_languages(FOLDER)


def says_incomplete(file: Path) -> bool:
    """Whether a language says that something is missing."""
    return any(line.startswith(INCOMPLETE) for line in read(file).header_comment.splitlines())


def completeness(file: Path) -> tuple[int, int]:
    """Count the translated and all messages of a language."""
    messages = [each for each in read(file) if each.id]
    return sum(map(is_done, messages)), len(messages)


def is_done(message: Message) -> bool:
    """Whether a message is translated, in every plural form."""
    if message.fuzzy or not message.string:
        return False
    return all(message.string) if isinstance(message.string, tuple) else True


def write_pseudo_language(folder: Path) -> Path:
    """Compile a language of accented, longer texts in marks: it shows what is not translated."""
    texts: dict[compiled.Keys, tuple[str, ...]] = {("",): (_PSEUDO_HEADER,)}
    for message in make_template():
        if message.id:
            keys = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            texts[keys] = tuple(map(pseudo_text, keys))
    file = folder / PSEUDO_LANGUAGE / "LC_MESSAGES" / f"{DOMAIN}.mo"
    file.parent.mkdir(parents=True, exist_ok=True)
    compiled.write_compiled(texts, file)
    return file


_ACCENTED = str.maketrans("aceinouyACEINOUY", "àçéîñôûýÀÇÉÎÑÔÛÝ")
_PARAMETER = re.compile(r"(\{[^}]*\})")
_MORE = "~~~ "
_RIGHT_TO_LEFT = "\u200f"
_LONGER = 0.4  # as much as a translation into German may add


def pseudo_text(text: str) -> str:
    """Change the letters of `text`, make it longer, and keep its parameters.

    The marks at both ends make it a text from right to left.
    """
    parts = _PARAMETER.split(text)
    changed = "".join(
        part if _PARAMETER.fullmatch(part) else part.translate(_ACCENTED) for part in parts
    )
    more = (_MORE * len(text))[: max(1, round(len(text) * _LONGER))]
    return f"{_RIGHT_TO_LEFT}⟦{changed}{more}⟧{_RIGHT_TO_LEFT}"


def read(file: Path, locale: str = "") -> Catalog:
    """Read the file of a language."""
    with file.open("rb") as opened:
        return read_po(opened, locale=locale or file.parents[1].name, domain=DOMAIN)
