"""The logger of XDR Login, for tests that start logging."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from desktop.services.system.logs import LOGGER_NAME


@contextmanager
def kept_logging() -> Iterator[logging.Logger]:
    """Provide the logger of XDR Login, and restore it after the test."""
    logger = logging.getLogger(LOGGER_NAME)
    before = (logger.level, logger.propagate, logger.handlers[:], sys.excepthook)
    try:
        yield logger
    finally:
        for handler in set(logger.handlers) - set(before[2]):
            handler.close()
        logger.propagate, logger.handlers[:], sys.excepthook = before[1:]
        logger.setLevel(before[0])
