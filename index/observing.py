"""What can be seen of an index from outside, as plain numbers."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from index.encoder import EncoderFigures
from index.follower import Follower
from index.language import primary
from index.related import Answer
from index.store import PutStatus
from index.vectors import SegmentState


@dataclass(frozen=True, slots=True)
class IndexFigures:
    """An index at one moment.

    Attributes:
        articles: how many the store has.
        waiting: how many of them wait for a vector.
        waiting_since: when the words of the one that waits longest arrived; None if none waits.
        behind: how many changes of the store its index has not followed yet.
        stories: how many there are.
        segments: of the vector index, with the number of entries of each.
        encoder: what it has done, and has to do.
    """

    articles: int
    waiting: int
    waiting_since: datetime | None
    behind: int
    stories: int
    segments: list[tuple[SegmentState, int]]
    encoder: EncoderFigures

    @property
    def indexed(self) -> int:
        """How many articles a search can find."""
        return sum(entries for _, entries in self.segments)


def figures(follower: Follower, encoder: EncoderFigures) -> IndexFigures:
    """Those of a store with its index.

    Raises:
        StoreError: the store cannot be read.
    """
    store = follower.store
    return IndexFigures(
        articles=store.count(),
        waiting=store.count_without_vector(),
        waiting_since=store.waiting_since(),
        behind=follower.behind(),
        stories=store.stories.count(),
        segments=follower.vectors.segments(),
        encoder=encoder,
    )


class Observer(Protocol):
    """Is told what an index does, from any thread; must not block, nor raise anything."""

    def put(self, outcomes: Counter[PutStatus]) -> None:
        """Articles were put, with these outcomes."""
        ...

    def answered(self, seconds: float, same_language: int, other_language: int) -> None:
        """Related coverage was found.

        Args:
            seconds: how long that took, without the embedding of a text that is not in the store.
            same_language: how many items are in the language that was asked in.
            other_language: how many are in others.
        """
        ...


class Unobserved:
    """An `Observer` to whom it is all the same."""

    def put(self, outcomes: Counter[PutStatus]) -> None:
        """See `Observer.put`."""

    def answered(self, seconds: float, same_language: int, other_language: int) -> None:
        """See `Observer.answered`."""


def tell(observer: Observer, answer: Answer, lang: str, seconds: float) -> None:
    """Tell of an answer to a question in a language."""
    same = sum(primary(item.stored.article.language) == primary(lang) for item in answer.items)
    observer.answered(seconds, same, len(answer.items) - same)
