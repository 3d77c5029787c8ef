from collections.abc import Iterator

import pytest

from tests.services.loggers import kept_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    with kept_logging():
        yield
