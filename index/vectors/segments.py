"""The parts of an index: a live segment that grows, and sealed ones that never change but for rows that die."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.vectors import NO_FILTERS, Filters
from index.vectors.candidates import candidates_of_part
from index.vectors.columns import Columns, Dictionaries, Mask, Places, kinds_of, matching, microseconds
from index.vectors.quantised_vectors import Bits, Chosen, Found, QuantisedVectors, packed, search_in_one_thread
from index.vectors.remembered import remembered

_REMEMBERED = 128
"""Choices of a segment's rows, of a bit for each row. To make one of a million takes as long as the search, so there is
room for those of all languages of a newsroom; all of them together are 16 MB of a million rows."""

_NONE = Chosen(0, None, np.empty(0, np.bool_))

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

    def choose(self, asked: "Asked", names: Dictionaries) -> "Choice":
        """The rows that are alive and pass the filters."""
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


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters, taken apart once for all segments.

    Attributes:
        filters: these.
        lasting: what of them has nothing to do with the moment, or with the one who asks.
        since, until: their times in microseconds since 1970; None where there is none.
    """

    filters: Filters
    lasting: Filters
    since: int | None
    until: int | None

    @classmethod
    def of(cls, filters: Filters) -> Self:
        """Take filters apart."""
        since, until = (None if moment is None else microseconds(moment) for moment in (filters.since, filters.until))
        return cls(filters, replace(filters, since=None, until=None, exclude=frozenset()), since, until)


@dataclass(frozen=True, slots=True)
class Choice:
    """Some rows of a segment.

    Attributes:
        count: how many.
        best: gives keys and similarities of the most similar to a vector, at most a limit of at least 1, in any order;
            the last argument is how many are looked at again where similarities are not exact at first.
    """

    count: int
    best: Callable[[NDArray[np.float32], int, float], Found]


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

    def choose(self, asked: Asked, names: Dictionaries) -> Choice:
        """See `Segment.choose`."""
        passing = matching(self.columns, asked.filters, names)
        places = np.flatnonzero(self.alive if passing is None else self.alive & passing)
        return Choice(len(places), partial(self._best, places))

    def places_of(self, keys: NDArray[np.int64]) -> Places:
        """See `Segment.places_of`."""
        return np.flatnonzero(np.isin(self.columns.keys, keys))

    def stored(self) -> NDArray[np.float16]:
        """See `Segment.stored`."""
        return self.vectors.astype(np.float16)

    def with_alive(self, alive: Mask) -> "Live":
        """See `Segment.with_alive`."""
        return replace(self, alive=alive)

    def _best(self, places: Places, vector: NDArray[np.float32], limit: int, _: float) -> Found:
        """See `Choice.best`."""
        similarities = (self.vectors @ vector)[places]  # a copy of the chosen ones alone would take longer
        if len(places) > limit:
            best = np.argpartition(-similarities, limit - 1)[:limit]
            places, similarities = places[best], similarities[best]
        return self.columns.keys[places], similarities


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows in the order of time, so that a window of it is a range of them.

    Attributes:
        columns: what is known of them.
        vectors: theirs.
        alive: which of them may be found.
        name: of the folder that it is kept in; empty when it is not.
        by_key: their places in the order of their keys.
        remembered: which rows pass filters, and in which lists there are any; shared with what it was before rows died.
        chosen: the same of those that are alive.
    """

    columns: Columns
    vectors: QuantisedVectors
    alive: Mask
    name: str = ""
    by_key: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    remembered: dict[Filters, tuple[Bits, Mask]] = field(default_factory=dict)
    chosen: dict[Filters, Chosen] = field(default_factory=dict)

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
        return cls.of(columns, QuantisedVectors.build(vectors, kinds_of(columns.langs)))

    def choose(self, asked: Asked, names: Dictionaries) -> Choice:
        """See `Segment.choose`."""
        first, last = self._window(asked)
        if first == 0 and last == len(self.columns):
            chosen = self._chosen(asked.lasting, names)
        else:
            chosen = self._chosen_between(first, last, asked.lasting, names)
        return Choice(chosen.count, partial(self._best, chosen))

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

    def _best(self, chosen: Chosen, vector: NDArray[np.float32], limit: int, candidates: float) -> Found:
        """See `Choice.best`."""
        places, similarities = self.vectors.search(vector, limit, chosen, candidates)
        return self.columns.keys[places], similarities

    def _chosen(self, lasting: Filters, names: Dictionaries) -> Chosen:
        """The rows that are alive and pass filters without times."""

        def choose() -> Chosen:
            bits, lists = packed(self.alive), self.vectors.lists
            if lasting != NO_FILTERS:
                passing, of_passing = self._passing(lasting, names)
                bits, lists = bits & passing, lists & of_passing
            count = _count(bits)
            return Chosen(count, None if count == len(self.columns) else bits, lists)

        return remembered(self.chosen, lasting, choose, _REMEMBERED)

    def _chosen_between(self, first: int, last: int, lasting: Filters, names: Dictionaries) -> Chosen:
        """The same from the first row to before the last."""
        if first == last:
            return _NONE
        whole = self._chosen(lasting, names)
        begin, end = first // 8, -(-last // 8)
        of_window = np.full(end - begin, 0xFF, np.uint8) if whole.bits is None else whole.bits[begin:end].copy()
        of_window[0] &= 0xFF << first % 8 & 0xFF
        of_window[-1] &= 0xFF >> -last % 8
        bits = np.zeros((len(self.columns) + 7) // 8, np.uint8)
        bits[begin:end] = of_window
        between, lists = self.vectors.lists_between(first, last), np.zeros_like(whole.lists)
        lists[between] = whole.lists[between]
        return Chosen(_count(of_window), bits, lists)

    def _passing(self, lasting: Filters, names: Dictionaries) -> tuple[Bits, Mask]:
        """Which rows pass filters without times, and which lists have any; those asked for lately are remembered."""

        def find() -> tuple[Bits, Mask]:
            rows = matching(self.columns, lasting, names)
            assert rows is not None  # noqa: S101 - there is a filter
            return packed(rows), self.vectors.lists_with(rows)

        return remembered(self.remembered, lasting, find, _REMEMBERED)

    def _window(self, asked: Asked) -> tuple[int, int]:
        """The first row within the filters' times, and the one after the last."""
        moments = self.columns.moments
        first = 0 if asked.since is None else int(np.searchsorted(moments, asked.since))
        last = len(moments) if asked.until is None else int(np.searchsorted(moments, asked.until))
        return first, max(first, last)


def searched(
    segments: Sequence[Segment],
    vector: NDArray[np.float32],
    limit: int,
    filters: Filters,
    names: Dictionaries,
    candidates: Callable[[int, int, int], float],
) -> Found:
    """Keys and similarities of the best rows of several segments, the best `limit` and perhaps more, in any order.

    For `candidates` see `candidates_among`.
    """
    search_in_one_thread()
    excluded = np.sort(np.fromiter(filters.exclude, np.int64, len(filters.exclude)))
    asked = Asked.of(filters)
    choices = [one.choose(asked, names) for one in segments]
    total = sum(choice.count for choice in choices)
    rows = sum(len(one.columns) for one in segments)
    parts = [NOTHING]
    for segment, choice in zip(segments, choices, strict=True):
        if choice.count:
            wanted = min(choice.count, limit + _most_of(segment, excluded))
            of_all = candidates(wanted, rows, total)
            parts.append(choice.best(vector, wanted, candidates_of_part(of_all, choice.count / total, wanted)))
    keys, similarities = (np.concatenate(column) for column in zip(*parts, strict=True))
    left = ~among(keys, excluded)
    return keys[left], similarities[left]


def _most_of(segment: Segment, keys: NDArray[np.int64]) -> int:
    """At most so many of some keys, which are ascending, are those of the segment's rows."""
    if not len(keys) or not len(segment.columns):
        return 0
    lowest, highest = segment.span
    return int(np.searchsorted(keys, highest, "right") - np.searchsorted(keys, lowest))


def _count(bits: Bits) -> int:
    return int(np.bitwise_count(bits).sum())


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
