"""Read articles to compare them, many of them again and again."""

from collections.abc import Collection, Sequence

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from index.background import Background
from index.related.reading import ComparableReader
from index.store import ArticleStore, ComparableArticle

_REMEMBERED = 5_000
"""Articles, of about 3 KB each. Those of today's stories are looked at for nearly every article that comes."""

_Known = tuple[ComparableArticle, NDArray[np.float32]]


class RememberingReader:
    """Reads articles as they are compared, and remembers them until it is told that they have changed.

    One thread at a time.
    """

    def __init__(self, store: ArticleStore, background: Background) -> None:
        """Use a store, and the background by which its embeddings are centred."""
        self._reader = ComparableReader(store, background)
        self._dimensions = len(background.default)
        self._known: LRUCache[int, _Known] = LRUCache(_REMEMBERED)

    def reports(self, keys: Sequence[int]) -> tuple[list[ComparableArticle], NDArray[np.float32]]:
        """Those of some articles that are there and embedded, in order.

        Returns:
            They, n of them, and their centred embeddings; shape (n, dimensions), float32.
        """
        known = {key: one for key in keys if (one := self._known.get(key)) is not None}
        found = self._reader.read([key for key in keys if key not in known]) if len(known) < len(keys) else {}
        if found:
            articles = list(found.values())
            read = zip(found, zip(articles, self._reader.centred(articles), strict=True), strict=True)
            known |= read
            self._known.update(known)
        present = [known[key] for key in keys if key in known]
        vectors = np.empty((len(present), self._dimensions), np.float32)
        for place, (_, vector) in enumerate(present):
            vectors[place] = vector
        return [article for article, _ in present], vectors

    def forget(self, keys: Collection[int] | None) -> None:
        """Read some articles anew the next time, which may have changed; None for all."""
        if keys is None:
            self._known.clear()
            return
        for key in keys:
            self._known.pop(key, None)
