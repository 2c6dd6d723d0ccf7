"""What is kept of an article so that it can be compared with others without reading it again.

It is a record of fixed size, so that those of many articles are one array, and behind it the names and countries that
the article mentions, for people to see. Only the words are looked at, not the embedding.
"""

import json
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from index.article import Content
from index.related import mentions, near_duplicates
from index.related.near_duplicates import PERMUTATIONS

VERSION = 1
"""Of the format; what has another one is made anew."""

MOST_NUMBERS = 16
_NONE = 0

RECORD = np.dtype(
    [
        ("version", "u1"),
        ("words", "<u8"),
        ("shingles", "<u4"),
        ("minhash", "<u4", (PERMUTATIONS,)),
        ("numbers", "<u4", (MOST_NUMBERS,)),
        ("telling", "<u4", (MOST_NUMBERS,)),
    ]
)
"""`words` is the hash of the normalised words, `shingles` how many there are; `numbers` and `telling` are hashes of the
numbers mentioned and of those of them that are rare enough to say something, filled up with 0."""

Records = NDArray[np.void]


def signals_of(content: Content) -> bytes:
    """What is kept of an article."""
    record = np.zeros((), RECORD)
    words = near_duplicates.normalised(content.words)
    shingles = near_duplicates.shingles(words)
    found = mentions.numbers(content.words)
    record["version"] = VERSION
    record["words"] = near_duplicates.normalised_hash(words)
    record["shingles"] = len(shingles)
    record["minhash"] = near_duplicates.minhash(shingles)
    record["numbers"] = _hashes(number.plain for number in found)
    record["telling"] = _hashes(number.plain for number in found if number.is_telling)
    seen = [
        mentions.names(content.words, content.language),
        mentions.countries(content.words, content.language),
    ]
    return record.tobytes() + json.dumps(seen, ensure_ascii=False, separators=(",", ":")).encode()


def is_current(signals: bytes | None) -> bool:
    """Whether signals are there, and of this version."""
    return signals is not None and signals[:1] == bytes([VERSION])


def records(signals: Sequence[bytes]) -> Records:
    """The records of some articles; shape (n,), of `RECORD`."""
    return np.frombuffer(b"".join(one[: RECORD.itemsize] for one in signals), RECORD)


def names_and_countries(signals: bytes) -> tuple[list[str], list[str]]:
    """The names and the countries that an article mentions."""
    names, countries = json.loads(signals[RECORD.itemsize :])
    return names, countries


def common(some: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.int64]:
    """How many hashes two articles have in common, int64.

    Args:
        some: of the one article of each pair, shape (..., k); those that are 0, which are none, come last.
        others: of the other one, likewise. What comes before the k is broadcast, and is the shape of what is returned:
            (k,) and (n, k) are one article and n others, (m, 1, k) and (n, k) are m articles and n others each.
    """
    some, others = _used(some), _used(others)
    if not some.shape[-1] or not others.shape[-1]:
        return np.zeros(np.broadcast_shapes(some.shape[:-1], others.shape[:-1]), np.int64)
    equal = (others[..., :, None] == some[..., None, :]) & (others != _NONE)[..., :, None]
    counts: NDArray[np.int64] = equal.any(axis=-1).sum(axis=-1)
    return counts


def _used(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The columns up to the last that has a hash."""
    return hashes[..., : np.count_nonzero(hashes.reshape(-1, hashes.shape[-1]).any(axis=0))]


def count(hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """How many hashes there are; of an array of shape (..., k), shape (...)."""
    counts: NDArray[np.int64] = (hashes != _NONE).sum(axis=-1)
    return counts


def has_any(hashes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether there are any; of an array of shape (..., k), shape (...)."""
    flags: NDArray[np.bool_] = hashes[..., 0] != _NONE  # those that are none come last
    return flags


def _hashes(words: Iterable[str]) -> list[int]:
    hashes = [max(1, zlib.crc32(word.encode())) for word in words][:MOST_NUMBERS]
    return hashes + [_NONE] * (MOST_NUMBERS - len(hashes))
