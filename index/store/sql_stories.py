"""Stories in SQL: what is done to them in a transaction."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from index.language import primary
from index.store.schema import articles, stories, story_changes, story_members, story_redirects, unassigned, vectors
from index.store.sql_writing import listed, next_numbers, now
from index.store.stories import HEAT_HALF_LIFE_HOURS, Regrouping, StoryChangeKind, StoryRecord

_SECONDS_AN_HOUR = 3_600
_MEMBERS = (
    select(story_members.c.story, func.json_group_array(story_members.c.key))
    .where(story_members.c.story.in_(select(func.json_each(bindparam("numbers")).table_valued("value").c.value)))
    .group_by(story_members.c.story)
)
_OF_STORY = story_members.c.story == bindparam("of")
_SIZES = select(select(func.count()).where(_OF_STORY).scalar_subquery(), stories.c.reviewed).where(
    stories.c.number == bindparam("of")
)
_REVIEWED = (
    update(stories)
    .where(stories.c.number == bindparam("of"))
    .values(reviewed=select(func.count()).where(_OF_STORY).scalar_subquery())
)
_THREAD_OF = select(stories.c.thread).where(stories.c.number == bindparam("of"))
_OF_THREAD = (
    select(stories.c.number)
    .where(stories.c.thread == bindparam("of"))
    .order_by(stories.c.number.desc())
    .limit(bindparam("most"))
)
_WAITS = unassigned.c.key == bindparam("of")
_PLACE = select(unassigned.c.sequence).where(_WAITS).scalar_subquery()
_JOINED = insert(story_members).values(
    key=bindparam("of"), story=bindparam("number"), is_copy=bindparam("copied"), sequence=_PLACE
)
_STAYED = (
    update(story_members)
    .where(story_members.c.key == bindparam("of"))
    .values(sequence=_PLACE, is_copy=bindparam("copied"))
)
_ASSIGNED = delete(unassigned).where(_WAITS)
_STORIES_OF = select(story_members.c.key, story_members.c.story).where(
    story_members.c.key.in_(select(func.json_each(bindparam("keys")).table_valued("value").c.value))
)


class SqlStoryTransaction:
    """A `StoryTransaction` on a connection that has the write lock.

    The log, what is derived from a story's articles, and which articles do not wait any more are written when they are
    asked for, or at the end. In which stories articles are is read once.
    """

    def __init__(self, connection: Connection) -> None:
        """Use a connection; before it commits, `finish` is to be called."""
        self._connection = connection
        self._entries: list[Entry] = []
        self._touched: set[int] = set()
        self._assigned: list[int] = []
        self._story_of: dict[int, int | None] = {}

    def finish(self) -> None:
        """Write what was put off."""
        self._await_no_longer()
        log(self._connection, self._entries)
        refresh(self._connection, sorted(self._touched))
        self._entries.clear()
        self._touched.clear()

    def unassigned(self, limit: int, keys: Sequence[int] | None = None) -> list[int]:
        """Keys of articles that are to be assigned; see `StoryTransaction.unassigned`."""
        self._await_no_longer()
        query = select(unassigned.c.key).order_by(unassigned.c.sequence).limit(limit)
        if keys is not None:
            query = query.where(unassigned.c.key.in_(listed(keys)))
        return list(self._connection.execute(query).scalars())

    def stories_of(self, keys: Sequence[int]) -> dict[int, int]:
        """The numbers of the stories of articles; see `StoryTransaction.stories_of`."""
        missing = [key for key in keys if key not in self._story_of]
        if missing:
            found = stories_of(self._connection, missing)
            self._story_of.update((key, found.get(key)) for key in missing)
        return {key: number for key in keys if (number := self._story_of[key]) is not None}

    def members(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        """The keys of the articles of stories; see `StoryTransaction.members`."""
        return members(self._connection, numbers)

    def of_thread(self, thread: int, limit: int) -> list[int]:
        """The numbers of the latest stories of a thread; see `StoryTransaction.of_thread`."""
        return list(self._connection.execute(_OF_THREAD, {"of": thread, "most": limit}).scalars())

    def records(self, numbers: Sequence[int]) -> dict[int, StoryRecord]:
        """Stories by their numbers; see `StoryTransaction.records`."""
        self.finish()
        rows = self._connection.execute(select(stories).where(stories.c.number.in_(listed(numbers)))).mappings()
        return {row["number"]: StoryRecord(**row) for row in rows}

    def open(self, key: int) -> int:
        """Begin a story with an article; see `StoryTransaction.open`."""
        number = self._new()
        self._put(key, number, is_copy=False)
        self._log(StoryChangeKind.OPENED, number, key)
        return number

    def join(self, key: int, number: int, *, is_copy: bool) -> None:
        """Put an article into a story; see `StoryTransaction.join`."""
        self._put(key, number, is_copy=is_copy)
        self._log(StoryChangeKind.JOINED, number, key)

    def leave(self, key: int) -> None:
        """Take an article out of its story; see `StoryTransaction.leave`."""
        for number in self.stories_of([key]).values():
            self._log(StoryChangeKind.LEFT, number, key)
        self._connection.execute(delete(story_members).where(story_members.c.key == key))
        self._story_of[key] = None

    def sizes(self, number: int) -> tuple[int, int]:
        """How many articles a story has, and had; see `StoryTransaction.sizes`."""
        row = self._connection.execute(_SIZES, {"of": number}).one()
        return row[0], row[1]

    def thread_of(self, number: int) -> int:
        """The thread of a story; see `StoryTransaction.thread_of`."""
        thread: int = self._connection.execute(_THREAD_OF, {"of": number}).scalar_one()
        return thread

    def stay(self, key: int, *, is_copy: bool = False) -> None:
        """An article is where it belongs; see `StoryTransaction.stay`."""
        number = self.stories_of([key]).get(key)
        if number is not None:
            self._connection.execute(_STAYED, {"of": key, "copied": is_copy})
            self._touched.add(number)
        self._assigned.append(key)

    def regroup(self, numbers: Sequence[int], regrouping: Regrouping) -> list[int]:
        """Group the articles of some stories anew; see `StoryTransaction.regroup`."""
        before = {key: number for number, keys in self.members(numbers).items() for key in keys}
        parts = dict(regrouping.parts)
        origins: dict[int, int] = {}
        for number in sorted(number for number in parts if number < 0):
            keys = parts.pop(number)
            made = self._new()
            (origin, _), *_ = Counter(before[key] for key in keys).most_common(1)
            self._log(StoryChangeKind.SPLIT, made, other=origin)
            thread = select(stories.c.thread).where(stories.c.number == origin).scalar_subquery()
            self._connection.execute(update(stories).where(stories.c.number == made).values(thread=thread))
            parts[made], origins[made] = keys, origin
        after = {key: number for number, keys in parts.items() for key in keys}
        self._story_of.update(after)
        gone = _heirs(set(numbers) - parts.keys(), before, after)
        for key in sorted(after):
            old, new = before[key], after[key]
            if old != new:
                self._connection.execute(update(story_members).where(story_members.c.key == key).values(story=new))
                if new != gone.get(old) and old != origins.get(new):  # neither by the merge nor by the split
                    self._log(StoryChangeKind.LEFT, old, key)
                    self._log(StoryChangeKind.JOINED, new, key)
        for number, into in sorted(gone.items()):
            self._log(StoryChangeKind.MERGED, number, other=into)
            self._redirect(number, into)
            self._connection.execute(delete(stories).where(stories.c.number == number))
            self._touched.discard(number)
        self._touched.update(parts)
        return sorted(parts)

    def reviewed(self, numbers: Sequence[int]) -> None:
        """Stories were thought over; see `StoryTransaction.reviewed`."""
        if numbers:
            self._connection.execute(_REVIEWED, [{"of": number} for number in numbers])

    def link(self, number: int, thread: int) -> None:
        """Make a story a part of a thread; see `StoryTransaction.link`."""
        self._log(StoryChangeKind.LINKED, number, other=thread)
        self._connection.execute(update(stories).where(stories.c.number == number).values(thread=thread))

    def _new(self) -> int:
        (number,) = next_numbers(self._connection, stories.name, 1)
        at = now()
        empty = {"articles": 0, "sources": 0, "languages": 0, "first_at": at, "last_at": at, "heat": 0.0, "changed": 0}
        self._connection.execute(insert(stories).values(number=number, thread=number, opened_at=at, **empty))
        return number

    def _put(self, key: int, number: int, *, is_copy: bool) -> None:
        self._connection.execute(_JOINED, {"of": key, "number": number, "copied": is_copy})
        self._story_of[key] = number
        self._assigned.append(key)

    def _await_no_longer(self) -> None:
        if self._assigned:
            self._connection.execute(_ASSIGNED, [{"of": key} for key in self._assigned])
            self._assigned.clear()

    def _log(self, kind: StoryChangeKind, number: int, key: int | None = None, *, other: int | None = None) -> None:
        self._entries.append(Entry(kind, number, key, other))
        self._touched.add(number)

    def _redirect(self, number: int, into: int) -> None:
        leading_here = story_redirects.c.into == number
        self._connection.execute(update(story_redirects).where(leading_here).values(into=into))
        self._connection.execute(insert(story_redirects).values(number=number, into=into))


def _heirs(gone: AbstractSet[int], before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    """For each story that is gone, the one to which most of its articles went."""
    went: dict[int, Counter[int]] = {number: Counter() for number in gone}
    for key, number in before.items():
        if number in went:
            went[number][after[key]] += 1
    return {number: min(counts, key=lambda into: (-counts[into], into)) for number, counts in went.items()}


def stories_of(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """The numbers of the stories of articles; see `ArticleStore.stories_of`."""
    rows = connection.execute(_STORIES_OF, {"keys": json.dumps(list(keys))})
    return {row[0]: row[1] for row in rows}


def members(connection: Connection, numbers: Sequence[int]) -> dict[int, list[int]]:
    """The keys of the articles of stories, ascending."""
    rows = connection.execute(_MEMBERS, {"numbers": json.dumps(list(numbers))})
    return {row[0]: sorted(json.loads(row[1])) for row in rows}


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a story, to be logged; see `StoryChange`."""

    kind: StoryChangeKind
    story: int
    key: int | None = None
    other: int | None = None

    @property
    def stories(self) -> list[int]:
        """Those that it changes: a merge and a split change the other one too."""
        changes_both = self.kind in {StoryChangeKind.MERGED, StoryChangeKind.SPLIT}
        return [self.story, self.other] if changes_both and self.other is not None else [self.story]


def log(connection: Connection, entries: Sequence[Entry]) -> None:
    """Log what became of stories, and note in them that they have changed."""
    if not entries:
        return
    of = listed(entry.key for entry in entries if entry.key is not None)
    ids = {
        row.key: row.id
        for row in connection.execute(select(articles.c.key, articles.c.id).where(articles.c.key.in_(of)))
    }
    at = now()
    rows = [
        {"sequence": sequence, "at": at, "story": entry.story, "kind": entry.kind.value, "other": entry.other}
        | {"article_id": None if entry.key is None else ids[entry.key]}
        for sequence, entry in zip(next_numbers(connection, story_changes.name, len(entries)), entries, strict=True)
    ]
    connection.execute(insert(story_changes), rows)
    changed = update(stories).where(stories.c.number == bindparam("of")).values(changed=bindparam("last"))
    both = [(entry, row["sequence"]) for entry, row in zip(entries, rows, strict=True)]
    connection.execute(
        changed, [{"of": number, "last": sequence} for entry, sequence in both for number in entry.stories]
    )


def await_assignment(connection: Connection, sequences: Iterable[int], keys: Iterable[int]) -> None:
    """Articles got vectors, and are to be assigned to stories.

    Args:
        connection: in a transaction that has the write lock.
        sequences: of the changes by which they got them.
        keys: theirs.
    """
    rows = [{"key": key, "sequence": sequence} for key, sequence in zip(keys, sequences, strict=True)]
    if rows:
        new = upsert(unassigned)
        replaced = new.on_conflict_do_update(index_elements=["key"], set_={"sequence": new.excluded.sequence})
        connection.execute(replaced, rows)


def articles_changed(connection: Connection, ids: Sequence[str]) -> None:
    """Articles have other publishers, moments or languages than before, or other words, perhaps."""
    if ids:
        of = select(articles.c.key).where(articles.c.id.in_(listed(ids)))
        query = select(story_members.c.key, story_members.c.story).where(story_members.c.key.in_(of))
        touched = [(row.key, row.story) for row in connection.execute(query.order_by(story_members.c.key))]
        log(connection, [Entry(StoryChangeKind.UPDATED, number, key) for key, number in touched])
        refresh(connection, sorted({number for _, number in touched}))


def leave(connection: Connection, keys: Sequence[int]) -> None:
    """Take articles out of their stories; a story without articles is closed.

    Args:
        connection: in a transaction that has the write lock.
        keys: of the articles, which are still there.
    """
    left = stories_of(connection, keys)
    log(connection, [Entry(StoryChangeKind.LEFT, number, key) for key, number in sorted(left.items())])
    connection.execute(delete(story_members).where(story_members.c.key.in_(listed(left))))
    refresh(connection, sorted(set(left.values())))


def refresh(connection: Connection, numbers: Sequence[int]) -> None:
    """Derive anew what is kept of stories from their articles, and close those that have none."""
    if not numbers:
        return
    of = story_members.c.story.in_(listed(numbers))
    rows: dict[int, list[Any]] = {number: [] for number in numbers}
    for row in connection.execute(_reports_for_summary(of)):
        rows[row.story].append(row)
    summaries = [{"of": number, **_summary(reports)} for number, reports in rows.items() if reports]
    if summaries:
        values: dict[str, Any] = {name: bindparam(name) for name in summaries[0] if name != "of"}
        connection.execute(update(stories).where(stories.c.number == bindparam("of")).values(values), summaries)
    empty = [number for number, reports in rows.items() if not reports]
    log(connection, [Entry(StoryChangeKind.CLOSED, number) for number in empty])
    if empty:
        connection.execute(delete(stories).where(stories.c.number.in_(listed(empty))))


def reset(connection: Connection, order: Sequence[int] | None) -> None:
    """Forget all stories, so that their articles are to be assigned again; see `StoryStore.reset`."""
    if order is None:
        query = select(story_members.c.key, story_members.c.sequence)
        assigned = [(row.key, row.sequence) for row in connection.execute(query)]
    else:
        connection.execute(delete(unassigned))
        assigned = [(key, place) for place, key in enumerate(order)]
    for table in (story_members, story_redirects, story_changes, stories):
        connection.execute(delete(table))
    await_assignment(connection, [sequence for _, sequence in assigned], [key for key, _ in assigned])


def mend(connection: Connection) -> int:
    """Bring the summaries of all stories in accord with their articles; returns how many were not."""
    wrong = [
        number for (number,) in connection.execute(select(stories.c.number)).all() if not _is_right(connection, number)
    ]
    refresh(connection, wrong)
    lost = select(vectors.c.key, articles.c.sequence).join(articles, articles.c.key == vectors.c.key)
    lost = lost.where(vectors.c.key.not_in(select(story_members.c.key)), vectors.c.key.not_in(select(unassigned.c.key)))
    connection.execute(insert(unassigned).prefix_with("OR IGNORE").from_select(["key", "sequence"], lost))
    return len(wrong)


def _is_right(connection: Connection, number: int) -> bool:
    reports = connection.execute(_reports_for_summary(story_members.c.story == number)).all()
    if not reports:
        return False
    wanted = _summary(reports)
    kept = connection.execute(select(stories).where(stories.c.number == number)).mappings().one()
    return all(kept[name] == value for name, value in wanted.items())


def _reports_for_summary(of: ColumnElement[bool]) -> Any:
    columns = [articles.c[name] for name in ("source", "lang", "appeared_at")]
    query = select(story_members.c.story, story_members.c.is_copy, *columns)
    return query.join(articles, articles.c.key == story_members.c.key).where(of)


def _summary(reports: Sequence[Any]) -> dict[str, Any]:
    return {
        "articles": len(reports),
        "sources": len({report.source or "" for report in reports}),
        "languages": len({primary(report.lang) for report in reports}),
        "first_at": min(report.appeared_at for report in reports),
        "last_at": max(report.appeared_at for report in reports),
        "heat": _heat(reports),
    }


def _heat(reports: Sequence[Any]) -> float:
    """See `StoryRecord.heat`."""
    first: dict[tuple[str, Any], datetime] = {}
    for report in reports:
        if not report.is_copy:
            day = (report.source or "", report.appeared_at.astimezone(UTC).date())
            first[day] = min(first.get(day, report.appeared_at), report.appeared_at)
    moments = sorted(first.values()) or [min(report.appeared_at for report in reports)]
    exponents = np.array([one.timestamp() for one in moments]) / (HEAT_HALF_LIFE_HOURS * _SECONDS_AN_HOUR)
    return float(np.logaddexp2.reduce(exponents))
