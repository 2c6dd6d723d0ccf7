"""News as it would be if there were much more of it: articles made from real embeddings.

There are stories; a story lies between two real articles, and its reports lie around it, in several languages, within a
few days. `benchmark index` prints how similar the neighbours of real articles and of these are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import Article

SPAN = timedelta(days=90)
END = datetime(2026, 1, 1, tzinfo=UTC)

BETWEEN = 0.5
"""A story is at most this far on the way from one real article to another."""

OWN = 0.6
"""Length of what a report has of its own, where what it shares with its story has length 1."""

MEAN_REPORTS = 6.0
"""Of a story. Most have fewer, and few have many."""

SOURCES = 500

_CHUNK = 65_536

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RealNews:
    """Centred embeddings, shape (articles, dimensions), float32, rows of unit length; and what they are of."""

    vectors: Vectors
    texts: Sequence[str]
    langs: Sequence[str]


class NewsLike:
    """Articles by their number, 0 to count - 1, in the order in which they appeared.

    Attributes:
        count: how many.
        vectors: theirs, shape (count, dimensions), float16, rows of unit length.
        moments: when they appeared, in seconds since the first one, shape (count,).
        langs: theirs, shape (count,).
        stories: the numbers of those that they are reports of, shape (count,).
    """

    def __init__(self, real: RealNews, count: int, file: Path) -> None:
        """Make articles, always the same ones.

        Args:
            real: what they are made from.
            count: how many.
            file: for the vectors.
        """
        self._real = real
        self.count = count
        self.vectors: NDArray[np.float16] = np.memmap(file, np.float16, "w+", shape=(count, real.vectors.shape[1]))
        self._like = np.empty(count, np.int32)
        self.stories = np.empty(count, np.int64)
        for first in range(0, count, _CHUNK):
            part = slice(first, min(first + _CHUNK, count))
            made = self._reports(part.stop - first, np.random.default_rng(first))
            self._like[part], self.vectors[part] = made[0], made[1]
            self.stories[part] = first + made[2]
        self.moments = np.linspace(0, SPAN.total_seconds(), count)
        self.langs = np.array(real.langs)[self._like]

    def article(self, number: int) -> Article:
        """One of them; its title is its number."""
        like = self._like[number]
        return Article(
            id=f"news-{number}",
            title=str(number),
            text=self._real.texts[like],
            lang=self._real.langs[like],
            source=f"source {number * 7919 % SOURCES}",
            country="KR",
            published_at=self.appeared_at(number),
        )

    def appeared_at(self, number: int) -> datetime:
        """When an article appeared."""
        return END - SPAN + timedelta(seconds=float(self.moments[number]))

    def _reports(self, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int32], Vectors, NDArray[np.int64]]:
        """Reports of the stories of some days: which real articles they are like, their vectors, and their stories."""
        real = self._real.vectors
        one, other, like = rng.integers(len(real), size=(3, count))
        stories = max(1, int(count / MEAN_REPORTS))
        way = rng.uniform(0, BETWEEN, (stories, 1)).astype(np.float32)
        centres = _unit(real[one[:stories]] * (1 - way) + real[other[:stories]] * way)
        sizes = rng.exponential(size=stories)
        of_story = rng.choice(stories, count, p=sizes / sizes.sum())
        # What reports of one event differ in is, for a half, what other articles are about.
        noise = _unit(rng.standard_normal(real[like].shape, np.float32))
        return like.astype(np.int32), _unit(centres[of_story] + OWN * _unit(real[like] + noise)), of_story


def _unit(vectors: Vectors) -> Vectors:
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / lengths
    return unit
