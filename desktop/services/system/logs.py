"""The log file and crash reports: for administrators, and never with a secret in them."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

LOGGER_NAME = "desktop"
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Quoted, perhaps cut off before the closing quote, or bare.
_VALUE = r"(?:\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|\\*\"?[^\s\"'&,;})]+)"
# A JWT, whole or cut off, a value that is named as a secret, with dashes too, as Cisco XDR writes
# names, what a browser comes back with, an Authorization header, the password in an address.
_SECRETS = (
    re.compile(r"eyJ[\w-]{8,}+(?:\.[\w-]*){0,4}"),
    re.compile(
        r"(?i)((?:(?:access|refresh|id|csrf)[_-]token|(?:device|user)[_-]code|client[_-]secret"
        r"|code[_-]verifier|assertion|password)(?:\\*[\"'])?\s*(?:[=:]|%3D)\s*)" + _VALUE
    ),
    # These are everyday words too: only as the name of a member, and not for a number like 404.
    re.compile(
        r"(?i)((?:(?<![\w-])|(?<=%26)|(?<=%3F))(?:code|state)(?:\\*[\"']\s*[=:]|=|%3D)\s*)"
        r"(?!\d{1,3}(?![^\s\"'&,;})]))" + _VALUE
    ),
    re.compile(r"(?i)\b((?:bearer|basic)\s+)[!-~]{8,}"),
    re.compile(r"(\w://[^\s/?#@:\"']*:)[^\s/@\"']+(?=@)"),
)


def redacted(text: str) -> str:
    """`text` with everything that looks like a secret replaced."""
    for pattern in _SECRETS:
        text = pattern.sub(lambda m: (m[1] if m.lastindex else "") + "[redacted]", text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats a record, its traceback included, and then takes the secrets out."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines of `record`."""
        return redacted(super().format(record))


class LogFile(RotatingFileHandler):
    """A log file that keeps quiet when it cannot be written.

    logging would print the record to the terminal instead, with every secret in it.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Let it go."""


def start_logging(folder: Path, *, verbose: bool = False) -> None:
    """Write the log of this program to `folder`; where that is impossible, nowhere."""
    logger = logging.getLogger(LOGGER_NAME)
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = LogFile(
            folder / "xdr-login.log",
            maxBytes=512 * 1024,
            backupCount=2,
            encoding="utf-8",
            delay=True,
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(RedactingFormatter(_FORMAT))
    logger.addHandler(handler)
    sys.excepthook = report_crash


def report_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what an event loop calls its exception handler with."""
    error = context.get("exception")
    if isinstance(error, Exception):
        report_crash(type(error), error, error.__traceback__)
    else:
        logging.getLogger(LOGGER_NAME).error("event loop: %s", context.get("message"))


def report_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log an error that nobody expected, and print it where there is a terminal."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(LOGGER_NAME).critical("crash", exc_info=(kind, error, trace))
    if sys.stderr is not None:  # a windowed build on Windows has none
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(redacted(text))
