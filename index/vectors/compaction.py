"""Which sealed segments are merged, and how: many small ones would each cost a search its time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.vectors.columns import Columns, Mask, Places
from index.vectors.segments import Sealed

FANOUT = 4
"""So many segments of about one size are merged. With more a search looks into more segments, with fewer every row is
written again more often: here as often as 4 fits into the rows times over, that is 4 times for a million."""

MOST_ROWS = 1 << 20
"""Of a segment. What is larger is cut into spans of time, so that a window of a few days touches few rows."""

DEAD = 0.25
"""A segment with this share of dead rows is written again without them."""


QUIET_TIMES_AS_LONG = 10
"""What may be merged with little writing is merged when nothing was sealed for ten times as long as that takes: so it
takes a tenth of a processor at most, however fast articles come, and searches look into some two segments, not ten."""

_ROWS_A_SECOND = 50_000
"""That are merged, roughly."""

_LEAST_QUIET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Merger:
    """A merge that was begun.

    Attributes:
        replaced: the segments as they were then.
        pieces: what comes in their place, each with the places of its rows in `replaced`, one after the other.
    """

    replaced: Sequence[Sealed]
    pieces: Sequence[tuple[Sealed, Places]]

    def finished(self, now: Sequence[Sealed]) -> list[Sealed]:
        """The new segments, without the rows that died meanwhile.

        Args:
            now: the replaced segments as they are now; those that are gone have no row alive.
        """
        current = {id(segment.vectors): segment.alive for segment in now}
        nothing = [np.zeros(len(segment.columns), np.bool_) for segment in self.replaced]
        alive: Mask = np.concatenate(
            [current.get(id(segment.vectors), dead) for segment, dead in zip(self.replaced, nothing, strict=True)]
        )
        pieces = [piece.with_alive(alive[origins]) for piece, origins in self.pieces]
        return [piece for piece in pieces if piece.alive.any()]


def to_merge(segments: Sequence[Sealed], smallest: int) -> list[Sealed]:
    """The segments to merge next; none if all is well.

    Args:
        segments: all that are sealed.
        smallest: rows of a segment that was just sealed.
    """
    living = {id(segment): _living(segment) for segment in segments}
    for segment in segments:
        if living[id(segment)] < (1 - DEAD) * len(segment.columns):
            return [segment]
    tiers: dict[int, list[Sealed]] = {}
    for segment in segments:
        rows = living[id(segment)]
        if _may_grow(rows):
            tiers.setdefault(_tier(rows, smallest), []).append(segment)
    return next((tiers[tier] for tier in sorted(tiers) if len(tiers[tier]) >= FANOUT), [])


def rest_to_merge(segments: Sequence[Sealed]) -> list[Sealed]:
    """The segments to merge when nothing has come for a while: few of a size, of those that may grow.

    None of them is more than `FANOUT` times as large as all smaller ones together, so that nothing is written again
    for the sake of a few rows.
    """
    growing = sorted((segment for segment in segments if _may_grow(_living(segment))), key=lambda one: len(one.columns))
    chosen, smaller = 0, 0
    for number, segment in enumerate(growing):
        if 0 < len(segment.columns) <= FANOUT * smaller:
            chosen = number + 1
        smaller += len(segment.columns)
    return growing[:chosen]


def quiet_seconds(segments: Sequence[Sealed]) -> float:
    """How long nothing has to be sealed before the rest is merged."""
    rows = sum(len(segment.columns) for segment in rest_to_merge(segments))
    return max(_LEAST_QUIET_SECONDS, QUIET_TIMES_AS_LONG * rows / _ROWS_A_SECOND)


def merge(segments: Sequence[Sealed]) -> Merger:
    """Build what comes in the place of some segments: their living rows, cut by time where they are too many."""
    columns = Columns.joined([segment.columns for segment in segments])
    origins = np.flatnonzero(np.concatenate([segment.alive for segment in segments]))
    pieces = max(1, -(-len(origins) // MOST_ROWS))
    cuts = np.array_split(origins[np.argsort(columns.moments[origins], kind="stable")], pieces)
    return Merger(
        segments, [(Sealed.in_order(columns.rows(cut), _vectors(segments, cut)), cut) for cut in cuts if len(cut)]
    )


def _vectors(segments: Sequence[Sealed], origins: Places) -> NDArray[np.float16]:
    """The vectors of the rows with some places in the segments, one after the other."""
    vectors = np.empty((len(origins), segments[0].vectors.dimensions), np.float16)
    start = 0
    for segment in segments:
        stop = start + len(segment.columns)
        rows = np.flatnonzero((start <= origins) & (origins < stop))
        vectors[rows] = segment.vectors.stored()[origins[rows] - start]
        start = stop
    return vectors


def _living(segment: Sealed) -> int:
    return int(np.count_nonzero(segment.alive))


def _may_grow(rows: int) -> bool:
    return rows < MOST_ROWS // 2


def _tier(rows: int, smallest: int) -> int:
    tier = 0
    while rows >= smallest * FANOUT ** (tier + 1):
        tier += 1
    return tier
