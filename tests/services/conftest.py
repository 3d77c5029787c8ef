from collections.abc import Iterator

import pytest

from tests.services.secrets.vaults import MODELS, Model, WindowsModel, made_model


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Iterator[Model]:
    with made_model(request.param) as made:
        yield made


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> WindowsModel:
    return WindowsModel(monkeypatch)
