"""How to be asked for related coverage."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from index.vectors import NO_FILTERS, Filters

MIN_SCORE = 0.5
"""What is less probable than not is no item."""

DIVERSITY = 0.15
"""How much an item counts less for being like those above it. An editor's choice: an answer with less repetition, which
costs 0.004 of the precision of the first five on the sample stories; 0.3 costs 0.010, and 0.5 costs 0.023
(`scripts/evaluate --diversity`)."""


class Relation(StrEnum):
    """What an article is to the one asked about."""

    SAME_STORY = "same_story"
    """Another report of the same event."""
    RELATED = "related"
    """A report of another event of the same running story: a reaction, a response, what came of it."""


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """What to answer with.

    Attributes:
        limit: how many items at most, 1..100.
        max_per_source: how many items of one publisher at most; an editor's choice, not a measured one.
        min_score: what has a lower score is a near miss at best, 0..1.
        relations: which relations an item may have.
        diversity: how much an item counts less for being like those above it, 0..1.
        half_life: an article so much older than the newest one found counts half; None if age does not matter.
        like: ids of articles whose coverage is wanted too; they are no items.
        unlike: ids of articles whose coverage is not wanted; they are no items.
        exclude: ids of articles that are no items.
        filters: which articles may be items at all.
    """

    limit: int = 10
    max_per_source: int = 2
    min_score: float = MIN_SCORE
    relations: frozenset[Relation] = frozenset(Relation)
    diversity: float = DIVERSITY
    half_life: timedelta | None = None
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    filters: Filters = NO_FILTERS

    @property
    def candidates(self) -> int:
        """How many neighbours to look at, so that enough are left after folding copies and capping publishers."""
        return 4 * self.limit + 40
