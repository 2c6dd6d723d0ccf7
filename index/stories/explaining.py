"""Why the articles of a story are together, and which of them hangs on by the least."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.background import Background
from index.related.reading import ComparableReader
from index.related.reasons import Evidence, Reason, reasons
from index.related.reports import Reports
from index.related.scorer import Scorer, days_between
from index.related.signals import names_and_countries
from index.store import ArticleStore, StoredArticle
from index.store.stories import StoryRecord
from index.stories.assigning import MOST_REVIEWED
from index.stories.grouping import DEMAND, Closeness, Demand, Links


@dataclass(frozen=True, slots=True)
class Link:
    """What holds an article in its story.

    Attributes:
        article: it.
        closeness: to the others on average, in units of similarity.
        nearest: the one of the others that is the closest; None if there are no others.
        nearest_closeness: how close that is.
        reasons: what the two have in common.
    """

    article: StoredArticle
    closeness: float
    nearest: StoredArticle | None
    nearest_closeness: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why articles are one story.

    Attributes:
        record: the story.
        density: how close its articles are on average, in units of similarity, two of one publisher counting less; -inf
            of a single one.
        demanded: how close an article would have to be to come to it.
        links: of its articles, the weakest first; of a large story those that came first.
    """

    record: StoryRecord
    density: float
    demanded: float
    links: tuple[Link, ...]


class StoryExplainer:
    """Explains stories of a store."""

    def __init__(self, store: ArticleStore, background: Background, scorer: Scorer, demand: Demand = DEMAND) -> None:
        """Use what the stories were made with; see `StoryAssigner`."""
        self._store = store
        self._reader = ComparableReader(store, background)
        self._closeness = Closeness(scorer, background.spread)
        self._demand = demand

    def explain(self, record: StoryRecord) -> Explanation:
        """Explain a story."""
        keys = self._store.stories.members([record.number]).get(record.number, [])[:MOST_REVIEWED]
        found, stored = self._reader.read(keys), self._store.get_by_keys(keys)
        articles = [found[key] for key in keys if key in found and key in stored]
        told = _Told(
            Reports.of_articles(articles, self._reader.centred(articles)),
            [stored[one.key] for one in articles],
            [Evidence(stored[one.key].article, *names_and_countries(one.signals or b"")) for one in articles],
        )
        links = self._closeness.matrix(told.reports)
        dense = np.array(self._demand.density_of(links))
        demanded = self._demand.of(dense, np.array(float(max(1, record.articles))))
        of_each = [told.link(links[place], place) for place in range(len(articles))]
        of_each.sort(key=lambda link: (link.closeness, link.article.key))
        return Explanation(record, links.mean(), float(demanded), tuple(of_each))


@dataclass(frozen=True, slots=True)
class _Told:
    """The articles of a story, as they are compared, as they are stored, and with what tells why they are alike."""

    reports: Reports
    stored: Sequence[StoredArticle]
    evidence: Sequence[Evidence]

    def link(self, links: Links, one: int) -> Link:
        """What holds an article in the story, by its links to all, of shape (n,)."""
        if len(self.stored) == 1:
            return Link(self.stored[one], float("-inf"), None, float("-inf"), ())
        nearest = int(np.argmax(np.where(links.weights > 0, links.close, -np.inf)))
        return Link(
            article=self.stored[one],
            closeness=links.mean(),
            nearest=self.stored[nearest],
            nearest_closeness=float(links.close[nearest]),
            reasons=self._reasons(one, nearest),
        )

    def _reasons(self, one: int, other: int) -> tuple[Reason, ...]:
        reports = self.reports
        days = float(days_between(reports.published[[other]], float(reports.published[one]))[0])
        similarity = float(reports.vectors[one] @ reports.vectors[other])
        return reasons(self.evidence[one], self.evidence[other], similarity, None if np.isnan(days) else days)
