"""The vector index on FAISS: exact search over fp16 segments. The only module that imports faiss.

New vectors go to the live segment, whose arrays are filled from the front; when it is full it is sealed
into a FAISS index that never changes again. A removal replaces a segment's array of living rows by a
changed copy. Readers work on an immutable view, which the writer swaps: a search neither waits for a
write nor sees half of one.
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import threads
from index.vectors import NO_FILTERS, Entry, Filters, Hit
from index.vectors.columns import Dictionaries, Mask, Names, empty_rows, matching, to_rows

if TYPE_CHECKING:
    import faiss

SEGMENT_ROWS = 8_192
"""The live segment is searched by a matrix product; over this many rows it costs about as much as a
search of the same rows by FAISS, over more it would cost more."""

Found = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class _Segment:
    """Some rows of a view. The vectors are in `sealed`, or, in the live segment, in `vectors`."""

    rows: NDArray[np.void]
    alive: Mask
    vectors: NDArray[np.float32]
    sealed: "faiss.IndexScalarQuantizer | None" = None

    def search(self, vector: NDArray[np.float32], limit: int, chosen: Mask) -> Found:
        """Keys and similarities of the best `limit` of the chosen rows, in any order."""
        count = int(chosen.sum())
        if count == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if self.sealed is None:
            positions = np.flatnonzero(chosen)
            similarities = self.vectors[positions] @ vector
            if count > limit:
                best = np.argpartition(-similarities, limit - 1)[:limit]
                positions, similarities = positions[best], similarities[best]
        else:
            similarities, positions = _search_sealed(self.sealed, vector, min(limit, count), chosen)
        return self.rows["key"][positions], similarities

    def without(self, keys: NDArray[np.int64]) -> "_Segment":
        """The segment after the removal of some keys; itself if it has none of them."""
        dead = self.alive & np.isin(self.rows["key"], keys)
        return replace(self, alive=self.alive & ~dead) if dead.any() else self


class FaissVectorIndex:
    """An exact `VectorIndex`; vectors are kept as fp16."""

    def __init__(self, dimensions: int, segment_rows: int = SEGMENT_ROWS) -> None:
        """Make an empty index.

        Args:
            dimensions: the length of a vector.
            segment_rows: how many rows the live segment takes before it is sealed.
        """
        self._view: tuple[_Segment, ...]
        self._dimensions = dimensions
        self._segment_rows = segment_rows
        self._names = Dictionaries(Names(), Names(), Names())
        self._writing = threading.Lock()
        self._view = (self._new_live_segment(),)

    def __len__(self) -> int:
        """The number of entries."""
        return sum(int(segment.alive.sum()) for segment in self._view)

    def add(self, entries: Sequence[Entry], vectors: NDArray[np.float32]) -> None:
        """Add or replace entries; see `VectorIndex.add`."""
        if vectors.shape != (len(entries), self._dimensions):
            raise ValueError(f"vectors have shape {vectors.shape}, expected {(len(entries), self._dimensions)}")
        with self._writing:
            rows = to_rows(entries, self._names)
            if len(np.unique(rows["key"])) < len(rows):
                raise ValueError("a key comes twice in one call")
            view = _without(self._view, rows["key"])
            # As the vectors will be kept, so that sealing a segment does not change a similarity.
            rounded = vectors.astype(np.float16).astype(np.float32)
            while len(rows):
                if len(view[-1].rows) == self._segment_rows:
                    view = (*view[:-1], _sealed(view[-1]), self._new_live_segment())
                room = self._segment_rows - len(view[-1].rows)
                view = (*view[:-1], self._grown(view[-1], rows[:room], rounded[:room]))
                rows, rounded = rows[room:], rounded[room:]
            self._view = view

    def remove(self, keys: Collection[int]) -> None:
        """Remove entries; see `VectorIndex.remove`."""
        with self._writing:
            self._view = _without(self._view, np.array(list(keys), np.int64))

    def search(self, vector: NDArray[np.float32], limit: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """Find the most similar entries; see `VectorIndex.search`."""
        keys, similarities = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for segment in self._view:
            passing = matching(segment.rows, filters, self._names)
            chosen = segment.alive if passing is None else segment.alive & passing
            found = segment.search(vector, limit, chosen)
            keys.append(found[0])
            similarities.append(found[1])
        all_keys, all_similarities = np.concatenate(keys), np.concatenate(similarities)
        order = np.lexsort((all_keys, -all_similarities))[:limit]
        return [Hit(int(all_keys[i]), float(all_similarities[i])) for i in order]

    def _new_live_segment(self) -> _Segment:
        self._live_rows = empty_rows(self._segment_rows)
        self._live_vectors = np.empty((self._segment_rows, self._dimensions), np.float32)
        return _Segment(self._live_rows[:0], np.empty(0, np.bool_), self._live_vectors[:0])

    def _grown(self, live: _Segment, rows: NDArray[np.void], vectors: NDArray[np.float32]) -> _Segment:
        """The live segment with more rows. They are written behind those that a view in use can see."""
        start, stop = len(live.rows), len(live.rows) + len(rows)
        self._live_rows[start:stop] = rows
        self._live_vectors[start:stop] = vectors
        alive = np.concatenate([live.alive, np.ones(len(rows), np.bool_)])
        return _Segment(self._live_rows[:stop], alive, self._live_vectors[:stop])


def _without(view: tuple[_Segment, ...], keys: NDArray[np.int64]) -> tuple[_Segment, ...]:
    """The view after the removal of some keys, without sealed segments that have no living row left."""
    segments = [segment.without(keys) for segment in view]
    return (*(segment for segment in segments[:-1] if segment.alive.any()), segments[-1])


def _sealed(live: _Segment) -> _Segment:
    import faiss

    dimensions = live.vectors.shape[1]
    index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.add(live.vectors)
    return replace(live, vectors=np.empty((0, dimensions), np.float32), sealed=index)


def _search_sealed(
    sealed: "faiss.IndexScalarQuantizer", vector: NDArray[np.float32], limit: int, chosen: Mask
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    import faiss

    faiss.omp_set_num_threads(threads.SEARCH)  # which FAISS keeps for each calling thread
    # A segment that is searched whole needs no selector, and is searched faster without.
    selector = None if chosen.all() else faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))
    similarities, positions = sealed.search(vector[None, :], limit, params=faiss.SearchParameters(sel=selector))
    return similarities[0], positions[0]
