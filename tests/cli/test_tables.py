"""Tables on a terminal: they fit it, and wide characters align."""

import sys
from io import StringIO

import pytest

from desktop.cli.terminal.columns import display_width
from desktop.cli.terminal.tables import print_outcome, print_table
from tests.pseudo_language import real_language

HEADER = ("PROFILE", "NAME", "STATE", "USER")
LONG = ("contoso", "Contoso Managed Detection and Response, Production", "signed out", "dana@" * 12)


class Terminal(StringIO):
    """A terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


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


def test_the_state_is_whole_where_a_name_can_be_cut_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    state = "signed out by the server, sign in again"
    print_table(HEADER, [("contoso", "Contoso " * 9, state, "dana@" * 12)], cut_last="STATE")
    _, row = terminal.getvalue().splitlines()
    assert state in row
    assert display_width(row) <= 80
    assert row.endswith("dana@dana@dan…")


def test_columns_from_right_to_left_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = narrow_terminal(monkeypatch)
    row = ("riyadh", "مركز العمليات", "محمد")
    print_table(HEADER[:3], [row, ("soc", "SOC", "")])
    _, first, second = terminal.getvalue().splitlines()
    mark = "\u200e"
    assert first.split(f" {mark} ") == [f"{mark}riyadh ", "مركز العمليات", "محمد"]
    assert second == "soc      SOC"


def test_a_table_in_a_pipe_has_no_marks(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADER[:2], [("riyadh", "مركز العمليات")])
    assert capsys.readouterr().out.splitlines()[1] == "riyadh   مركز العمليات"


def test_the_outcomes_of_checks_keep_their_places_in_arabic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = narrow_terminal(monkeypatch)
    with real_language("ar"):
        print_outcome("fail", "الشبكة: محظورة", "جرّب", outcomes=("ok", "fail"), color="")
    mark = "\u200e"
    assert terminal.getvalue() == f"{mark}فشل  {mark} الشبكة: محظورة\n{mark}     {mark} جرّب\n"


def narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    return terminal


def test_what_a_check_found_stands_in_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = narrow_terminal(monkeypatch)
    found = "keyring: locked, so that nothing can be saved in it"
    print_outcome("fail", found, "Unlock it.", "", outcomes=("ok", "warning", "fail"), color="")
    assert terminal.getvalue().splitlines() == [
        "fail     keyring: locked, so that",
        "         nothing can be saved in it",
        "         Unlock it.",
    ]


def test_what_a_check_found_in_japanese_stands_in_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = narrow_terminal(monkeypatch)
    with real_language("ja"):
        print_outcome("fail", "キーリングは" * 6, outcomes=("ok", "warning", "fail"), color="")
    lines = terminal.getvalue().splitlines()
    assert len(lines) == 3
    assert max(map(display_width, lines)) <= 40


def test_what_a_check_found_is_one_line_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    print_outcome("ok", "reachable " * 20, outcomes=("ok",), color="")
    assert len(capsys.readouterr().out.splitlines()) == 1
