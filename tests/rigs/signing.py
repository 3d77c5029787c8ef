"""One signing key for all demo servers, because creating keys is slow."""

import functools
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def one_signing_key() -> Iterator[None]:
    """Let all demo servers of this run use the same key."""
    from desktop.demo import tokens

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "new_key", functools.cache(tokens.new_key))
        yield
