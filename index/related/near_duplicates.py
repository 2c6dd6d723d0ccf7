"""Which articles are one text: reprints and copies of a wire report, with other bylines, cuts and corrections.

A text is known by its shingles: runs of `_WORDS` words, or of `_LETTERS` characters of a script without spaces (Broder
1997, https://doi.org/10.1109/SEQUEN.1997.666900). Of those a MinHash is kept, from which it is told how many two texts
share. The vector index finds what is to be compared: copies are neighbours.
"""

import hashlib
import re
import unicodedata
import zlib
from copy import copy
from functools import cache

import numpy as np
import regex
from datasketch import MinHash
from numpy.typing import NDArray

from index.language import WITHOUT_SPACES

PERMUTATIONS = 128
"""Of a MinHash. The share of common shingles is known from them to within 0.04 (one standard deviation)."""

LEAST_CONTAINED = 0.6
"""A copy has at least this share of the shingles of the shorter text. `scripts/evaluate-copies` prints what other
values give."""

LEAST_SHINGLES = 12
"""Texts with fewer are copies only if they are the same word for word: of a headline there is too little to tell."""

LEAST_SHORTER = 0.4
"""A text is no copy of one that is more than two and a half times as long: a live blog takes many reports in."""

LEAST_COMMON_NUMBERS = 0.5
"""Of the fewer numbers: tables of results, weather and market reports say the same every day but for their numbers."""

FEW_NUMBERS = 4

_WORDS = 3
_LETTERS = 5
_READ = 20_000

_TAG = re.compile(r"</?[a-z][a-z0-9]{0,10}(?:\s[^<>]{0,200})?/?>|&(?:[a-z]{2,8}|#\d{1,6});", re.IGNORECASE)
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")  # an Indic word has vowels that are no letters
_UNSPACED = re.compile(f"[{WITHOUT_SPACES}]")
_UNIT = re.compile(rf"[{WITHOUT_SPACES}]|[^\s{WITHOUT_SPACES}]+")

UInt32 = NDArray[np.uint32]


def normalised(text: str) -> str:
    """The words of a text alone, without case, punctuation and what is left of HTML."""
    return _words(_TAG.sub(" ", text)) or _words(text)


def _words(text: str) -> str:
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def normalised_hash(words: str) -> int:
    """64 bits of what `normalised` gave."""
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "little")


def shingles(words: str) -> set[str]:
    """The shingles of what `normalised` gave."""
    units = _UNIT.findall(words[:_READ])
    lengths = [_LETTERS if _UNSPACED.match(unit) else _WORDS for unit in units]
    runs = {" ".join(units[at : at + length]) for at, length in enumerate(lengths) if at + length <= len(units)}
    return runs or {words}


def minhash(of: set[str]) -> UInt32:
    """The MinHash of shingles; shape (PERMUTATIONS,), uint32."""
    sketch = copy(_empty())  # all but the values, which are replaced; its own method looks at everything again
    sketch.update_batch([shingle.encode() for shingle in of])
    values: UInt32 = np.array(sketch.hashvalues, np.uint32)
    return values


@cache
def _empty() -> MinHash:
    """A MinHash of nothing, to copy: making its permutations takes as long as all the rest."""
    # The scheme and the hash are part of what is kept: another version of datasketch may have others by default.
    return MinHash(num_perm=PERMUTATIONS, scheme="affine32", hashfunc=zlib.crc32)


def contained(jaccard: NDArray[np.float64], sizes: UInt32, other_sizes: UInt32) -> NDArray[np.float64]:
    """The share of the shorter text's shingles that both texts have, 0..1; shape (n,), float64.

    Args:
        jaccard: the share of equal values of their MinHashes, shape (n,).
        sizes: how many shingles the one text of each pair has, shape (n,).
        other_sizes: how many the other one has, shape (n,).
    """
    together = jaccard / (1 + jaccard) * (sizes.astype(np.float64) + other_sizes)
    share: NDArray[np.float64] = np.minimum(1, together / np.maximum(1, np.minimum(sizes, other_sizes)))
    return share
