"""Stories as the store keeps them: which articles report the same event, and what became of each story."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

HEAT_HALF_LIFE_HOURS = 12.0
"""A publisher's report counts half as much for what is trending so many hours later: what was news in the morning has
made room by the next one. An editor's choice."""


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """A story: the articles that report one event.

    Attributes:
        number: its number, never used for another story.
        thread: the number of the story with which its running story began.
        opened_at: when it was made.
        changed: the number of the last change of it.
        reviewed: how many articles it had when it was last thought over.
        articles: how many it has.
        sources: of how many publishers; those that are not known count as one.
        languages: in how many languages, `zh` and `zh-TW` being one.
        first_at: when the first of its articles appeared.
        last_at: when the last one did.
        heat: the base-2 logarithm of a sum over its publishers and days: each counts 1 at the beginning of 1970, and
            twice as much every `HEAT_HALF_LIFE_HOURS` that its first report of the day is later. Copies do not count.
    """

    number: int
    thread: int
    opened_at: datetime
    changed: int
    reviewed: int
    articles: int
    sources: int
    languages: int
    first_at: datetime
    last_at: datetime
    heat: float


@dataclass(frozen=True, slots=True)
class Report:
    """An article of a story, without its text.

    Attributes:
        key: its number.
        id: its id.
        story: its story's number.
        title: its title.
        url: its URL.
        source: its publisher; empty where that is not known.
        country: the publisher's.
        lang: its language.
        appeared_at: as `StoredArticle.appeared_at`.
        is_copy: whether it has the text of one that the story had already.
    """

    key: int
    id: str
    story: int
    title: str | None
    url: str | None
    source: str
    country: str | None
    lang: str
    appeared_at: datetime
    is_copy: bool

    @property
    def position(self) -> tuple[float, int]:
        """Where it stands among the articles of a story."""
        return (self.appeared_at.timestamp(), self.key)


class StoryChangeKind(StrEnum):
    """What became of a story."""

    OPENED = "opened"
    """It began, with an article."""
    JOINED = "joined"
    """An article came to it."""
    UPDATED = "updated"
    """An article of it was changed."""
    LEFT = "left"
    """An article is no longer of it: it was deleted, changed, or fits elsewhere."""
    MERGED = "merged"
    """It went into another one, which has all its articles; its id leads there."""
    SPLIT = "split"
    """It began with articles of another one."""
    LINKED = "linked"
    """It became a part of a running story."""
    CLOSED = "closed"
    """Its last article was deleted, changed, or fits elsewhere."""


@dataclass(frozen=True, slots=True)
class StoryChange:
    """An entry of the log of what became of stories.

    Attributes:
        sequence: its number; later changes have higher numbers.
        at: when it was.
        story: the story's number.
        kind: what became of it.
        article_id: the article's that came, went, or was changed.
        other: the other story's number, of a merge or a split; the thread's, of a link.
    """

    sequence: int
    at: datetime
    story: int
    kind: StoryChangeKind
    article_id: str | None = None
    other: int | None = None


class StoryOrder(StrEnum):
    """Which stories come first."""

    LATEST = "latest"
    """Those with the latest report."""
    TRENDING = "trending"
    """Those that the most publishers report just now; see `StoryRecord.heat`."""


@dataclass(frozen=True, slots=True)
class StoryQuery:
    """Which stories are wanted; an empty field lets all through.

    Attributes:
        order: which come first; of equal ones the one with the higher number.
        limit: how many at most.
        after: the value and the number of the last story that was had, see `position`.
        langs: with a report in one of these languages; `zh` takes `zh-TW` in.
        countries: with a report by a publisher of one of these countries.
        sources: with a report by one of these publishers.
        since: with the last report then or later.
        until: with the first report before.
        min_articles: with so many articles.
        min_sources: of so many publishers.
        min_languages: in so many languages.
        thread: of this thread.
    """

    order: StoryOrder = StoryOrder.LATEST
    limit: int = 20
    after: tuple[float, int] | None = None
    langs: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    min_articles: int = 1
    min_sources: int = 1
    min_languages: int = 1
    thread: int | None = None

    def position(self, story: StoryRecord) -> tuple[float, int]:
        """Where a story stands in this order, for `after`."""
        return (story.heat if self.order is StoryOrder.TRENDING else story.last_at.timestamp(), story.number)


@dataclass(frozen=True, slots=True)
class Regrouping:
    """How the articles of some stories are to be grouped instead.

    Attributes:
        parts: the keys of the articles of every story that there is to be, by its number; by a negative one where it
            is a new one. Together they are all articles of the stories that there were.
    """

    parts: Mapping[int, Sequence[int]] = field(default_factory=dict)


class StoryTransaction(Protocol):
    """What is done to stories in one durable transaction, which sees what it has done so far."""

    def unassigned(self, limit: int, keys: Sequence[int] | None = None) -> list[int]:
        """Keys of articles that are to be assigned (of `keys`, if given), in the order in which they were embedded."""
        ...

    def stories_of(self, keys: Sequence[int]) -> dict[int, int]:
        """The numbers of the stories of those articles that have one."""
        ...

    def members(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        """The keys of the articles of stories, ascending."""
        ...

    def records(self, numbers: Sequence[int]) -> dict[int, StoryRecord]:
        """Stories by their numbers, those that there are."""
        ...

    def sizes(self, number: int) -> tuple[int, int]:
        """How many articles a story has, and how many it had when it was last thought over."""
        ...

    def thread_of(self, number: int) -> int:
        """The thread of a story."""
        ...

    def of_thread(self, thread: int, limit: int) -> list[int]:
        """The numbers of the stories of a thread, the latest first, at most `limit`."""
        ...

    def open(self, key: int) -> int:
        """Begin a story with an article that is to be assigned; returns its number. It is a thread of its own."""
        ...

    def join(self, key: int, number: int, *, is_copy: bool) -> None:
        """Put an article that is to be assigned, and has no story, into one."""
        ...

    def leave(self, key: int) -> None:
        """Take an article out of its story, if it has one; a story without articles is closed."""
        ...

    def stay(self, key: int, *, is_copy: bool = False) -> None:
        """An article that is to be assigned is where it belongs, or cannot be assigned now."""
        ...

    def regroup(self, numbers: Sequence[int], regrouping: Regrouping) -> list[int]:
        """Group the articles of some stories anew; returns the numbers of the stories that there are then.

        A story that has no part of its own leads to the one that most of its articles went to.
        """
        ...

    def reviewed(self, numbers: Sequence[int]) -> None:
        """Stories were thought over, with the articles that they have now."""
        ...

    def link(self, number: int, thread: int) -> None:
        """Make a story a part of a thread."""
        ...


class StoryStore(Protocol):
    """The stories of an `ArticleStore`. May be called from several threads at once; errors are as there."""

    def changing(self) -> AbstractContextManager[StoryTransaction]:
        """Change stories in one durable transaction; of what raises an error nothing is kept."""
        ...

    def get(self, number: int) -> StoryRecord | None:
        """The story with this number."""
        ...

    def merged_into(self, number: int) -> int | None:
        """The number of the story that this one was merged into, directly or by way of others."""
        ...

    def was_ever(self, number: int) -> bool:
        """Whether there is or was a story with this number."""
        ...

    def find(self, query: StoryQuery) -> list[StoryRecord]:
        """The stories that are wanted, in order."""
        ...

    def of_articles(self, keys: Sequence[int]) -> dict[int, int]:
        """The numbers of the stories of those articles that have one."""
        ...

    def members(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        """The keys of the articles of stories, ascending."""
        ...

    def reports(
        self, numbers: Sequence[int], limit: int | None = None, after: tuple[float, int] | None = None
    ) -> list[Report]:
        """The articles of stories, those that appeared first first.

        Args:
            numbers: of the stories.
            limit: how many at most; None for all.
            after: `Report.position` of the last one that was had.
        """
        ...

    def recent(self, numbers: Sequence[int], since: datetime) -> dict[int, tuple[int, int]]:
        """How many articles stories got since a moment, and of how many publishers; without those that got none."""
        ...

    def changes_after(self, sequence: int, limit: int, number: int | None = None) -> list[StoryChange]:
        """The changes with higher numbers (of one story, if given), in order, at most `limit`."""
        ...

    def last_change(self) -> int:
        """The number of the last change, 0 if there was none."""
        ...

    def count(self) -> int:
        """The number of stories."""
        ...

    def waiting(self) -> int:
        """The number of articles that are to be assigned to stories."""
        ...

    def numbers(self) -> list[int]:
        """The numbers of all stories, ascending."""
        ...

    def reset(self, order: Sequence[int] | None = None) -> None:
        """Forget all stories, so that their articles are to be assigned again.

        Args:
            order: keys of those that are, in order; None for all that are in stories, in the order in which they were
                assigned.
        """
        ...

    def mend(self) -> int:
        """Bring what is derived of every story in accord with its articles; returns of how many it was not."""
        ...
