"""Which of the articles found are related coverage, and in which order."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from index.language import primary
from index.store import StoredArticle
from index.vectors import NO_FILTERS, Filters

MIN_SIMILARITY = 0.44
"""What is less similar is no item. `scripts/evaluate` prints the F1 of this choice beside the best one that is common
to all sets: with ECB+ and ITN that is 0.46 (mean 0.816 against 0.811). At 0.46 the answers about the sample stories
lose some reports in other languages (P@5 0.90 instead of 0.92), which a reader misses more than a list one report too
long disturbs."""

SAME_LANGUAGE_BONUS = 0.1
"""Added to the similarity, for the order only, of a report in the language asked in: of two reports that fit about
equally well, the one that the reader can surely read comes first, and another angle before a fourth language of one
report. On the sample stories it costs 0.017 of P@5 (0.959 to 0.943, and 0.003 as shipped); a share of articles in other
languages of 0.84 instead of 0.94 remains among the first ten."""

MAX_NEAR_MISSES = 3


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """What to answer with.

    Attributes:
        limit: how many items at most, 1..100.
        max_per_source: how many items of one publisher at most; an editor's choice, not a measured one.
        min_similarity: what is less similar than this is a near miss at best.
        filters: which articles may be items at all.
    """

    limit: int = 10
    max_per_source: int = 2
    min_similarity: float = MIN_SIMILARITY
    filters: Filters = NO_FILTERS

    @property
    def candidates(self) -> int:
        """How many neighbours to look at, so that enough are left after folding copies and capping publishers."""
        return 4 * self.limit + 40


@dataclass(frozen=True, slots=True)
class Related:
    """A related article.

    Attributes:
        stored: the article.
        similarity: cosine of the centred embeddings, -1..1.
        copies: ids of further articles with the same words.
    """

    stored: StoredArticle
    similarity: float
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Related coverage.

    Attributes:
        items: the best, best first.
        near_misses: the best of what was not similar enough to be an item.
        copies: ids of articles with the same words as what was asked about, in order.
    """

    items: list[Related] = field(default_factory=list)
    near_misses: list[Related] = field(default_factory=list)
    copies: tuple[str, ...] = ()


def choose(
    candidates: Iterable[tuple[StoredArticle, float]], query: RelatedQuery, words_hash: str, lang: str
) -> Answer:
    """Choose the answer from neighbours.

    Args:
        candidates: articles with their similarities, best first, without the article asked about.
        query: what to answer with.
        words_hash: of the article asked about, whose copies are no related coverage.
        lang: the language asked in.
    """
    folded = _folded(candidates)
    own = folded.pop(words_hash, None)
    ranked = sorted(folded.values(), key=lambda item: -_rank(item, lang))
    items = [item for item in ranked if item.similarity >= query.min_similarity]
    misses = [item for item in ranked if item.similarity < query.min_similarity]
    return Answer(
        items=list(_capped(items, query.max_per_source))[: query.limit],
        near_misses=misses[:MAX_NEAR_MISSES],
        copies=tuple(sorted((own.stored.article.id, *own.copies))) if own else (),
    )


def _folded(candidates: Iterable[tuple[StoredArticle, float]]) -> dict[str, Related]:
    """Articles with the same words made into one item, by the hash of the words."""
    folded: dict[str, Related] = {}
    for stored, similarity in candidates:
        first = folded.get(stored.words_hash)
        if first:
            folded[stored.words_hash] = replace(first, copies=(*first.copies, stored.article.id))
        else:
            folded[stored.words_hash] = Related(stored, similarity)
    return folded


def _rank(item: Related, lang: str) -> float:
    same = primary(item.stored.article.language) == primary(lang)
    return item.similarity + SAME_LANGUAGE_BONUS * same


def _capped(items: Iterable[Related], max_per_source: int) -> Iterable[Related]:
    seen: Counter[str] = Counter()
    for item in items:
        source = item.stored.article.source
        if source:
            seen[source] += 1
        if not source or seen[source] <= max_per_source:
            yield item
