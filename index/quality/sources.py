"""What can be told of a publisher's quality: the mean of its articles, shrunk, and its rank in its country.

    quality = (n * mean + PRIOR_WEIGHT * prior) / (n + PRIOR_WEIGHT)

with n articles that were measured, their mean quality, and for the prior the mean quality of all articles of known
publishers. So a publisher of one article is taken for hardly other than the rest, and one of a hundred for what its
articles are. That is Bühlmann's credibility (1969, Experience rating and credibility, ASTIN Bulletin 5:157-165,
https://doi.org/10.1017/S0515036100008023), by which the best weight is the variance of articles within a publisher over
that of publishers' means.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from threading import Lock
from typing import NamedTuple

from index.store import ArticleStore
from index.store.measures import QUALITY_UNIT, SourceSums

PRIOR_WEIGHT = 4.0
"""How many articles the prior counts as: about what is best over the sample stories of 33 publishers, 4.4
(`scripts/evaluate-quality`). They are few, and short; but whether it is 3 or 6 makes little difference to a publisher
of a dozen articles."""

_ROUND = 4


class Source(NamedTuple):
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
        generation = self._store.generation().of_all
        with self._lock:
            if self._known.generation != generation:
                listed = ranked(self._store.measures.sources())
                self._known = _Known(generation, listed, {one.name: one for one in listed})
            return self._known


def ranked(sums: Sequence[SourceSums]) -> list[Source]:
    """Publishers with their quality and their ranks, the best first; of one quality by name.

    Args:
        sums: of their articles, each source and country once.
    """
    measured = sum(one.measured for one in sums)
    prior = sum(one.quality for one in sums) / QUALITY_UNIT / measured if measured else None
    totals: dict[str, _Total] = {}
    for one in sums:
        totals.setdefault(one.source, _Total()).add(one)
    qualities = {name: total.quality(prior) for name, total in totals.items()}
    in_order = sorted(totals, key=lambda name: (-(qualities[name] or 0.0), name))
    is_ranked = {name: bool(total.country and total.measured) for name, total in totals.items()}
    counts = Counter(totals[name].country for name in in_order if is_ranked[name])
    places = _Places()
    found = []
    for name in in_order:
        total, quality = totals[name], qualities[name]
        rank, of = (places.next(total.country, quality), counts[total.country]) if is_ranked[name] else (None, 0)
        found.append(Source(name, total.country or None, total.articles, total.measured, quality, rank, of))
    return found


def shrunk(total: float, count: int, prior: float) -> float:
    """The mean of `count` values that sum up to `total`, shrunk towards a prior."""
    return (total + PRIOR_WEIGHT * prior) / (count + PRIOR_WEIGHT)


class _Total:
    """What a publisher has in all countries."""

    __slots__ = ("articles", "country", "measured", "most", "sum")

    def __init__(self) -> None:
        self.articles = self.measured = self.sum = self.most = 0
        self.country = ""

    def add(self, part: SourceSums) -> None:
        """Add what it has in one."""
        self.articles += part.articles
        self.measured += part.measured
        self.sum += part.quality
        if part.country and (-part.articles, part.country) < (-self.most, self.country):
            self.most, self.country = part.articles, part.country

    def quality(self, prior: float | None) -> float | None:
        """The shrunk mean of it all."""
        return None if prior is None else round(shrunk(self.sum / QUALITY_UNIT, self.measured, prior), _ROUND)


class _Places:
    """Gives out the places of publishers that come in order, in each country from 1."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[int, int, float | None]] = {}

    def next(self, country: str, quality: float | None) -> int:
        """The next place in a country; the same as before for the same quality."""
        count, place, before = self._given.get(country, (0, 0, None))
        if quality != before:
            place = count + 1
        self._given[country] = (count + 1, place, quality)
        return place
