"""Choose the answer: fold copies, leave out what is not probable enough, and order the rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.language import UNDETERMINED, primary
from index.related import copies
from index.related.query import RelatedQuery, Relation
from index.related.reasons import Reason
from index.related.scorer import Floats, Scorer, days_between, features
from index.related.signals import Records
from index.store import StoredArticle

SAME_LANGUAGE_BONUS = 0.1
"""Added to the similarity, for the order only, of a report in the language asked in: of two reports that fit about
equally well, the one that the reader can surely read comes first, and another angle before a fourth language of one
report."""

MIN_SAME_STORY = 0.5
"""What is more probably the same story than not, is called so."""

MAX_NEAR_MISSES = 3

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """What related coverage is looked for.

    Attributes:
        vector: its centred embedding, shape (dimensions,), float32.
        record: of its signals.
        lang: its language.
        published: when it was published, in seconds since 1970; nan if that is not known.
    """

    vector: Vectors
    record: np.void
    lang: str
    published: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the vector index found, most similar first; n articles.

    Attributes:
        keys: theirs.
        ids: theirs.
        langs: their languages.
        sources: their publishers; empty where they are not known.
        published: when they were, in seconds since 1970, shape (n,), float64; nan where that is not known.
        appeared: the same, or when they were first seen, shape (n,), float64.
        vectors: centred embeddings, shape (n, dimensions), float32.
        records: of their signals, shape (n,).
        similarities: to what was asked, shape (n,), float32.
    """

    keys: Sequence[int]
    ids: Sequence[str]
    langs: Sequence[str]
    sources: Sequence[str]
    published: Floats
    appeared: Floats
    vectors: Vectors
    records: Records
    similarities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate that is in the answer.

    Attributes:
        place: among the candidates.
        copies: the places of further ones with the same text, the earliest first.
        relation: what it is to the article asked about.
        score: as `Related.score`.
        same_story: as `Related.same_story`.
        days: between the publications; None if one is not known.
    """

    place: int
    copies: tuple[int, ...]
    relation: Relation
    score: float
    same_story: float
    days: float | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the candidates are in the answer.

    Attributes:
        items: the best, best first.
        near_misses: the best of what was not probable enough to be an item.
        copies: the places of the copies of what was asked about.
        may_go_on: whether what is less similar than all candidates could be an item too: one of the less similar half
            of them is probable enough.
    """

    items: list[Chosen] = field(default_factory=list)
    near_misses: list[Chosen] = field(default_factory=list)
    copies: tuple[int, ...] = ()
    may_go_on: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """A related article.

    Attributes:
        stored: the article.
        relation: what it is to the one asked about.
        score: how probable it is that it belongs to the same running story, 0..1; calibrated.
        same_story: how probable it is that it reports the same event, 0..1; not more than the score.
        similarity: cosine of the centred embeddings, -1..1.
        reasons: what speaks for it, as far as it can be shown.
        copies: further articles with the same text, the earliest first.
        story: the number of its story; None if it has none yet.
    """

    stored: StoredArticle
    relation: Relation
    score: float
    same_story: float
    similarity: float
    reasons: tuple[Reason, ...] = ()
    copies: tuple[StoredArticle, ...] = ()
    story: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Related coverage.

    Attributes:
        items: the best, best first.
        near_misses: the best of what was not probable enough to be an item.
        copies: ids of articles with the same text as what was asked about, in order.
        story: the number of the story of the article asked about; None if it has none.
    """

    items: list[Related] = field(default_factory=list)
    near_misses: list[Related] = field(default_factory=list)
    copies: tuple[str, ...] = ()
    story: int | None = None


def choose(asked: Asked, candidates: Candidates, query: RelatedQuery, scorer: Scorer, spread: float) -> Choice:
    """Choose the answer from what the vector index found.

    Args:
        asked: what was asked about; it is not among the candidates.
        candidates: what was found.
        query: what to answer with.
        scorer: tells how probable each relation is.
        spread: the unit in which the scorer takes similarities, see `Background.spread`.
    """
    if not candidates.keys:
        return Choice()
    gaps = days_between(candidates.published, asked.published)
    own = _copies_of_asked(asked, candidates)
    sums = scorer.sums(features(candidates.similarities / spread, asked.record, candidates.records, gaps))
    texts = _texts(candidates, np.flatnonzero(~own))
    for text in texts.values():
        sums[list(text)] = sums[list(text)].max()
    probable = scorer.probabilities(sums)
    ranks = _ranks(asked, candidates, query, scorer.ranks(sums) * spread)
    places = np.array(list(texts), np.intp)
    order = places[np.lexsort((np.array(candidates.keys)[places], -ranks[places]))]
    is_probable = probable.related[order] >= query.min_score
    is_same = probable.same_story >= MIN_SAME_STORY
    has_relation = np.where(is_same, Relation.SAME_STORY in query.relations, Relation.RELATED in query.relations)

    def chosen(place: int) -> Chosen:
        return Chosen(
            place=place,
            copies=texts[place][1:],
            relation=Relation.SAME_STORY if is_same[place] else Relation.RELATED,
            score=float(probable.related[place]),
            same_story=float(probable.same_story[place]),
            days=None if np.isnan(gaps[place]) else float(gaps[place]),
        )

    return Choice(
        items=list(map(chosen, _diverse(order[is_probable & has_relation[order]], candidates, ranks, query))),
        near_misses=list(map(chosen, order[~is_probable][:MAX_NEAR_MISSES].tolist())),
        copies=tuple(sorted(np.flatnonzero(own).tolist(), key=lambda place: candidates.ids[place])),
        may_go_on=bool((probable.related[len(sums) // 2 :] >= query.min_score).any()),
    )


def _copies_of_asked(asked: Asked, candidates: Candidates) -> NDArray[np.bool_]:
    same_language = np.array([primary(lang) == primary(asked.lang) for lang in candidates.langs])
    return same_language & copies.copies_of(asked.record, candidates.records)


def _texts(candidates: Candidates, places: NDArray[np.intp]) -> dict[int, tuple[int, ...]]:
    """The places of articles that are one text, by the best of them: of a known publisher, and the earliest."""
    vectors = candidates.vectors[places]
    langs = [candidates.langs[place] for place in places]
    numbers = copies.groups(candidates.records[places], langs, vectors @ vectors.T)
    texts: dict[int, list[int]] = {}
    for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
        texts.setdefault(number, []).append(place)

    def worth(place: int) -> tuple[bool, float, str]:
        return not candidates.sources[place], float(candidates.appeared[place]), candidates.ids[place]

    ordered = [sorted(text, key=worth) if len(text) > 1 else text for text in texts.values()]
    return {text[0]: tuple(text) for text in ordered}


def _ranks(asked: Asked, candidates: Candidates, query: RelatedQuery, ranks: Floats) -> Floats:
    """The ranks by which articles are ordered: more in the language asked in, and less for the older ones."""
    own = primary(asked.lang)
    same_language = np.array([own != UNDETERMINED and primary(lang) == own for lang in candidates.langs])
    ranks = ranks + SAME_LANGUAGE_BONUS * same_language
    if query.half_life is None:
        return ranks
    halves = (candidates.appeared.max() - candidates.appeared) / query.half_life.total_seconds()
    return np.where(ranks > 0, ranks * 0.5**halves, ranks)


def _diverse(order: NDArray[np.intp], candidates: Candidates, ranks: Floats, query: RelatedQuery) -> list[int]:
    """Take the best places one by one, each time marking down what is like those taken (maximal marginal relevance).

    Carbonell and Goldstein 1998, https://doi.org/10.1145/290941.291025.
    """
    vectors, worth = candidates.vectors[order], (1 - query.diversity) * ranks[order]
    most_alike = np.zeros(len(order))
    seen: Counter[str] = Counter()
    items: list[int] = []
    for _ in range(len(order)):
        best = int(np.argmax(worth - query.diversity * most_alike))
        worth[best] = -np.inf
        source = candidates.sources[order[best]]
        if source and seen[source] == query.max_per_source:
            continue
        seen[source] += 1
        items.append(int(order[best]))
        if len(items) == query.limit:
            break
        if query.diversity:
            most_alike = np.maximum(most_alike, vectors @ vectors[best])
    return items
