"""A store and an index of articles whose vectors are there already, put together as `open_index` does it."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from news_like import NewsLike
from numpy.typing import NDArray

from index import Article, CoverageIndex, threads
from index.background import no_background
from index.encoder import EncoderFigures, Priority
from index.follower import Follower
from index.opening import INDEX_FOLDER, STORE_FILE
from index.related.signals import signals_of
from index.store import ModelRecord
from index.store.sql_store import open_sqlite
from index.upkeep import FOLLOW_SECONDS, repeated
from index.vectors.segmented_index import SegmentedVectorIndex
from service import logs
from service.settings import read_settings

Vectors = NDArray[np.float32]

_MODEL = ModelRecord("news-like", "0" * 32)


def work_as_the_service(log_level: str | None = None) -> None:
    """Log as the settings say, or at another level, and let threads share this process as they do the service's."""
    settings = read_settings()
    logs.configure(settings.model_copy(update={"log_level": log_level}) if log_level else settings)
    threads.take_short_turns()
    threads.limit_blas()


class Prepared:
    """An encoder of articles whose vectors are known: the title is the number."""

    name, fingerprint = _MODEL.name, _MODEL.fingerprint

    def __init__(self, news: NewsLike | None, dimensions: int) -> None:
        """Give the vectors of `news`."""
        self._news = news
        self.dimensions = dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `index.Encoder`."""
        assert self._news  # noqa: S101 - or nothing is put
        numbers = [int(text.partition("\n")[0]) for text in texts]
        return self._news.vectors[numbers].astype(np.float32)

    async def encode_async(
        self,
        texts: Sequence[str],
        priority: Priority = Priority.INTERACTIVE,  # noqa: ARG002 - see `index.Encoder`
        *,
        admitted: bool = False,  # noqa: ARG002 - as above
    ) -> Vectors:
        """See `index.Encoder`."""
        return self.encode(texts)

    def refuse_overload(self) -> None:
        """See `index.Encoder`."""

    @contextmanager
    def reserve(self, texts: Sequence[str]) -> Iterator[None]:  # noqa: ARG002 - see `index.Encoder`
        """See `index.Encoder`."""
        yield

    def figures(self) -> EncoderFigures:
        """See `index.Encoder`."""
        return EncoderFigures()


@dataclass(frozen=True, slots=True)
class Opened:
    """An index, and the parts that it is made of."""

    index: CoverageIndex
    vectors: SegmentedVectorIndex
    follower: Follower

    def keep(self, articles: Sequence[Article], encoder: Prepared) -> list[int]:
        """Put articles as the index does, but into no stories, which take longer than all the rest.

        Returns:
            Their keys.
        """
        store = self.follower.store
        with self.follower.writing:
            store.put(articles)
        waiting = store.without_vector(len(articles), [article.id for article in articles])
        vectors = encoder.encode([stored.article.words for stored in waiting]).astype(np.float16)
        with self.follower.writing:
            store.put_vectors(waiting, vectors, [signals_of(stored.article) for stored in waiting])
        self.follower.follow()
        return [stored.key for stored in waiting]


@contextmanager
def opened(folder: Path, encoder: Prepared, *, writer: bool = True) -> Iterator[Opened]:
    """The parts that `open_index` puts together; without `writer` they follow what another process puts."""
    with ExitStack() as resources:
        store = resources.enter_context(open_sqlite(folder / STORE_FILE, writer=writer))
        if writer:
            store.set_model(_MODEL)
        vectors = SegmentedVectorIndex(encoder.dimensions, folder / INDEX_FOLDER, stamp="benchmark", writer=writer)
        resources.callback(vectors.close)
        follower = Follower(store, vectors, no_background(encoder.fingerprint, encoder.dimensions))
        follower.load()
        if not writer:
            resources.enter_context(repeated("following the store", follower.follow, FOLLOW_SECONDS))
        gc.freeze()  # as the service does: a look through all that is loaded would stop the loop
        yield Opened(CoverageIndex(follower, encoder), vectors, follower)
