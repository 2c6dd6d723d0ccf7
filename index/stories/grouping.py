"""Which articles are one story, told from how close they are: the arithmetic, without store or index.

Two articles are as close as the scorer's features of their words say, in units of similarity. Two groups of articles
are as close as their articles are on average (average linkage), less what the time between the groups takes away, so
that no single article bridges two stories. Two articles of one publisher say little there: what it writes every evening
or after every match day is worded alike. The groups are one story if they are close enough for how large and how dense
the denser of the two is: what comes to many reports that are nearly alike has to be like them.

The constants are from `scripts/weigh-stories`, which prints what others give on labelled sets. Those of publishers and
of pauses are not: these sets name no publishers, and are of few days. They are from the cases of
`tests/index/stories/test_lives_of_stories.py`, which they keep apart or together.
"""

from dataclasses import dataclass

import numpy as np

from index.related.copies import copies_of
from index.related.reports import UNKNOWN, Numbers, Reports
from index.related.scorer import Floats, Scorer, features

OTHER_LANGUAGE = 1.0
"""Added to the closeness of two articles in two languages: even of a translation the embedding is not the same."""

SAME_SOURCE = 0.5
"""Taken from the closeness of two articles of one publisher, whose wording and usual topics make them alike."""

SAME_SOURCE_LATER = 3.0
"""Taken instead if the one appeared at least `LATER` after the other: it may be the next one of a series, of what the
publisher writes of the market every evening, say."""

LATER = 16.0
"""In hours: less than from one day's report to the next day's, more than a day of updates."""

SAME_SOURCE_WEIGHT = 0.2
"""How much two articles of one publisher count in the mean closeness of groups; two of different ones count 1."""

PAUSE = 3.0
"""So many days can pass between two groups of articles before that takes anything from their closeness."""

OF_PAUSE = 0.3
"""Taken for every day beyond that, until a week has passed; from then on the scorer tells what is taken."""

_WEEK = 7.0
_SECONDS_AN_HOUR = 3_600.0
_SECONDS_A_DAY = 86_400.0
_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class Links:
    """How close articles are to others; of any shape.

    Attributes:
        close: how close the two of each pair are, in units of similarity.
        weights: how much the pairs count in a mean.
    """

    close: Floats
    weights: Floats

    def __getitem__(self, part: int | tuple[slice, slice]) -> "Links":
        """Some of them."""
        return Links(self.close[part], self.weights[part])

    def mean(self) -> float:
        """How close they are on average; -inf if there are no pairs."""
        total = float(self.weights.sum())
        return float((self.close * self.weights).sum()) / total if total else float("-inf")


@dataclass(frozen=True, slots=True)
class Demand:
    """How close two groups of articles have to be to be one story, in units of similarity.

    Attributes:
        least: whatever they are.
        of_density: for the denser of the two, times the square of what its density is more than that.
        of_size: for each time that the larger of the two is e times as large as one article.
        stay: what articles that are together are closer for that, and those that are not are farther, when they are
            thought over. With more of it stories hold less still: what they are depends on what came first.
        usual: how dense stories are when they have run for a while. The first reports of an event are nearly alike,
            and what comes of it next day is not like them.
        few: as if so many pairs as close as `usual` were in each group, its density is judged.
    """

    least: float = 3.4
    of_density: float = 0.11
    of_size: float = 0.05
    stay: float = 0.1
    usual: float = 5.0
    few: float = 2.0

    def of(self, density: Floats, size: Floats) -> Floats:
        """How close they have to be.

        Args:
            density: of the denser one, see `density`; -inf if both are single articles. Any shape.
            size: how many articles the larger one has, of the same shape.
        """
        denser = np.maximum(density, self.least) - self.least
        wanted: Floats = self.least + self.of_density * denser**2 + self.of_size * np.log(size)
        return wanted

    def density(self, close: Floats, weights: Floats) -> Floats:
        """How dense groups are.

        Args:
            close: the sums of the weighted closeness of the pairs within each. Any shape.
            weights: the sums of these weights, of the same shape.

        Returns:
            Of the same shape; -inf where there is no pair.
        """
        none = np.full(np.shape(weights), -np.inf)
        dense: Floats = np.divide(close + self.few * self.usual, weights + self.few, out=none, where=weights > 0)
        return dense

    def density_of(self, links: Links) -> float:
        """How dense a group is, whose articles' links to all of them are of shape (n, n)."""
        close, weights = (links.close * links.weights).sum() / 2, links.weights.sum() / 2
        return float(self.density(np.array(close), np.array(weights)))


DEMAND = Demand()


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

    def matrix(self, reports: Reports) -> Links:
        """How close all are to all; shape (n, n), symmetric, with a weight of 0 of an article with itself."""
        count = len(reports)
        everyone = np.arange(count)
        close, weights = np.zeros((count, count)), np.zeros((count, count))
        rows = max(1, _AT_ONCE // max(1, count))
        for start in range(0, count, rows):
            part = everyone[start : start + rows]
            links = self.of(reports, part, everyone)
            close[part], weights[part] = links.close, links.weights
        np.fill_diagonal(close, 0)
        np.fill_diagonal(weights, 0)
        return Links(close, weights)

    def of(self, reports: Reports, some: Numbers, others: Numbers) -> Links:
        """How close the words of articles are to those of others; shape (some, others).

        Args:
            reports: all of them.
            some: the places of the ones.
            others: those of the others.
        """
        # Of each two by themselves: a product of matrices gives other last digits in other company.
        similar = np.einsum("id,jd->ij", reports.vectors[some], reports.vectors[others]) / np.float32(self._spread)
        mentioned = reports.mentioned
        sums = self._scorer.sums(features(similar, mentioned[some, None], mentioned[others], None))
        langs, other_langs = reports.langs[some, None], reports.langs[others]
        elsewhere = (langs != other_langs) & (langs != UNKNOWN) & (other_langs != UNKNOWN)
        sources = reports.sources[some, None]
        by_itself = (sources != UNKNOWN) & (sources == reports.sources[others])
        close = self._scorer.ranks(sums) + OTHER_LANGUAGE * elsewhere
        weights = np.ones(close.shape)
        if by_itself.any():
            hours = np.abs(reports.published[some, None] - reports.published[others]) / _SECONDS_AN_HOUR
            close -= np.where(hours >= LATER, SAME_SOURCE_LATER, SAME_SOURCE) * by_itself
            weights[by_itself] = SAME_SOURCE_WEIGHT
        return Links(close, weights)

    def apart(self, some: Floats, first: Floats, last: Floats) -> Floats:
        """What the time between moments and spans takes away, 0 or less; all in seconds since 1970, nan if unknown."""
        return self.between(some, some, first, last)

    def between(self, first: Floats, last: Floats, others_first: Floats, others_last: Floats) -> Floats:
        """What the time between two spans takes away, 0 or less; none if they overlap, or one is not known."""
        gap = np.fmax(others_first - last, first - others_last)
        if not (gap > PAUSE * _SECONDS_A_DAY).any():  # most often, and to tell what is taken takes longer
            return np.zeros_like(gap)
        days = np.where(np.isnan(gap), 0, np.maximum(gap, 0)) / _SECONDS_A_DAY
        taken: Floats = np.minimum(self._scorer.apart(days), -OF_PAUSE * (np.clip(days, PAUSE, _WEEK) - PAUSE))
        return taken


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
    links = closeness.matrix(reports)
    are_together = (together[:, None] == together[None, :]) & (together >= 0)
    stay = np.where(are_together, demand.stay, -demand.stay)
    groups = _Groups(Links(links.close + stay, links.weights), reports.published, closeness, demand)
    while groups.join_closest():
        pass
    return groups.of


class _Groups:
    """Groups of articles that become fewer; n articles.

    Attributes:
        of: the number of each article's group, shape (n,).
    """

    def __init__(self, links: Links, published: Floats, closeness: Closeness, demand: Demand) -> None:
        count = len(published)
        self.of = np.arange(count)
        # Sums over the pairs of two groups, and of one: of closeness times weight, and of weights.
        self._close, self._weights = links.close * links.weights, links.weights.copy()
        self._inner, self._inner_weights = np.zeros(count), np.zeros(count)
        self._size = np.ones(count)
        self._first, self._last = published.copy(), published.copy()
        self._closeness, self._demand = closeness, demand
        self._dense = demand.density(self._inner, self._inner_weights)
        self._margins = self._margins_of(slice(None))

    def join_closest(self) -> bool:
        """Join the two groups that are the most too close to be two; False if there are none."""
        one, other = divmod(int(self._margins.argmax()), len(self.of))
        if not self._margins[one, other] >= 0:
            return False
        one, other = min(one, other), max(one, other)
        self._inner[one] += self._inner[other] + self._close[one, other]
        self._inner_weights[one] += self._inner_weights[other] + self._weights[one, other]
        for sums in (self._close, self._weights):
            sums[one] += sums[other]
            sums[:, one] += sums[:, other]
            sums[one, one] = 0
        self._size[one] += self._size[other]
        self._size[other] = 0
        self._dense[one] = self._demand.density(self._inner[one], self._inner_weights[one])
        self._first[one] = np.fmin(self._first[one], self._first[other])
        self._last[one] = np.fmax(self._last[one], self._last[other])
        self.of[self.of == other] = one
        self._margins[other] = self._margins[:, other] = -np.inf
        self._margins[one] = self._margins[:, one] = self._margins_of(slice(one, one + 1))[0]
        return True

    def _margins_of(self, some: slice) -> Floats:
        """How much closer some groups are to each one than they have to be to be one with it; -inf of itself.

        Of shape (some, n).
        """
        size, dense = np.maximum(self._size, 1), self._dense
        weights, first, last = self._weights[some], self._first[some, None], self._last[some, None]
        link = np.divide(self._close[some], weights, out=np.full(weights.shape, -np.inf), where=weights > 0)
        link += self._closeness.between(first, last, self._first, self._last)
        dense, size = np.maximum(dense, dense[some, None]), np.maximum(size, size[some, None])
        margins: Floats = link - self._demand.of(dense, size)
        margins[:, self._size == 0] = -np.inf
        np.fill_diagonal(margins[:, some], -np.inf)
        return margins


def span(published: Floats) -> tuple[Floats, Floats]:
    """The first and the last of some moments, nan if none is known; arrays without dimensions."""
    known = published[~np.isnan(published)]
    if not len(known):
        return np.array(np.nan), np.array(np.nan)
    return known.min(), known.max()
