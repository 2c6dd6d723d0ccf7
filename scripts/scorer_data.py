"""Pairs of articles that people have labelled, with the features by which the scorer is to tell them apart.

Of a set of stories the pairs are those that the service has to judge: every article with its nearest neighbours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from encoding import encoded
from evaluation_files import RELATED_GRADE, SAME_GRADE, Row, content_of, rows_of, sample_rows
from numpy.typing import NDArray
from tried_features import Pair, tried

from index.article import Content
from index.background import Background
from index.encoder import Encoder
from index.related.scorer import days_between, features, seconds_of
from index.related.signals import records, signals_of

NEIGHBOURS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """Pairs of one set; n pairs.

    Attributes:
        name: the set's.
        features: as the scorer takes them, then those of `TRIED`; shape (n, features), float64.
        same_story: 1 or 0, and nan where it is not known; shape (n,).
        related: the same, of whether they belong to one running story.
    """

    name: str
    features: Floats
    same_story: Floats
    related: Floats


class PairMaker:
    """Makes labelled pairs of sets, with one encoder."""

    def __init__(self, encoder: Encoder, background: Background) -> None:
        """Use an encoder and its background."""
        self._encoder = encoder
        self._background = background

    def of_file(self, file: Path) -> LabelledPairs | None:
        """The pairs of a file; None if it is none of stories or pairs."""
        rows = rows_of(file)
        if file.stem.startswith("stories-"):
            return self._of_stories(file.stem, rows)
        return self._of_pairs(file.stem, rows) if file.stem.startswith("pairs-") else None

    def of_samples(self) -> LabelledPairs:
        """The pairs of the sample stories. An event has reports of several angles: they are related."""
        rows = sample_rows()
        made = self._of_stories("stories-samples", rows)
        unknown = np.where(made.same_story == 0, 0, np.nan)
        return LabelledPairs(made.name, made.features, unknown, made.same_story)

    def _of_stories(self, name: str, rows: Sequence[Row]) -> LabelledPairs:
        contents = [content_of(row) for row in rows]
        vectors = self._vectors(contents, name)
        similar = vectors @ vectors.T
        np.fill_diagonal(similar, -np.inf)
        nearest = np.argsort(-similar, axis=1)[:, :NEIGHBOURS]
        pairs = sorted(
            {(min(one, other), max(one, other)) for one, row in enumerate(nearest.tolist()) for other in row}
        )
        story = [row["story"] for row in rows]
        same = np.array([float(story[one] == story[other]) for one, other in pairs])
        topic = [row.get("topic") for row in rows]
        same_topic = np.array([float(topic[one] == topic[other]) if topic[one] else np.nan for one, other in pairs])
        related = np.where(same == 1, 1, same_topic)
        return self._made(name, contents, vectors, pairs, same, related)

    def _of_pairs(self, name: str, rows: Sequence[Row]) -> LabelledPairs:
        contents = [content_of(row[side]) for row in rows for side in ("a", "b")]
        vectors = self._vectors(contents, name)
        pairs = [(2 * number, 2 * number + 1) for number in range(len(rows))]
        if "similarity" in rows[0]:
            grades = np.array([row["similarity"] for row in rows])
            same, related = (grades >= SAME_GRADE).astype(float), (grades >= RELATED_GRADE).astype(float)
        else:
            same = np.array([float(row["same_story"]) for row in rows])
            related = np.where(same == 1, 1, np.nan)
        return self._made(name, contents, vectors, pairs, same, related)

    def _made(
        self,
        name: str,
        contents: Sequence[Content],
        vectors: NDArray[np.float32],
        pairs: Sequence[tuple[int, int]],
        same: Floats,
        related: Floats,
    ) -> LabelledPairs:
        signals = records([signals_of(content) for content in contents])
        published = np.array([seconds_of(content.published_at) for content in contents])
        rows = []
        pair_of: Callable[[int, int], Pair] = Pair.maker(contents)
        for one, other in pairs:
            similarity = np.array([vectors[one] @ vectors[other]], np.float32) / self._background.spread
            gap = days_between(published[[other]], published[one])
            shipped = features(similarity, signals[one], signals[[other]], gap)[0]
            rows.append(np.concatenate([shipped, tried(pair_of(one, other))]))
        return LabelledPairs(name, np.array(rows), same, related)

    def _vectors(self, contents: Sequence[Content], what: str) -> NDArray[np.float32]:
        vectors = encoded(self._encoder, [content.words for content in contents], what)
        return self._background.centre(vectors, [content.language for content in contents])
