"""The article store on SQL, with SQLite as the embedded default."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    bindparam,
    case,
    delete,
    extract,
    func,
    insert,
    select,
    update,
)

from index.article import Article
from index.errors import ReadOnlyError, StoreError
from index.store import (
    Change,
    ChangeKind,
    ComparableArticle,
    Condition,
    Generation,
    ModelRecord,
    Put,
    PutStatus,
    StoredArticle,
    sql_deleting,
    sql_measures,
    sql_stories,
    sql_writing,
    sqlite_backup,
    sqlite_check,
)
from index.store.schema import articles, changes, settings, takedowns, vectors, waiting
from index.store.sql_generation import Generations
from index.store.sql_measure_store import SqlMeasureStore
from index.store.sql_rows import model_record, stored_article
from index.store.sql_story_store import SqlStoryStore
from index.store.sql_writing import listed, listed_in
from index.store.sqlite_engine import WRITE, explained, open_engine
from index.store.sqlite_watch import Watched
from index.vectors import Entry

_VERSION = np.dtype([("key", np.int64), ("sequence", np.int64)])
_ENTRY = [articles.c[name] for name in ("key", "sequence", "appeared_at", "lang", "source", "country")]
_EMBEDDED = select(*_ENTRY, vectors.c.embedding).join(vectors, vectors.c.key == articles.c.key).order_by(articles.c.key)

_COMPARABLE = (
    select(
        *(articles.c[name] for name in ("key", "id", "lang")),
        func.coalesce(articles.c.source, ""),
        # As lists go by it: what is dated in the future is not far from what appeared when it arrived.
        case((articles.c.published_at.is_not(None), extract("epoch", articles.c.appeared_at))),
        extract("epoch", articles.c.appeared_at),
        vectors.c.embedding,
        vectors.c.signals,
    )
    .join(vectors, vectors.c.key == articles.c.key)
    .where(articles.c.key.in_(listed_in("keys")))
)


def open_sqlite(path: Path, *, writer: bool = True) -> "SqlArticleStore":
    """Open the store in a SQLite file.

    Args:
        path: the file.
        writer: make the file if it is not there, and bring its schema to the newest version. There must be one writer.
            Without it nothing can be written.

    Raises:
        StorageFullError: the disk is full.
        StoreError: the file cannot be opened, is not a database, or is of a newer version; without `writer` also: it
            is not there, or of an older version.
    """
    if not writer and not path.is_file():
        raise StoreError(f"there is nothing in {path.parent}: ingest articles first, or set SIMILAR_NEWS_DATA_DIR")
    with explained(f"cannot make the data directory {path.parent}", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    return SqlArticleStore(open_engine(path, writer=writer), path, writer=writer)


class SqlArticleStore:
    """An `ArticleStore` on an SQLAlchemy engine."""

    def __init__(self, engine: Engine, path: Path, *, writer: bool) -> None:
        """Use an engine of `open_engine` on the file at `path`; `close` disposes of it."""
        self._engine = engine
        self._writing = engine.execution_options(**WRITE)
        self._path = path
        self._writer = writer
        self.stories = SqlStoryStore(self._read, self._write)
        self.measures = SqlMeasureStore(self._read, self._write)
        self._watched = Watched(path, Generations(self._read, self.stories.last_change).now)

    def put(self, batch: Sequence[Article], *, restore: bool = False, condition: Condition | None = None) -> list[Put]:
        """Keep articles in one durable transaction; see `ArticleStore.put`."""
        with self._write() as connection:
            with sql_measures.counted(connection, [article.id for article in batch]):
                outcomes = sql_writing.put(connection, batch, restore=restore, condition=condition)
                updated = [put.id for put in outcomes if put.status is PutStatus.UPDATED]
                sql_measures.articles_changed(connection, updated)
            sql_stories.articles_changed(connection, updated)
            return outcomes

    def take_down(self, article_id: str) -> int | None:
        """Delete an article and remember that; see `ArticleStore.take_down`."""
        return self.take_down_many([article_id]).get(article_id)

    def take_down_many(self, ids: Sequence[str]) -> dict[str, int]:
        """Delete articles and remember that; see `ArticleStore.take_down_many`."""
        with self._write() as connection:
            return sql_deleting.delete_and_remember(connection, ids)

    def ids_of_url(self, url: str) -> list[str]:
        """The ids of all articles with this canonical URL; see `ArticleStore.ids_of_url`."""
        return self._ids(articles.c.canonical_url == url)

    def ids_of_source(self, source: str) -> list[str]:
        """The ids of all articles of this publisher; see `ArticleStore.ids_of_source`."""
        return self._ids(articles.c.source == source)

    def expire(self, before: datetime, limit: int) -> list[int]:
        """Delete articles for their age; see `ArticleStore.expire`."""
        with self._write() as connection:
            return sql_deleting.delete_old(connection, before, limit)

    def is_taken_down(self, article_id: str) -> bool:
        """Whether the id was taken down."""
        with self._read() as connection:
            found = connection.execute(select(takedowns.c.article_id).where(takedowns.c.article_id == article_id))
            return found.first() is not None

    def get(self, article_id: str) -> StoredArticle | None:
        """The article with this id."""
        return self._first(select(articles).where(articles.c.id == article_id))

    def get_by_url(self, url: str) -> StoredArticle | None:
        """The latest article with this canonical URL."""
        return self._first(select(articles).where(articles.c.canonical_url == url).order_by(articles.c.sequence.desc()))

    def get_by_keys(self, keys: Sequence[int]) -> dict[int, StoredArticle]:
        """The articles with these keys, those that there are."""
        found = self._all(select(articles).where(articles.c.key.in_(listed(keys))))
        return {article.key: article for article in found}

    def keys_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The keys of the articles with these ids, those that there are."""
        if not ids:
            return {}
        with self._read() as connection:
            rows = connection.execute(select(articles.c.id, articles.c.key).where(articles.c.id.in_(listed(ids))))
            return {row.id: row.key for row in rows}

    def latest(self, limit: int) -> list[StoredArticle]:
        """The latest to appear, at most `limit`."""
        return self._all(select(articles).order_by(articles.c.appeared_at.desc(), articles.c.key).limit(limit))

    def count(self) -> int:
        """The number of articles."""
        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(articles)).scalar_one()

    def count_without_vector(self) -> int:
        """The number of articles whose current words are not embedded yet."""
        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(waiting)).scalar_one()

    def waiting_since(self) -> datetime | None:
        """When the words arrived that wait longest; see `ArticleStore.waiting_since`."""
        query = select(articles.c.updated_at).join(waiting, waiting.c.key == articles.c.key)
        with self._read() as connection:
            since: datetime | None = connection.execute(query.order_by(waiting.c.sequence).limit(1)).scalar()
        return since

    def vector(self, key: int) -> NDArray[np.float16] | None:
        """The embedding of an article's current words."""
        with self._read() as connection:
            embedding = connection.execute(select(vectors.c.embedding).where(vectors.c.key == key)).scalar()
        return None if embedding is None else np.frombuffer(embedding, np.float16)

    def without_vector(self, limit: int, ids: Sequence[str] | None = None) -> list[StoredArticle]:
        """Articles whose current words are not embedded yet; see `ArticleStore.without_vector`."""
        query = select(articles).join(waiting, waiting.c.key == articles.c.key)
        if ids is not None:
            query = query.where(articles.c.id.in_(listed(ids)))
        return self._all(query.order_by(waiting.c.sequence).limit(limit))

    def comparable(self, keys: Sequence[int]) -> dict[int, ComparableArticle]:
        """What is needed of articles to compare them; see `ArticleStore.comparable`."""
        with self._read() as connection:
            rows = connection.execute(_COMPARABLE, {"keys": json.dumps(list(keys))}).all()
        return {row[0]: ComparableArticle(*tuple(row)) for row in rows}

    def put_vectors(
        self, batch: Sequence[StoredArticle], embeddings: NDArray[np.float16], signals: Sequence[bytes] | None = None
    ) -> list[bool]:
        """Keep embeddings; see `ArticleStore.put_vectors`."""
        given_signals: Sequence[bytes | None] = [None] * len(batch) if signals is None else signals
        with self._write() as connection:
            given = articles.c.key.in_(listed(one.key for one in batch))
            query = select(articles.c.key, articles.c.words_hash).join(waiting, waiting.c.key == articles.c.key)
            current = {row.key: row.words_hash for row in connection.execute(query.where(given))}
            kept = [current.get(one.key) == one.words_hash for one in batch]
            rows = [
                {"key": one.key, "embedding": embedding.tobytes(), "signals": own}
                for one, embedding, own, keep in zip(batch, embeddings, given_signals, kept, strict=True)
                if keep
            ]
            if rows:
                connection.execute(insert(vectors), rows)
                connection.execute(delete(waiting).where(waiting.c.key.in_(listed(row["key"] for row in rows))))
                changed = [(one.key, one.article.id) for one, keep in zip(batch, kept, strict=True) if keep]
                sequences = sql_writing.log(connection, ChangeKind.EMBED, changed)
                keys = [key for key, _ in changed]
                sql_stories.await_assignment(connection, sequences, keys)
                sql_measures.await_measuring(connection, keys)
        return kept

    def outdated_signals(self, version: int, limit: int, after: int = 0) -> list[StoredArticle]:
        """Articles whose signals are of another version; see `ArticleStore.outdated_signals`."""
        with self._read() as connection:
            known = connection.execute(select(settings.c.value).where(settings.c.name == "signals")).scalar()
        if known == str(version):
            return []
        is_other = func.coalesce(func.substr(vectors.c.signals, 1, 1), b"") != bytes([version])
        query = select(articles).join(vectors, vectors.c.key == articles.c.key).where(is_other, vectors.c.key > after)
        found = self._all(query.order_by(vectors.c.key).limit(limit))
        if not found and not after and self._writer:
            with self._write() as connection:
                connection.execute(delete(settings).where(settings.c.name == "signals"))
                connection.execute(insert(settings).values(name="signals", value=str(version)))
        return found

    def put_signals(self, batch: Sequence[StoredArticle], signals: Sequence[bytes]) -> None:
        """Keep signals of embedded articles; see `ArticleStore.put_signals`."""
        of_words = select(articles.c.key).where(
            articles.c.key == bindparam("of"), articles.c.words_hash == bindparam("words")
        )
        rows = [{"of": one.key, "words": one.words_hash, "new": own} for one, own in zip(batch, signals, strict=True)]
        with self._write() as connection:
            if rows:
                connection.execute(
                    update(vectors).where(vectors.c.key == of_words.scalar_subquery()).values(signals=bindparam("new")),
                    rows,
                )

    def embedded(self, keys: Sequence[int]) -> tuple[list[Entry], NDArray[np.float16]]:
        """Those of some articles that are there and embedded; see `ArticleStore.embedded`."""
        with self._read() as connection:
            rows = connection.execute(_EMBEDDED.where(articles.c.key.in_(listed(keys)))).all()
        embeddings = np.frombuffer(b"".join(row.embedding for row in rows), np.float16)
        entries = [
            Entry(row.key, row.sequence, row.appeared_at, row.lang, row.source or "", row.country or "") for row in rows
        ]
        return entries, embeddings.reshape(len(rows), -1 if rows else 0)

    def embedded_versions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys and sequences of all embedded articles; see `ArticleStore.embedded_versions`."""
        # The index on the sequences has the keys too, so that no article is read; nor does SQLAlchemy touch a row.
        query = "SELECT key, sequence FROM articles WHERE key NOT IN (SELECT key FROM waiting) ORDER BY sequence"
        with self._read() as connection:
            versions = np.fromiter(connection.connection.cursor().execute(query), _VERSION)
        return versions["key"].copy(), versions["sequence"].copy()

    def lineage(self) -> str:
        """The history that keys and sequences are of; see `ArticleStore.lineage`."""
        with self._read() as connection:
            lineage: str = connection.execute(select(settings.c.value).where(settings.c.name == "lineage")).scalar_one()
        return lineage

    def last_sequence(self) -> int:
        """The number of the last change in the log, 0 in an empty store."""
        with self._read() as connection:
            return connection.execute(select(func.max(changes.c.sequence))).scalar() or 0

    def generation(self) -> Generation:
        """What the store is like now; see `ArticleStore.generation`."""
        with explained(f"cannot read the store {self._path}", self._path.parent):
            return self._watched.value()

    def changes_after(self, sequence: int, limit: int) -> list[Change]:
        """The changes with higher numbers; see `ArticleStore.changes_after`."""
        query = select(changes.c.sequence, changes.c.key, changes.c.kind).where(changes.c.sequence > sequence)
        with self._read() as connection:
            rows = connection.execute(query.order_by(changes.c.sequence).limit(limit)).all()
        return [Change(row.sequence, row.key, ChangeKind(row.kind)) for row in rows]

    def forget_changes(self, before: datetime) -> int:
        """Delete the beginning of the log; see `ArticleStore.forget_changes`."""
        younger = select(changes.c.sequence).where(changes.c.at >= before).order_by(changes.c.sequence).limit(1)
        with self._write() as connection:
            first = connection.execute(younger).scalar()
            if first is None:
                first = connection.execute(select(func.max(changes.c.sequence))).scalar() or 0
            return connection.execute(delete(changes).where(changes.c.sequence < first)).rowcount

    def model(self) -> ModelRecord | None:
        """The model whose vectors are kept."""
        with self._read() as connection:
            values = {row.name: row.value for row in connection.execute(select(settings))}
        return model_record(values)

    def set_model(self, model: ModelRecord) -> None:
        """Record the model and drop vectors of another; see `ArticleStore.set_model`."""
        with self._write() as connection:
            fingerprint = select(settings.c.value).where(settings.c.name == "fingerprint")
            if connection.execute(fingerprint).scalar() != model.fingerprint:
                connection.execute(delete(vectors))
                sql_measures.forget_model(connection)
                connection.execute(sql_writing.wait_for_vectors())
            connection.execute(delete(settings).where(settings.c.name.in_(("model", "fingerprint"))))
            values = {"model": model.name, "fingerprint": model.fingerprint}
            connection.execute(insert(settings), [{"name": name, "value": value} for name, value in values.items()])

    def backup(self, file: Path) -> None:
        """Write a consistent copy of the store to a file; see `ArticleStore.backup`."""
        sqlite_backup.back_up(self._path, file)

    def model_of_backup(self, file: Path) -> ModelRecord | None:
        """The model whose vectors a backup has; see `ArticleStore.model_of_backup`."""
        return model_record(sqlite_backup.settings_of(self._path, file))

    def restore(self, file: Path) -> None:
        """Replace everything in the store by what is in a backup; see `ArticleStore.restore`."""
        self._refuse_reader()
        sqlite_backup.restore(self._path, file)
        # Articles of the backup that were taken down since left their stories, and their publishers' sums.
        self.stories.mend()
        self.measures.mend()

    def check(self) -> list[str]:
        """Look for faults, and mend what can be mended; see `ArticleStore.check`."""
        with self._read() as connection:
            damage = sqlite_check.damage(connection)
            if damage:  # which writing might make worse
                return damage
            strays = sqlite_check.strays(connection)
        with self._write() as connection:
            return strays + sqlite_check.mend(connection)

    def close(self) -> None:
        """Let go of the files."""
        self._watched.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Use as a context manager, which closes."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with explained(f"cannot read the store {self._path}", self._path.parent), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that has the write lock."""
        self._refuse_reader()
        with (
            explained(f"cannot write to the store {self._path}", self._path.parent),
            self._writing.begin() as connection,
        ):
            yield connection

    def _refuse_reader(self) -> None:
        if not self._writer:
            raise ReadOnlyError("nothing can be written here: this process only reads; send to the one that writes")

    def _ids(self, condition: ColumnElement[bool]) -> list[str]:
        with self._read() as connection:
            return list(connection.execute(select(articles.c.id).where(condition).order_by(articles.c.key)).scalars())

    def _first(self, query: Select[Any]) -> StoredArticle | None:
        with self._read() as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return stored_article(row) if row else None

    def _all(self, query: Select[Any]) -> list[StoredArticle]:
        with self._read() as connection:
            return [stored_article(row) for row in connection.execute(query).mappings()]
