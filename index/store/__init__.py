"""Articles, kept durably. The store is the truth; everything else can be rebuilt from it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index.article import Article
from index.store.measures import MeasureStore
from index.store.records import (
    GONE,
    Change,
    ChangeKind,
    ComparableArticle,
    Condition,
    Generation,
    ModelRecord,
    Put,
    PutStatus,
    StoredArticle,
    version_of,
)
from index.store.stories import StoryStore
from index.vectors import Entry

__all__ = [
    "GONE",
    "ArticleStore",
    "Change",
    "ChangeKind",
    "ComparableArticle",
    "Condition",
    "Generation",
    "ModelRecord",
    "Put",
    "PutStatus",
    "StoredArticle",
    "version_of",
]


class ArticleStore(Protocol):
    """Articles by id, their vectors, and the log of changes. May be called from several threads at once.

    An index follows the store so: it takes `lineage` and `last_sequence`, then `embedded_versions` and what it lacks of
    them, and from then on `changes_after`. Of the articles changed it asks `embedded`, which gives those that have a
    vector as they are now. Where `lineage` is another, or `forget_changes` was faster (the first change is not the next
    number), it begins again.

    Attributes:
        stories: which articles report the same event. An article leaves its story with the transaction in which it is
            deleted, and one that got a vector waits to be assigned to one.
        measures: what was measured of articles and publishers, and summaries.

    Every method that reads raises StoreError if the store cannot be read. Every method that writes raises
    StorageFullError if the disk is full, and another StoreError if the store is locked, may only be read, or fails;
    then nothing of the call was kept.
    """

    @property
    def stories(self) -> StoryStore:
        """The stories."""
        ...

    @property
    def measures(self) -> MeasureStore:
        """What was measured."""
        ...

    def put(
        self, articles: Sequence[Article], *, restore: bool = False, condition: Condition | None = None
    ) -> list[Put]:
        """Keep articles in one durable transaction; the outcomes are in the order of `articles`.

        Args:
            articles: with `lang` set. Of several with one id the last one stays.
            restore: accept articles that were taken down, and forget the takedown.
            condition: what has to hold for every article, as it is when nobody else can write.

        Raises:
            ConditionError: it does not hold; nothing of the call was kept.
        """
        ...

    def take_down(self, article_id: str) -> int | None:
        """Delete an article with its vector and remember that; returns its key, or None if there is none."""
        ...

    def take_down_many(self, ids: Sequence[str]) -> dict[str, int]:
        """The same for any number of articles in one transaction; returns the keys of those that there were, by id."""
        ...

    def ids_of_url(self, url: str) -> list[str]:
        """The ids of all articles with this canonical URL, the oldest first."""
        ...

    def ids_of_source(self, source: str) -> list[str]:
        """The ids of all articles of this publisher, the oldest first. It reads through all articles."""
        ...

    def expire(self, before: datetime, limit: int) -> list[int]:
        """Delete articles for their age, with their vectors; they may come again.

        Args:
            before: the moment before which an article both appeared and was first seen to be deleted.
            limit: how many are deleted at most: those that appeared first.

        Returns:
            The keys of the articles deleted.
        """
        ...

    def is_taken_down(self, article_id: str) -> bool:
        """Whether the id was taken down."""
        ...

    def get(self, article_id: str) -> StoredArticle | None:
        """The article with this id."""
        ...

    def get_by_url(self, url: str) -> StoredArticle | None:
        """The latest article with this canonical URL."""
        ...

    def get_by_keys(self, keys: Sequence[int]) -> dict[int, StoredArticle]:
        """The articles with these keys, those that there are."""
        ...

    def keys_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The keys of the articles with these ids, those that there are."""
        ...

    def latest(self, limit: int) -> list[StoredArticle]:
        """The latest to appear, at most `limit`."""
        ...

    def count(self) -> int:
        """The number of articles."""
        ...

    def count_without_vector(self) -> int:
        """The number of articles whose current words are not embedded yet."""
        ...

    def waiting_since(self) -> datetime | None:
        """When the words of the article that waits longest for a vector arrived; None if none waits."""
        ...

    def vector(self, key: int) -> NDArray[np.float16] | None:
        """The embedding of an article's current words; shape (dimensions,), float16."""
        ...

    def without_vector(self, limit: int, ids: Sequence[str] | None = None) -> list[StoredArticle]:
        """Articles whose current words are not embedded yet (of `ids`, if given), the longest waiting first."""
        ...

    def comparable(self, keys: Sequence[int]) -> dict[int, ComparableArticle]:
        """Those of the articles with these keys that are there and embedded."""
        ...

    def put_vectors(
        self, articles: Sequence[StoredArticle], vectors: NDArray[np.float16], signals: Sequence[bytes] | None = None
    ) -> list[bool]:
        """Keep embeddings; False for an article that does not wait for this one any more, whose embedding is not kept.

        It may have one already, its words may have changed, or it may be gone.

        The article's sequence stays as it is.

        Args:
            articles: as `without_vector` gave them.
            vectors: shape (len(articles), dimensions), float16.
            signals: what else is to be kept of each article's words; the first byte is the version of its format.
        """
        ...

    def outdated_signals(self, version: int, limit: int, after: int = 0) -> list[StoredArticle]:
        """Embedded articles whose signals are of another version, by key; quick once there are none.

        Args:
            version: the present one.
            limit: how many at most.
            after: only those whose keys are higher.
        """
        ...

    def put_signals(self, articles: Sequence[StoredArticle], signals: Sequence[bytes]) -> None:
        """Keep signals of embedded articles; those whose words have changed since keep what they have."""
        ...

    def embedded(self, keys: Sequence[int]) -> tuple[list[Entry], NDArray[np.float16]]:
        """Those of some articles that are there and embedded, by key.

        Args:
            keys: of the articles, any number.

        Returns:
            What the vector index needs to know of them, and their vectors, shape (articles, dimensions), float16;
            (0, 0) if there are none.
        """
        ...

    def embedded_versions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All embedded articles: their keys and their sequences, each of shape (articles,), int64, by sequence."""
        ...

    def lineage(self) -> str:
        """The history that keys and sequences are of, in which none is ever given twice: 32 hexadecimal digits.

        A new store has one of its own, and `restore` makes another.
        """
        ...

    def last_sequence(self) -> int:
        """The number of the last change in the log, 0 in an empty store."""
        ...

    def generation(self) -> Generation:
        """What the store is like now; cheap enough to be asked for with every request."""
        ...

    def changes_after(self, sequence: int, limit: int) -> list[Change]:
        """The changes with higher numbers than `sequence`, in order, at most `limit`; one number follows on another."""
        ...

    def forget_changes(self, before: datetime) -> int:
        """Delete the beginning of the log, up to the first change made at that moment or later, but never the last one.

        Returns:
            How many were deleted.
        """
        ...

    def model(self) -> ModelRecord | None:
        """The model whose vectors are kept; None in a new store."""
        ...

    def set_model(self, model: ModelRecord) -> None:
        """Record the model. Vectors of another one are dropped, so that `without_vector` gives their articles.

        That is not in the log of changes: who follows it compares the model.
        """
        ...

    def backup(self, file: Path) -> None:
        """Write a consistent copy of the store to a file, while others go on reading and writing.

        Args:
            file: where the copy comes to lie, once it is complete and on the disk; a file there is replaced then.

        Raises:
            StorageFullError: the disk is full.
            StoreError: the file cannot be written, or is the store's own.
        """
        ...

    def model_of_backup(self, file: Path) -> ModelRecord | None:
        """The model whose vectors a backup has; None if it has none.

        Raises:
            StoreError: the file is no backup, or is damaged.
        """
        ...

    def restore(self, file: Path) -> None:
        """Replace everything in the store by what is in a backup, at once, while others go on reading.

        What came later is gone, but for takedowns: what was taken down stays away. The store has a new lineage then,
        and new keys and sequences are higher than any that it or the one backed up ever gave.

        Args:
            file: a backup of this version of similar-news or an earlier one.

        Raises:
            StoreError: the file is no backup, damaged, or of a newer version; nothing was changed.
        """
        ...

    def check(self) -> list[str]:
        """Look for faults, and mend what can be mended. It reads everything, which takes a while.

        Returns:
            A sentence for each kind of fault; none if all is well.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...

    def __enter__(self) -> Self:
        """Use as a context manager, which closes."""
        ...

    def __exit__(self, *_: object) -> None: ...
