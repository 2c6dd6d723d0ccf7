"""Which articles are one story, told from how close they are: the arithmetic, without store or index.

Two articles are as close as the scorer's features of their words say, in units of similarity. Two groups of articles
are as close as their articles are on average (average linkage), less what the time between the groups takes away, so
that no single article bridges two stories. They are one story if that is enough for how large and how dense the denser
of the two is: what comes to many reports that are nearly alike has to be like them.

The constants are from `scripts/weigh-stories`, which prints what others give on labelled sets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.language import UNDETERMINED, primary
from index.related.copies import copies_of
from index.related.scorer import Floats, Scorer, features
from index.related.signals import Records, records
from index.store import ComparableArticle

OTHER_LANGUAGE = 1.0
"""Added to the closeness of two articles in two languages: even of a translation the embedding is not the same."""

SAME_SOURCE = 0.5
"""Taken from the closeness of two articles of one publisher, whose wording and usual topics make them alike."""

_SECONDS_A_DAY = 86_400.0
_AT_ONCE = 4_096

Vectors = NDArray[np.float32]
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Demand:
    """How close two groups of articles have to be to be one story, in units of similarity.

    Attributes:
        least: whatever they are.
        of_density: for each unit by which the denser of the two is denser than that.
        of_size: for each time that the larger of the two is e times as large as one article.
        stay: what articles that are together are closer for that, and those that are not are farther, when they are
            thought over: without it stories would not hold still.
    """

    least: float = 3.2
    of_density: float = 0.4
    of_size: float = 0.05
    stay: float = 0.4

    def of(self, density: Floats, size: Floats) -> Floats:
        """How close they have to be.

        Args:
            density: the mean closeness within the denser one; -inf if both are single articles. Any shape.
            size: how many articles the larger one has, of the same shape.
        """
        wanted: Floats = (
            self.least + self.of_density * (np.maximum(density, self.least) - self.least) + self.of_size * np.log(size)
        )
        return wanted


DEMAND = Demand()


@dataclass(frozen=True)
class Reports:
    """Articles to be compared; n of them.

    Attributes:
        articles: they, as the store has them.
        vectors: their centred embeddings, shape (n, dimensions), float32.
    """

    articles: Sequence[ComparableArticle]
    vectors: Vectors

    @cached_property
    def records(self) -> Records:
        """Of their signals, shape (n,)."""
        return records([one.signals or b"" for one in self.articles])

    @cached_property
    def langs(self) -> NDArray[np.str_]:
        """Their languages without region and script, shape (n,)."""
        return np.array([primary(one.lang) for one in self.articles], np.str_)

    @cached_property
    def sources(self) -> NDArray[np.str_]:
        """Their publishers; empty where not known, shape (n,)."""
        return np.array([one.source for one in self.articles], np.str_)

    @cached_property
    def published(self) -> Floats:
        """When they were published, in seconds since 1970; nan where that is not known. Shape (n,)."""
        return np.array([one.published for one in self.articles], np.float64)

    @cached_property
    def places(self) -> dict[int, int]:
        """Where the article with a key stands."""
        return {one.key: place for place, one in enumerate(self.articles)}

    def of(self, places: Numbers) -> "Reports":
        """Some of them."""
        return Reports([self.articles[place] for place in places.tolist()], self.vectors[places])

    def among(self, keys: Sequence[int]) -> Numbers:
        """The places of those of some articles that are here."""
        return np.array([self.places[key] for key in keys if key in self.places], np.intp)


class Closeness:
    """How close articles and groups of them are, in units of similarity."""

    def __init__(self, scorer: Scorer, spread: float) -> None:
        """Use a scorer.

        Args:
            scorer: its weights are used, not its thresholds, which are for single pairs.
            spread: the unit in which the scorer takes similarities, see `Background.spread`.
        """
        self._scorer = scorer
        self._spread = spread

    def of(self, reports: Reports, one: int, others: Numbers) -> Floats:
        """How close the words of an article are to those of others; shape (others,)."""
        return self.of_pairs(reports, np.full(len(others), one), others)

    def matrix(self, reports: Reports) -> Floats:
        """How close all are to all; shape (n, n), symmetric, 0 of an article with itself."""
        count = len(reports.articles)
        some, others = np.triu_indices(count, 1)
        close = np.zeros((count, count))
        for start in range(0, len(some), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            close[some[part], others[part]] = self.of_pairs(reports, some[part], others[part])
        both: Floats = close + close.T
        return both

    def of_pairs(self, reports: Reports, some: Numbers, others: Numbers) -> Floats:
        """How close the words of articles are to those of others; shape (pairs,).

        Args:
            reports: all of them.
            some: the places of the one article of each pair, shape (pairs,).
            others: those of the other one.
        """
        similar = np.einsum("ij,ij->i", reports.vectors[some], reports.vectors[others]) / np.float32(self._spread)
        records = reports.records
        sums = self._scorer.sums(features(similar, records[some], records[others], np.full(len(some), np.nan)))
        langs, other_langs = reports.langs[some], reports.langs[others]
        elsewhere = (langs != other_langs) & (langs != UNDETERMINED) & (other_langs != UNDETERMINED)
        by_itself = (reports.sources[some] != "") & (reports.sources[some] == reports.sources[others])
        close: Floats = self._scorer.ranks(sums) + OTHER_LANGUAGE * elsewhere - SAME_SOURCE * by_itself
        return close

    def apart(self, some: Floats, first: Floats, last: Floats) -> Floats:
        """What the time between moments and spans takes away, 0 or less; all in seconds since 1970, nan if unknown."""
        return self.between(some, some, first, last)

    def between(self, first: Floats, last: Floats, others_first: Floats, others_last: Floats) -> Floats:
        """What the time between two spans takes away, 0 or less; none if they overlap, or one is not known."""
        gap = np.fmax(others_first - last, first - others_last)
        return self._scorer.apart(np.maximum(gap, 0) / _SECONDS_A_DAY)


def density(close: Floats) -> float:
    """The mean closeness of the articles of a group, shape (n, n) as of `Closeness.matrix`; -inf of a single one."""
    count = len(close)
    return float(close.sum()) / (count * (count - 1)) if count > 1 else float("-inf")


def is_copy(reports: Reports, one: int, others: Numbers) -> bool:
    """Whether an article has the text of one of others."""
    own = others[reports.langs[others] == reports.langs[one]]
    return bool(len(own) and copies_of(reports.records[one], reports.records[own]).any())


def grouped(reports: Reports, together: Numbers, closeness: Closeness, demand: Demand) -> Numbers:
    """Group articles into stories anew, those first that are closest (agglomerative, average linkage).

    Args:
        reports: the articles, n of them.
        together: the numbers of the groups that they are in, shape (n,); negative for one that is in none.
        closeness: tells how close they are.
        demand: how close they have to be.

    Returns:
        The numbers of their groups, shape (n,): each is the place of the group's first article.
    """
    close = closeness.matrix(reports)
    are_together = (together[:, None] == together[None, :]) & (together >= 0)
    stay = np.where(are_together, demand.stay, -demand.stay)
    np.fill_diagonal(stay, 0)
    groups = _Groups(close + stay, reports.published, closeness, demand)
    while groups.join_closest():
        pass
    return groups.of


class _Groups:
    """Groups of articles that become fewer. `links` are sums over the pairs of two groups."""

    def __init__(self, close: Floats, published: Floats, closeness: Closeness, demand: Demand) -> None:
        self.of = np.arange(len(close))
        self._links = close.copy()
        self._inner = np.zeros(len(close))
        self._size = np.ones(len(close))
        self._first, self._last = published.copy(), published.copy()
        self._closeness, self._demand = closeness, demand
        self._margins = np.stack([self._margin(one) for one in range(len(close))])

    def join_closest(self) -> bool:
        """Join the two groups that are the most too close to be two; False if there are none."""
        one, other = divmod(int(self._margins.argmax()), len(self.of))
        if not self._margins[one, other] >= 0:
            return False
        one, other = min(one, other), max(one, other)
        self._inner[one] += self._inner[other] + self._links[one, other]
        self._links[one] += self._links[other]
        self._links[:, one] += self._links[:, other]
        self._links[one, one] = 0
        self._size[one] += self._size[other]
        self._size[other] = 0
        self._first[one] = np.fmin(self._first[one], self._first[other])
        self._last[one] = np.fmax(self._last[one], self._last[other])
        self.of[self.of == other] = one
        self._margins[other] = self._margins[:, other] = -np.inf
        self._margins[one] = self._margins[:, one] = self._margin(one)
        return True

    def _margin(self, one: int) -> Floats:
        """How much closer a group is to each other one than it has to be to be one with it; -inf of itself."""
        exists = self._size > 0
        size = np.maximum(self._size, 1)
        pairs = size * (size - 1) / 2
        dense = np.where(pairs > 0, self._inner / np.maximum(pairs, 1), -np.inf)
        link = self._links[one] / (size[one] * size)
        link = link + self._closeness.between(self._first[one], self._last[one], self._first, self._last)
        margin = link - self._demand.of(np.maximum(dense, dense[one]), np.maximum(size, size[one]))
        margin = np.where(exists, margin, -np.inf)
        margin[one] = -np.inf
        result: Floats = margin
        return result


def span(published: Floats) -> tuple[Floats, Floats]:
    """The first and the last of some moments, nan if none is known; arrays without dimensions."""
    known = published[~np.isnan(published)]
    if not len(known):
        return np.array(np.nan), np.array(np.nan)
    return known.min(), known.max()
