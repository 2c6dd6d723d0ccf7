"""What can be told of a publisher's quality: the mean of its articles, shrunk, and its rank in its country.

    quality = (n * mean + PRIOR_WEIGHT * prior) / (n + PRIOR_WEIGHT)

with n articles that were measured, their mean quality, and for the prior the mean quality of all articles of known
publishers. So a publisher of one article is taken for hardly other than the rest, and one of a hundred for what its
articles are. That is Bühlmann's credibility (1967, Experience rating and credibility, ASTIN Bulletin 4:199-207,
https://doi.org/10.1017/S0515036100008989), by which the best weight is the variance of articles within a publisher over
that of publishers' means.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from threading import Lock

from index.store import ArticleStore
from index.store.measures import QUALITY_UNIT, SourceSums

PRIOR_WEIGHT = 4.0
"""How many articles the prior counts as: about what is best over the sample stories of 33 publishers, 4.4
(`scripts/evaluate-quality`). They are few, and short; but whether it is 3 or 6 makes little difference to a publisher
of a dozen articles."""

_ROUND = 4


@dataclass(frozen=True, slots=True)
class Source:
    """A publisher.

    Attributes:
        name: its name.
        country: ISO 3166-1 alpha-2, that of most of its articles that say one; None if none does.
        articles: how many there are.
        measured: how many of them are measured.
        quality: the shrunk mean of theirs, 0..1; the prior if none is, and None if there is none of any publisher.
        rank: its place among the publishers of its country by quality, from 1; equal ones have one place. None without
            a country or a measured article.
        ranked: how many publishers of its country have a rank.
    """

    name: str
    country: str | None
    articles: int
    measured: int
    quality: float | None
    rank: int | None = None
    ranked: int = 0

    @property
    def position(self) -> tuple[float, str]:
        """Where it stands in the list of publishers, the best first."""
        return (-(self.quality or 0.0), self.name)


@dataclass(frozen=True, slots=True)
class _Known:
    """All publishers, of one generation of the store."""

    generation: str
    listed: Sequence[Source]
    by_name: dict[str, Source]


class Sources:
    """The publishers of a store. May be called from several threads at once.

    The store keeps the sums of each publisher, so that what there is to do does not depend on how many articles there
    are; and it is done once for each generation of the store.
    """

    def __init__(self, store: ArticleStore) -> None:
        """Use a store."""
        self._store = store
        self._lock = Lock()
        self._known = _Known("", [], {})

    def get(self, name: str) -> Source | None:
        """The publisher with this name; None if it has no articles."""
        return self._now().by_name.get(name)

    def find(
        self, limit: int, countries: frozenset[str] = frozenset(), after: tuple[float, str] | None = None
    ) -> list[Source]:
        """The publishers that there are, the best first.

        Args:
            limit: how many at most.
            countries: only those of these, ISO 3166-1 alpha-2; of all if empty.
            after: `Source.position` of the last one that was had.
        """
        listed = self._now().listed
        start = 0 if after is None else bisect_right(listed, after, key=attrgetter("position"))
        wanted = (one for one in listed[start:] if not countries or one.country in countries)
        return [one for one, _ in zip(wanted, range(limit), strict=False)]

    def _now(self) -> _Known:
        generation = self._store.generation()
        with self._lock:
            if self._known.generation != generation:
                listed = ranked(self._store.measures.sources())
                self._known = _Known(generation, listed, {one.name: one for one in listed})
            return self._known


def ranked(sums: Sequence[SourceSums]) -> list[Source]:
    """Publishers with their quality and their ranks, the best first; of one quality by name.

    Args:
        sums: of their articles, by source and country.
    """
    measured = sum(one.measured for one in sums)
    prior = sum(one.quality for one in sums) / QUALITY_UNIT / measured if measured else None
    named = sorted(sums, key=attrgetter("source", "country"))
    found = [_source(list(parts), prior) for _, parts in groupby(named, key=attrgetter("source"))]
    places = _places(found)
    return sorted((_placed(one, places) for one in found), key=attrgetter("position"))


def shrunk(total: float, count: int, prior: float) -> float:
    """The mean of `count` values that sum up to `total`, shrunk towards a prior."""
    return (total + PRIOR_WEIGHT * prior) / (count + PRIOR_WEIGHT)


def _source(parts: Sequence[SourceSums], prior: float | None) -> Source:
    count = sum(one.measured for one in parts)
    total = sum(one.quality for one in parts) / QUALITY_UNIT
    known = [one for one in parts if one.country]
    return Source(
        name=parts[0].source,
        country=min(known, key=lambda one: (-one.articles, one.country)).country if known else None,
        articles=sum(one.articles for one in parts),
        measured=count,
        quality=None if prior is None else round(shrunk(total, count, prior), _ROUND),
    )


def _places(found: Sequence[Source]) -> dict[str, list[float]]:
    """The qualities of the publishers that have a rank, by country, the best first, as negative numbers."""
    by_country: dict[str, list[float]] = defaultdict(list)
    for one in found:
        if one.country and one.measured and one.quality is not None:
            by_country[one.country].append(-one.quality)
    return {country: sorted(qualities) for country, qualities in by_country.items()}


def _placed(one: Source, places: dict[str, list[float]]) -> Source:
    """A publisher with its rank, which those before it in its country give."""
    if not one.country or not one.measured or one.quality is None:
        return one
    listed = places[one.country]
    return replace(one, rank=bisect_left(listed, -one.quality) + 1, ranked=len(listed))
