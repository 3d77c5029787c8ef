"""A file of profiles in parts."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from desktop.services.configuration.profile_parts import split_tables


def test_a_list_over_several_lines_is_no_heading() -> None:
    text = 'a = [\n["b"],\n[1],\n[true],\n[nan],\n]\n[c]\nd = 1\n'
    assert [(each.heading, each.line) for each in split_tables(text)] == [("", 1), ("[c]", 7)]


@settings(max_examples=60, database=None)
@given(st.text(st.sampled_from("[]ab.\"'#\n =profiles\\"), max_size=60))
@example('[a]\n"""\n[b')
def test_nothing_is_lost_between_tables(text: str) -> None:
    tables = split_tables(text)
    assert "".join(each.text for each in tables) == text
    lines = text.split("\n")
    assert all(lines[each.line - 1].strip() == each.heading for each in tables if each.heading)
