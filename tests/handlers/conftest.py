"""An API on memory fakes and a small index of invented tracks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daltonify_core.use_cases.recommend import Recommender
from tests.builders import build_index_folder, open_index
from tests.handlers.api_client import ApiClient, FixedIndex, catalogue


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index_folder(tmp_path_factory.mktemp("api"), catalogue())


@pytest.fixture
def recommender(bundle: Path) -> Iterator[Recommender]:
    index = open_index(bundle)
    yield Recommender(index, "2026-01-15T12:00:00Z")
    index.close()


@pytest.fixture
def api(recommender: Recommender) -> ApiClient:
    return ApiClient(FixedIndex(recommender))
