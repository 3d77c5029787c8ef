from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from desktop.demo.tokens import Signer
from tests.demo.harness import Harness, make_harness


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture
async def harness_with(signer: Signer) -> AsyncIterator[Callable[..., Harness]]:
    """Give a maker of harnesses: `harness_with(interval=0)`."""
    made: list[Harness] = []

    def make(**options: Any) -> Harness:  # noqa: ANN401 - DemoOptions' own
        made.append(make_harness(signer, **options))
        return made[-1]

    yield make
    for harness in made:
        await harness.client.aclose()
        await harness.browser.aclose()


@pytest.fixture
def harness(harness_with: Callable[..., Harness]) -> Harness:
    return harness_with()
