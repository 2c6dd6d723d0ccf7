"""Features that were tried for the scorer and are not in it: `train-scorer` prints what they would give."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.article import Content
from index.related.mentions import countries, name_key, names
from index.related.near_duplicates import normalised, shingles
from index.related.scorer import days_between, seconds_of

TRIED = ("within_a_day", "gap", "names", "countries", "rare_words", "length", "length_ratio", "one_language")

_FAR = 60.0


class Read(NamedTuple):
    """What of an article the features go by."""

    lang: str
    names: set[str]
    countries: set[str]
    words: set[str]
    length: int
    published: float


class Pair(NamedTuple):
    """Two articles, and of every word how rare it is among all: the logarithm of one in how many articles has it."""

    one: Read
    other: Read
    rarity: dict[str, float]

    @classmethod
    def maker(cls, contents: Sequence[Content]) -> "Callable[[int, int], Pair]":
        """Make pairs of some articles by their places."""
        read = [_read(content) for content in contents]
        counts = Counter(word for one in read for word in one.words)
        rarity = {word: math.log(len(read) / count) for word, count in counts.items()}
        return lambda one, other: cls(read[one], read[other], rarity)


def tried(pair: Pair) -> NDArray[np.float64]:
    """The features of a pair; shape (len(TRIED),), float64."""
    one, other, rarity = pair
    common = sum(rarity[word] for word in one.words & other.words)
    fewer = min(sum(rarity[word] for word in of.words) for of in (one, other))
    (gap,) = days_between(np.array([one.published]), other.published)
    return np.array(
        [
            gap <= 1,  # also False where it is not known
            0 if math.isnan(gap) else math.log1p(min(gap, _FAR)),
            math.log1p(len(one.names & other.names)),
            math.log1p(len(one.countries & other.countries)),
            common / fewer if fewer and one.lang == other.lang else 0,
            math.log(min(one.length, other.length)),
            abs(math.log(one.length / other.length)),
            one.lang == other.lang,
        ],
        np.float64,
    )


def _read(content: Content) -> Read:
    return Read(
        lang=content.language,
        names={name_key(name) for name in names(content.words, content.language)},
        countries=set(countries(content.words, content.language)),
        words={word for shingle in shingles(normalised(content.words)) for word in shingle.split()},
        length=len(content.words),
        published=seconds_of(content.published_at),
    )
