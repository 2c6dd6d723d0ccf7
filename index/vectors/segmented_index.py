"""The vector index: segments, searched one after the other.

New vectors go to the live segment, whose arrays are filled from the front; when it is full it is sealed, and sealed
ones are merged in the background into fewer and larger ones, which are kept in files. A removal replaces a segment's
array of living rows by a changed copy. Readers work on an immutable view, which the writer swaps: a search neither
waits for a write nor sees half of one.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.vectors import NO_FILTERS, Editions, Entry, Filters, Hit, SegmentState
from index.vectors.candidates import candidates_among
from index.vectors.columns import Columns, Dictionaries, Names
from index.vectors.compaction import Merger, merge, quiet_seconds, rest_to_merge, to_merge
from index.vectors.merging_thread import MergingThread
from index.vectors.segment_files import (
    FORMAT,
    DamagedSegmentError,
    Manifest,
    SegmentRecord,
    read_manifest,
    read_segment,
    remove_others,
    write_manifest,
    write_segment,
)
from index.vectors.segments import (
    Live,
    Sealed,
    Segment,
    searched,
    sequences_of,
    with_only_sequences,
    without_keys,
    without_sequences,
)

SEGMENT_ROWS = 2_048
"""Of the live segment, which is searched by a product with all its fp32 vectors: as many bytes as those of 32,000 rows
that are merged."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _View:
    """All segments at one moment. Sealed ones have a living row at least."""

    sealed: tuple[Sealed, ...]
    live: Live

    @property
    def segments(self) -> tuple[Segment, ...]:
        return (*self.sealed, self.live)

    def changed(self, change: Callable[[Segment], Segment]) -> "_View":
        """The view with other rows alive."""
        sealed = (segment for segment in map(change, self.sealed) if segment.alive.any())
        return _View(tuple(sealed), change(self.live))  # type: ignore[arg-type]  # a segment of the same kind


class SegmentedVectorIndex:
    """A `VectorIndex`; vectors are kept as fp16."""

    def __init__(
        self,
        dimensions: int,
        folder: Path | None = None,
        *,
        stamp: str = "",
        writer: bool = True,
        segment_rows: int = SEGMENT_ROWS,
        in_background: bool = True,
        candidates: Callable[[int, int, int], float] = candidates_among,
    ) -> None:
        """Open the index in a folder, or make an empty one.

        Args:
            dimensions: the length of a vector.
            folder: where merged segments are kept; None for nowhere.
            stamp: what the vectors are of; a folder with another one is emptied.
            writer: keep what is added, and tidy the folder. There must be one writer; others may `refresh`.
            segment_rows: how many rows the live segment takes before it is sealed.
            in_background: merge segments in a thread; otherwise only by `compact`.
            candidates: how many to look at again; see `candidates_among`.

        Raises:
            OSError: the folder cannot be read, or written to.
        """
        self._buffers: tuple[Columns, NDArray[np.float32]]
        self._dimensions = dimensions
        self._folder = folder
        self._writer = writer
        self._segment_rows = segment_rows
        self._candidates = candidates
        self._names = Dictionaries(Names(), Names(), Names())
        self._writing = threading.Lock()
        self._manifest = Manifest(stamp=stamp)
        self._merging = self._new_merging_thread() if in_background else None
        self._is_closed = False
        self._tried: Manifest | None = None
        self.faults: list[str] = []
        self._view = _View(self._opened(), self._new_live_segment())
        self._next = self._manifest.next

    def __len__(self) -> int:
        """The number of entries."""
        return sum(int(np.count_nonzero(segment.alive)) for segment in self._view.segments)

    def add(self, entries: Sequence[Entry], vectors: NDArray[np.float32]) -> None:
        """Add or replace entries; see `VectorIndex.add`."""
        if vectors.shape != (len(entries), self._dimensions):
            raise ValueError(f"vectors have shape {vectors.shape}, expected {(len(entries), self._dimensions)}")
        with self._writing:
            rows = Columns.of(entries, self._names)
            if len(np.unique(rows.keys)) < len(rows):
                raise ValueError("a key comes twice in one call")
            view = self._without(rows.keys)
            # As the vectors will be kept, so that sealing a segment does not change a similarity.
            rounded = vectors.astype(np.float16).astype(np.float32)
            start, buffers = 0, self._buffers
            try:
                while start < len(rows):
                    if len(view.live.columns) == self._segment_rows:
                        view = _View((*view.sealed, *self._sealed(view.live)), self._new_live_segment())
                    stop = start + self._segment_rows - len(view.live.columns)
                    part = slice(start, stop)
                    view = replace(view, live=self._grown(view.live, rows.rows(part), rounded[part]))
                    start = stop
            except BaseException:
                self._buffers = buffers  # to those belongs the live segment of the view that stays
                raise
            before, self._view = self._view, view
        if self._merging and len(view.sealed) > len(before.sealed):
            self._merging.wake()  # which has to find what was sealed

    def remove(self, keys: Collection[int]) -> None:
        """Remove entries; see `VectorIndex.remove`."""
        with self._writing:
            self._view = self._without(np.array(list(keys), np.int64))

    def search(
        self, vector: NDArray[np.float32], limit: int, filters: Filters = NO_FILTERS, effort: float = 1.0
    ) -> list[Hit]:
        """Find the most similar entries; see `VectorIndex.search`."""
        view, names = self._view.segments, self._names
        keys, similarities = searched(view, vector, limit, filters, names, lambda *of: effort * self._candidates(*of))
        order = np.lexsort((keys, -similarities))[:limit]
        return list(map(Hit, keys[order].tolist(), similarities[order].tolist()))

    def sequences(self) -> NDArray[np.int64]:
        """The sequences of all entries; see `VectorIndex.sequences`."""
        return sequences_of(self._view.segments)

    def stored(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Sequences and vectors of all entries; see `VectorIndex.stored`."""
        for segment in self._view.segments:
            yield segment.columns.sequences[segment.alive], segment.stored()[segment.alive]

    def keep_only(self, sequences: NDArray[np.int64]) -> None:
        """Remove other entries; see `VectorIndex.keep_only`."""
        with self._writing:
            self._view = self._view.changed(partial(with_only_sequences, sequences=sequences))

    def compact(self) -> bool:
        """Merge some segments, if there are many of a size; says whether there was anything to merge.

        It goes on beside searches and writes. Call this and `compact_rest` from one thread at a time.
        """
        return self._compact(to_merge(self._own(), self._segment_rows))

    def compact_rest(self) -> bool:
        """Merge what is left of segments that may grow; says whether there was anything to merge."""
        return self._compact(rest_to_merge(self._own()))

    def _new_merging_thread(self) -> MergingThread:
        return MergingThread(self.compact, self.compact_rest, lambda: quiet_seconds(self._own()))

    def _own(self) -> list[Sealed]:
        """What is for this index to merge. A reader has only what is in its memory: the rest the writer does."""
        return [segment for segment in self._view.sealed if self._writer or not segment.name]

    def _compact(self, segments: Sequence[Sealed]) -> bool:
        """Merge some segments, if they are any."""
        if not segments:
            return False
        merger, records = merge(segments), list[SegmentRecord]()
        try:
            merger, records = self._kept(merger)
        except OSError as error:
            _logger.warning("a segment of the index cannot be kept, which is tried again later: %s", error)
            if any(segment.name for segment in segments):
                return False  # those are in files, and stay there
        replaced = {id(segment.vectors) for segment in segments}
        with self._writing:
            if self._is_closed:  # and another may have the folder now
                return False
            others = [segment for segment in self._view.sealed if id(segment.vectors) not in replaced]
            sealed = (*others, *merger.finished(self._view.sealed))
            self._view = replace(self._view, sealed=sealed)
            self._record((*self._manifest.segments, *records))
        return True

    def clear(self, stamp: str) -> None:
        """Remove all entries; see `VectorIndex.clear`."""
        with self._writing:
            self._view = _View((), self._new_live_segment())
            self._manifest = Manifest(stamp=stamp)
            self._record(())

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing will be merged until something is added, however long that takes."""
        return self._merging is None or self._merging.is_at_rest

    def segment_rows(self) -> list[int]:
        """How many entries each sealed segment has."""
        return [int(np.count_nonzero(segment.alive)) for segment in self._view.sealed]

    def segments(self) -> list[tuple[SegmentState, int]]:
        """The parts that a search goes through; see `VectorIndex.segments`."""
        view = self._view
        states = [SegmentState.STORED if segment.name else SegmentState.SEALED for segment in view.sealed]
        counts = [int(np.count_nonzero(segment.alive)) for segment in view.segments]
        return list(zip([*states, SegmentState.LIVE], counts, strict=True))

    def editions(self) -> Editions:
        """In which languages and countries there is something; see `VectorIndex.editions`."""
        return Editions(frozenset(self._names.langs.all()) - {""}, frozenset(self._names.countries.all()) - {""})

    def refresh(self) -> None:
        """See the segments that the writer has merged meanwhile; see `VectorIndex.refresh`."""
        if self._writer:
            return
        manifest = read_manifest(self._folder) if self._folder else None
        if self._folder is None or manifest is None or manifest in (self._manifest, self._tried):
            return
        self._tried = manifest
        if manifest.stamp != self._manifest.stamp:
            return
        with self._writing:
            entries = sequences_of(self._view.segments)
            known = {segment.name: segment for segment in self._view.sealed}
            in_files: list[Sealed] = []
            for record in manifest.segments:
                if record in self._manifest.segments and record.name in known:
                    in_files.append(known[record.name])
                    continue
                try:
                    segment = read_segment(self._folder, record, self._names)
                except DamagedSegmentError:
                    return  # gone already, since the writer has merged on: there is a newer manifest the next time
                in_files.append(with_only_sequences(segment, entries))
            # What is in no file any more stays as it is, since the log may not tell of it again.
            reused = {id(segment) for segment in in_files}
            rest = replace(self._view, sealed=tuple(one for one in self._view.sealed if id(one) not in reused))
            rest = rest.changed(partial(without_sequences, sequences=sequences_of(in_files)))
            living = (segment for segment in in_files if segment.alive.any())
            self._view = replace(rest, sealed=(*living, *rest.sealed))
            self._manifest = manifest

    def close(self) -> None:
        """See `VectorIndex.close`."""
        with self._writing:
            self._is_closed = True
        if self._merging:
            self._merging.close()

    # Segments

    def _new_live_segment(self) -> Live:
        columns = Columns.empty(self._segment_rows)
        vectors = np.empty((self._segment_rows, self._dimensions), np.float32)
        self._buffers = columns, vectors
        return Live(columns.rows(slice(0)), np.empty(0, np.bool_), vectors[:0])

    def _grown(self, live: Live, rows: Columns, vectors: NDArray[np.float32]) -> Live:
        """The live segment with more rows. They are written behind those that a view in use can see."""
        all_columns, all_vectors = self._buffers
        stop = len(live.columns) + len(rows)
        new = slice(len(live.columns), stop)
        all_columns.put(new, rows)
        all_vectors[new] = vectors
        alive = np.concatenate([live.alive, np.ones(len(rows), np.bool_)])
        return Live(all_columns.rows(slice(stop)), alive, all_vectors[:stop])

    def _sealed(self, live: Live) -> list[Sealed]:
        """The live segment's living rows, sealed."""
        if not live.alive.any():
            return []
        return [Sealed.build(live.columns.rows(live.alive), live.vectors[live.alive].astype(np.float16))]

    def _without(self, keys: NDArray[np.int64]) -> _View:
        return self._view.changed(partial(without_keys, keys=keys))

    # Files

    def _opened(self) -> tuple[Sealed, ...]:
        """The segments in the folder."""
        if self._folder is None:
            return ()
        if self._writer:
            self._folder.mkdir(parents=True, exist_ok=True)
        segments, damaged = self._found(self._folder)
        self.faults = [f"{error}: its articles are read from the store again" for error in damaged.values()]
        for fault in self.faults:
            _logger.warning(fault)
        readable = tuple(record for record in self._manifest.segments if record.name not in damaged)
        self._manifest = self._manifest.model_copy(update={"segments": readable})
        if self._writer:
            if damaged:
                write_manifest(self._folder, self._manifest)
            remove_others(self._folder, self._manifest)
        return tuple(segments)

    def _found(self, folder: Path) -> tuple[list[Sealed], dict[str, DamagedSegmentError]]:
        """What the manifest lists; see `_read`."""
        while True:
            found = read_manifest(folder)
            if found is not None and (found.stamp, found.format) == (self._manifest.stamp, FORMAT):
                self._manifest = found
            segments, damaged = self._read(folder)
            if not damaged or read_manifest(folder) == found:
                return segments, damaged
            # The writer has merged on meanwhile, and what is not there is in other files now.

    def _read(self, folder: Path) -> tuple[list[Sealed], dict[str, DamagedSegmentError]]:
        """The segments that can be read, and what is wrong with the others by their names."""
        segments: list[Sealed] = []
        damaged: dict[str, DamagedSegmentError] = {}
        for record in self._manifest.segments:
            try:
                segments.append(read_segment(folder, record, self._names))
            except DamagedSegmentError as error:
                damaged[record.name] = error
        return segments, damaged

    def _kept(self, merger: Merger) -> tuple[Merger, list[SegmentRecord]]:
        """The merger with its pieces in files.

        Raises:
            OSError: they cannot be written.
        """
        if self._folder is None or not self._writer or self._is_closed:
            return merger, []
        pieces, records = [], []
        for piece, origins in merger.pieces:
            name = f"{self._next:08d}"
            self._next += 1
            records.append(write_segment(self._folder, name, piece, self._names))
            pieces.append((replace(piece, name=name), origins))
        return replace(merger, pieces=pieces), records

    def _record(self, records: Iterable[SegmentRecord]) -> None:
        """Write which segments there are now, of some that are in files, and remove the others."""
        if self._folder is None or not self._writer:
            return
        names = {segment.name for segment in self._view.sealed}
        kept = tuple(record for record in records if record.name in names)
        self._manifest = self._manifest.model_copy(update={"segments": kept, "next": self._next})
        try:
            write_manifest(self._folder, self._manifest)
            remove_others(self._folder, self._manifest)
        except OSError as error:
            _logger.warning("which segments the index has cannot be kept, and is written again later: %s", error)
