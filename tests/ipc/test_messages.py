import pytest

from desktop.ipc.messages import LONGEST_LINE, BadMessage, decode, encode, plain_members


def test_a_message_is_one_line_with_the_version() -> None:
    assert encode({"command": "show"}) == b'{"version": 1, "command": "show"}\n'


def test_a_line_break_in_a_text_is_escaped() -> None:
    assert encode({"text": "a\nb\u2028c"}).count(b"\n") == 1


def test_encoded_messages_can_be_decoded() -> None:
    assert decode(encode({"command": "show"})) == {"version": 1, "command": "show"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "incomplete line"),
        (b'{"version": 1', "incomplete line"),
        (b"\n", "not JSON"),
        (b"\xff\n", "not JSON"),
        (b"[" * LONGEST_LINE + b"\n", "not JSON"),
        (b"[1]\n", "not an object"),
        (b"{}\n", "unsupported version"),
        (b'{"version": 2}\n', "unsupported version"),
        (b'{"version": "1"}\n', "unsupported version"),
    ],
)
def test_malformed_lines_are_rejected(line: bytes, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        decode(line)


@pytest.mark.parametrize("value", [1, None, ["x"], "a\0b", "line\nbreak", "\udc80", "ü", "x" * 513])
def test_values_that_are_not_plain_are_left_out(value: object) -> None:
    assert plain_members({"a": "x" * 512, "b": value}) == {"a": "x" * 512}


@pytest.mark.parametrize("members", [None, "text", ["a"]])
def test_anything_but_an_object_has_no_members(members: object) -> None:
    assert plain_members(members) == {}
