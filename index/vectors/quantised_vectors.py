"""Vectors that never change, searched by FAISS. The only module that imports faiss.

Every vector is kept twice: as fp16, and as a short code. That is a product quantisation with 4 bits for every few
dimensions (Jégou et al. 2011, https://inria.hal.science/inria-00514462) of what the first principal components say of
the vector, a thirtieth of the size or so, whose similarities are looked up in registers (André et al. 2015,
https://www.vldb.org/pvldb/vol9/p288-andre.pdf). A search goes through the codes, and through the fp16 vectors of the
best that it finds there.

The codes lie in FAISS's inverted lists. Other than usual these are not of what is alike, so that none of the best is
missed: each is of one kind of rows, which are those of one language, from one span of consecutive rows. A search goes
through those lists that have rows which may be found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index import threads
from index.vectors.columns import Mask
from index.vectors.remembered import remembered

if TYPE_CHECKING:
    import faiss

EXACT_ROWS = 2_048
"""Up to so many rows the fp16 vectors are all looked at; the quantisation is trained on more."""

COMPONENTS = 0.52
"""Principal components are kept for so many of the dimensions, and rotated at random, so that each says as much. Of
half a million news-like vectors with 384 dimensions 400 candidates find 0.995 of the best 20 by 48 subvectors of 192
components, 0.987 by 64 of all dimensions."""

_SUBVECTOR = 5
"""Components of a subvector. With 6 a search without a filter takes nine tenths of the time, and in a week of a million
articles a third more, since it needs more candidates; with 4 it is the other way round."""

SPAN = 1 << 15
"""Rows. FAISS compares whole lists, whatever of them may be found, so half of a span is lost at either end; and each
list costs nearly a microsecond. Files with other spans are of another format."""

_FEWEST = 2
"""Candidates for each that is wanted."""

_REMEMBERED = 16
"""Ways to ask for the same rows. FAISS's Python interface lets go of the interpreter at every step of putting one
together, and takes its turn again: beside a thread that writes, that took longer than a search."""

_AS_IT_IS, _ROTATED = 0.0, True
_BITS = 4
_PAIR = 2  # of subvectors, whose bits fill a byte
_TRAINED_ON = 16_384

Bits = NDArray[np.uint8]
"""A bit for each row, the lowest of a byte first."""

Found = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows that may be found.

    Attributes:
        count: how many.
        bits: of all rows; None if all may be found.
        lists: which lists have any of them, shape (lists,). Others may be among these.
        asked: how FAISS was asked for them, by how many candidates it was to look at for each row wanted.
    """

    count: int
    bits: Bits | None
    lists: Mask
    asked: dict[int, "faiss.SearchParameters"] = field(default_factory=dict)


class QuantisedVectors:
    """Vectors by their place, 0 to rows - 1.

    Attributes:
        lists: which lists have any rows, shape (lists,); there are none where all vectors are looked at.
    """

    def __init__(self, index: "faiss.IndexRefine | faiss.IndexScalarQuantizer") -> None:
        """Take over an index; use `build` or `read`."""
        import faiss

        self._index = index
        lists = list(_rows_of_lists(index)) if isinstance(index, faiss.IndexRefine) else []
        self.lists: Mask = np.array([len(rows) > 0 for rows in lists], np.bool_)
        self._kinds = len(lists) // _spans(len(self))
        self._list_of = np.empty(len(self) if lists else 0, np.int32)
        for number, rows in enumerate(lists):
            self._list_of[rows] = number

    @classmethod
    def build(cls, vectors: NDArray[np.float16], kinds: NDArray[np.intp]) -> Self:
        """Quantise vectors.

        Args:
            vectors: shape (rows, dimensions), float16, at least one.
            kinds: small numbers from 0 on, shape (rows,): those that filters often tell apart have different ones.
        """
        import faiss

        search_in_one_thread()
        rows, dimensions = vectors.shape
        whole = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        subvectors = _PAIR * round(dimensions * COMPONENTS / _SUBVECTOR / _PAIR)
        components = subvectors * _SUBVECTOR
        is_short = rows > EXACT_ROWS and 0 < components <= dimensions
        if is_short:
            principal = faiss.PCAMatrix(dimensions, components, _AS_IT_IS, _ROTATED)
            sample = vectors[np.sort(np.random.default_rng(0).permutation(rows)[:_TRAINED_ON])].astype(np.float32)
            principal.train(sample)
            different = int(kinds.max()) + 1
            list_of = np.arange(rows) // SPAN * different + kinds
            codes = _Codes(components, subvectors, _spans(rows) * different)
            codes.train(principal.apply(sample))
        for start in range(0, rows, SPAN):
            part = slice(start, start + SPAN)
            of_span = vectors[part].astype(np.float32)
            whole.add(of_span)
            if is_short:
                codes.add(principal.apply(of_span), start, list_of[part])
        return cls(faiss.IndexRefine(faiss.IndexPreTransform(principal, codes.index), whole) if is_short else whole)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file, whose vectors stay in it and are mapped into memory.

        Raises:
            RuntimeError: FAISS cannot read it.
        """
        import faiss

        return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC))

    def write(self, file: Path) -> None:
        """Write a file that `read` reads.

        Raises:
            RuntimeError: FAISS cannot write it.
        """
        import faiss

        faiss.write_index(self._index, str(file))

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    def __len__(self) -> int:
        """The number of rows."""
        return int(self._index.ntotal)

    def lists_with(self, rows: Mask) -> Mask:
        """Which lists have any of some rows, shape (rows,); shape (lists,)."""
        found: Mask = np.bincount(self._list_of[rows[: len(self._list_of)]], minlength=len(self.lists)) > 0
        return found

    def lists_between(self, first: int, last: int) -> slice:
        """Which lists have any of the rows from the first to before the last."""
        return slice(first // SPAN * self._kinds, _spans(last) * self._kinds)

    def search(self, vector: NDArray[np.float32], limit: int, chosen: Chosen, candidates: float) -> Found:
        """Places and similarities of the best rows, at most `limit`, in any order.

        After `search_in_one_thread` was called in this thread it takes no others.

        Args:
            vector: shape (dimensions,), float32.
            limit: at least 1.
            chosen: those that may be found, at least one.
            candidates: how many to look at again as fp16; where they are too few for the limit it is more.
        """
        factor = max(_FEWEST, ceil(candidates / limit))
        parameters = remembered(chosen.asked, factor, lambda: self._parameters(chosen, factor), _REMEMBERED)
        similarities, places = self._index.search(vector[None, :], limit, params=parameters)
        found = places[0] >= 0
        return places[0][found], similarities[0][found]

    def _parameters(self, chosen: Chosen, factor: int) -> "faiss.SearchParameters":
        """How to search the rows chosen, with so many candidates for each that is wanted."""
        import faiss

        # Rows that are searched whole need no selector, and are searched faster without.
        selector = None if chosen.bits is None else faiss.IDSelectorBitmap(chosen.bits)
        if not isinstance(self._index, faiss.IndexRefine):
            return faiss.SearchParameters(sel=selector)
        of_lists = faiss.SearchParametersIVF(
            nprobe=int(np.count_nonzero(chosen.lists)),
            quantizer_params=faiss.SearchParameters(sel=faiss.IDSelectorBitmap(packed(chosen.lists))),
            sel=selector,
        )
        return faiss.IndexRefineSearchParameters(
            k_factor=factor, base_index_params=faiss.SearchParametersPreTransform(index_params=of_lists)
        )

    def stored(self) -> NDArray[np.float16]:
        """All vectors by place; shape (rows, dimensions), float16."""
        import faiss

        whole = self._index.refine_index if isinstance(self._index, faiss.IndexRefine) else self._index
        codes = faiss.rev_swig_ptr(faiss.downcast_index(whole).codes.data(), len(self) * whole.d * 2)
        halves: NDArray[np.float16] = codes.view(np.float16).reshape(len(self), whole.d).copy()
        return halves


def search_in_one_thread() -> None:
    """Let FAISS compute in the calling thread alone, as long as that thread lives."""
    import faiss

    faiss.omp_set_num_threads(threads.SEARCH)


class _Codes:
    """Short codes in lists, to be filled.

    FAISS puts a row into the list whose vector it is closest to, and searches those whose vectors are closest to what
    is asked for. Here it is told which, and the vectors are all the same.
    """

    def __init__(self, dimensions: int, subvectors: int, lists: int) -> None:
        import faiss

        self._lists = faiss.IndexFlatL2(dimensions)
        self._lists.add(np.zeros((lists, dimensions), np.float32))
        self.index = faiss.IndexIVFPQFastScan(
            self._lists, dimensions, lists, subvectors, _BITS, faiss.METRIC_INNER_PRODUCT
        )
        self._same = np.zeros((1, dimensions), np.float32)

    def train(self, vectors: NDArray[np.float32]) -> None:
        """Learn from vectors what the codes stand for."""
        self.index.train(vectors)

    def add(self, vectors: NDArray[np.float32], start: int, list_of: NDArray[np.intp]) -> None:
        """Add vectors to their lists, shape (n, dimensions) and (n,); their places are from `start` on."""
        import faiss

        for number in np.unique(list_of).tolist():
            of_list = np.flatnonzero(list_of == number)
            only = faiss.IndexIDMap(faiss.IndexFlatL2(self.index.d))
            only.add_with_ids(self._same, np.array([number]))
            self.index.quantizer = only
            self.index.add_with_ids(vectors[of_list], start + of_list)
        self.index.quantizer = self._lists


def packed(chosen: Mask) -> Bits:
    """The bits of a mask."""
    return np.packbits(chosen, bitorder="little")


def _spans(rows: int) -> int:
    """In how many spans so many rows lie."""
    return -(-rows // SPAN)


def _rows_of_lists(index: "faiss.IndexRefine") -> Iterator[NDArray[np.int64]]:
    """The places of the rows of each list."""
    import faiss

    codes = faiss.downcast_index(faiss.downcast_index(index.base_index).index)
    for number in range(codes.nlist):
        count = codes.get_list_size(number)
        yield faiss.rev_swig_ptr(codes.invlists.get_ids(number), count) if count else np.empty(0, np.int64)
