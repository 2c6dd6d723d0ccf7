"""Open the index that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from index import CoverageIndex, load_encoder, open_index
from service.settings import Settings


@contextmanager
def open_configured_index(
    settings: Settings, *, writer: bool = True, reencode: bool = False
) -> Iterator[CoverageIndex]:
    """Load the model and open the data directory; see `index.open_index` for the arguments and errors."""
    token = settings.hub_token.get_secret_value() if settings.hub_token else None
    encoder = load_encoder(settings.model, cache=settings.cache_dir, prompt=settings.model_prompt, hub_token=token)
    with open_index(settings.data_dir, encoder, writer=writer, reencode=reencode) as index:
        yield index
