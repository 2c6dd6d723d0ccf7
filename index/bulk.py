"""Put many articles in less time: one batch is embedded while the one before it is kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.accepted import Accepted
from index.article import Article
from index.claims import Claims
from index.store import Put

_AT_ONCE = 2
"""Batches: the encoder chooses from the texts of both what fits together, and never waits for the store."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """Puts batches, each as `CoverageIndex.put` does it: what is done to one after the other.

    Attributes:
        claims: whose articles nobody else embeds meanwhile.
        accept: makes articles durable.
        encode: embeds texts; called from other threads.
        keep: makes embeddings durable, and articles found.
    """

    claims: Claims[str]
    accept: Callable[[Sequence[Article]], Accepted]
    encode: Callable[[Sequence[str]], NDArray[np.float32]]
    keep: Callable[[Accepted, NDArray[np.float32]], None]

    def put(self, batches: Iterable[Sequence[Article]]) -> Iterator[list[Put]]:
        """Accept articles. Each batch is accepted, and each is kept, in order.

        Args:
            batches: of at most a few hundred articles each. They are asked for one ahead of what is given back.

        Yields:
            The outcomes of each batch, in order, when its articles are durable, and found.
        """
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="embedding") as embedding, ExitStack() as under_way:
            finish: Callable[[], list[Put]] | None = None
            for batch in batches:
                with ExitStack() as begun:
                    finish_next = begun.enter_context(self._begun(batch, embedding))
                    if finish:
                        yield finish()
                    under_way.close()
                    under_way.push(begun.pop_all())
                    finish = finish_next
            if finish:
                yield finish()

    @contextmanager
    def _begun(self, batch: Sequence[Article], embedding: Executor) -> Iterator[Callable[[], list[Put]]]:
        with self.claims.claimed([article.id for article in batch]):
            accepted = self.accept(batch)
            embeddings = embedding.submit(self.encode, accepted.words)

            def finish() -> list[Put]:
                self.keep(accepted, embeddings.result())
                return accepted.outcomes

            yield finish
