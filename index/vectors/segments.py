"""The parts of an index: a live segment that grows, and sealed ones that never change but for rows that die."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.vectors import NO_FILTERS, Filters
from index.vectors.columns import Columns, Dictionaries, Mask, Places, matching, microseconds
from index.vectors.quantised_vectors import Found, QuantisedVectors, packed

_REMEMBERED = 16
"""Masks of a segment, of a byte for each row: they take a third of the time of a search for one language."""

NOTHING: Found = (np.empty(0, np.int64), np.empty(0, np.float32))


class Segment(Protocol):
    """Some rows of an index."""

    @property
    def columns(self) -> Columns:
        """What is known of the rows."""
        ...

    @property
    def alive(self) -> Mask:
        """Which of the rows may be found."""
        ...

    @property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest key of the rows, of which there is one at least."""
        ...

    def search(self, vector: NDArray[np.float32], limit: int, filters: Filters, names: Dictionaries) -> Found:
        """Keys and similarities of the best `limit` rows that are alive and pass the filters, in any order."""
        ...

    def places_of(self, keys: NDArray[np.int64]) -> Places:
        """The places of the rows with these keys, in any order."""
        ...

    def stored(self) -> NDArray[np.float16]:
        """The vectors of all rows; shape (rows, dimensions)."""
        ...

    def with_alive(self, alive: Mask) -> Self:
        """The segment with other rows alive."""
        ...


_S = TypeVar("_S", bound=Segment)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Live:
    """The rows that came last, with their vectors, shape (rows, dimensions), float32."""

    columns: Columns
    alive: Mask
    vectors: NDArray[np.float32]

    @property
    def span(self) -> tuple[int, int]:
        """See `Segment.span`."""
        return int(self.columns.keys.min()), int(self.columns.keys.max())

    def search(self, vector: NDArray[np.float32], limit: int, filters: Filters, names: Dictionaries) -> Found:
        """See `Segment.search`."""
        passing = matching(self.columns, filters, names)
        places = np.flatnonzero(self.alive if passing is None else self.alive & passing)
        if not len(places):
            return NOTHING
        similarities = (self.vectors @ vector)[places]  # a copy of the chosen ones alone would take longer
        if len(places) > limit:
            best = np.argpartition(-similarities, limit - 1)[:limit]
            places, similarities = places[best], similarities[best]
        return self.columns.keys[places], similarities

    def places_of(self, keys: NDArray[np.int64]) -> Places:
        """See `Segment.places_of`."""
        return np.flatnonzero(np.isin(self.columns.keys, keys))

    def stored(self) -> NDArray[np.float16]:
        """See `Segment.stored`."""
        return self.vectors.astype(np.float16)

    def with_alive(self, alive: Mask) -> "Live":
        """See `Segment.with_alive`."""
        return replace(self, alive=alive)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows in the order of time, so that a window of it is a range of them.

    Attributes:
        columns: what is known of them.
        vectors: theirs.
        alive: which of them may be found.
        name: of the folder that it is kept in; empty when it is not.
        by_key: their places in the order of their keys.
        remembered: which rows pass filters; shared with what the segment was before rows died.
        chosen: the same as bits, of those that are alive, and how many they are.
    """

    columns: Columns
    vectors: QuantisedVectors
    alive: Mask
    name: str = ""
    by_key: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    remembered: dict[Filters, Mask | None] = field(default_factory=dict)
    chosen: dict[Filters, tuple[NDArray[np.uint8] | None, int]] = field(default_factory=dict)

    @property
    def span(self) -> tuple[int, int]:
        """See `Segment.span`."""
        return int(self.columns.keys[self.by_key[0]]), int(self.columns.keys[self.by_key[-1]])

    @classmethod
    def of(cls, columns: Columns, vectors: QuantisedVectors, name: str = "") -> Self:
        """Put a segment together, with all rows alive."""
        by_key = np.argsort(columns.keys, kind="stable")
        return cls(columns, vectors, np.ones(len(columns), np.bool_), name, by_key)

    @classmethod
    def build(cls, columns: Columns, vectors: NDArray[np.float16]) -> Self:
        """Seal rows in any order."""
        order = np.argsort(columns.moments, kind="stable")
        return cls.in_order(columns.rows(order), vectors[order])

    @classmethod
    def in_order(cls, columns: Columns, vectors: NDArray[np.float16]) -> Self:
        """Seal rows in the order of time."""
        return cls.of(columns, QuantisedVectors.build(vectors))

    def search(self, vector: NDArray[np.float32], limit: int, filters: Filters, names: Dictionaries) -> Found:
        """See `Segment.search`."""
        first, last = self._window(filters)
        if first == last:
            return NOTHING
        if first == 0 and last == len(self.columns):
            bits, count = self._chosen(filters, names)
        else:
            bits, count = self._chosen_between(first, last, filters, names)
        if not count:
            return NOTHING
        places, similarities = self.vectors.search(vector, min(limit, count), bits)
        return self.columns.keys[places], similarities

    def places_of(self, keys: NDArray[np.int64]) -> Places:
        """See `Segment.places_of`."""
        keys = np.sort(keys)
        starts, stops = (
            np.searchsorted(self.columns.keys, keys, side, sorter=self.by_key) for side in ("left", "right")
        )
        found = [self.by_key[start:stop] for start, stop in zip(starts, stops, strict=True) if start < stop]
        return np.concatenate(found) if found else np.empty(0, np.intp)

    def stored(self) -> NDArray[np.float16]:
        """See `Segment.stored`."""
        return self.vectors.stored()

    def with_alive(self, alive: Mask) -> "Sealed":
        """See `Segment.with_alive`."""
        return replace(self, alive=alive, chosen={})

    def _chosen(self, filters: Filters, names: Dictionaries) -> tuple[NDArray[np.uint8] | None, int]:
        """A bit for each row that is alive and passes the filters but for time, None if all do; and how many do."""

        def choose() -> tuple[NDArray[np.uint8] | None, int]:
            passing = self._passing(filters, names)
            rows = self.alive if passing is None else self.alive & passing
            return None if rows.all() else packed(rows), int(np.count_nonzero(rows))

        return _remembered(self.chosen, _lasting(filters), choose)

    def _chosen_between(
        self, first: int, last: int, filters: Filters, names: Dictionaries
    ) -> tuple[NDArray[np.uint8], int]:
        """The same of the rows from the first to before the last."""
        passing = self._passing(filters, names)
        byte = first // 8
        part = slice(8 * byte, last)
        chosen = self.alive[part].copy() if passing is None else self.alive[part] & passing[part]
        chosen[: first - 8 * byte] = False  # which are before the window, and in a byte of the bits with its first
        bits = np.zeros((len(self.columns) + 7) // 8, np.uint8)
        of_part = packed(chosen)
        bits[byte : byte + len(of_part)] = of_part
        return bits, int(np.count_nonzero(chosen))

    def _passing(self, filters: Filters, names: Dictionaries) -> Mask | None:
        """Which rows pass the filters but for time; None when all do. Those asked for lately are remembered."""
        lasting = _lasting(filters)
        if lasting == NO_FILTERS:
            return None
        return _remembered(self.remembered, lasting, lambda: matching(self.columns, lasting, names))

    def _window(self, filters: Filters) -> tuple[int, int]:
        """The first row within the filters' times, and the one after the last."""
        since, until = (None if moment is None else microseconds(moment) for moment in (filters.since, filters.until))
        moments = self.columns.moments
        first = 0 if since is None else int(np.searchsorted(moments, since))
        last = len(moments) if until is None else int(np.searchsorted(moments, until))
        return first, max(first, last)


def searched(
    segments: Sequence[Segment], vector: NDArray[np.float32], limit: int, filters: Filters, names: Dictionaries
) -> Found:
    """Keys and similarities of the best rows of several segments, the best `limit` and perhaps more, in any order."""
    excluded = np.sort(np.fromiter(filters.exclude, np.int64, len(filters.exclude)))
    parts = [one.search(vector, limit + _most_of(one, excluded), filters, names) for one in segments]
    keys, similarities = (np.concatenate(column) for column in zip(*parts, strict=True))
    left = ~among(keys, excluded)
    return keys[left], similarities[left]


def _most_of(segment: Segment, keys: NDArray[np.int64]) -> int:
    """At most so many of some keys, which are ascending, are those of the segment's rows."""
    if not len(keys) or not len(segment.columns):
        return 0
    lowest, highest = segment.span
    return int(np.searchsorted(keys, highest, "right") - np.searchsorted(keys, lowest))


def _remembered(memory: dict[Filters, _T], filters: Filters, make: Callable[[], _T]) -> _T:
    """What was made for some filters, made now if it was not."""
    found = memory.get(filters)
    if found is None:
        found = make()
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[filters] = found
    return found


def _lasting(filters: Filters) -> Filters:
    """What of the filters has nothing to do with the moment, or with the one who asks."""
    return replace(filters, since=None, until=None, exclude=frozenset())


def without_keys(segment: _S, keys: NDArray[np.int64]) -> _S:
    """The segment without the rows with some keys; itself if it has none of them."""
    places = segment.places_of(keys)
    if not segment.alive[places].any():
        return segment
    alive = segment.alive.copy()
    alive[places] = False
    return segment.with_alive(alive)


def with_only_sequences(segment: _S, sequences: NDArray[np.int64]) -> _S:
    """The segment without the rows with other sequences than these, which are ascending."""
    alive = segment.alive & among(segment.columns.sequences, sequences)
    return segment if np.array_equal(alive, segment.alive) else segment.with_alive(alive)


def without_sequences(segment: _S, sequences: NDArray[np.int64]) -> _S:
    """The segment without the rows with these sequences, which are ascending."""
    return segment.with_alive(segment.alive & ~among(segment.columns.sequences, sequences))


def sequences_of(segments: Sequence[Segment]) -> NDArray[np.int64]:
    """The sequences of all rows that are alive, ascending."""
    living = [segment.columns.sequences[segment.alive] for segment in segments]
    return np.sort(np.concatenate([np.empty(0, np.int64), *living]))


def among(values: NDArray[np.int64], ascending: NDArray[np.int64]) -> Mask:
    """Which values are among others, which are ascending."""
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    found: Mask = ascending[at] == values
    return found
