"""What is known of the rows of a segment, as arrays, so that filters are a few array comparisons."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from index.language import primary
from index.vectors import Entry, Filters

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

_COMMON = 1 / 32
"""The share of rows that a language has to have to be told apart from the others."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Names:
    """Numbers for names, so that filters compare integers. Only the writer adds; a number never changes."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name, a new one for a new name."""
        return self._numbers.setdefault(name, len(self._numbers))

    def numbers(self, names: Collection[str]) -> list[int]:
        """The numbers of those names that have one."""
        return [self._numbers[name] for name in names if name in self._numbers]

    def numbers_of_languages(self, tags: Collection[str]) -> list[int]:
        """The numbers of the tags, and of the tags that refine one of them."""
        return [number for number, tag in enumerate(self.all()) if tag in tags or primary(tag) in tags]

    def all(self) -> list[str]:
        """The names in the order of their numbers."""
        return list(self._numbers)  # in one step, since the writer may be adding


@dataclass(frozen=True, slots=True)
class Dictionaries:
    """The names behind the numbers of an index's rows."""

    langs: Names
    sources: Names
    countries: Names


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of rows, one array for each field of an `Entry`; names are numbers of `Dictionaries`."""

    keys: NDArray[np.int64]
    sequences: NDArray[np.int64]
    moments: NDArray[np.int64]
    langs: NDArray[np.int32]
    sources: NDArray[np.int32]
    countries: NDArray[np.int32]

    @classmethod
    def empty(cls, rows: int) -> Self:
        """Room for rows."""
        wide, narrow = [np.empty(rows, np.int64) for _ in range(3)], [np.empty(rows, np.int32) for _ in range(3)]
        return cls(*wide, *narrow)  # type: ignore[arg-type]  # three of the one, then three of the other

    @classmethod
    def of(cls, entries: Sequence[Entry], names: Dictionaries) -> Self:
        """The rows of entries, in order."""
        return cls(
            np.array([entry.key for entry in entries], np.int64),
            np.array([entry.sequence for entry in entries], np.int64),
            np.array([microseconds(entry.appeared_at) for entry in entries], np.int64),
            np.array([names.langs.number(entry.lang) for entry in entries], np.int32),
            np.array([names.sources.number(entry.source) for entry in entries], np.int32),
            np.array([names.countries.number(entry.country) for entry in entries], np.int32),
        )

    @classmethod
    def joined(cls, parts: Sequence["Columns"]) -> Self:
        """The rows of several, one after the other."""
        columns = zip(*(part.arrays().values() for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def rows(self, chosen: Places | Mask | slice) -> "Columns":
        """Some of the rows."""
        return Columns(*(array[chosen] for array in self.arrays().values()))

    def put(self, at: slice, rows: "Columns") -> None:
        """Write rows over some of these."""
        for array, values in zip(self.arrays().values(), rows.arrays().values(), strict=True):
            array[at] = values

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.keys)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def matching(columns: Columns, filters: Filters, names: Dictionaries) -> Mask | None:
    """Which rows pass the filters, shape (rows,), but for `exclude`; None when all do."""
    mask: Mask | None = None
    for condition in _conditions(columns, filters, names):
        mask = condition if mask is None else mask & condition
    return mask


def kinds_of(langs: NDArray[np.int32]) -> NDArray[np.intp]:
    """Small numbers for rows, shape (rows,), another one for each language that many of them have; 0 for the rest."""
    numbers, counts = np.unique(langs, return_counts=True)
    common = numbers[counts >= _COMMON * len(langs)]
    places = np.minimum(np.searchsorted(common, langs), max(0, len(common) - 1))
    return np.where(common[places] == langs, places + 1, 0) if len(common) else np.zeros(len(langs), np.intp)


def _conditions(columns: Columns, filters: Filters, names: Dictionaries) -> Iterator[Mask]:
    """A mask for each filter that is set."""
    if filters.since is not None:
        yield columns.moments >= microseconds(filters.since)
    if filters.until is not None:
        yield columns.moments < microseconds(filters.until)
    if filters.langs:
        yield _is_one_of(columns.langs, names.langs.numbers_of_languages(filters.langs))
    if filters.exclude_langs:
        yield ~_is_one_of(columns.langs, names.langs.numbers_of_languages(filters.exclude_langs))
    if filters.sources:
        yield _is_one_of(columns.sources, names.sources.numbers(filters.sources))
    if filters.countries:
        yield _is_one_of(columns.countries, names.countries.numbers(filters.countries))


def _is_one_of(column: NDArray[np.int32], numbers: Sequence[int]) -> Mask:
    # To compare with one number is several times as fast.
    found: Mask = column == numbers[0] if len(numbers) == 1 else np.isin(column, numbers)
    return found
