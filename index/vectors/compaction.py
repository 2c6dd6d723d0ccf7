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
    living = {id(segment): int(np.count_nonzero(segment.alive)) for segment in segments}
    for segment in segments:
        if living[id(segment)] < (1 - DEAD) * len(segment.columns):
            return [segment]
    tiers: dict[int, list[Sealed]] = {}
    for segment in segments:
        rows = living[id(segment)]
        if rows < MOST_ROWS // 2:
            tiers.setdefault(_tier(rows, smallest), []).append(segment)
    return next((tiers[tier] for tier in sorted(tiers) if len(tiers[tier]) >= FANOUT), [])


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


def _tier(rows: int, smallest: int) -> int:
    tier = 0
    while rows >= smallest * FANOUT ** (tier + 1):
        tier += 1
    return tier
