"""Open the index that the settings name."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index import CoverageIndex, load_encoder, open_index
from index.encoder import Encoder
from index.encoder.queue import QueueLimits
from index.threads import Processors
from service.settings import Settings


def load_configured_encoder(settings: Settings, *, bulk: bool = False) -> Encoder:
    """Load the model; see `index.load_encoder` for the errors, and `Processors` for `bulk`."""
    token = settings.hub_token.get_secret_value() if settings.hub_token else None
    return load_encoder(
        settings.model,
        cache=settings.cache_dir,
        prompt=settings.model_prompt,
        hub_token=token,
        backend=settings.backend,
        processors=Processors(settings.processors, bulk),
        limits=QueueLimits(waiting_bytes=settings.max_waiting_bytes, cached_texts=settings.cached_texts),
    )


def shown_model(index: CoverageIndex) -> str:
    """The model's name for all to see: of a folder on this machine only the last part."""
    path = Path(index.model)
    return path.name if path.is_absolute() else index.model


@contextmanager
def open_configured_index(
    settings: Settings,
    *,
    writer: bool = True,
    reencode: bool = False,
    bulk: bool = False,
    when_loaded: Callable[[], None] | None = None,
) -> Iterator[CoverageIndex]:
    """Load the model and open the data directory; see `load_configured_encoder` and `index.open_index`.

    `when_loaded` is called in between.
    """
    encoder = load_configured_encoder(settings, bulk=bulk)
    if when_loaded:
        when_loaded()
    with open_index(
        settings.data_dir,
        encoder,
        writer=writer,
        reencode=reencode,
        retention_days=settings.retention,
        summarise=writer,
    ) as index:
        # What is loaded by now stays, and a look through all of it would stop the event loop, or an ingest, for a good
        # while.
        gc.freeze()
        yield index
