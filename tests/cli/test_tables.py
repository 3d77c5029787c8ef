"""Tables on a terminal: they fit it, and wide characters align."""

import sys
from io import StringIO

import pytest

from desktop.cli.terminal.tables import display_width, pad, print_table, shorten

HEADER = ("PROFILE", "NAME", "STATE", "USER")
LONG = ("contoso", "Contoso Managed Detection and Response, Production", "signed out", "dana@" * 12)


class Terminal(StringIO):
    """A terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


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


def test_a_table_fits_a_terminal_and_its_first_column_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    print_table(HEADER, [LONG, ("東京", "東京監視センター", "signed in", "")])
    header, first, second = terminal.getvalue().splitlines()
    assert max(map(display_width, (header, first, second))) <= 80
    assert first.startswith("contoso  Contoso Managed")
    assert display_width(second[: second.index("signed")]) == header.index("STATE")


def test_into_a_pipe_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADER, [LONG])
    assert capsys.readouterr().out.splitlines()[1].endswith("dana@" * 12)


def test_a_column_without_texts_is_left_out_and_no_row_has_no_header(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(HEADER, [("soc", "SOC", "signed out", "")])
    print_table(HEADER, [])
    assert capsys.readouterr().out == "PROFILE  NAME  STATE\nsoc      SOC   signed out\n"
