"""What is said about a command line that is wrong, in every language."""

import pytest

from desktop.cli.program import run
from desktop.services.system.translation import without_isolates
from tests.pseudo_language import LANGUAGES, real_language

WRONG = {
    "token --nothing": "No such option '--nothing'. Did you mean '--nonce'?",
    "token --no": "No such option '--no'. (Did you mean one of: '--nonce', '--for'?)",
    "tokn": "No such command 'tokn'. Did you mean 'token'?",
    "credential zzz": "No such command 'zzz'.",
    "profiles add --grant bad x": (
        "Invalid value for '--grant': 'bad' is not one of 'device', 'code', 'client-credentials'."
    ),
    "login --profile": "Option '--profile' requires an argument.",
    "run": "Missing argument '-- COMMAND [ARG]...'.",
    "login --demo": (
        "No such option '--demo'. Write --demo before the command: xdr-login --demo login"
    ),
    "status --lang de": (
        "No such option '--lang'. Write --lang before the command: xdr-login --lang LANGUAGE status"
    ),
    "profiles list --verbose": (
        "No such option '--verbose'. "
        "Write --verbose before the command: xdr-login --verbose profiles list"
    ),
    "status --demo": (
        "No such option '--demo'. --demo cannot be used with status. "
        "To try the command, run a demo server: xdr-login demo"
    ),
    "status --hidden": "No such option '--hidden'. --hidden cannot be used with status.",
    "profiles list --profile x": "No such option '--profile'.",
    "--demoo": "No such option '--demoo'. Did you mean '--demo'?",
    "token --format": "Option '--format' requires an argument.",
}
QUOTES = {"ar": "«»", "de": "„“", "en": "''", "es": "“”", "fr": "«»", "ja": "''", "pt_BR": "“”"}


def said(arguments: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run a command that fails; gives the lines about it."""
    assert run(arguments.split()) == 2
    written = capsys.readouterr()
    assert written.out == ""
    return without_isolates(written.err).splitlines()


@pytest.mark.parametrize("arguments", WRONG)
def test_english_says_what_is_wrong(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with real_language("en"):
        assert said(arguments, capsys)[-1] == f"Error: {WRONG[arguments]}"


@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize("arguments", WRONG)
def test_what_is_wrong_is_said_in_the_language_of_the_user(
    name: str, arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with real_language(name):
        told = "\n".join(said(arguments, capsys))
    english = (
        "No such",
        "Did you",
        "Missing",
        "Invalid",
        "requires",
        "Error:",
        "Usage",
        "Try ",
        "Write",
    )
    allowed = {"es": {"Error:"}}.get(name, set())
    assert not [text for text in english if text in told and text not in allowed]
    assert ("'" in told) == (QUOTES[name] == "''")
    assert all(mark in told for mark in QUOTES[name])


def test_sentences_are_joined_as_in_japanese(capsys: pytest.CaptureFixture[str]) -> None:
    with real_language("ja"):
        *_, told = said("token --nothing", capsys)
        *_, missing = said("run", capsys)
    assert "。 " not in told
    assert missing == "エラー: 引数 '-- COMMAND [ARG]...' を指定してください。"


def test_a_command_that_needs_another_prints_its_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with real_language("fr"):
        assert run(["profiles"]) == 2
    written = capsys.readouterr()
    assert "Commandes\xa0:" in written.err
    assert "Erreur" not in written.err
