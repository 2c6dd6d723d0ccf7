"""Vectors that never change, searched by FAISS. The only module that imports faiss.

Every vector is kept twice: as fp16, and as a product quantisation with 4 bits for every 4 dimensions (Jégou et al.
2011, https://inria.hal.science/inria-00514462), an eighth of the size, whose similarities are looked up in registers
(André et al. 2015, https://www.vldb.org/pvldb/vol9/p288-andre.pdf). A search goes through all the short ones, and
through the fp16 ones of the best that it finds there.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index import threads
from index.vectors.columns import Mask

if TYPE_CHECKING:
    import faiss

EXACT_ROWS = 2_048
"""Up to so many rows the fp16 vectors are all looked at; the quantisation is trained on more."""

CANDIDATES = 200
CANDIDATES_OF_ONE = 20
"""How many are looked at again as fp16, and how many more for each that is wanted. Of 524,288 news-like vectors, of
which 0.6 % to 8 % passed a filter, 400 find 0.991 to 1.000 of the best 20, and 800 find 0.997 to 1.000 and take a tenth
longer. To look into the nearest half of 512 inverted lists only takes two thirds of that, and finds 0.973 to 0.988."""

WITHOUT_FILTER = 0.7
"""As many of these are enough where there is no filter: the best stand out more among more. 0.999 of the best 20."""

OF_ROWS = 1 << 20
"""These are of so many rows; of fewer the square root of their share is enough, since fewer come near to the best. Of a
million in seven segments they find 0.992 and more of the best 20, in each of the four cases of `scripts/benchmark
index`; as many for every segment find 0.999, and a share that is the rows' own finds 0.97."""

_FEWEST = 2.0
_SUBVECTOR = 4
_TRAINED_ON = 16_384
_CHUNK = 65_536

Found = tuple[NDArray[np.int64], NDArray[np.float32]]


class QuantisedVectors:
    """Vectors by their place, 0 to rows - 1."""

    def __init__(self, index: "faiss.IndexRefine | faiss.IndexScalarQuantizer") -> None:
        """Take over an index; use `build` or `read`."""
        self._index = index

    @classmethod
    def build(cls, vectors: NDArray[np.float16]) -> Self:
        """Quantise vectors.

        Args:
            vectors: shape (rows, dimensions), float16, at least one.
        """
        import faiss

        faiss.omp_set_num_threads(threads.SEARCH)  # which FAISS keeps for each calling thread
        rows, dimensions = vectors.shape
        index: faiss.Index
        if rows <= EXACT_ROWS or dimensions % _SUBVECTOR:
            index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        else:
            # One inverted list of all: FAISS takes a filter for its fast scan only where there are lists.
            of_lists = f"IVF1,PQ{dimensions // _SUBVECTOR}x4fs,Refine(SQfp16)"
            index = faiss.index_factory(dimensions, of_lists, faiss.METRIC_INNER_PRODUCT)
        sample = np.sort(np.random.default_rng(0).permutation(rows)[:_TRAINED_ON])
        index.train(vectors[sample].astype(np.float32))
        for start in range(0, rows, _CHUNK):
            index.add(vectors[start : start + _CHUNK].astype(np.float32))
        return cls(index)

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

    def search(self, vector: NDArray[np.float32], limit: int, chosen: NDArray[np.uint8] | None) -> Found:
        """Places and similarities of the best rows, at most `limit`, in any order.

        Args:
            vector: shape (dimensions,), float32.
            limit: at least 1.
            chosen: a bit for each row that may be found, the lowest of a byte first; None if all may be.
        """
        import faiss

        faiss.omp_set_num_threads(threads.SEARCH)
        # Rows that are searched whole need no selector, and are searched faster without.
        selector = None if chosen is None else faiss.IDSelectorBitmap(chosen)
        if isinstance(self._index, faiss.IndexRefine):
            candidates = (CANDIDATES_OF_ONE + CANDIDATES / limit) * min(1.0, (len(self) / OF_ROWS) ** 0.5)
            parameters = faiss.IndexRefineSearchParameters(
                k_factor=max(_FEWEST, candidates if selector else WITHOUT_FILTER * candidates),
                base_index_params=faiss.SearchParametersIVF(nprobe=1, sel=selector),
            )
        else:
            parameters = faiss.SearchParameters(sel=selector)
        similarities, places = self._index.search(vector[None, :], limit, params=parameters)
        found = places[0] >= 0
        return places[0][found], similarities[0][found]

    def stored(self) -> NDArray[np.float16]:
        """All vectors by place; shape (rows, dimensions), float16."""
        import faiss

        whole = self._index.refine_index if isinstance(self._index, faiss.IndexRefine) else self._index
        codes = faiss.rev_swig_ptr(faiss.downcast_index(whole).codes.data(), len(self) * whole.d * 2)
        halves: NDArray[np.float16] = codes.view(np.float16).reshape(len(self), whole.d).copy()
        return halves


def packed(chosen: Mask) -> NDArray[np.uint8]:
    """A bit for each row, as `QuantisedVectors.search` takes them."""
    return np.packbits(chosen, bitorder="little")
