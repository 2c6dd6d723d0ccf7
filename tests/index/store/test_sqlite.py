"""What is particular to SQLite: errors, speed, faults."""

import errno
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from index.errors import StorageFullError, StoreError
from index.store.sql_store import SqlArticleStore, open_sqlite
from index.store.sqlite_engine import explained
from tests.index.fakes import an_article

Pragma = Callable[[str], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqlArticleStore]:
    with open_sqlite(path) as opened:
        yield opened


@pytest.fixture
def pragma(store: SqlArticleStore) -> Pragma:
    """Set a pragma on every connection of the store from now on."""

    def set_pragma(setting: str) -> None:
        event.listen(store._engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA {setting}").close())

    return set_pragma


def embed_all(store: SqlArticleStore) -> None:
    waiting = store.without_vector(1_000)
    store.put_vectors(waiting, np.ones((len(waiting), 2), np.float16))


def statements(store: SqlArticleStore, call: Callable[[], object]) -> list[str]:
    """The statements that SQLAlchemy sends."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)
    call()
    event.remove(store._engine, "before_cursor_execute", note)
    return sent


def plan(store: SqlArticleStore, call: Callable[[], object]) -> str:
    """How SQLite goes about the last statement of a call."""
    sent: list[str] = []
    with closing(store._engine.raw_connection()) as raw:
        assert raw.driver_connection is not None
        driver = raw.driver_connection
        driver.set_trace_callback(sent.append)
    call()
    driver.set_trace_callback(None)
    query = next(statement for statement in reversed(sent) if statement.startswith("SELECT"))
    with store._engine.connect() as connection:
        return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))


# Errors


def test_a_full_disk_refuses_what_comes_and_keeps_what_came(store: SqlArticleStore, path: Path, pragma: Pragma) -> None:
    store.put([an_article("a")])
    embed_all(store)
    pragma("max_page_count = 1")  # no fewer than there are: no more
    acknowledged = ["a"]

    def fill_up() -> None:
        for number in range(1_000):
            store.put([an_article(f"a{number}", text="A summit of two leaders. " * 50)])
            acknowledged.append(f"a{number}")

    with pytest.raises(StorageFullError, match=f"the disk of {path.parent} is full: nothing of this was kept"):
        fill_up()
    more = [an_article(f"b{number}", text="A summit of two leaders. " * 50) for number in range(100)]
    with pytest.raises(StorageFullError):
        store.put(more)
    assert {found.article.id for found in store.latest(1_000)} == set(acknowledged)
    assert store.check() == []
    pragma("max_page_count = 1000000")
    store.put(more)
    assert store.count() == len(acknowledged) + 100
    assert store.check() == []
    with open_sqlite(path, writer=False) as reader:
        assert reader.count() == len(acknowledged) + 100


def test_a_store_that_another_process_has_locked_says_so_and_works_again(
    store: SqlArticleStore, path: Path, pragma: Pragma
) -> None:
    pragma("busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process has locked it"):
            store.put([an_article("a")])
        assert store.count() == 0
    store.put([an_article("a")])
    assert store.count() == 1


def test_a_store_that_may_only_be_read_says_so(store: SqlArticleStore, pragma: Pragma) -> None:
    store.put([an_article("a")])
    pragma("query_only = ON")
    with pytest.raises(StoreError, match="it may only be read"):
        store.put([an_article("b")])
    assert store.count() == 1


def test_a_damaged_store_says_what_to_do(path: Path) -> None:
    with open_sqlite(path) as store:
        store.put([an_article("a")])
        with store._read() as connection:
            page = connection.execute(text("SELECT rootpage FROM sqlite_schema WHERE name = 'articles'")).scalar_one()
    with path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\x5a" * 4096)
    with open_sqlite(path) as store:
        for call in (lambda: store.get("a"), lambda: store.put([an_article("a", title="A flood")])):
            with pytest.raises(StoreError, match="'similar-news check', or restore a backup"):
                call()
        faults = store.check()
        assert faults
        assert all(fault.startswith("The file is damaged, restore a backup") for fault in faults)


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(("free", "kind"), [(0, StorageFullError), (1 << 40, StoreError)])
def test_an_error_of_the_disk_for_want_of_room_is_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, kind: type[StoreError]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(StoreError) as caught, explained("cannot write", tmp_path):
        raise OperationalError("INSERT", (), sqlite_error("SQLITE_IOERR_SHMSIZE"))
    assert type(caught.value) is kind


def test_errors_of_the_system_are_explained_too(tmp_path: Path) -> None:
    for number, kind in (
        (errno.ENOSPC, StorageFullError),
        (errno.EDQUOT, StorageFullError),
        (errno.EACCES, StoreError),
    ):
        with pytest.raises(StoreError, match=r"^cannot write: ") as caught, explained("cannot write", tmp_path):
            raise OSError(number, "as the system says")
        assert type(caught.value) is kind


def test_a_reader_cannot_write(store: SqlArticleStore, path: Path) -> None:
    store.put([an_article("a")])
    with open_sqlite(path, writer=False) as reader:
        for call in (lambda: reader.put([an_article("b")]), lambda: reader.take_down("a"), reader.check):
            with pytest.raises(StoreError, match="this process only reads"):
                call()
        with pytest.raises(DBAPIError, match="readonly"), reader._engine.connect() as connection:
            connection.exec_driver_sql("DELETE FROM articles")
        assert reader.count() == 1


# Speed


def test_many_articles_take_no_more_statements_than_a_few(store: SqlArticleStore) -> None:
    few = [an_article(f"few{number}") for number in range(2)]
    many = [an_article(f"many{number}") for number in range(500)]
    changed = [article.model_copy(update={"title": "A flood"}) for article in many]
    needed = len(statements(store, lambda: store.put(few)))
    assert len(statements(store, lambda: store.put(many))) == needed
    # Whether there is a story to bring up to date, and what was made of the former words goes.
    assert len(statements(store, lambda: store.put(changed))) <= needed + 6
    assert len(statements(store, lambda: embed_all(store))) <= 10


def test_the_versions_are_read_without_the_articles(store: SqlArticleStore) -> None:
    store.put([an_article("a")])
    embed_all(store)
    steps = plan(store, store.embedded_versions)
    assert "SCAN articles USING COVERING INDEX" in steps
    assert "TEMP B-TREE" not in steps


def test_what_waits_is_found_without_a_look_at_the_rest(store: SqlArticleStore) -> None:
    store.put([an_article("a")])
    for call in (store.count_without_vector, lambda: store.without_vector(9)):
        steps = plan(store, call)
        assert "SCAN waiting" in steps
        assert "SCAN articles" not in steps
    steps = plan(store, lambda: store.without_vector(9, ids=["a"]))
    assert "SEARCH articles USING INDEX" in steps
    assert "SCAN waiting" not in steps


# Faults


def test_a_sound_store_has_no_faults(store: SqlArticleStore) -> None:
    assert store.check() == []
    store.put([an_article("a"), an_article("b")])
    store.put_vectors(store.without_vector(1), np.ones((1, 2), np.float16))
    assert store.check() == []


def test_articles_without_a_vector_or_with_an_odd_one_are_embedded_again(store: SqlArticleStore) -> None:
    ids = ["forgotten", "waits-in-vain", "odd", "sound", "waiting"]
    store.put([an_article(article_id) for article_id in ids])
    store.put_vectors(store.without_vector(4), np.ones((4, 2), np.float16))
    with store._write() as connection:
        connection.execute(text("DELETE FROM vectors WHERE key = 1"))
        connection.execute(text("INSERT INTO waiting (key, sequence) VALUES (2, 2)"))
        connection.execute(text("UPDATE vectors SET embedding = 'xxxxxx' WHERE key = 3"))
    assert store.check() == [
        "Articles that had neither a vector nor a place among those that wait for one, which is mended: 1.",
        "Articles that waited for a vector that was there, which is mended: 1.",
        "Articles that had a vector of another length than most, which is mended: 1.",
    ]
    assert [found.article.id for found in store.without_vector(9)] == ["forgotten", "odd", "waiting"]
    assert store.check() == []


def test_rows_of_no_article_are_reported(store: SqlArticleStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO vectors VALUES (7, 'xxxx', NULL)")
        connection.execute("INSERT INTO waiting VALUES (8, 8)")
    for _ in range(2):
        assert sorted(store.check()) == [
            "The table 'vectors' has rows of no article: 1.",
            "The table 'waiting' has rows of no article: 1.",
        ]
