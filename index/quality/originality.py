"""How much of a text others had earlier, from the MinHashes that are kept of articles."""

import numpy as np
from numpy.typing import NDArray

from index.related.near_duplicates import LEAST_SHINGLES
from index.related.signals import Records

NOISE = 0.1
"""Shares up to this are taken for none: a quotation that both have, and the error of a MinHash, give as much."""

Shares = NDArray[np.float64]


def shares(own: np.void, others: Records) -> tuple[Shares, Shares]:
    """The share of one text that each of some others has too, and the share of theirs that it has; each 0..1, (n,).

    With the Jaccard similarity j of their shingles, as their MinHashes tell it, texts of a and b shingles have
    j / (1 + j) * (a + b) of them in common. Texts of few shingles share all or nothing.

    Args:
        own: the record of the one; see `index.related.signals.RECORD`.
        others: those of the others, shape (n,).
    """
    jaccard = (others["minhash"] == own["minhash"]).mean(axis=1)
    sizes = others["shingles"].astype(np.float64)
    size = float(own["shingles"])
    together = jaccard / (1 + jaccard) * (sizes + size)
    is_long = np.minimum(sizes, size) >= LEAST_SHINGLES
    is_same = others["words"] == own["words"]
    return _share(together, np.full_like(sizes, size), is_long, is_same), _share(together, sizes, is_long, is_same)


def _share(together: Shares, sizes: Shares, is_long: NDArray[np.bool_], is_same: NDArray[np.bool_]) -> Shares:
    share = np.minimum(1.0, together / np.maximum(1.0, sizes))
    share[(share <= NOISE) | ~is_long] = 0.0
    share[is_same] = 1.0
    return share
