"""One key for the demo servers of many tests: making one takes longer than a sign-in there."""

import functools
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def one_signing_key() -> Iterator[None]:
    """Let every demo server of this run sign with the same key."""
    from desktop.demo import tokens

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "new_key", functools.cache(tokens.new_key))
        yield
