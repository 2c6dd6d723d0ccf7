"""Entries as arrays, so that filters are a few array comparisons."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from index.language import primary
from index.vectors import NO_FILTERS, Entry, Filters

Mask = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = (
    ("key", np.int64),
    ("appeared_at", np.int64),
    ("lang", np.int32),
    ("source", np.int32),
    ("country", np.int32),
)


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
        known = list(self._numbers.items())  # in one step, since the writer may be adding
        return [number for tag, number in known if tag in tags or primary(tag) in tags]


@dataclass(frozen=True, slots=True)
class Dictionaries:
    """The names behind the numbers of an index's rows."""

    lang: Names
    source: Names
    country: Names


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_rows(entries: Sequence[Entry], names: Dictionaries) -> NDArray[np.void]:
    """Entries as a structured array, shape (len(entries),)."""
    rows = [
        (
            entry.key,
            microseconds(entry.appeared_at),
            names.lang.number(entry.lang),
            names.source.number(entry.source),
            names.country.number(entry.country),
        )
        for entry in entries
    ]
    return np.array(rows, dtype=list(_FIELDS))


def empty_rows(count: int) -> NDArray[np.void]:
    """Room for `count` rows."""
    return np.empty(count, dtype=list(_FIELDS))


def matching(rows: NDArray[np.void], filters: Filters, names: Dictionaries) -> Mask | None:
    """Which rows pass the filters, shape (len(rows),); None when there are no filters."""
    if filters == NO_FILTERS:
        return None
    mask = np.ones(len(rows), np.bool_)
    for condition in _conditions(rows, filters, names):
        mask &= condition
    return mask


def _conditions(rows: NDArray[np.void], filters: Filters, names: Dictionaries) -> Iterator[Mask]:
    """A mask for each filter that is set."""
    if filters.langs:
        yield np.isin(rows["lang"], names.lang.numbers_of_languages(filters.langs))
    if filters.exclude_langs:
        yield ~np.isin(rows["lang"], names.lang.numbers_of_languages(filters.exclude_langs))
    if filters.sources:
        yield np.isin(rows["source"], names.source.numbers(filters.sources))
    if filters.countries:
        yield np.isin(rows["country"], names.country.numbers(filters.countries))
    if filters.since is not None:
        yield rows["appeared_at"] >= microseconds(filters.since)
    if filters.until is not None:
        yield rows["appeared_at"] < microseconds(filters.until)
    if filters.exclude:
        yield ~np.isin(rows["key"], list(filters.exclude))
