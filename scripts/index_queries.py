"""What an index is asked when it is measured, and what it is to find."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from news_like import NewsLike
from numpy.typing import NDArray

from index.progress import progress
from index.vectors import Filters

CASES = ("no filter", "7 days", "one language", "7 days, one language")
LIMIT = 20
QUERIES = 200

_BLOCK = 65_536

Vectors = NDArray[np.float32]


class Query(NamedTuple):
    """What is asked: a vector, and filters by the name of the case."""

    vector: Vectors
    filters: dict[str, Filters]


def queries_of(news: NewsLike, count: int) -> list[Query]:
    """What the service asks for some articles: others like them; in a week around them, and in their language."""
    queries = []
    for number in np.random.default_rng(1).integers(count, size=QUERIES).tolist():
        around, half = news.appeared_at(number), timedelta(days=3.5)
        others = Filters(exclude=frozenset({number + 1}))
        week = replace(others, since=around - half, until=around + half)
        lang = frozenset({str(news.langs[number])})
        filters = (others, week, replace(others, langs=lang), replace(week, langs=lang))
        queries.append(Query(news.vectors[number].astype(np.float32), dict(zip(CASES, filters, strict=True))))
    return queries


class Best:
    """The best rows so far of one query under its filters."""

    def __init__(self, filters: Filters, limit: int) -> None:
        """Of none yet."""
        self._filters = filters
        self._limit = limit
        self._keys = np.empty(0, np.int64)
        self._similarities = np.empty(0, np.float32)

    def look_at(self, news: NewsLike, part: slice, similarities: Vectors) -> None:
        """See whether some articles, with their similarities, are among the best."""
        passing = np.flatnonzero(_passes(news, part, self._filters))
        similarities = np.concatenate([self._similarities, similarities[passing]])
        keys = np.concatenate([self._keys, passing + part.start + 1])
        if len(keys) > self._limit:
            best = np.argpartition(-similarities, self._limit - 1)[: self._limit]
            keys, similarities = keys[best], similarities[best]
        self._keys, self._similarities = keys, similarities

    @property
    def keys(self) -> set[int]:
        """Theirs: articles are counted from 0, and keys from 1."""
        return set(self._keys.tolist())


def exact(news: NewsLike, count: int, queries: Sequence[Query], limit: int = LIMIT) -> dict[str, list[set[int]]]:
    """The keys that an exact search of the first `count` articles finds, by case."""
    asked = np.stack([query.vector for query in queries])
    best = {case: [Best(query.filters[case], limit) for query in queries] for case in CASES}
    with progress("exact search", count) as advance:
        for first in range(0, count, _BLOCK):
            part = slice(first, min(first + _BLOCK, count))
            similarities = asked @ news.vectors[part].astype(np.float32).T
            for of_case in best.values():
                for one, own in zip(of_case, similarities, strict=True):
                    one.look_at(news, part, own)
            advance(part.stop - first)
    return {case: [one.keys for one in of_case] for case, of_case in best.items()}


def _passes(news: NewsLike, part: slice, filters: Filters) -> NDArray[np.bool_]:
    """The meaning of the filters that queries have, written out."""
    moments = news.appeared_at(0).timestamp() + news.moments[part]
    passes = np.ones(len(moments), np.bool_)
    if filters.since and filters.until:
        passes &= (moments >= filters.since.timestamp()) & (moments < filters.until.timestamp())
    if filters.langs:
        passes &= np.isin(news.langs[part], list(filters.langs))
    passes[[key - 1 - part.start for key in filters.exclude if part.start < key <= part.stop]] = False
    return passes


def recall(found: Sequence[set[int]], wanted: Sequence[set[int]]) -> float:
    """The share of what was to be found that was found, mean over the queries for which there was something."""
    return float(np.mean([len(one & other) / len(other) for one, other in zip(found, wanted, strict=True) if other]))
