"""Open the index that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index import CoverageIndex, load_encoder, open_index
from index.encoder import Encoder
from index.encoder.queue import QueueLimits
from service.settings import Settings


def load_configured_encoder(settings: Settings) -> Encoder:
    """Load the model; see `index.load_encoder` for the errors."""
    token = settings.hub_token.get_secret_value() if settings.hub_token else None
    return load_encoder(
        settings.model,
        cache=settings.cache_dir,
        prompt=settings.model_prompt,
        hub_token=token,
        backend=settings.backend,
        processors=settings.processors,
        limits=QueueLimits(waiting_bytes=settings.max_waiting_bytes, cached_texts=settings.cached_texts),
    )


def shown_model(index: CoverageIndex) -> str:
    """The model's name for all to see: of a folder on this machine only the last part."""
    path = Path(index.model)
    return path.name if path.is_absolute() else index.model


@contextmanager
def open_configured_index(
    settings: Settings, *, writer: bool = True, reencode: bool = False
) -> Iterator[CoverageIndex]:
    """Load the model and open the data directory; see `index.open_index` for the arguments and errors."""
    encoder = load_configured_encoder(settings)
    with open_index(
        settings.data_dir,
        encoder,
        writer=writer,
        reencode=reencode,
        retention_days=settings.retention,
        summarise=writer,
    ) as index:
        yield index
