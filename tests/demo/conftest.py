from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from desktop.demo.signing import Signer
from tests.demo.bench import Bench, make_bench


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture
async def bench_with(signer: Signer) -> AsyncIterator[Callable[..., Bench]]:
    """Give a maker of benches: `bench_with(interval=None)`."""
    made: list[Bench] = []

    def make(**options: Any) -> Bench:  # noqa: ANN401 - DemoOptions' own
        made.append(make_bench(signer, **options))
        return made[-1]

    yield make
    for bench in made:
        await bench.client.aclose()
        await bench.browser.aclose()


@pytest.fixture
def bench(bench_with: Callable[..., Bench]) -> Bench:
    return bench_with()
