"""Stories in SQL: what is asked about them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select, tuple_

from index.store import sql_stories
from index.store.schema import articles, stories, story_changes, story_members, story_redirects, unassigned
from index.store.sql_story_transaction import SqlStoryTransaction
from index.store.sql_writing import listed, numbers_given
from index.store.stories import Report, StoryChange, StoryChangeKind, StoryOrder, StoryQuery, StoryRecord

_Connected = Callable[[], AbstractContextManager[Connection]]


class SqlStoryStore:
    """A `StoryStore` on the connections of a store."""

    def __init__(self, reading: _Connected, writing: _Connected) -> None:
        """Use connections; those for `writing` are transactions that have the write lock."""
        self._reading = reading
        self._writing = writing

    @contextmanager
    def changing(self) -> Iterator[SqlStoryTransaction]:
        """Change stories in one durable transaction; see `StoryStore.changing`."""
        with self._writing() as connection:
            transaction = SqlStoryTransaction(connection)
            yield transaction
            transaction.finish()

    def get(self, number: int) -> StoryRecord | None:
        """The story with this number."""
        with self._reading() as connection:
            row = connection.execute(select(stories).where(stories.c.number == number)).mappings().first()
        return StoryRecord(**row) if row else None

    def merged_into(self, number: int) -> int | None:
        """The number of the story that this one was merged into; see `StoryStore.merged_into`."""
        into = select(story_redirects.c.into).where(story_redirects.c.number == number)
        with self._reading() as connection:
            return connection.execute(into).scalar()

    def was_ever(self, number: int) -> bool:
        """Whether there is or was a story with this number."""
        with self._reading() as connection:
            return 0 < number <= numbers_given(connection, stories.name)

    def find(self, query: StoryQuery) -> list[StoryRecord]:
        """The stories that are wanted, in order; see `StoryStore.find`."""
        with self._reading() as connection:
            return [StoryRecord(**row) for row in connection.execute(_wanted(query)).mappings()]

    def of_articles(self, keys: Sequence[int]) -> dict[int, int]:
        """The numbers of the stories of articles; see `StoryStore.of_articles`."""
        with self._reading() as connection:
            return sql_stories.stories_of(connection, keys)

    def members(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        """The keys of the articles of stories, ascending."""
        with self._reading() as connection:
            return sql_stories.members(connection, numbers)

    def reports(
        self, numbers: Sequence[int], limit: int | None = None, after: tuple[float, int] | None = None
    ) -> list[Report]:
        """The articles of stories; see `StoryStore.reports`."""
        columns = [articles.c[name] for name in ("key", "id", "title", "url", "country", "lang", "appeared_at")]
        source = func.coalesce(articles.c.source, "").label("source")
        query = (
            select(*columns, source, story_members.c.story, story_members.c.is_copy)
            .join(story_members, story_members.c.key == articles.c.key)
            .where(story_members.c.story.in_(listed(numbers)))
            .order_by(articles.c.appeared_at, articles.c.key)
        )
        if after is not None:
            position = tuple_(datetime.fromtimestamp(after[0], UTC), after[1])
            query = query.where(tuple_(articles.c.appeared_at, articles.c.key) > position)
        if limit is not None:
            query = query.limit(limit)
        with self._reading() as connection:
            return [Report(**row) for row in connection.execute(query).mappings()]

    def recent(self, numbers: Sequence[int], since: datetime) -> dict[int, tuple[int, int]]:
        """How many articles stories got since a moment; see `StoryStore.recent`."""
        sources = func.count(func.distinct(func.coalesce(articles.c.source, "")))
        query = (
            select(story_members.c.story, func.count(), sources)
            .join(articles, articles.c.key == story_members.c.key)
            .where(story_members.c.story.in_(listed(numbers)), articles.c.appeared_at >= since)
            .group_by(story_members.c.story)
        )
        with self._reading() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(query)}

    def changes_after(self, sequence: int, limit: int, number: int | None = None) -> list[StoryChange]:
        """The changes with higher numbers; see `StoryStore.changes_after`."""
        query = select(story_changes).where(story_changes.c.sequence > sequence)
        if number is not None:
            query = query.where(story_changes.c.story == number)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(story_changes.c.sequence).limit(limit)).mappings().all()
        return [StoryChange(**{**row, "kind": StoryChangeKind(row["kind"])}) for row in rows]

    def last_change(self) -> int:
        """The number of the last change, 0 if there was none."""
        with self._reading() as connection:
            return connection.execute(select(func.max(story_changes.c.sequence))).scalar() or 0

    def count(self) -> int:
        """The number of stories."""
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(stories)).scalar_one()

    def waiting(self) -> int:
        """The number of articles that are to be assigned to stories."""
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(unassigned)).scalar_one()

    def numbers(self) -> list[int]:
        """The numbers of all stories, ascending."""
        with self._reading() as connection:
            return list(connection.execute(select(stories.c.number).order_by(stories.c.number)).scalars())

    def reset(self, order: Sequence[int] | None = None) -> None:
        """Forget all stories; see `StoryStore.reset`."""
        with self._writing() as connection:
            sql_stories.reset(connection, order)

    def mend(self) -> int:
        """Bring what is derived of every story in accord with its articles; see `StoryStore.mend`."""
        with self._writing() as connection:
            return sql_stories.mend(connection)


def _wanted(query: StoryQuery) -> Select[Any]:
    by_heat = query.order is StoryOrder.TRENDING
    column: ColumnElement[Any] = stories.c.heat if by_heat else stories.c.last_at
    wanted = select(stories).order_by(column.desc(), stories.c.number.desc()).limit(query.limit)
    if query.after is not None:
        value, number = query.after
        bound = value if by_heat else datetime.fromtimestamp(value, UTC)
        wanted = wanted.where(tuple_(column, stories.c.number) < tuple_(bound, number))
    for name in ("articles", "sources", "languages"):
        least = getattr(query, f"min_{name}")
        if least > 1:
            wanted = wanted.where(stories.c[name] >= least)
    if query.since is not None:
        wanted = wanted.where(stories.c.last_at >= query.since)
    if query.until is not None:
        wanted = wanted.where(stories.c.first_at < query.until)
    if query.thread is not None:
        wanted = wanted.where(stories.c.thread == query.thread)
    for condition in _reported(query):
        wanted = wanted.where(condition)
    return wanted


def _reported(query: StoryQuery) -> Iterator[ColumnElement[bool]]:
    """A condition for each of what one of a story's reports has to be."""
    conditions = []
    if query.langs:
        tags = [articles.c.lang == tag for tag in query.langs]
        conditions.append(or_(*tags, *(articles.c.lang.startswith(f"{tag}-") for tag in query.langs if "-" not in tag)))
    if query.countries:
        conditions.append(articles.c.country.in_(query.countries))
    if query.sources:
        conditions.append(articles.c.source.in_(query.sources))
    for condition in conditions:
        report = select(story_members.c.key).join(articles, articles.c.key == story_members.c.key)
        yield exists(report.where(story_members.c.story == stories.c.number, condition))
