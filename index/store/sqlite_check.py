"""Faults of a SQLite store, found and mended."""

from collections import Counter

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import DatabaseError

from index.store import sql_measures, sql_stories
from index.store.schema import articles, vectors, waiting
from index.store.sql_writing import wait_for_vectors


def damage(connection: Connection) -> list[str]:
    """A sentence for each part of the file that is damaged."""
    try:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    except DatabaseError as error:
        found = [str(error.orig)]
    return [f"The file is damaged, restore a backup: {' '.join(line.split())}." for line in found if line != "ok"]


def strays(connection: Connection) -> list[str]:
    """A sentence for each table with rows that belong to nothing."""
    tables = Counter(row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    return [f"The table '{table}' has rows of no article: {count}." for table, count in tables.items()]


def mend(connection: Connection) -> list[str]:
    """See to it that every article has a vector like the others, or waits for one.

    Returns:
        A sentence for each kind of fault that there was.
    """
    faults = {
        "had neither a vector nor a place among those that wait for one": _forgotten(connection),
        "waited for a vector that was there": _waited_in_vain(connection),
        "had a vector of another length than most": _without_odd_vectors(connection),
    }
    connection.execute(wait_for_vectors())
    found = [f"Articles that {fault}, which is mended: {count}." for fault, count in faults.items() if count]
    derived = {"Stories": sql_stories.mend(connection), "Publishers' sums": sql_measures.mend(connection)}
    lost = [
        f"{what} that did not fit their articles, which is mended: {count}." for what, count in derived.items() if count
    ]
    return found + lost


def _forgotten(connection: Connection) -> int:
    forgotten = articles.c.key.not_in(select(vectors.c.key)) & articles.c.key.not_in(select(waiting.c.key))
    return connection.execute(select(func.count()).select_from(articles).where(forgotten)).scalar_one()


def _waited_in_vain(connection: Connection) -> int:
    return connection.execute(delete(waiting).where(waiting.c.key.in_(select(vectors.c.key)))).rowcount


def _without_odd_vectors(connection: Connection) -> int:
    length = func.length(vectors.c.embedding)
    usual = select(length).group_by(length).order_by(func.count().desc()).limit(1).scalar_subquery()
    return connection.execute(delete(vectors).where(length != usual)).rowcount
