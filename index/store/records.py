"""What the store is given, and what it gives: articles, outcomes, changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from index.article import Article
from index.vectors import Entry

Condition = Callable[[str | None], bool]
"""Whether an article may be put, by the version that is there; None if there is none."""


def version_of(sequence: int, updated_at: datetime) -> str:
    """The name of a version of an article, which no other one has, in whatever store; letters, digits and a hyphen."""
    return f"{sequence:x}-{round(updated_at.timestamp() * 1e6):x}"


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as the store keeps it.

    Attributes:
        key: its number, never used for another article.
        sequence: the number of the change that brought this version; later changes have higher numbers.
        article: what the publisher sent; `lang` is always set, and `source` and `country` where the URL tells them.
        words_hash: `Content.words_hash`.
        appeared_at: when it was published, or first seen where the publisher does not say, or says a time that had not
            come when it arrived.
        first_seen_at: when the id first arrived.
        updated_at: when this version arrived.
    """

    key: int
    sequence: int
    article: Article
    words_hash: str
    appeared_at: datetime
    first_seen_at: datetime
    updated_at: datetime

    @property
    def version(self) -> str:
        """The name of this version; see `version_of`."""
        return version_of(self.sequence, self.updated_at)

    @property
    def entry(self) -> Entry:
        """What the vector index needs to know of it."""
        article = self.article
        return Entry(
            key=self.key,
            sequence=self.sequence,
            appeared_at=self.appeared_at,
            lang=article.lang or "",
            source=article.source or "",
            country=article.country or "",
        )


@dataclass(frozen=True, slots=True)
class ComparableArticle:
    """What is needed of an article to compare it with others: all but its words.

    Attributes:
        key: its number.
        id: its id.
        lang: its language.
        source: its publisher; empty where that is not known.
        published: when it was, in seconds since 1970, first seen where that was to be in the future; None where that is
            not known.
        appeared: the same of `StoredArticle.appeared_at`.
        embedding: of its current words, bytes of float16.
        signals: as given to `put_vectors`; None if none were.
    """

    key: int
    id: str
    lang: str
    source: str
    published: int | None
    appeared: int
    embedding: bytes
    signals: bytes | None


class PutStatus(StrEnum):
    """What became of an article that was put."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    TAKEN_DOWN = "taken_down"
    """It was taken down before, and is not accepted again."""


@dataclass(frozen=True, slots=True)
class Put:
    """The outcome for one article.

    Attributes:
        id: its id.
        status: what became of it.
        version: `StoredArticle.version` as the call left it; None if it was taken down.
        waits: whether it is still to be embedded before it is found; told by `CoverageIndex.put_async` alone.
    """

    id: str
    status: PutStatus
    version: str | None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """The model whose vectors the store holds."""

    name: str
    fingerprint: str


class ChangeKind(StrEnum):
    """What became of an article."""

    PUT = "put"
    """It is new, or of a new version; its vector is gone if its words are other ones."""
    EMBED = "embed"
    """It got a vector."""
    TAKE_DOWN = "take_down"
    """It was deleted, and is not accepted again."""
    EXPIRE = "expire"
    """It was deleted for its age, and may come again."""


GONE = frozenset({ChangeKind.TAKE_DOWN, ChangeKind.EXPIRE})
"""After these the article is there no more."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the log of changes.

    Attributes:
        sequence: its number; later changes have higher numbers.
        key: the article's.
        kind: what became of it.
    """

    sequence: int
    key: int
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Generation:
    """What a store was like at a moment, so that what was made of it then can be told from what would be made now.

    Attributes:
        of_all: a text that is another one after every change of an article or a story and whenever something was
            measured, whoever did it, and the same before; the same for all who have the store open.
        of_takedowns: one that is another one when something was taken down since the store was opened, or all that is
            in it replaced. Others who have it open may have other ones.
    """

    of_all: str
    of_takedowns: str
