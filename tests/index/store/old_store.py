"""A store as earlier versions wrote it."""

from pathlib import Path

import numpy as np
from alembic import command
from sqlalchemy import Connection, create_engine, text

from index import Article
from index.store import migrations
from tests.index.fakes import NOON, an_article

EMBEDDED, STALE, NEW = an_article("embedded", title="A flood"), an_article("stale"), an_article("new")


def make_store_of_version_1(path: Path) -> None:
    """Three articles, of which one has a vector, another that of former words; a fourth was taken down."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(migrations._config(connection), "0001")
        for key, sequence, article in ((1, 3, EMBEDDED), (2, 2, STALE), (4, 5, NEW)):
            _insert_article(connection, key, sequence, article)
        _insert_vector(connection, 1, EMBEDDED.words_hash)
        _insert_vector(connection, 2, NEW.model_copy(update={"title": "Former words"}).words_hash)
        log = ["embedded put", "stale put", "embedded put", "gone put", "new put", "gone take_down"]
        for sequence, change in enumerate(log, 1):
            article_id, kind = change.split()
            row = {"sequence": sequence, "id": article_id, "kind": kind, "at": NOON.replace(tzinfo=None).isoformat(" ")}
            connection.execute(text("INSERT INTO changes VALUES (:sequence, :id, :kind, :at)"), row)
        connection.execute(text("INSERT INTO takedowns VALUES ('gone', 'its hash', '2023-09-14 12:00:00.000000')"))
        connection.execute(text("INSERT INTO settings VALUES ('model', 'one'), ('fingerprint', 'its fingerprint')"))
    engine.dispose()


def _insert_article(connection: Connection, key: int, sequence: int, article: Article) -> None:
    row = article.model_dump() | {"key": key, "sequence": sequence}
    row |= {"content_hash": article.content_hash, "words_hash": article.words_hash}
    row |= dict.fromkeys(("appeared_at", "first_seen_at", "updated_at"), "2023-09-14 12:00:00.000000")
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO articles ({names}) VALUES ({values})"), row)  # noqa: S608 - names of columns


def _insert_vector(connection: Connection, key: int, words_hash: str) -> None:
    row = {"key": key, "words_hash": words_hash, "embedding": np.array([key, 1], np.float16).tobytes()}
    connection.execute(text("INSERT INTO vectors VALUES (:key, :words_hash, :embedding)"), row)
