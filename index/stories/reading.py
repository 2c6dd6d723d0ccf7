"""Read articles to compare them, many of them again and again."""

from collections.abc import Collection, Sequence

import numpy as np

from index.background import Background
from index.related.reading import ComparableReader
from index.store import ArticleStore
from index.stories.reports import Numbering, Reports

ROOM = 20_000
"""Articles, of about 2.5 KB each. Those of today's stories are looked at for nearly every article that comes."""


class RememberingReader:
    """Reads articles as they are compared, and remembers them until it is told that they have changed.

    One thread at a time.
    """

    def __init__(self, store: ArticleStore, background: Background, room: int = ROOM) -> None:
        """Use a store.

        Args:
            store: the articles.
            background: by which their embeddings are centred.
            room: how many articles are remembered; when there are more, all are forgotten.
        """
        self._reader = ComparableReader(store, background)
        self._dimensions = len(background.default)
        self._room = room
        self._forget_all(room)

    def reports(self, keys: Sequence[int]) -> Reports:
        """Those of some articles that are there and embedded, in order."""
        self._remember(keys)
        places = [place for key in keys if (place := self._place_of.get(key)) is not None]
        return self._known.of(np.array(places, np.intp))

    def forget(self, keys: Collection[int] | None) -> None:
        """Read some articles anew the next time, which may have changed; None for all."""
        if keys is None:
            self._forget_all(self._room)
            return
        for key in keys:
            self._place_of.pop(key, None)

    def _remember(self, keys: Sequence[int]) -> None:
        missing = [key for key in dict.fromkeys(keys) if key not in self._place_of]
        if missing and self._used + len(missing) > len(self._known):
            missing = list(dict.fromkeys(keys))
            self._forget_all(max(self._room, len(missing)))
        articles = list(self._reader.read(missing).values())
        if articles:
            read = Reports.of_articles(articles, self._reader.centred(articles), self._numbering)
            self._known.put(slice(self._used, self._used + len(read)), read)
            self._place_of.update((key, self._used + place) for key, place in read.places.items())
            self._used += len(read)

    def _forget_all(self, room: int) -> None:
        self._numbering = Numbering()
        self._known = Reports.room_for(room, self._dimensions)
        self._place_of: dict[int, int] = {}
        self._used = 0
