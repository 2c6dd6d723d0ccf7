"""Find related coverage: from what is asked about to the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.article import Content
from index.background import Background
from index.errors import UnknownArticleError
from index.related.choosing import Answer, Asked, Candidates, Choice, Chosen, Related, choose
from index.related.query import RelatedQuery
from index.related.reading import ComparableReader
from index.related.reasons import Evidence, reasons
from index.related.scorer import Scorer, days_between, features, seconds_of
from index.related.signals import names_and_countries, records
from index.store import ArticleStore, ComparableArticle, StoredArticle
from index.turns import Turns
from index.vectors import VectorIndex

MOST_CANDIDATES = 2_000
"""However many copies and articles of one publisher there are, no more neighbours are looked at."""

LIKE_WEIGHT = 0.5
UNLIKE_WEIGHT = 0.25
"""How much the articles that are (not) wanted move what is looked for, where the article asked about counts 1 (Rocchio
1971, The SMART Retrieval System, p. 313). An editor's choice: no set has such questions."""

_WIDER = 4

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about.

    Attributes:
        content: its words.
        vector: its embedding, shape (dimensions,), float32, of unit length.
        signals: of its words.
        key: of the article; None if it is not in the store.
    """

    content: Content
    vector: Vectors
    signals: bytes
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How probable it is that two articles belong together.

    Attributes:
        score: as `Related.score`.
        same_story: as `Related.same_story`.
    """

    score: float
    same_story: float


class RelatedFinder:
    """Finds related coverage in a store with its index. May be called from several threads at once."""

    def __init__(
        self,
        store: ArticleStore,
        vectors: VectorIndex,
        background: Background,
        scorer: Scorer,
        turns: Turns | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            store: the articles.
            vectors: the index of their centred embeddings.
            background: what they are centred with.
            scorer: tells how probable each relation is.
            turns: given to others while an answer is found.
        """
        self._turns = turns or Turns()
        self._store = store
        self._vectors = vectors
        self._background = background
        self._reader = ComparableReader(store, background)
        self._scorer = scorer

    def about(self, stored: StoredArticle) -> Question | None:
        """The question about an article of the store, from what is kept of it; None if it is not embedded."""
        own = self._reader.read([stored.key]).get(stored.key)
        if own is None or own.signals is None:
            return None
        vector = np.frombuffer(own.embedding, np.float16).astype(np.float32)
        return Question(stored.article, vector, own.signals, stored.key)

    def find(self, question: Question, query: RelatedQuery) -> Answer:
        """The answer to a question.

        Raises:
            UnknownArticleError: there is none with an id that is to be liked or not.
        """
        liked, unliked = self._named(query.like), self._named(query.unlike)
        left_out = {one.key for one in (*liked, *unliked)} | set(self._store.keys_of(query.exclude).values())
        if question.key is not None:
            left_out.add(question.key)
        filters = replace(query.filters, exclude=query.filters.exclude | left_out)
        asked = self._asked(question, liked, unliked)
        wanted = query.candidates
        while True:
            hits = self._vectors.search(asked.vector, wanted, filters)
            self._turns.give()
            found = self._reader.read([hit.key for hit in hits])
            present = [hit for hit in hits if hit.key in found]
            articles = [found[hit.key] for hit in present]
            candidates = self._candidates(articles, np.array([hit.similarity for hit in present], np.float32))
            self._turns.give()
            choice = choose(asked, candidates, query, self._scorer, self._background.spread)
            exhausted = len(hits) < wanted or wanted >= MOST_CANDIDATES or not choice.may_go_on
            if exhausted or len(choice.items) == query.limit:
                return self._answer(question, choice, articles, candidates)
            wanted = min(MOST_CANDIDATES, wanted * _WIDER)  # copies and one publisher can fill any number of places

    def compare(self, one: Question, other: Question) -> Comparison:
        """How probable it is that two articles belong together."""
        asked, vector = self._asked(one, (), ()), self._asked(other, (), ()).vector
        gap = days_between(np.array([seconds_of(other.content.published_at)]), asked.published)
        similarity = np.array([asked.vector @ vector], np.float32) / self._background.spread
        sums = self._scorer.sums(features(similarity, asked.record, records([other.signals]), gap))
        probable = self._scorer.probabilities(sums)
        return Comparison(float(probable.related[0]), float(probable.same_story[0]))

    def _asked(
        self, question: Question, liked: Sequence[ComparableArticle], unliked: Sequence[ComparableArticle]
    ) -> Asked:
        content = question.content
        vector = self._background.centre(question.vector[None, :], [content.language])[0]
        for others, weight in ((liked, LIKE_WEIGHT), (unliked, -UNLIKE_WEIGHT)):
            if others:
                vector = vector + weight * self._reader.centred(others).mean(axis=0)
        if liked or unliked:
            vector = vector / max(float(np.linalg.norm(vector)), np.finfo(np.float32).tiny)
        (record,) = records([question.signals])
        return Asked(vector.astype(np.float32), record, content.language, seconds_of(content.published_at))

    def _candidates(self, articles: Sequence[ComparableArticle], similarities: NDArray[np.float32]) -> Candidates:
        return Candidates(
            keys=[one.key for one in articles],
            ids=[one.id for one in articles],
            langs=[one.lang for one in articles],
            sources=[one.source for one in articles],
            published=np.array([one.published for one in articles], np.float64),  # None becomes nan
            appeared=np.array([one.appeared for one in articles], np.float64),
            vectors=self._reader.centred(articles),
            records=records([one.signals or b"" for one in articles]),
            similarities=similarities,
        )

    def _named(self, ids: Sequence[str]) -> list[ComparableArticle]:
        """Those of the articles with some ids that are embedded."""
        keys = self._store.keys_of(ids)
        missing = [one for one in ids if one not in keys]
        if missing:
            raise UnknownArticleError(f"no article with the id {missing[0]!r} to take as an example")
        return list(self._store.comparable(list(keys.values())).values()) if keys else []

    def _answer(
        self, question: Question, choice: Choice, articles: Sequence[ComparableArticle], candidates: Candidates
    ) -> Answer:
        shown = [*choice.items, *choice.near_misses]
        keys = [candidates.keys[place] for one in shown for place in (one.place, *one.copies)]
        stored = self._store.get_by_keys(keys)
        asked = [] if question.key is None else [question.key]
        stories = self._store.stories.of_articles([*keys, *asked])
        own = Evidence(question.content, *names_and_countries(question.signals))

        def related(one: Chosen) -> Related | None:
            article = stored.get(candidates.keys[one.place])
            if article is None:
                return None  # deleted just now
            similarity = float(candidates.similarities[one.place])
            other = Evidence(article.article, *names_and_countries(articles[one.place].signals or b""))
            return Related(
                stored=article,
                relation=one.relation,
                score=one.score,
                same_story=one.same_story,
                similarity=similarity,
                reasons=reasons(own, other, similarity, one.days),
                copies=tuple(stored[key] for place in one.copies if (key := candidates.keys[place]) in stored),
                story=stories.get(article.key),
            )

        return Answer(
            items=[item for item in map(related, self._turns.each(choice.items)) if item],
            near_misses=[item for item in map(related, self._turns.each(choice.near_misses)) if item],
            copies=tuple(candidates.ids[place] for place in choice.copies),
            story=None if question.key is None else stories.get(question.key),
        )
