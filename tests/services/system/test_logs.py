"""The log: written, rotated, and without secrets."""

import asyncio
import base64
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.system.logs import (
    redacted,
    report_crash,
    report_loop_error,
    start_logging,
)
from tests.services.system.loggers import kept_logging

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
base64_text = st.text(ALPHABET, min_size=16, max_size=80)
jwts = st.tuples(base64_text, base64_text, base64_text).map(lambda parts: "eyJ" + ".".join(parts))
opaque = st.text("".join(map(chr, range(33, 127))), min_size=12, max_size=80)
MEMBERS = (
    "access_token",
    "refresh_token",
    "id_token",
    "device_code",
    "client_secret",
    "code_verifier",
    "password",
    "user_code",
    "access-token",
    "refresh-token",
    "device-code",
    "client-secret",
    "csrf-token",
    "client_assertion",
)


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    with kept_logging() as logger:
        yield logger


def written(folder: Path) -> str:
    return (folder / "xdr-login.log").read_text("utf-8")


# Redaction


@given(jwts, st.text())
def test_a_jwt_is_redacted_anywhere(token: str, around: str) -> None:
    assert token not in redacted(f"{around} {token} {around}")
    assert token not in redacted(f"https://login.example/?t={token}&x")
    assert token not in redacted(repr({"x": token}))


@given(opaque, st.sampled_from(["Bearer", "bearer", "Basic", "BASIC"]))
def test_an_authorization_header_is_redacted(secret: str, scheme: str) -> None:
    assert secret not in redacted(f"Authorization: {scheme} {secret}")
    encoded = base64.b64encode(secret.encode()).decode()
    assert encoded not in redacted(f"'authorization': '{scheme} {encoded}'")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=6), st.sampled_from(MEMBERS))
def test_a_member_of_json_or_of_a_dictionary_is_redacted(secret: str, name: str) -> None:
    secret = f"begin{secret}end"
    for text in (json.dumps({name: secret, "x": 1}), repr({name: secret, "x": 1})):
        shown = redacted(text)
        assert "begin" not in shown
        assert "end" not in shown.replace("[redacted]", "")
        assert "x" in shown


@given(st.text(ALPHABET + ".~+/%", min_size=1), st.sampled_from(MEMBERS))
def test_a_member_of_a_form_is_redacted(secret: str, name: str) -> None:
    assert redacted(f"a=1&{name}={secret}&b=2") == f"a=1&{name}=[redacted]&b=2"
    assert redacted(f"{name.upper()}={secret}, b=2") == f"{name.upper()}=[redacted], b=2"


def test_a_member_that_was_cut_off_is_redacted() -> None:
    assert redacted('{"access_token": "abc def') == '{"access_token": [redacted]'
    assert redacted('"password": "a\\"b c", "x": 1') == '"password": [redacted], "x": 1'
    assert redacted("password='it\nx") == "password=[redacted]\nx", "only that line"


@pytest.mark.parametrize("name", ["code", "state"])
def test_the_redirect_of_a_browser_is_redacted(name: str) -> None:
    for text in (
        f"GET /callback?{name}=SplxlOBe-SECRET&iss=x HTTP/1.1",
        f"GET /callback?iss=x&{name}=SplxlOBe-SECRET HTTP/1.1",
        f"{name}=SplxlOBe-SECRET",
        f"next=%2Fcallback%3F{name}%3DSplxlOBe-SECRET",
        f"next=%2Fcallback%3Fiss%3Dx%26{name}%3DSplxlOBe-SECRET",
        repr({name: "SplxlOBe-SECRET"}),
        json.dumps({name: "SplxlOBe-SECRET"}),
        json.dumps(json.dumps({name: "SplxlOBe-SECRET"})),
        f"AuthorizationRequest({name}='SplxlOBe-SECRET')",
    ):
        shown = redacted(text)
        assert "SECRET" not in shown
        assert "[redacted]" in shown


def test_the_password_in_the_address_of_a_proxy_is_redacted() -> None:
    told = redacted("no way through http://dana:s3cret@proxy.example:3128/ today")
    assert told == "no way through http://dana:[redacted]@proxy.example:3128/ today"


@pytest.mark.parametrize(
    "text",
    [
        "status code: 400, exit code=1, error_code=temporarily_down, status_code=5000",
        '{"code": 404, "state": 2}',
        "the state: failed",
        "https://login.example:8443/a@b",
        "Asked login.example, answer 400 authorization_pending",
        "a bearer token",
        "The password is missing",
        "expires_in: 600, scope: read",
    ],
)
def test_other_text_is_not_redacted(text: str) -> None:
    assert redacted(text) == text


@given(st.text(max_size=2000))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


def test_a_long_line_is_redacted_quickly() -> None:
    began = time.thread_time()  # what others do on this machine does not count
    for text in ('"password": "' + "\\" * 20_001, "eyJ" * 300_000, "bearer " * 3_000):
        redacted(text)
    assert time.thread_time() - began < 3


# The file


def test_the_log_is_written_without_secrets(logger: logging.Logger, own_folders: Path) -> None:
    folder = own_folders / "some" / "logs"
    start_logging(folder)
    logging.getLogger("desktop.services.session.session").info("token %s", "Bearer abcdefghijkl")
    logger.debug("not this")
    assert written(folder).endswith(
        " INFO desktop.services.session.session: token Bearer [redacted]\n"
    )
    assert "not this" not in written(folder)


def test_verbose_logs_more(logger: logging.Logger, own_folders: Path) -> None:
    start_logging(own_folders, verbose=True)
    logger.debug("this")
    assert "DEBUG desktop: this" in written(own_folders)


def test_the_log_does_not_grow_for_ever(logger: logging.Logger, own_folders: Path) -> None:
    start_logging(own_folders)
    for _ in range(20):  # five fill a file: one is thrown away
        logger.info("x" * 100_000)
    sizes = [path.stat().st_size for path in own_folders.glob("xdr-login.log*")]
    assert len(sizes) == 3
    assert max(sizes) <= 512 * 1024


@pytest.mark.usefixtures("logger")
def test_a_traceback_is_written_without_secrets(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(own_folders)
    assert sys.excepthook is report_crash
    with pytest.raises(ValueError, match="opaque-SECRET") as caught:
        int("refresh_token=opaque-SECRET")
    sys.excepthook(caught.type, caught.value, caught.tb)
    for text in (written(own_folders), capsys.readouterr().err):
        assert "Traceback" in text
        assert "invalid literal for int() with base 10: 'refresh_token=[redacted]" in text
        assert "SECRET" not in text


@pytest.mark.usefixtures("logger")
def test_ctrl_c_is_not_logged_as_a_crash(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(own_folders)
    report_crash(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not (own_folders / "xdr-login.log").exists()
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("logger")
def test_a_crash_without_a_terminal_is_logged(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_logging(own_folders)
    monkeypatch.setattr(sys, "stderr", None)
    report_crash(ValueError, ValueError("x"), None)
    assert "CRITICAL desktop: crash\nValueError: x" in written(own_folders)


@pytest.mark.usefixtures("logger")
def test_errors_of_an_event_loop_are_logged(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(own_folders)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(report_loop_error)
    loop.call_exception_handler({"message": "m", "exception": ValueError("broken")})
    loop.call_exception_handler({"message": "password=hidden"})
    loop.close()
    assert "ValueError: broken" in written(own_folders)
    assert "ERROR desktop: event loop: password=[redacted]" in written(own_folders)
    assert "hidden" not in capsys.readouterr().err


# A folder that cannot be written to


@pytest.mark.parametrize("in_the_way", ["logs", "logs/xdr-login.log/x"])
def test_without_a_writable_log_folder_nothing_fails(
    logger: logging.Logger,
    own_folders: Path,
    capsys: pytest.CaptureFixture[str],
    in_the_way: str,
) -> None:
    path = own_folders / in_the_way
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    start_logging(own_folders / "logs")
    logger.info("password=hidden")
    assert capsys.readouterr() == ("", "")


def test_a_full_disk_prints_no_secrets(
    logger: logging.Logger,
    own_folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(_handler: RotatingFileHandler, _record: logging.LogRecord) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RotatingFileHandler, "shouldRollover", full)
    start_logging(own_folders)
    logger.info("password=hidden")
    assert capsys.readouterr() == ("", "")


def test_the_keyring_library_writes_nothing_to_the_terminal() -> None:
    """In a process of its own, because pytest has handlers that catch everything."""
    lines = (
        "import logging",
        "from desktop.cli.terminal.streams import keep_log_off_terminal",
        "keep_log_off_terminal()",
        "logging.getLogger('keyring').warning('raw')",
    )
    command = [sys.executable, "-c", "; ".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
