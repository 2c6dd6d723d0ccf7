"""Small stand-ins whose results can be worked out by hand."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from index import Article
from index.encoder import EncoderFigures, Priority

TOPICS = ("summit", "flood", "football", "election", "volcano")
NOON = datetime(2023, 9, 14, 12, tzinfo=UTC)


class FakeEncoder:
    """Counts the topics in a text: texts of one topic have the same vector, those of different ones are orthogonal.

    The last axis is for texts that name no topic.
    """

    def __init__(self, name: str = "fake") -> None:
        self.encoded: list[str] = []
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self._name.encode()).hexdigest()[:32]

    @property
    def dimensions(self) -> int:
        return len(TOPICS) + 1

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += texts
        counts = [[text.lower().count(topic) for topic in TOPICS] for text in texts]
        rows = [[*row, int(not any(row))] for row in counts]
        vectors = np.array(rows, np.float32).reshape(len(texts), self.dimensions)
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        return self.encode(texts)

    def refuse_overload(self) -> None:
        pass

    @contextmanager
    def reserve(self, texts: Sequence[str]) -> Iterator[None]:
        self.refuse_overload()
        yield

    def figures(self) -> EncoderFigures:
        return EncoderFigures(texts=len(self.encoded))


def an_article(article_id: str, title: str = "A summit", **fields: object) -> Article:
    """An English article; `fields` are any others of `Article`."""
    return Article.model_validate({"id": article_id, "title": title, "lang": "en"} | fields)
