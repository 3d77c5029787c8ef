import codecs

import pytest

from desktop.services.system.text_input import UndecodableText, decode_text

TEXT = "name = 'Zürich 東京'\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF8 * 2, "utf-8"),
        (codecs.BOM_UTF8 * 3, "utf-8"),
        (codecs.BOM_UTF16_LE * 3, "utf-16-le"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_the_encoding_that_a_mark_names_is_used_and_the_mark_dropped(
    mark: bytes, encoding: str
) -> None:
    assert decode_text(mark + TEXT.encode(encoding), "stdin") == TEXT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"S\xfcden", "stdin is not UTF-8 text"),
        (b"\xed\xb2\x80", "stdin is not UTF-8 text"),
        (codecs.BOM_UTF16_LE + b"a", "stdin is not UTF-8 text"),
        ("ab".encode("utf-16-le"), "stdin contains NUL characters; save it as UTF-8"),
    ],
)
def test_what_is_not_text_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(UndecodableText) as caught:
        decode_text(content, "stdin")
    assert str(caught.value) == words
