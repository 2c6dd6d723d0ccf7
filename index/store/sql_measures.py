"""Measures in SQL: what is done to them in a transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, cast, delete, func, insert, select
from sqlalchemy import Integer as SqlInteger
from sqlalchemy.dialects.sqlite import insert as upsert

from index.store.schema import articles, measures, settings, sources, summaries, unmeasured, vectors, waiting
from index.store.sql_writing import listed

MEASURED = "measured"
"""The setting that counts the transactions in which something was measured: what shows measures is another then."""

_COUNTS = ("articles", "measured", "quality")
_Sums = dict[tuple[str, str], tuple[int, int, int]]
"""Those, by source and country."""


@contextmanager
def counted(connection: Connection, ids: Sequence[str]) -> Iterator[None]:
    """Bring the sums of publishers along with what is done to articles within the context.

    Args:
        connection: in a transaction that has the write lock.
        ids: of the articles that are changed, deleted or new.
    """
    of = articles.c.id.in_(listed(ids))
    before = _sums(connection, _of_articles().where(of))
    yield
    after = _sums(connection, _of_articles().where(of))
    rows = [
        {"source": source, "country": country}
        | dict(zip(_COUNTS, _less(after, before, (source, country)), strict=True))
        for source, country in sorted(before.keys() | after.keys())
        if before.get((source, country)) != after.get((source, country))
    ]
    if rows:
        new = upsert(sources)
        added = {name: sources.c[name] + new.excluded[name] for name in _COUNTS}
        connection.execute(new.on_conflict_do_update(index_elements=["source", "country"], set_=added), rows)


def _of_articles() -> Select[Any]:
    """The sums of publishers, as their articles give them."""
    country = func.coalesce(articles.c.country, "")
    count, measured = func.count(), func.count(measures.c.key)
    return (
        select(articles.c.source, country, count, measured, func.coalesce(func.sum(measures.c.quality), 0))
        .select_from(articles.outerjoin(measures, measures.c.key == articles.c.key))
        .where(articles.c.source.is_not(None))
        .group_by(articles.c.source, country)
    )


def await_measuring(connection: Connection, keys: Sequence[int]) -> None:
    """Articles got vectors, and are to be measured."""
    connection.execute(insert(unmeasured).prefix_with("OR IGNORE"), [{"key": key} for key in keys])


def articles_changed(connection: Connection, ids: Sequence[str]) -> None:
    """Articles are other ones than before: what was made of former words goes, and the others are measured again."""
    if not ids:
        return
    keys = select(articles.c.key).where(articles.c.id.in_(listed(ids)))
    reworded = select(waiting.c.key).where(waiting.c.key.in_(keys))
    for table, gone in ((summaries, keys), (measures, reworded), (unmeasured, reworded)):
        connection.execute(delete(table).where(table.c.key.in_(gone)))
    embedded = select(vectors.c.key).where(vectors.c.key.in_(keys))
    connection.execute(insert(unmeasured).prefix_with("OR IGNORE").from_select(["key"], embedded))


def forget_model(connection: Connection) -> None:
    """The vectors are of another model: what was made with the former one goes; quality is much the same with any."""
    for table in (unmeasured, summaries):
        connection.execute(delete(table))


def note(connection: Connection) -> None:
    """Count that something was measured."""
    new = upsert(settings).values(name=MEASURED, value="1")
    more = cast(settings.c.value, SqlInteger) + 1
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_={"value": more}))


def mend(connection: Connection) -> int:
    """Bring the sums of all publishers in accord with their articles; returns how many were not."""
    kept = {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(select(sources)) if row[2]}
    right = _sums(connection, _of_articles())
    connection.execute(delete(sources))
    rows = [
        {"source": source, "country": country} | dict(zip(_COUNTS, sums, strict=True))
        for (source, country), sums in right.items()
    ]
    if rows:
        connection.execute(insert(sources), rows)
    embedded = select(vectors.c.key).join(articles, articles.c.key == vectors.c.key)
    lost = embedded.where(vectors.c.key.not_in(select(measures.c.key)), vectors.c.key.not_in(select(unmeasured.c.key)))
    connection.execute(insert(unmeasured).from_select(["key"], lost))
    return sum(kept.get(place) != right.get(place) for place in kept.keys() | right.keys())


def _sums(connection: Connection, query: Select[Any]) -> _Sums:
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in connection.execute(query)}


def _less(some: _Sums, others: _Sums, place: tuple[str, str]) -> list[int]:
    """What of the sums of a publisher in the one is more than in the other."""
    none = (0, 0, 0)
    return [one - other for one, other in zip(some.get(place, none), others.get(place, none), strict=True)]
