"""The statements by which articles are kept: few, however many articles there are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Row,
    Select,
    bindparam,
    column,
    delete,
    func,
    insert,
    select,
    table,
    update,
)

from index.article import Article
from index.errors import ConditionError
from index.publishers import publisher_of
from index.store import ChangeKind, Condition, Put, PutStatus, version_of
from index.store.schema import articles, changes, takedowns, vectors, waiting

CLOCKS_APART = timedelta(minutes=10)
"""What is dated so much later than it arrives is not from the future: the publisher's clock is ahead of ours."""

_counters = table("sqlite_sequence", column("name"), column("seq"))
"""SQLite's own: the highest number that each table ever gave, whether or not its row is still there."""

_LAST_GIVEN = select(_counters.c.seq).where(_counters.c.name == bindparam("counted"))

_Known = Mapping[str, Row[*tuple[Any, ...]]]
"""What the store has of some ids: key, sequence, content_hash, words_hash, first_seen_at, updated_at."""


def put(
    connection: Connection, batch: Sequence[Article], *, restore: bool, condition: Condition | None = None
) -> list[Put]:
    """Keep articles; see `ArticleStore.put`.

    Args:
        connection: in a transaction that has the write lock.
        batch: the articles.
        restore: accept articles that were taken down, and forget the takedown.
        condition: what has to hold for every article.

    Returns:
        The outcomes in the order of the articles.

    Raises:
        ConditionError: the condition does not hold.
    """
    ids = [article.id for article in batch]
    hashes = [article.content_hash for article in batch]
    known = _known(connection, ids)
    versions = {article_id: version_of(row.sequence, row.updated_at) for article_id, row in known.items()}
    if condition:
        _check(condition, ids, versions)
    if restore:
        connection.execute(delete(takedowns).where(takedowns.c.article_id.in_(listed(ids))))
    refused = set[str]() if restore else _refused(connection, ids, hashes)
    present = {article_id: row.content_hash for article_id, row in known.items()}
    statuses = []
    final = dict[str, Article]()
    for article, content_hash in zip(batch, hashes, strict=True):
        status = _status(article.id, content_hash, present, refused)
        statuses.append(status)
        if status in {PutStatus.CREATED, PutStatus.UPDATED}:
            present[article.id] = content_hash
            final.pop(article.id, None)  # so that it comes after what came between the two
            final[article.id] = article
    if final:
        versions |= _keep(connection, [(article, present[article_id]) for article_id, article in final.items()], known)
    return [
        Put(article_id, status, None if status is PutStatus.TAKEN_DOWN else versions[article_id])
        for article_id, status in zip(ids, statuses, strict=True)
    ]


def log(connection: Connection, kind: ChangeKind, changed: Sequence[tuple[int, str]]) -> range:
    """Log a change of each of some articles.

    Args:
        connection: in a transaction that has the write lock.
        kind: what became of them.
        changed: their keys and ids.

    Returns:
        The numbers of the changes.
    """
    sequences = next_numbers(connection, changes.name, len(changed))
    at = now()
    rows = [
        {"sequence": sequence, "key": key, "article_id": article_id, "kind": kind.value, "at": at}
        for sequence, (key, article_id) in zip(sequences, changed, strict=True)
    ]
    if rows:
        connection.execute(insert(changes), rows)
    return sequences


def wait_for_vectors(after: int = 0) -> Insert:
    """The statement by which articles that have no vector wait for one.

    Args:
        after: only those whose sequence is higher.
    """
    lacking = (
        select(articles.c.key, articles.c.sequence)
        .outerjoin(vectors, vectors.c.key == articles.c.key)
        .where(vectors.c.key.is_(None), articles.c.sequence > after)
    )
    return insert(waiting).prefix_with("OR REPLACE").from_select(["key", "sequence"], lacking)


def listed(values: Iterable[int] | Iterable[str]) -> Select[Any]:
    """For IN: any number of values as one parameter, where SQLite takes 32,766 parameters at most."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


def listed_in(parameter: str) -> Select[Any]:
    """The same for a statement that is made once: the values are in a parameter, as a JSON array."""
    return select(func.json_each(bindparam(parameter)).table_valued("value").c.value)


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def _refused(connection: Connection, ids: Sequence[str], hashes: Sequence[str]) -> set[str]:
    """The ids and content hashes that takedowns bar, of these and maybe some more."""
    barring = takedowns.c.article_id.in_(listed(ids)) | takedowns.c.content_hash.in_(listed(hashes))
    rows = connection.execute(select(takedowns.c.article_id, takedowns.c.content_hash).where(barring))
    return {value for row in rows for value in row}


def _check(condition: Condition, ids: Sequence[str], versions: Mapping[str, str]) -> None:
    for article_id in ids:
        version = versions.get(article_id)
        if not condition(version):
            state = f"its version is {version}" if version else "there is none"
            raise ConditionError(f"the article {article_id!r} is not as it was to be, {state}: read it and decide anew")


def _known(connection: Connection, ids: Sequence[str]) -> _Known:
    names = ("id", "key", "sequence", "content_hash", "words_hash", "first_seen_at", "updated_at")
    columns = [articles.c[name] for name in names]
    return {row.id: row for row in connection.execute(select(*columns).where(articles.c.id.in_(listed(ids))))}


def _status(article_id: str, content_hash: str, present: Mapping[str, str], refused: set[str]) -> PutStatus:
    if present.get(article_id) == content_hash:
        return PutStatus.UNCHANGED
    if article_id in refused or content_hash in refused:
        return PutStatus.TAKEN_DOWN
    return PutStatus.UPDATED if article_id in present else PutStatus.CREATED


def _keep(connection: Connection, versions: Sequence[tuple[Article, str]], known: _Known) -> dict[str, str]:
    """Write the new versions of articles, each with its content hash, and let those wait whose words are new.

    Returns:
        The names of the versions by the articles' ids.
    """
    new = [article.id for article, _ in versions if article.id not in known]
    keys = {article_id: row.key for article_id, row in known.items()}
    keys |= zip(new, next_numbers(connection, articles.name, len(new)), strict=True)
    sequences = log(connection, ChangeKind.PUT, [(keys[article.id], article.id) for article, _ in versions])
    at = now()
    rows = [
        _row(article, known.get(article.id), at) | {"sequence": sequence, "content_hash": content_hash}
        for sequence, (article, content_hash) in zip(sequences, versions, strict=True)
    ]
    _insert(connection, [row | {"key": keys[row["id"]]} for row in rows if row["id"] not in known])
    _update(connection, [row | {"of": keys[row["id"]]} for row in rows if row["id"] in known])
    reworded = [
        keys[row["id"]] for row in rows if row["id"] in known and row["words_hash"] != known[row["id"]].words_hash
    ]
    connection.execute(delete(vectors).where(vectors.c.key.in_(listed(reworded))))
    connection.execute(wait_for_vectors(after=sequences.start - 1))
    return {row["id"]: version_of(row["sequence"], at) for row in rows}


def _row(article: Article, known: Row[*tuple[Any, ...]] | None, at: datetime) -> dict[str, Any]:
    first_seen_at = known.first_seen_at if known else at
    publisher = publisher_of(article)
    return {name: getattr(article, name) for name in Article.model_fields} | {
        # Not in the content's hash: an article that is sent again is the same, whether or not this was told of it then.
        "source": publisher.source,
        "country": publisher.country,
        "canonical_url": article.canonical_url,
        "words_hash": article.words_hash,
        "appeared_at": _appeared_at(article.published_at, first_seen_at, at),
        "first_seen_at": first_seen_at,
        "updated_at": at,
    }


def _appeared_at(published_at: datetime | None, first_seen_at: datetime, at: datetime) -> datetime:
    """What lists and windows go by: a date in the future would lead them all until then."""
    is_future = published_at is not None and published_at > at + CLOCKS_APART
    return first_seen_at if published_at is None or is_future else published_at


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(articles), rows)


def _update(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(update(articles).where(articles.c.key == bindparam("of")), rows)


def next_numbers(connection: Connection, counted: str, count: int) -> range:
    """Numbers that a table never gave. No one else takes them, as the transaction has the write lock."""
    last = numbers_given(connection, counted)
    return range(last + 1, last + 1 + count)


def numbers_given(connection: Connection, counted: str) -> int:
    """The highest number that a table ever gave, 0 if none."""
    return connection.execute(_LAST_GIVEN, {"counted": counted}).scalar() or 0
