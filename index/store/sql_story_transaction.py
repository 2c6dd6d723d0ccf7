"""Stories in SQL: what is done to them in a transaction."""

import json
from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from index.store import sql_stories
from index.store.schema import stories, story_members, story_redirects, unassigned
from index.store.sql_stories import Entry
from index.store.sql_writing import listed, listed_in, now, numbers_given
from index.store.stories import Regrouping, StoryChangeKind, StoryRecord

_OF: BindParameter[int] = bindparam("of")
_KEYS_OF_STORY = select(func.json_group_array(story_members.c.key)).where(story_members.c.story == stories.c.number)
_STORIES = select(stories.c.number, stories.c.thread, stories.c.reviewed, _KEYS_OF_STORY.scalar_subquery()).where(
    stories.c.number.in_(listed_in("numbers"))
)
_OF_THREAD = (
    select(stories.c.number).where(stories.c.thread == _OF).order_by(stories.c.number.desc()).limit(bindparam("most"))
)
_WAITS = unassigned.c.key == _OF
_NEW_MEMBER = upsert(story_members).values(
    key=_OF,
    story=bindparam("number"),
    is_copy=bindparam("copied"),
    sequence=select(unassigned.c.sequence).where(_WAITS).scalar_subquery(),
)
_ASSIGNED = _NEW_MEMBER.on_conflict_do_update(
    index_elements=["key"], set_={name: _NEW_MEMBER.excluded[name] for name in ("story", "is_copy", "sequence")}
)
_MOVED = update(story_members).where(story_members.c.key == _OF).values(story=bindparam("number"))
_LEFT = delete(story_members).where(story_members.c.key == _OF)
_AWAITED_NO_LONGER = delete(unassigned).where(_WAITS)
_CHANGED = (
    update(stories).where(stories.c.number == _OF).values(thread=bindparam("its_thread"), reviewed=bindparam("size"))
)
_GONE = delete(stories).where(stories.c.number == _OF)
_LEADS_ON = update(story_redirects).where(story_redirects.c.into == _OF).values(into=bindparam("other"))
_LEADS = insert(story_redirects).values(number=_OF, into=bindparam("other"))


@dataclass(slots=True)
class _Story:
    """What a transaction knows of a story.

    Attributes:
        thread: see `StoryRecord.thread`.
        reviewed: see `StoryRecord.reviewed`.
        keys: of its articles, ascending.
    """

    thread: int
    reviewed: int
    keys: list[int]


class SqlStoryTransaction:
    """A `StoryTransaction` on a connection that has the write lock.

    A story is read once, when it is first asked for, and what is done to stories is done in memory. It is written in a
    few statements at the end: a statement for each thing that is done took longer than the deciding.
    """

    def __init__(self, connection: Connection) -> None:
        """Use a connection; before it commits, `finish` is to be called."""
        self._connection = connection
        self._stories: dict[int, _Story | None] = {}  # None: there is none, or no longer
        self._story_of: dict[int, int | None] = {}
        self._last: int | None = None
        # What is to be written.
        self._opened: list[int] = []
        self._changed: set[int] = set()
        self._merged: list[tuple[int, int]] = []
        self._assigned: dict[int, bool] = {}  # whether they are copies, by key
        self._moved: set[int] = set()
        self._left: set[int] = set()
        self._entries: list[Entry] = []
        self._touched: set[int] = set()

    def finish(self) -> None:
        """Write what was done."""
        self._write_stories()
        self._write_members()
        self._many(_AWAITED_NO_LONGER, [{"of": key} for key in self._assigned])
        for number, into in self._merged:  # one after the other, since what leads to the one may lead on
            self._connection.execute(_LEADS_ON, {"of": number, "other": into})
            self._connection.execute(_LEADS, {"of": number, "other": into})
        self._many(_GONE, [{"of": number} for number, _ in self._merged])
        sql_stories.log(self._connection, self._entries)
        for number in sql_stories.refresh(self._connection, sorted(self._touched)):
            self._stories[number] = None
        for done in (self._opened, self._merged, self._entries):
            done.clear()
        for written in (self._changed, self._assigned, self._moved, self._left, self._touched):
            written.clear()

    def unassigned(self, limit: int, keys: Sequence[int] | None = None) -> list[int]:
        """Keys of articles that are to be assigned; see `StoryTransaction.unassigned`."""
        query = select(unassigned.c.key).order_by(unassigned.c.sequence).limit(limit + len(self._assigned))
        if keys is not None:
            query = query.where(unassigned.c.key.in_(listed(keys)))
        found = self._connection.execute(query).scalars()
        return [key for key in found if key not in self._assigned][:limit]

    def stories_of(self, keys: Sequence[int]) -> dict[int, int]:
        """The numbers of the stories of articles; see `StoryTransaction.stories_of`."""
        missing = [key for key in keys if key not in self._story_of]
        if missing:
            found = sql_stories.stories_of(self._connection, missing)
            self._story_of.update((key, found.get(key)) for key in missing)
        return {key: number for key in keys if (number := self._story_of[key]) is not None}

    def members(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        """The keys of the articles of stories; see `StoryTransaction.members`."""
        self._read(numbers)
        return {number: list(one.keys) for number in numbers if (one := self._stories[number]) and one.keys}

    def of_thread(self, thread: int, limit: int) -> list[int]:
        """The numbers of the latest stories of a thread; see `StoryTransaction.of_thread`."""
        most = {"of": thread, "most": limit + len(self._stories)}
        written = self._connection.execute(_OF_THREAD, most).scalars()
        found = [number for number in written if number not in self._stories]
        found += [number for number, one in self._stories.items() if one and one.thread == thread]
        return sorted(found, reverse=True)[:limit]

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
            self._story(number).keys.remove(key)
            self._left.add(key)
        self._story_of[key] = None

    def sizes(self, number: int) -> tuple[int, int]:
        """How many articles a story has, and had; see `StoryTransaction.sizes`."""
        story = self._story(number)
        return len(story.keys), story.reviewed

    def thread_of(self, number: int) -> int:
        """The thread of a story; see `StoryTransaction.thread_of`."""
        return self._story(number).thread

    def stay(self, key: int, *, is_copy: bool = False) -> None:
        """An article is where it belongs; see `StoryTransaction.stay`."""
        self._assigned[key] = is_copy
        self._touched.update(self.stories_of([key]).values())

    def regroup(self, numbers: Sequence[int], regrouping: Regrouping) -> list[int]:
        """Group the articles of some stories anew; see `StoryTransaction.regroup`."""
        before = {key: number for number, keys in self.members(numbers).items() for key in keys}
        parts = dict(regrouping.parts)
        origins: dict[int, int] = {}
        for number in sorted(number for number in parts if number < 0):
            keys = parts.pop(number)
            (origin, _), *_ = Counter(before[key] for key in keys).most_common(1)
            made = self._new(self.thread_of(origin))
            self._log(StoryChangeKind.SPLIT, made, other=origin)
            parts[made], origins[made] = keys, origin
        after = {key: number for number, keys in parts.items() for key in keys}
        gone = _heirs(set(numbers) - parts.keys(), before, after)
        for key in sorted(after):
            old, new = before[key], after[key]
            if old != new:
                self._moved.add(key)
                if new != gone.get(old) and old != origins.get(new):  # neither by the merge nor by the split
                    self._log(StoryChangeKind.LEFT, old, key)
                    self._log(StoryChangeKind.JOINED, new, key)
        self._story_of.update(after)
        for number, keys in parts.items():
            self._story(number).keys = sorted(keys)
        for number, into in sorted(gone.items()):
            self._log(StoryChangeKind.MERGED, number, other=into)
            self._merged.append((number, into))
            self._stories[number] = None
            self._touched.discard(number)
        self._touched.update(parts)
        return sorted(parts)

    def reviewed(self, numbers: Sequence[int]) -> None:
        """Stories were thought over; see `StoryTransaction.reviewed`."""
        for number in numbers:
            story = self._story(number)
            story.reviewed = len(story.keys)
            self._changed.add(number)

    def link(self, number: int, thread: int) -> None:
        """Make a story a part of a thread; see `StoryTransaction.link`."""
        self._log(StoryChangeKind.LINKED, number, other=thread)
        self._story(number).thread = thread
        self._changed.add(number)

    # In memory

    def _read(self, numbers: Sequence[int]) -> None:
        """Know what there is of some stories."""
        missing = [number for number in dict.fromkeys(numbers) if number not in self._stories]
        if missing:
            self._stories.update(dict.fromkeys(missing))
            rows = self._connection.execute(_STORIES, {"numbers": json.dumps(missing)})
            self._stories.update((row[0], _Story(row[1], row[2], sorted(json.loads(row[3])))) for row in rows)

    def _story(self, number: int) -> _Story:
        """A story that there is.

        Raises:
            LookupError: there is none.
        """
        self._read([number])
        story = self._stories[number]
        if story is None:
            raise LookupError(f"there is no story with the number {number}")
        return story

    def _new(self, thread: int | None = None) -> int:
        """Begin a story without articles, a thread of its own if it is of none."""
        if self._last is None:
            self._last = numbers_given(self._connection, stories.name)
        self._last += 1
        self._stories[self._last] = _Story(self._last if thread is None else thread, 1, [])
        self._opened.append(self._last)
        return self._last

    def _put(self, key: int, number: int, *, is_copy: bool) -> None:
        insort(self._story(number).keys, key)
        self._story_of[key] = number
        self._assigned[key] = is_copy

    def _log(self, kind: StoryChangeKind, number: int, key: int | None = None, *, other: int | None = None) -> None:
        self._entries.append(Entry(kind, number, key, other))
        self._touched.add(number)

    # In the store

    def _write_stories(self) -> None:
        """Those that are gone again too: their numbers are never given again."""
        at = now()
        empty = {"articles": 0, "sources": 0, "languages": 0, "first_at": at, "last_at": at, "heat": 0.0, "changed": 0}
        of_opened = [(number, self._stories[number] or _Story(number, 1, [])) for number in self._opened]
        self._many(
            insert(stories),
            [
                {"number": number, "thread": one.thread, "reviewed": one.reviewed, "opened_at": at, **empty}
                for number, one in of_opened
            ],
        )
        others = sorted(self._changed - set(self._opened))
        changed = [(number, one) for number in others if (one := self._stories[number])]
        self._many(
            _CHANGED, [{"of": number, "its_thread": one.thread, "size": one.reviewed} for number, one in changed]
        )

    def _write_members(self) -> None:
        left = [key for key in self._left if self._story_of[key] is None]
        assigned = {key: number for key in self._assigned if (number := self.stories_of([key]).get(key)) is not None}
        moved = {key: number for key in self._moved - self._assigned.keys() if (number := self._story_of[key])}
        self._many(_LEFT, [{"of": key} for key in sorted(left)])
        self._many(
            _ASSIGNED,
            [{"of": key, "number": number, "copied": self._assigned[key]} for key, number in assigned.items()],
        )
        self._many(_MOVED, [{"of": key, "number": number} for key, number in sorted(moved.items())])

    def _many(self, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(statement, list(rows))


def _heirs(gone: AbstractSet[int], before: Mapping[int, int], after: Mapping[int, int]) -> dict[int, int]:
    """For each story that is gone, the one to which most of its articles went."""
    went: dict[int, Counter[int]] = {number: Counter() for number in gone}
    for key, number in before.items():
        if number in went:
            went[number][after[key]] += 1
    return {number: min(counts, key=lambda into: (-counts[into], into)) for number, counts in went.items()}
