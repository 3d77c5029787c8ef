"""TOML that is damaged, hostile or merely large."""

import tomllib

import pytest

from desktop.services.model.toml_text import (
    LARGEST_TOML,
    UnreadableToml,
    count_key_parts,
    parse_toml,
    require_editable,
)


def test_what_is_ordinary_is_read() -> None:
    text = 'a.b = 1\n[c]\nd = """x\n[e]\n""""\nf = [\n  ["g"],\n]\n'
    assert parse_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '"\\"".' + "a." * 10_000 + "b = 1",
        "'#'." + "a." * 10_000 + "b = 1",
        "x = {" + "a." * 10_000 + "b = 1}",
        "x = [\n{ " + "a . " * 10_000 + "b = 1 }]",
        "[" + "a." * 10_000 + "b]",
        "x = 1 # '''\n" + "a." * 10_000 + "b = 1",
        'x = """\\""""\n' + "a." * 10_000 + "b = 1",
        "x = ''''''\n" + "a." * 10_000 + "b = 1",
        'x = """a"""""\n' + "a." * 10_000 + "b = 1",
    ],
)
def test_a_key_of_many_parts_is_found_wherever_it_is(text: str) -> None:
    with pytest.raises(UnreadableToml, match="a key has too many parts"):
        parse_toml(text)


def test_dots_in_strings_comments_and_lists_are_no_parts() -> None:
    dots = "a." * 100
    text = f'# {dots}\na = "{dots}"\nb = \'{dots}\'\nc = """\n{dots}\n"""\nd = [{"1.5, " * 100}]\n'
    assert count_key_parts(text) == 2
    assert parse_toml(text)["a"] == dots


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 0x" + "f" * 5000, "a number has too many digits"),
        ("x = " + "9" * 5000, "a number has too many digits"),
        ("x = [{a = 9223372036854775808}]", "a number has too many digits"),
        ("x = 0b" + "1" * 70, "a number has too many digits"),
        ("x = " + "[" * 50_000, "the text is nested too deeply"),
        ("#" * (LARGEST_TOML + 1), "the text is larger than 524 kB"),
        ("x = 1\nx = 2", r"Cannot overwrite a value \(at "),
    ],
)
def test_what_is_too_much_is_told_in_words(text: str, complaint: str) -> None:
    with pytest.raises(UnreadableToml, match=complaint):
        parse_toml(text)


def test_the_largest_numbers_of_toml_are_read() -> None:
    assert parse_toml("a = -9223372036854775808\nb = 9223372036854775807") == {
        "a": -(2**63),
        "b": 2**63 - 1,
    }


@pytest.mark.parametrize("path", [r"C:\Users\dana\ca.pem", r"C:\ca.pem", r"\\share\ca.pem"])
def test_a_path_in_double_quotes_is_told_to_use_single_ones(path: str) -> None:
    with pytest.raises(UnreadableToml) as caught:
        parse_toml(f'ca_file = "{path}"')
    said = str(caught.value)
    assert "(at line 1, column" in said
    assert "Put the value in single quotes, such as 'C:\\certificates\\northwind.pem'" in said


def test_what_would_take_very_long_is_not_edited() -> None:
    require_editable("a.b.c.d = 1\n" * 1000)
    for text in ("a.b.c.d.e = 1", "#" * 70_000):
        with pytest.raises(UnreadableToml):
            require_editable(text)
