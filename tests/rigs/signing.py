"""One key for the demo servers of many tests: making one takes longer than a sign-in there."""

import functools
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def one_signing_key() -> Iterator[None]:
    """Let every demo server of this run sign with the same key."""
    from desktop.demo import keys

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "new_key", functools.cache(keys.new_key))
        yield
