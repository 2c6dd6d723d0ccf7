"""Read articles to compare them, many of them again and again; and search for what is near to those that come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

import numpy as np
from cachetools import LRUCache

from index.background import Background
from index.follower import Follower
from index.related.copies import LEAST_SIMILAR
from index.related.reading import ComparableReader
from index.related.reports import Numbering, Numbers, Reports, Vectors
from index.store import ArticleStore
from index.vectors import Filters, Hit, VectorIndex

ROOM = 20_000
"""Articles, of about 2.5 KB each. Those of today's stories are looked at for nearly every article that comes."""

WINDOW = timedelta(days=14)
"""How far from an article's appearance others may have appeared to bring it into their story, or to have its text. A
running story may be longer, as long as it never pauses for so long."""

NEIGHBOURS = 40
"""How many of the nearest articles tell which stories an article may belong to, and whose text it has. Where there are
more copies than that, the nearest are copies themselves, and one earlier copy tells as much as all."""

EFFORT = 0.5
"""Of what other searches take, see `VectorIndex.search`. Of 20,000 articles it looks again at some 690, by which 0.99
of the 20 nearest are found and 0.95 of the 80 nearest (`scripts/weigh-candidates --articles 20000`). Copies are the
nearest; and where one report of a story is missed there are others: with a quarter the stories of the labelled sets are
the same, among other articles too (`scripts/evaluate`)."""

_ON_THEIR_WAY = 1_000
"""Articles of which is remembered what is near."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Articles among all those that are remembered: what many are compared by need not be copied for it.

    Attributes:
        reports: all that are, and some that were.
        places: where articles stand there, by their keys; only those that are there and embedded have a place.
    """

    reports: Reports
    places: Mapping[int, int]

    def at(self, keys: Sequence[int]) -> Numbers:
        """The places of those of some articles that have one, in order."""
        return np.array([place for key in keys if (place := self.places.get(key)) is not None], np.intp)


class RememberingReader:
    """Reads articles as they are compared, and remembers them until it is told that they have changed.

    One thread at a time.

    Attributes:
        vectors: the index of their centred embeddings.
        background: by which these are centred.
    """

    def __init__(self, store: ArticleStore, vectors: VectorIndex, background: Background, room: int = ROOM) -> None:
        """Use a store, and the index of its articles.

        Args:
            store: the articles.
            vectors: see the attribute.
            background: see the attribute.
            room: how many articles are remembered; when there are more, all are forgotten.
        """
        self.vectors = vectors
        self.background = background
        self._reader = ComparableReader(store, background)
        self._room = room
        self._near: LRUCache[int, list[Hit]] = LRUCache(_ON_THEIR_WAY)
        self._forget_all(room)

    @classmethod
    def of(cls, follower: Follower) -> Self:
        """A reader of a follower's store, which is told of its changes. To be used while nothing writes."""
        reader = cls(follower.store, follower.vectors, follower.background)
        follower.watch(reader.forget)
        return reader

    def reports(self, keys: Sequence[int]) -> Reports:
        """Those of some articles that are there and embedded, in order."""
        known = self.remember(keys)
        return known.reports.of(known.at(keys))

    def remember(self, keys: Sequence[int]) -> Remembered:
        """Read those of some articles that are not remembered. What it gives holds until the next call."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._place_of]
        if missing and self._used + len(missing) > len(self._known):
            missing = list(dict.fromkeys(keys))
            self._make_room(max(self._room, len(missing)))
        articles = list(self._reader.read(missing).values())
        if articles:
            read = Reports.of_articles(articles, self._reader.centred(articles), self._numbering)
            self._known.put(slice(self._used, self._used + len(read)), read)
            self._place_of.update((key, self._used + place) for key, place in read.places.items())
            self._used += len(read)
        return Remembered(self._known, self._place_of)

    def nearest(self, key: int, waiting: Collection[int]) -> list[Hit]:
        """The nearest articles that appeared within `WINDOW` of one, at most `NEIGHBOURS`, the nearest first.

        Args:
            key: of the one; none are near to one that is not there, or not embedded.
            waiting: keys of others that are left out.
        """
        known = self.remember([key])
        place = known.places.get(key)
        if place is None:
            return []
        appeared = int(known.reports.appeared[place])
        hits = self._near_to(known.reports.vectors[place], appeared, appeared, [key, *waiting])
        if len(hits) < NEIGHBOURS or hits[-1].similarity < LEAST_SIMILAR:
            self._near[key] = [hit for hit in hits if hit.similarity >= LEAST_SIMILAR]  # and there are no more
        return hits

    def near_middle(self, keys: Sequence[int], left_out: Collection[int]) -> list[Hit]:
        """The articles nearest to the middle of some that appeared within `WINDOW` of any; see `nearest`.

        Args:
            keys: of the some; nothing is near if none of them is embedded.
            left_out: keys of those that are not to be found.
        """
        reports = self.reports(keys)
        if not len(reports):
            return []
        middle = reports.vectors.mean(axis=0)
        middle /= max(float(np.linalg.norm(middle)), np.finfo(np.float32).tiny)
        return self._near_to(middle, int(reports.appeared.min()), int(reports.appeared.max()), left_out)

    def similar(self, article: Reports, lang: str) -> list[int]:
        """The keys of articles that may have an article's text, the nearest first.

        Those that were waiting when its `nearest` were asked for may be left out, once: it is among theirs.

        Args:
            article: the one.
            lang: its language without region and script. Of others some may be among them.
        """
        (key,), (appeared,) = article.keys.tolist(), article.appeared.tolist()
        hits = self._near.pop(key, None)
        if hits is None:
            in_time = Filters.around(appeared, appeared, WINDOW, [key])
            hits = self.vectors.search(article.vectors[0], NEIGHBOURS, replace(in_time, langs=frozenset({lang})))
        return [hit.key for hit in hits if hit.similarity >= LEAST_SIMILAR]

    def search_again(self, keys: Collection[int]) -> None:
        """Forget what is near to some articles: another one has come."""
        for key in keys:
            self._near.pop(key, None)

    def forget(self, keys: Collection[int] | None) -> None:
        """Read some articles anew the next time, which may have changed; None for all."""
        if keys is None:
            self._forget_all(self._room)
            return
        for key in keys:
            self._place_of.pop(key, None)
        self.search_again(keys)

    def _near_to(self, vector: Vectors, first: int, last: int, left_out: Collection[int]) -> list[Hit]:
        return self.vectors.search(vector, NEIGHBOURS, Filters.around(first, last, WINDOW, left_out), EFFORT)

    def _forget_all(self, room: int) -> None:
        self._near.clear()
        self._make_room(room)

    def _make_room(self, room: int) -> None:
        self._numbering = Numbering()
        self._known = Reports.room_for(room, len(self.background.default))
        self._place_of: dict[int, int] = {}
        self._used = 0
