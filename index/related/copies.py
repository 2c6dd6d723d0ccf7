"""Fold articles that are one text."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from index.language import primary
from index.related import signals
from index.related.near_duplicates import (
    FEW_NUMBERS,
    LEAST_COMMON_NUMBERS,
    LEAST_CONTAINED,
    LEAST_SHINGLES,
    LEAST_SHORTER,
    contained,
)
from index.related.signals import Records

LEAST_SIMILAR = 0.6
"""Embeddings of copies are at least so similar, cut and with another byline: what is less similar is not compared."""

_AT_ONCE = 4_096
"""Pairs, each of which takes a kilobyte and a half meanwhile."""

Flags = NDArray[np.bool_]


def are_copies(some: Records, others: Records, least_contained: float = LEAST_CONTAINED) -> Flags:
    """Which pairs of articles, in the same language, are one text; shape (n,).

    Args:
        some: the records of the one article of each pair, shape (n,).
        others: those of the other one, shape (n,).
        least_contained: see `LEAST_CONTAINED`.
    """
    shorter = np.minimum(some["shingles"], others["shingles"])
    longer = np.maximum(some["shingles"], others["shingles"])
    is_long = (shorter >= LEAST_SHINGLES) & (shorter >= LEAST_SHORTER * longer.astype(np.float64))
    jaccard = (some["minhash"] == others["minhash"]).mean(axis=1)
    is_contained = contained(jaccard, some["shingles"], others["shingles"]) >= least_contained
    flags: Flags = (some["words"] == others["words"]) | (is_long & is_contained & _agree_on_numbers(some, others))
    return flags


def copies_of(own: np.void, others: Records) -> Flags:
    """Which of some articles are copies of one, in the same language; shape (n,).

    Args:
        own: the record of the one.
        others: those of the others, shape (n,).
    """
    return are_copies(np.repeat(np.array([own], others.dtype), len(others)), others)


def groups(records: Records, langs: Sequence[str], similar: NDArray[np.float32]) -> NDArray[np.intp]:
    """Number the texts that articles are copies of; shape (n,).

    Args:
        records: those of the articles, shape (n,).
        langs: their languages; copies are in one, whatever its region and script.
        similar: cosines of all with all, shape (n, n).
    """
    numbers: dict[str, int] = {}
    lang = np.array([numbers.setdefault(primary(tag), len(numbers)) for tag in langs], np.intp)
    one, other = np.nonzero(np.triu((similar >= LEAST_SIMILAR) & (lang[:, None] == lang), 1))
    starts = range(0, len(one), _AT_ONCE)
    parts = [are_copies(records[one[at : at + _AT_ONCE]], records[other[at : at + _AT_ONCE]]) for at in starts]
    are_one = np.concatenate([np.empty(0, np.bool_), *parts])
    if not are_one.any():
        return np.arange(len(records))
    ends = (one[are_one], other[are_one])
    graph = csr_array((np.ones(len(ends[0])), ends), shape=(len(records), len(records)))
    _, texts = connected_components(graph, directed=False)
    result: NDArray[np.intp] = texts.astype(np.intp)
    return result


def _agree_on_numbers(some: Records, others: Records) -> Flags:
    fewer = np.minimum(signals.count(some["numbers"]), signals.count(others["numbers"]))
    common = signals.common(some["numbers"], others["numbers"])
    flags: Flags = (fewer < FEW_NUMBERS) | (common >= LEAST_COMMON_NUMBERS * fewer)
    return flags
