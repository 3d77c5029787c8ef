"""The product's texts in all languages, for files of which each contains every language."""

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from translations import catalogues

# NSIS has names of its own.
NSIS_LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "ja": "Japanese",
    "pt_BR": "PortugueseBR",
}


def languages() -> list[str]:
    """List the languages besides English."""
    return [file.parents[1].name for file in catalogues.languages()]


def translations_of(text: str) -> dict[str, str]:
    """Return the translations of `text` by language; languages that lack it are left out."""
    found: dict[str, str] = {}
    for file in catalogues.languages():
        message = _catalog(file).get(text)
        if message is not None and catalogues.is_done(message):
            found[file.parents[1].name] = str(message.string)
    return found


def xml_language(language: str) -> str:
    """Return the name for `xml:lang` (BCP 47)."""
    return language.replace("_", "-")


def desktop_lines(key: str, text: str) -> str:
    """Return the lines of a desktop entry that translate `key`, each after a line break."""
    return "".join(f"\n{key}[{name}]={each}" for name, each in translations_of(text).items())


def nsis_strings(texts: dict[str, str]) -> list[str]:
    """Return the lines that define all languages of the setup, with `texts` by their names.

    The first one is for users of other languages. What is not translated stays English, because
    NSIS demands every text in every language.
    """
    lines = [f'!insertmacro MUI_LANGUAGE "{NSIS_LANGUAGES[each]}"' for each in ("en", *languages())]
    for name, text in texts.items():
        translated = translations_of(text)
        for language in ("en", *languages()):
            constant = f"${{LANG_{NSIS_LANGUAGES[language].upper()}}}"
            shown = translated.get(language, text).replace("$", "$$").replace('"', '$\\"')
            lines.append(f'LangString {name} {constant} "{shown}"')
    return lines


@cache
def _catalog(file: Path) -> Catalog:
    return catalogues.read(file)
