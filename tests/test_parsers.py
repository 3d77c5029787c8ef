"""No text from outside takes long or raises what nobody expects."""

import gc
import inspect
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oauth.harness import any_json
from tests.parsers import OURS, PARSERS, PARSING, Parser

ROOT = Path(__file__).resolve().parents[1]
ORDINARY, NIGHTLY = 15, 100  # texts for each parser
LARGE = 6000  # characters
QUICK = 0.02  # seconds: what takes no longer is not compared
# Linear is 4, quadratic 16. One machine takes a while to find memory for the larger one.
STEEPEST = 9.0

# What patterns and parsers start over at, or go deeper with.
UNITS = (
    *(" ", "\t", "\n", '"', "'", "\\", ".", ",", ":", ";", "-", "/", "@", "%", "=", "&", "#", "_"),
    *("[", "{", "<", "(", "]", "}", "a", "1", "a.", "1,", "a ", '\\"', '"a"', "[a]", "{a=", "%41"),
    *(
        "[[a]]\n",
        "[a]\n",
        '{"a":',
        '{"a":1},',
        "a=1\n",
        "a: b, ",
        "&a=b",
        "url=",
        "//",
        "a@",
        "eyJ",
    ),
    *(
        "https://",
        "password=",
        "code=",
        "bearer ",
        "Bearer a=b, ",
        "\N{ZERO WIDTH JOINER}",
        "é",
        "😀",
    ),
    *(
        '"""',
        "'''",
        "#a\n",
        "[profiles.a]\n",
        "a = {a = 1}\n",
        "token › 1",
        "-----BEGIN CERTIFICATE",
    ),
)
# Where a generated text is put together from pieces that mean something.
PIECES = st.sampled_from(
    (
        *UNITS,
        *(
            "https://[2001:db8::1]x/",
            "http://localhost",
            "xn--a",
            "é.example",
            ":99999",
            "\x00",
            "\x85",
        ),
        *(
            "Sun, 29 Nov 2026 00:00:00 GMT",
            "Sun, 99 Nov 99999 99:99:99 +9999",
            "-1",
            "1e400",
            "NaN",
        ),
        *(
            "9" * 5000,
            "0x" + "f" * 5000,
            "\ud800",
            "\u202e",
            "\ufeff",
            "null",
            "[]",
            "{}",
            '{"error":1}',
        ),
        *(
            '[profiles.x]\nclient_id = "c"\n',
            '"C:\\Users"',
            "1979-05-27",
            "inf",
            "=",
            "\r\n",
            "../",
        ),
    )
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join) | any_json.map(json.dumps)


def repeat(unit: str, parser: Parser, length: int) -> list[str]:
    times = length // len(unit)
    return [f"{before}{unit * times}{after}" for before, after in parser.around]


def measure(parser: Parser, text: str) -> float:
    started = time.thread_time()
    read(parser, text)
    return time.thread_time() - started


def read(parser: Parser, text: str) -> None:
    with suppress(*parser.errors):
        parser.read(text)


def is_steep(parser: Parser, small: str, large: str) -> bool:
    for _ in range(4):  # something else may have run
        slow = measure(parser, large)
        if slow < QUICK or slow < STEEPEST * measure(parser, small):
            return False
    return True


@pytest.fixture
def quiet() -> Iterator[None]:
    """Let parsers warn of what they are given here."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@pytest.mark.usefixtures("quiet")
def test_a_longer_text_takes_no_more_than_longer(parser: Parser) -> None:
    large = parser.longest or LARGE
    gc.disable()
    try:
        steep = [
            (unit, len(long))
            for unit in UNITS
            for short, long in zip(
                repeat(unit, parser, large // 4), repeat(unit, parser, large), strict=True
            )
            if is_steep(parser, short, long)
        ]
    finally:
        gc.enable()
    assert not steep


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@pytest.mark.usefixtures("quiet")
def test_no_text_raises_what_nobody_expects(parser: Parser, request: pytest.FixtureRequest) -> None:
    count = NIGHTLY if request.config.getoption("--fuzz") else ORDINARY

    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=count,
        suppress_health_check=list(HealthCheck),
    )
    @given(TEXTS)
    def check(text: str) -> None:
        for before, after in parser.around:
            read(parser, f"{before}{text}{after}")

    check()


@pytest.mark.usefixtures("quiet")
def test_every_parser_is_in_the_table() -> None:
    used: set[str] = set()

    def note(frame: object, _event: str, _value: object) -> None:
        used.add(inspect.getfile(frame.f_code))  # type: ignore[attr-defined] # it is a frame

    sys.setprofile(note)
    try:
        for parser in PARSERS:
            for before, after in parser.around:
                read(parser, f"{before}a{after}")
    finally:
        sys.setprofile(None)
    files = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "desktop").rglob("*.py")
        if "demo" not in file.parts and PARSING.search(file.read_text("utf-8"))
    ]
    missing = [each for each in files if str(ROOT / each) not in used and each not in OURS]
    assert not missing, f"put what they read into tests/parsers.py: {missing}"
