"""Stories in SQL: what is derived of them, and what becomes of them with their articles."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from index.language import primary
from index.store.schema import articles, stories, story_changes, story_members, story_redirects, unassigned, vectors
from index.store.sql_writing import listed, listed_in, next_numbers, now
from index.store.stories import HEAT_HALF_LIFE_HOURS, StoryChangeKind

_SECONDS_AN_HOUR = 3_600
_STORIES_OF = select(story_members.c.key, story_members.c.story).where(story_members.c.key.in_(listed_in("keys")))
_MEMBERS = (
    select(story_members.c.story, func.json_group_array(story_members.c.key))
    .where(story_members.c.story.in_(listed_in("numbers")))
    .group_by(story_members.c.story)
)


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
    last = {number: row["sequence"] for entry, row in zip(entries, rows, strict=True) for number in entry.stories}
    changed = update(stories).where(stories.c.number == bindparam("of")).values(changed=bindparam("last"))
    connection.execute(changed, [{"of": number, "last": sequence} for number, sequence in last.items()])


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


def refresh(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Derive anew what is kept of stories from their articles, and close those that have none.

    Returns:
        The numbers of those that are closed.
    """
    if not numbers:
        return []
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
    return empty


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
