"""Read from the store what is needed of articles to compare them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.background import Background
from index.related.signals import is_current, signals_of
from index.store import ArticleStore, ComparableArticle


class ComparableReader:
    """Reads articles as they are compared."""

    def __init__(self, store: ArticleStore, background: Background) -> None:
        """Use a store, and the background by which its embeddings are centred."""
        self._store = store
        self._background = background

    def read(self, keys: Sequence[int]) -> Mapping[int, ComparableArticle]:
        """Articles by key, with signals of this version, made up for those that lack them."""
        if not keys:
            return {}
        found = self._store.comparable(keys)
        lacking = [key for key, one in found.items() if not is_current(one.signals)]
        if not lacking:
            return found
        stored = self._store.get_by_keys(lacking)
        made = {key: replace(found[key], signals=signals_of(one.article)) for key, one in stored.items()}
        return {key: one for key, one in (found | made).items() if is_current(one.signals)}

    def centred(self, articles: Sequence[ComparableArticle]) -> NDArray[np.float32]:
        """Their centred embeddings; shape (n, dimensions), float32."""
        embeddings = np.frombuffer(b"".join(one.embedding for one in articles), np.float16)
        rows = embeddings.astype(np.float32).reshape(len(articles), -1 if articles else 0)
        return self._background.centre(rows, [one.lang for one in articles])
