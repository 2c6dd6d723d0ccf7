"""What all tests share: one loaded model, and data directories of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from index import CoverageIndex, load_encoder, open_index
from index.encoder import Encoder
from index.encoder.loading import Backend
from service.settings import Settings

# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """Where the embedded model is; the user's own cache, so that it is built once and not for every run."""
    return Settings().cache_dir


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on the event loop that the service runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def encoder(cache_dir: Path) -> Encoder:
    """The real embedded model."""
    return load_encoder(cache=cache_dir)


@pytest.fixture(scope="session")
def exact_encoder(cache_dir: Path) -> Encoder:
    """The same in fp32."""
    return load_encoder(cache=cache_dir, backend=Backend.TORCH)


@pytest.fixture(scope="session")
def exact_stock_encoder(cache_dir: Path) -> Encoder:
    """The model that the embedded one is tuned from, in fp32."""
    return load_encoder("embedded-stock", cache=cache_dir, backend=Backend.TORCH)


@pytest.fixture
def index(encoder: Encoder, tmp_path: Path) -> Iterator[CoverageIndex]:
    """An empty index with all its real parts."""
    with open_index(tmp_path / "data", encoder) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not depend on the settings of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("SIMILAR_NEWS_")]:
        monkeypatch.delenv(name)
