"""The log file and crash reports, with secrets removed."""

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
# In this order: a JWT, whole or cut off; a value whose name says that it is a secret (Cisco XDR
# writes dashes in names); what a browser returns with; an Authorization header; the password in an
# address. `re` compiles them when a record is first written.
_SECRETS = (
    r"eyJ[\w-]{8,}+(?:\.[\w-]*){0,4}",
    (
        r"(?i)((?:(?:access|refresh|id|csrf)[_-]token|(?:device|user)[_-]code|client[_-]secret"
        r"|code[_-]verifier|assertion|password)(?:\\*[\"'])?\s*(?:[=:]|%3D)\s*)" + _VALUE
    ),
    # These are everyday words too: only as a name with a value, and not for a number like 404.
    (
        r"(?i)((?:(?<![\w-])|(?<=%26)|(?<=%3F))(?:code|state)(?:\\*[\"']\s*[=:]|=|%3D)\s*)"
        r"(?!\d{1,3}(?![^\s\"'&,;})]))" + _VALUE
    ),
    r"(?i)\b((?:bearer|basic)\s+)[!-~]{8,}",
    r"(\w://[^\s/?#@:\"']*:)[^\s/@\"']+(?=@)",
)


def redacted(text: str) -> str:
    """Replace everything in `text` that looks like a secret."""
    for pattern in _SECRETS:
        text = re.sub(pattern, lambda m: (m[1] if m.lastindex else "") + "[redacted]", text)
    return text


class RedactingFormatter(logging.Formatter):
    """A formatter that removes secrets from a record, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class LogFile(RotatingFileHandler):
    """A log file that drops records when it cannot be written.

    logging would print them to the terminal instead, with every secret in them.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Drop the record."""


def start_logging(folder: Path, *, verbose: bool = False) -> None:
    """Write the log to `folder`; where that is impossible, write none."""
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
    """Report an error that an event loop passes to its exception handler."""
    error = context.get("exception")
    if isinstance(error, Exception):
        report_crash(type(error), error, error.__traceback__)
    else:
        logging.getLogger(LOGGER_NAME).error("event loop: %s", context.get("message"))


def report_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log an unexpected error, and print it where there is a terminal."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(LOGGER_NAME).critical("crash", exc_info=(kind, error, trace))
    if sys.stderr is not None:  # pythonw.exe and windowed bundles have none
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(redacted(text))
