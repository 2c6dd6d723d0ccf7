"""The article store on SQL, with SQLite as the embedded default."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)

from index.article import Article
from index.errors import StoreError
from index.store import ModelRecord, Put, PutStatus, StoredArticle
from index.store.schema import articles, changes, settings, takedowns, vectors
from index.store.sqlite_engine import WRITE, explained, open_engine

_READ_CHUNK = 4_096
_CURRENT_VECTOR = (vectors.c.key == articles.c.key) & (vectors.c.words_hash == articles.c.words_hash)


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

    def put(self, batch: Sequence[Article], *, restore: bool = False) -> list[Put]:
        """Keep articles in one durable transaction; see `ArticleStore.put`."""
        ids = [article.id for article in batch]
        hashes = [article.content_hash for article in batch]
        with self._write() as connection:
            refused = set[str]() if restore else _refused(connection, ids, hashes)
            columns = (articles.c.id, articles.c.content_hash)
            known = {
                row.id: row.content_hash for row in connection.execute(select(*columns).where(articles.c.id.in_(ids)))
            }
            if restore:
                connection.execute(delete(takedowns).where(takedowns.c.article_id.in_(ids)))
            return [
                Put(article.id, _put(connection, article, content_hash, known, refused))
                for article, content_hash in zip(batch, hashes, strict=True)
            ]

    def take_down(self, article_id: str) -> int | None:
        """Delete an article and remember that; see `ArticleStore.take_down`."""
        with self._write() as connection:
            row = connection.execute(
                select(articles.c.key, articles.c.content_hash).where(articles.c.id == article_id)
            ).first()
            if row is None:
                return None
            _log(connection, article_id, "take_down")
            connection.execute(delete(articles).where(articles.c.key == row.key))
            connection.execute(
                insert(takedowns).values(article_id=article_id, content_hash=row.content_hash, at=_now())
            )
            return int(row.key)

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
        found = self._all(select(articles).where(articles.c.key.in_(keys)))
        return {article.key: article for article in found}

    def latest(self, limit: int) -> list[StoredArticle]:
        """The latest to appear, at most `limit`."""
        return self._all(select(articles).order_by(articles.c.appeared_at.desc(), articles.c.key).limit(limit))

    def count(self) -> int:
        """The number of articles."""
        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(articles)).scalar_one()

    def count_without_vector(self) -> int:
        """The number of articles whose current words are not embedded yet."""
        query = select(func.count()).select_from(articles.outerjoin(vectors, _CURRENT_VECTOR))
        with self._read() as connection:
            return connection.execute(query.where(vectors.c.key.is_(None))).scalar_one()

    def vector(self, key: int) -> NDArray[np.float16] | None:
        """The embedding of an article's current words."""
        with self._read() as connection:
            query = select(vectors.c.embedding).join(articles, _CURRENT_VECTOR).where(articles.c.key == key)
            embedding = connection.execute(query).scalar()
        return None if embedding is None else np.frombuffer(embedding, np.float16)

    def without_vector(self, limit: int, ids: Sequence[str] | None = None) -> list[StoredArticle]:
        """Articles whose current words are not embedded yet; see `ArticleStore.without_vector`."""
        query = select(articles).outerjoin(vectors, _CURRENT_VECTOR).where(vectors.c.key.is_(None))
        if ids is not None:
            query = query.where(articles.c.id.in_(ids))
        return self._all(query.order_by(articles.c.sequence).limit(limit))

    def put_vectors(self, batch: Sequence[StoredArticle], embeddings: NDArray[np.float16]) -> list[bool]:
        """Keep embeddings; see `ArticleStore.put_vectors`."""
        with self._write() as connection:
            query = select(articles.c.key, articles.c.words_hash).where(articles.c.key.in_([one.key for one in batch]))
            current = {row.key: row.words_hash for row in connection.execute(query)}
            kept = [current.get(one.key) == one.words_hash for one in batch]
            rows = [
                {"key": one.key, "words_hash": one.words_hash, "embedding": embedding.tobytes()}
                for one, embedding, keep in zip(batch, embeddings, kept, strict=True)
                if keep
            ]
            if rows:
                connection.execute(delete(vectors).where(vectors.c.key.in_([row["key"] for row in rows])))
                connection.execute(insert(vectors), rows)
            return kept

    def with_vectors(self) -> Iterator[tuple[list[StoredArticle], NDArray[np.float16]]]:
        """All embedded articles in chunks; see `ArticleStore.with_vectors`."""
        query = select(articles, vectors.c.embedding).join(vectors, _CURRENT_VECTOR).order_by(articles.c.key)
        with self._read() as connection:
            for chunk in connection.execute(query).mappings().partitions(_READ_CHUNK):
                embeddings = np.frombuffer(b"".join(row["embedding"] for row in chunk), np.float16)
                yield [_stored(row) for row in chunk], embeddings.reshape(len(chunk), -1)

    def model(self) -> ModelRecord | None:
        """The model whose vectors are kept."""
        with self._read() as connection:
            values = {row.name: row.value for row in connection.execute(select(settings))}
        return ModelRecord(values["model"], values["fingerprint"]) if "fingerprint" in values else None

    def set_model(self, model: ModelRecord) -> None:
        """Record the model and drop vectors of another; see `ArticleStore.set_model`."""
        with self._write() as connection:
            fingerprint = select(settings.c.value).where(settings.c.name == "fingerprint")
            if connection.execute(fingerprint).scalar() != model.fingerprint:
                connection.execute(delete(vectors))
            connection.execute(delete(settings).where(settings.c.name.in_(("model", "fingerprint"))))
            values = {"model": model.name, "fingerprint": model.fingerprint}
            connection.execute(insert(settings), [{"name": name, "value": value} for name, value in values.items()])

    def close(self) -> None:
        """Let go of the files."""
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
            raise StoreError(f"cannot write to the store {self._path}: it was opened for reading only")

    def _first(self, query: Select[Any]) -> StoredArticle | None:
        with self._read() as connection:
            row = connection.execute(query.limit(1)).mappings().first()
        return _stored(row) if row else None

    def _all(self, query: Select[Any]) -> list[StoredArticle]:
        with self._read() as connection:
            return [_stored(row) for row in connection.execute(query).mappings()]


def _now() -> datetime:
    return datetime.now(UTC)


def _refused(connection: Connection, ids: Sequence[str], hashes: Sequence[str]) -> set[str]:
    """The ids and content hashes that takedowns bar, of these and maybe some more."""
    barring = takedowns.c.article_id.in_(ids) | takedowns.c.content_hash.in_(hashes)
    rows = connection.execute(select(takedowns.c.article_id, takedowns.c.content_hash).where(barring))
    return {value for row in rows for value in row}


def _put(
    connection: Connection, article: Article, content_hash: str, known: dict[str, str], refused: set[str]
) -> PutStatus:
    if known.get(article.id) == content_hash:
        return PutStatus.UNCHANGED
    if article.id in refused or content_hash in refused:
        return PutStatus.TAKEN_DOWN
    status = PutStatus.UPDATED if article.id in known else PutStatus.CREATED
    now = _now()
    values = article.model_dump() | {
        "sequence": _log(connection, article.id, "put"),
        "canonical_url": article.canonical_url,
        "content_hash": content_hash,
        "words_hash": article.words_hash,
        "updated_at": now,
    }
    if status is PutStatus.CREATED:
        connection.execute(
            insert(articles).values(values | {"first_seen_at": now, "appeared_at": article.published_at or now})
        )
    else:
        appeared_at = article.published_at or articles.c.first_seen_at
        connection.execute(
            update(articles).where(articles.c.id == article.id).values(values | {"appeared_at": appeared_at})
        )
    known[article.id] = content_hash
    return status


def _log(connection: Connection, article_id: str, kind: str) -> int:
    change = insert(changes).values(article_id=article_id, kind=kind, at=_now()).returning(changes.c.sequence)
    sequence: int = connection.execute(change).scalar_one()
    return sequence


def _stored(row: RowMapping) -> StoredArticle:
    # Checked when it came in; what the checks of a later version would say of it does not matter.
    article = Article.model_construct(**{name: row[name] for name in Article.model_fields})
    return StoredArticle(
        key=row["key"],
        sequence=row["sequence"],
        article=article,
        words_hash=row["words_hash"],
        appeared_at=row["appeared_at"],
        first_seen_at=row["first_seen_at"],
        updated_at=row["updated_at"],
    )
