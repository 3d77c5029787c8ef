"""Values, commands and paths within sentences from right to left keep their own direction."""

import json
import re

import pytest
from translations import catalogues
from translations.isolates import isolate

from desktop.cli.program import program
from desktop.cli.terminal.exits import Exit, report_failure
from desktop.cli.terminal.output import print_event, print_json, print_message, print_result
from desktop.services.system.translation import for_terminal, translate, without_isolates
from desktop.services.wording.formats import join_sentences, with_label, with_title
from tests.pseudo_language import real_language

FIRST, LAST, LEFT_TO_RIGHT = "\u2068", "\u2069", "\u200e"


def shown(text: str) -> str:
    """Write the marks so that they can be seen."""
    return text.replace(FIRST, "<").replace(LAST, ">").replace(LEFT_TO_RIGHT, "^")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("افتح {path} ثم {name}.", "افتح <{path}> ثم <{name}>."),
        ("مرِّر --yes.", "مرِّر <--yes>."),
        ("مثل --preset xdr-REGION.", "مثل <--preset xdr-REGION>."),
        ("شغّل «xdr-login login --profile {id}»", "شغّل «<xdr-login login --profile {id}>»"),
        ("في ~/.bashrc، أو", "في <~/.bashrc>، أو"),
        ("يزيلها NAME=. أو audience=…", "يزيلها <NAME=>. أو <audience=…>"),
        ("الملفات (*.pem *.crt);;الكل (*)", "الملفات (*.pem *.crt);;الكل (*)"),
        ("على 127.0.0.1:{port}: {reason}", "على <127.0.0.1:{port}>: <{reason}>"),
        ("{title}. {text}", "<{title}>. <{text}>"),
        ("{count} دقائق، {value!r}", "{count} دقائق، <{value!r}>"),
        ("الخيار `unattended = true` هنا", "الخيار <`unattended = true`> هنا"),
        ("خيار Cisco XDR و OAuth 2.0 (PEM)", "خيار Cisco XDR و OAuth 2.0 (PEM)"),
        ("من «_» إلى - و ...", "من «_» إلى - و ..."),
    ],
)
def test_what_is_not_of_the_sentence_is_marked(text: str, marked: str) -> None:
    assert shown(isolate(text)) == marked


def test_every_arabic_text_has_its_marks_once() -> None:
    texts = [
        isolate(text)
        for message in catalogues.read(catalogues.file_of("ar"))
        if message.id and message.string
        for text in ([message.string] if isinstance(message.string, str) else message.string)
    ]
    assert len(texts) > 1000
    for text in texts:
        assert not re.search(f"{FIRST}[^{LAST}]*{FIRST}", text), shown(text)
        other = re.sub(f"{FIRST}.*?{LAST}|xdr-login[ -~]*", "", text)
        assert not re.search(r"(?<![\w-])--[a-z]|[ «](?:/|~/)\w", other), shown(text)


def test_only_languages_from_right_to_left_have_marks() -> None:
    with real_language("ar"):
        assert shown(translate("Cannot prompt here. Pass --yes.")).endswith("<--yes>.")
    with real_language("de"):
        text = translate("Cannot prompt here. Pass --yes.")
        assert text == without_isolates(text)
        assert "--yes" in text


def test_sentences_are_joined_without_marks_of_their_own() -> None:
    with real_language("ar"):
        for text in (join_sentences("أ.", "ب."), with_title("أ", "ب"), with_label("أ", "ب")):
            assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("التالي: <xdr-login token>", "التالي: xdr-login token"),
        ("افتح <https://id.example/a/>", "افتح https://id.example/a/"),
        ("انظر <--help>.", "انظر ^--help."),
        ("في </etc/xdg> و", "في ^/etc/xdg و"),
        ("يزيلها <NAME=>.", "يزيلها NAME=^."),
        ("اسم <محمد>", "اسم <محمد>"),
        ("<باسم <xdr-login token> هنا>", "<باسم xdr-login token هنا>"),
    ],
)
def test_what_people_copy_from_a_terminal_ends_without_a_mark(text: str, copied: str) -> None:
    marked = text.replace("<", FIRST).replace(">", LAST)
    assert shown(for_terminal(marked)) == copied


def test_messages_and_results_can_be_copied_from(capsys: pytest.CaptureFixture[str]) -> None:
    print_message(f"التالي: {FIRST}xdr-login token{LAST}")
    print_result(f"التالي: {FIRST}xdr-login token{LAST}")
    written = capsys.readouterr()
    assert written.err == written.out == "التالي: xdr-login token\n"


def test_json_has_no_marks(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{FIRST}x{LAST}"
    print_json({"text": text, "list": [text, 1, None]})
    print_event("error", detail={"text": text})
    report_failure(Exit.FAILURE, text, as_json=True)
    out = capsys.readouterr().out
    assert "2068" not in out
    assert json.loads(out.splitlines()[-1])["message"] == "x"


def test_the_help_in_arabic_can_be_copied_from() -> None:
    with real_language("ar"):
        ctx = program.make_context("xdr-login", [], resilient_parsing=True)
        command = program.get_command(ctx, "login")
        assert command is not None
        text = command.get_help(command.context_class(command, ctx, "login"))
    assert "«xdr-login token»" in text
    assert f"{LEFT_TO_RIGHT}$XDR_LOGIN_PROFILE" in text
    assert FIRST not in text
