"""Texts on a terminal: their width in columns, and where they are wrapped."""

import re
import sys

import pytest

from desktop.cli.terminal.columns import display_width, pad, shorten, wrap
from desktop.cli.terminal.output import print_message

JAPANESE = (
    "トークンはキーリングに保存され、「xdr-login token」で出力できます。保存済みのトークンが、"
    "有効か更新できる場合 (PEM) は、新たにサインインする必要はありません。"
)
WIDTHS = range(20, 81)


@pytest.mark.parametrize(
    ("text", "columns"), [("SOC", 3), ("東京 SOC", 8), ("ｱｲ", 2), ("e\u0301", 1), ("監", 2)]
)
def test_the_width_of_a_text_is_that_on_a_terminal(text: str, columns: int) -> None:
    assert display_width(text) == columns
    assert display_width(pad(text, 10)) == 10


def test_a_text_is_cut_between_wide_characters() -> None:
    assert shorten("東京監視", 8) == "東京監視"
    assert shorten("東京監視", 6) == "東京…"
    assert display_width(shorten("東京監視", 7)) == 7


def test_what_is_isolated_ends_where_a_text_is_cut() -> None:
    assert shorten("\u2068ab\u2069 \u2068cdefgh\u2069", 6) == "\u2068ab\u2069 \u2068cd…\u2069"


@pytest.mark.parametrize("width", WIDTHS)
def test_wide_characters_are_wrapped_by_columns(width: int) -> None:
    lines = wrap(JAPANESE, width)
    assert max(map(display_width, lines)) <= width
    # Only a command, a mark that must not begin a line or a wide character makes lines shorter.
    assert all(display_width(line) > width - 20 for line in lines[:-1])
    assert "".join(lines).replace(" ", "") == JAPANESE.replace(" ", "")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_begins_or_ends_with_the_wrong_mark(width: int) -> None:
    for line in wrap(JAPANESE, width):
        assert line[0] not in "、。」)ーッョ"
        assert line[-1] not in "「("


@pytest.mark.parametrize(
    "whole",
    [
        "xdr-login token",
        "xdr-login profiles check NAME",
        "xdr-login profiles edit northwind --dpop off",
        "xdr-login logout --profile northwind",
        "xdr-login --demo login",
        "--preset xdr-REGION",
        "--client-secret-stdin",
        "/etc/xdg/xdr-login/policy.toml",
        "https://login.example/activate?code=ABCD-EFGH",
    ],
)
@pytest.mark.parametrize("sentence", ["Before {}, and after it.", "まずは「{}」の後にもう一度。"])
def test_what_people_type_is_never_broken(whole: str, sentence: str) -> None:
    for width in (10, *WIDTHS):
        lines = wrap(sentence.format(whole), width)
        assert [line for line in lines if whole in line], lines


def test_a_no_break_space_keeps_words_together() -> None:
    assert wrap("essayez «\xa0token\xa0»", 12) == ["essayez", "«\xa0token\xa0»"]


def test_spaces_at_the_end_of_a_line_are_dropped() -> None:
    assert wrap("one  two\nthree", 7) == ["one two", "three"]
    assert wrap("", 7) == [""]


def test_a_long_text_is_wrapped_in_a_time_that_grows_with_it() -> None:
    text = "xdr-login " * 2000
    assert re.sub(r"\s", "", "".join(wrap(text, 80))) == "xdr-login" * 2000


def test_a_message_on_a_terminal_is_wrapped_and_one_in_a_file_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    text = "Your code:  ABCD\nTo sign out, now run: xdr-login logout --profile northwind"
    print_message(text)
    assert capsys.readouterr().err == f"{text}\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    print_message(text)
    assert capsys.readouterr().err.splitlines() == [
        "Your code:  ABCD",
        "To sign out, now run:",
        "xdr-login logout --profile northwind",
    ]
