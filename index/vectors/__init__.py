"""Nearest vectors under filters."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

_FIRST_MOMENT = datetime(1, 1, 2, tzinfo=UTC).timestamp()
_LAST_MOMENT = datetime(9999, 12, 30, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of an article besides its vector.

    Attributes:
        key: the article's number in the store.
        sequence: the number of its version; no other version of any article has it.
        appeared_at: when it was published, or first seen where the publisher does not say.
        lang: BCP 47 tag.
        source: the publisher's name; empty when unknown.
        country: ISO 3166-1 alpha-2; empty when unknown.
    """

    key: int
    sequence: int
    appeared_at: datetime
    lang: str
    source: str
    country: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries a search may return; an empty field lets all through.

    Attributes:
        langs: languages; `zh` takes `zh-TW` in, `zh-TW` is just that.
        exclude_langs: languages left out, read the same way.
        sources: publishers' names, exactly.
        countries: ISO 3166-1 alpha-2.
        since: earliest `appeared_at`, inclusive.
        until: latest `appeared_at`, exclusive.
        exclude: keys left out.
    """

    langs: frozenset[str] = frozenset()
    exclude_langs: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    exclude: frozenset[int] = frozenset()

    @classmethod
    def around(cls, first: float, last: float, within: timedelta, exclude: Collection[int]) -> "Filters":
        """What appeared near to a time.

        Args:
            first: its beginning, in seconds since 1970.
            last: its end.
            within: how far from it; open at an end that no calendar has.
            exclude: keys left out.
        """
        since, until = first - within.total_seconds(), last + within.total_seconds()
        return cls(
            since=datetime.fromtimestamp(since, UTC) if since >= _FIRST_MOMENT else None,
            until=datetime.fromtimestamp(until, UTC) if until <= _LAST_MOMENT else None,
            exclude=frozenset(exclude),
        )


NO_FILTERS = Filters()


class Hit(NamedTuple):
    """An entry found; `similarity` is the inner product of the vectors, -1..1 for unit vectors."""

    key: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Editions:
    """In what there is something, or was since the index was opened.

    Attributes:
        langs: BCP 47 tags.
        countries: of publishers, ISO 3166-1 alpha-2.
    """

    langs: frozenset[str]
    countries: frozenset[str]


class SegmentState(StrEnum):
    """Where the entries of a segment are."""

    LIVE = "live"
    """In memory, to be added to."""
    SEALED = "sealed"
    """In memory, to be merged."""
    STORED = "stored"
    """In files."""


class VectorIndex(Protocol):
    """Vectors by key. One thread at a time may write; any number may search meanwhile and never wait.

    Attributes:
        faults: a sentence for each thing that was wrong with what was kept, when it was opened.
    """

    faults: list[str]

    def add(self, entries: Sequence[Entry], vectors: NDArray[np.float32]) -> None:
        """Add or replace entries; `vectors` has shape (len(entries), dimensions), float32.

        Raises:
            ValueError: the shape does not fit, or a key comes twice in one call.
        """
        ...

    def remove(self, keys: Collection[int]) -> None:
        """Remove entries; unknown keys are ignored. The next search does not find them."""
        ...

    def search(
        self, vector: NDArray[np.float32], limit: int, filters: Filters = NO_FILTERS, effort: float = 1.0
    ) -> list[Hit]:
        """The `limit` entries most similar to `vector` (shape (dimensions,)), best first, ties by key.

        Of equally similar entries any may be the ones that `limit` leaves out. Among very many entries a few of the
        best may be missed; `scripts/benchmark index` measures how many. With less than the usual effort it takes less
        time, and more of those are missed that stand out least.
        """
        ...

    def sequences(self) -> NDArray[np.int64]:
        """The sequences of all entries, ascending."""
        ...

    def stored(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Sequences and vectors of all entries in parts, shapes (part,) and (part, dimensions), in no order."""
        ...

    def keep_only(self, sequences: NDArray[np.int64]) -> None:
        """Remove the entries with other sequences than these, which are ascending."""
        ...

    def clear(self, stamp: str) -> None:
        """Remove all entries. What is kept of others is of use only where it has the same stamp."""
        ...

    def refresh(self) -> None:
        """See what the writing process has done to the index's files; in that process, do nothing.

        Call it when what the writer added and removed is added and removed here. What it has removed since may go too.
        """
        ...

    def close(self) -> None:
        """Let go of files and threads."""
        ...

    def segments(self) -> list[tuple[SegmentState, int]]:
        """The parts that a search goes through, each with the number of its entries."""
        ...

    def editions(self) -> Editions:
        """In which languages and countries there is something."""
        ...

    def __len__(self) -> int:
        """The number of entries."""
        ...
