"""Articles as columns, so that to compare many of them is a few operations on arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.lib.recfunctions import repack_fields
from numpy.typing import NDArray

from index.language import UNDETERMINED, primary
from index.related.scorer import Floats
from index.related.signals import RECORD, Records, records
from index.store import ComparableArticle
from index.vectors.columns import Names

Vectors = NDArray[np.float32]
Numbers = NDArray[np.intp]

UNKNOWN = 0
"""The number of the language that is not determined, and of the publisher that is not known."""

_MENTIONED = ["numbers", "telling"]


class Numbering:
    """Numbers for languages, without region and script, and for publishers, so that comparisons are of integers."""

    def __init__(self) -> None:
        """Number what is not known."""
        self._langs, self._sources = Names(), Names()
        self._langs.number(UNDETERMINED)
        self._sources.number("")

    def langs(self, tags: Sequence[str]) -> NDArray[np.int32]:
        """Those of languages, shape (n,)."""
        return np.array([self._langs.number(primary(tag)) for tag in tags], np.int32)

    def sources(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Those of publishers, shape (n,)."""
        return np.array([self._sources.number(name) for name in names], np.int32)


@dataclass(frozen=True)
class Reports:
    """Articles to be compared; n of them.

    Attributes:
        keys: theirs, shape (n,).
        vectors: their centred embeddings, shape (n, dimensions), float32.
        records: of their signals, shape (n,).
        mentioned: what of these tells how close articles are, without the rest, which would be copied for every pair.
        langs: their languages' numbers; `UNKNOWN` where that is not determined. Shape (n,).
        sources: their publishers' numbers; `UNKNOWN` where that is not known. Shape (n,).
        published: when they were published, in seconds since 1970; nan where that is not known. Shape (n,).
        appeared: when they appeared, see `StoredArticle.appeared_at`, in seconds since 1970. Shape (n,).
    """

    keys: NDArray[np.int64]
    vectors: Vectors
    records: Records
    mentioned: Records
    langs: NDArray[np.int32]
    sources: NDArray[np.int32]
    published: Floats
    appeared: NDArray[np.int64]

    @classmethod
    def of_articles(
        cls, articles: Sequence[ComparableArticle], vectors: Vectors, numbering: Numbering | None = None
    ) -> Self:
        """The columns of articles, in order.

        Args:
            articles: as the store has them.
            vectors: their centred embeddings, shape (n, dimensions), float32.
            numbering: the one of others with which they are to be in one object; a new one by default.
        """
        numbers = numbering or Numbering()
        of_signals = records([one.signals or b"" for one in articles])
        return cls(
            keys=np.array([one.key for one in articles], np.int64),
            vectors=vectors,
            records=of_signals,
            mentioned=repack_fields(of_signals[_MENTIONED]),
            langs=numbers.langs([one.lang for one in articles]),
            sources=numbers.sources([one.source for one in articles]),
            published=np.array([one.published for one in articles], np.float64),
            appeared=np.array([one.appeared for one in articles], np.int64),
        )

    @classmethod
    def room_for(cls, rows: int, dimensions: int) -> Self:
        """Columns of so many articles, to be `put` there."""
        return cls(
            keys=np.empty(rows, np.int64),
            vectors=np.empty((rows, dimensions), np.float32),
            records=np.empty(rows, RECORD),
            mentioned=np.empty(rows, repack_fields(RECORD[_MENTIONED])),
            langs=np.empty(rows, np.int32),
            sources=np.empty(rows, np.int32),
            published=np.empty(rows, np.float64),
            appeared=np.empty(rows, np.int64),
        )

    def __len__(self) -> int:
        """The number of articles."""
        return len(self.keys)

    def of(self, places: Numbers) -> "Reports":
        """Some of them."""
        return Reports(*(column[places] for column in self.columns()))

    def put(self, at: slice, others: "Reports") -> None:
        """Write others over some of them, before anyone has asked for `places`."""
        for column, values in zip(self.columns(), others.columns(), strict=True):
            column[at] = values

    @cached_property
    def places(self) -> dict[int, int]:
        """Where the article with a key stands."""
        return {key: place for place, key in enumerate(self.keys.tolist())}

    def columns(self) -> list[NDArray[Any]]:
        """The arrays, in the order of the attributes."""
        return [getattr(self, field.name) for field in fields(self)]
