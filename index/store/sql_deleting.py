"""The statements by which articles are deleted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from index.store import ChangeKind, sql_measures, sql_stories, sql_writing
from index.store.schema import articles, takedowns
from index.store.sql_writing import listed


def delete_and_remember(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Delete articles and remember that; see `ArticleStore.take_down_many`.

    Args:
        connection: in a transaction that has the write lock.
        ids: of the articles.
    """
    found = select(articles.c.key, articles.c.id, articles.c.content_hash).where(articles.c.id.in_(listed(ids)))
    rows = connection.execute(found.order_by(articles.c.key)).all()
    if not rows:
        return {}
    keys = {row.id: row.key for row in rows}
    sql_writing.log(connection, ChangeKind.TAKE_DOWN, [(key, article_id) for article_id, key in keys.items()])
    sql_stories.leave(connection, list(keys.values()))
    with sql_measures.counted(connection, list(keys)):
        connection.execute(delete(articles).where(articles.c.key.in_(listed(keys.values()))))
    at = sql_writing.now()
    markers = [{"article_id": row.id, "content_hash": row.content_hash, "at": at} for row in rows]
    connection.execute(insert(takedowns), markers)
    return keys


def delete_old(connection: Connection, before: datetime, limit: int) -> list[int]:
    """Delete articles for their age; see `ArticleStore.expire`.

    Args:
        connection: in a transaction that has the write lock.
        before: the moment before which an article both appeared and was first seen to be deleted.
        limit: how many are deleted at most.
    """
    old = select(articles.c.key, articles.c.id).where(
        articles.c.appeared_at < before, articles.c.first_seen_at < before
    )
    oldest = old.order_by(articles.c.appeared_at, articles.c.key).limit(limit)
    expired = [(row.key, row.id) for row in connection.execute(oldest)]
    sql_writing.log(connection, ChangeKind.EXPIRE, expired)
    keys = [key for key, _ in expired]
    sql_stories.leave(connection, keys)
    with sql_measures.counted(connection, [article_id for _, article_id in expired]):
        connection.execute(delete(articles).where(articles.c.key.in_(listed(keys))))
    return keys
