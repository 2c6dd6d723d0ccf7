import errno
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.errors import StorageFullError, StoreError
from index.store import ModelRecord
from index.store.sql_store import SqlArticleStore, open_sqlite
from tests.index.fakes import an_article
from tests.index.store.old_store import make_store_of_version_1
from tests.index.store.test_article_store import with_vectors


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlArticleStore]:
    (tmp_path / "data").mkdir()
    with open_sqlite(tmp_path / "data" / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SqlArticleStore]:
    with open_sqlite(tmp_path / "other" / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where backups go."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "backup.sqlite"


def fill(store: SqlArticleStore, *ids: str) -> None:
    """Articles with vectors."""
    store.put([an_article(article_id, title=f"Summit {article_id}") for article_id in ids])
    waiting = store.without_vector(1_000)
    store.put_vectors(waiting, np.array([[article.key, 1] for article in waiting], np.float16))


def content(store: SqlArticleStore) -> object:
    """Everything that the store holds."""
    chunks = [(articles, rows.tolist()) for articles, rows in with_vectors(store)]
    changes = store.changes_after(0, 1_000)
    return store.latest(1_000), chunks, changes, store.without_vector(1_000), store.model(), store.is_taken_down("gone")


def key_of(store: SqlArticleStore, article_id: str) -> int:
    found = store.get(article_id)
    assert found is not None
    return found.key


# Backup


def test_a_backup_is_a_store_with_the_same_contents(store: SqlArticleStore, file: Path) -> None:
    store.set_model(ModelRecord("one", "1"))
    fill(store, "a", "b", "gone")
    store.put([an_article("waiting")])
    store.take_down("gone")
    store.backup(file)
    with open_sqlite(file) as copy:
        assert content(copy) == content(store)
        assert copy.lineage() == store.lineage()
        assert copy.check() == []


def test_a_backup_made_while_articles_come_has_each_batch_whole_or_not_at_all(
    store: SqlArticleStore, file: Path
) -> None:
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            fill(store, f"a{number}", f"b{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(8):
            store.backup(file)
            with open_sqlite(file) as copy:
                ids = [found.article.id for found in copy.latest(100_000)]
                assert {one[1:] for one in ids if one[0] == "a"} == {one[1:] for one in ids if one[0] == "b"}
                assert copy.check() == []
    finally:
        done.set()
        writer.join()


def test_a_backup_replaces_the_one_before(store: SqlArticleStore, file: Path) -> None:
    fill(store, "a")
    store.backup(file)
    fill(store, "b")
    store.backup(file)
    with open_sqlite(file, writer=False) as copy:
        assert copy.count() == 2
    assert list(file.parent.iterdir()) == [file]


def test_a_reader_can_make_a_backup(store: SqlArticleStore, tmp_path: Path, file: Path) -> None:
    fill(store, "a")
    with open_sqlite(tmp_path / "data" / "store.sqlite", writer=False) as reader:
        reader.backup(file)
    with open_sqlite(file) as copy:
        assert copy.count() == 1


def test_a_backup_that_fails_leaves_the_one_before_and_nothing_else(
    store: SqlArticleStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, "a")
    store.backup(file)
    before = file.read_bytes()
    fill(store, "b")

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageFullError, match=re.escape(f"the disk of {file.parent} is full")):
        store.backup(file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_backup_is_not_written_where_there_is_no_folder(store: SqlArticleStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write the backup"):
        store.backup(tmp_path / "nowhere" / "backup.sqlite")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write the backup"):
        store.backup(tmp_path / "file" / "backup.sqlite")


def test_a_backup_does_not_replace_a_folder(store: SqlArticleStore, file: Path) -> None:
    file.mkdir()
    with pytest.raises(StoreError, match="cannot write the backup"):
        store.backup(file)
    assert list(file.parent.iterdir()) == [file]


def test_the_store_cannot_be_its_own_backup(store: SqlArticleStore, tmp_path: Path) -> None:
    fill(store, "a")
    (tmp_path / "link").symlink_to(tmp_path / "data" / "store.sqlite")
    for itself in (tmp_path / "data" / "store.sqlite", tmp_path / "link"):
        with pytest.raises(StoreError, match="the store itself"):
            store.backup(itself)
        with pytest.raises(StoreError, match="the store itself"):
            store.restore(itself)
    assert store.count() == 1


# Restore


def test_a_store_restored_has_what_the_backup_has_and_a_new_lineage(
    store: SqlArticleStore, other: SqlArticleStore, file: Path
) -> None:
    store.set_model(ModelRecord("one", "1"))
    fill(store, "a", "b", "gone")
    store.put([an_article("waiting")])
    store.take_down("gone")
    store.backup(file)
    fill(other, "a", "x")
    lineages = {store.lineage(), other.lineage()}
    other.restore(file)
    assert content(other) == content(store)
    assert other.lineage() not in lineages
    assert other.check() == []


def test_a_store_goes_back_to_its_own_backup(store: SqlArticleStore, file: Path) -> None:
    fill(store, "a")
    store.backup(file)
    before, lineage = content(store), store.lineage()
    fill(store, "b")
    store.restore(file)
    assert content(store) == before
    assert store.lineage() != lineage


def test_what_was_taken_down_after_the_backup_stays_away(store: SqlArticleStore, file: Path) -> None:
    fill(store, "a", "b")
    store.backup(file)
    store.take_down("a")
    store.restore(file)
    assert [article.article.id for article in store.latest(9)] == ["b"]
    assert store.is_taken_down("a")
    assert store.embedded_versions()[0].tolist() == [key_of(store, "b")]
    assert store.check() == []


@pytest.mark.parametrize(("in_backup", "in_store"), [(2, 9), (9, 2), (9, 0), (0, 9), (0, 0)])
def test_numbers_given_after_a_restore_are_higher_than_any_before(
    store: SqlArticleStore, other: SqlArticleStore, file: Path, in_backup: int, in_store: int
) -> None:
    highest_key, highest_sequence = 0, 0
    for one, count in ((store, in_backup), (other, in_store)):
        fill(one, *[f"a{number}" for number in range(count)])
        if count:
            highest_key = max(highest_key, key_of(one, f"a{count - 1}"))
            one.take_down(f"a{count - 1}")  # so that no row has the highest key any more
            highest_sequence = max(highest_sequence, one.last_sequence())
    store.backup(file)
    other.restore(file)
    other.put([an_article("new")])
    assert key_of(other, "new") == highest_key + 1
    assert [change.sequence for change in other.changes_after(0, 99)][-1] == highest_sequence + 1


def test_those_who_have_the_store_open_go_on_and_see_what_was_restored(
    store: SqlArticleStore, tmp_path: Path, file: Path
) -> None:
    fill(store, "a", "b")
    store.backup(file)
    store.take_down("a")
    with (
        open_sqlite(tmp_path / "data" / "store.sqlite") as writer,
        open_sqlite(tmp_path / "data" / "store.sqlite", writer=False) as reader,
    ):
        fill(store, "d")
        assert writer.count() == reader.count() == 2
        store.restore(file)
        assert reader.count() == 1
        assert reader.lineage() == store.lineage()
        assert content(reader) == content(store)
        writer.put([an_article("c")])
        assert reader.count() == store.count() == 2


def test_a_reader_cannot_restore(store: SqlArticleStore, tmp_path: Path, file: Path) -> None:
    fill(store, "a")
    store.backup(file)
    fill(store, "b")
    with (
        open_sqlite(tmp_path / "data" / "store.sqlite", writer=False) as reader,
        pytest.raises(StoreError, match="this process only reads"),
    ):
        reader.restore(file)
    assert store.count() == 2


def test_a_backup_of_an_earlier_version_is_restored_and_left_as_it_is(store: SqlArticleStore, file: Path) -> None:
    fill(store, "a")
    make_store_of_version_1(file)
    before = file.read_bytes()
    store.restore(file)
    assert {found.article.id for found in store.latest(9)} == {"embedded", "stale", "new"}
    assert [found.article.id for found in store.without_vector(9)] == ["stale", "new"]
    assert store.check() == []
    assert file.read_bytes() == before
    assert {path.name.split("-")[0] for path in (file.parent.parent / "data").iterdir()} == {"store.sqlite"}


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096 * 2 :] = b"\x5a" * (len(data) - 4096 * 2)
    file.write_bytes(data)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:10_000])


def run(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def make_newer(file: Path) -> None:
    run(file, "UPDATE alembic_version SET version_num = '9999'")


def leave_out_a_table(file: Path) -> None:
    run(file, "DROP TABLE takedowns")


def leave_out_a_column(file: Path) -> None:
    run(file, "ALTER TABLE articles DROP COLUMN text")


def add_a_vector_of_no_article(file: Path) -> None:
    run(file, "INSERT INTO vectors VALUES (999, 'xxxx', NULL)")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def put_text_in_its_place(file: Path) -> None:
    file.write_text("not a database, but long enough to have a header " * 20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Path.unlink, "there is no such file"),
        (damage, "damaged|cannot be read"),
        (cut_short, "damaged|cannot be read"),
        (make_newer, "newer version"),
        (leave_out_a_table, "no store of similar-news"),
        (leave_out_a_column, "cannot restore"),
        (add_a_vector_of_no_article, "cannot restore"),
        (empty, "no store of similar-news"),
        (put_text_in_its_place, "cannot be read"),
    ],
)
def test_what_is_no_sound_backup_is_refused_and_changes_nothing(
    store: SqlArticleStore, other: SqlArticleStore, file: Path, change: object, message: str
) -> None:
    fill(store, "a", "b")
    store.backup(file)
    assert callable(change)
    change(file)
    fill(other, "x", "y")
    before, lineage = content(other), other.lineage()
    with pytest.raises(StoreError, match=message):
        other.restore(file)
    assert content(other) == before
    assert other.lineage() == lineage
    assert other.check() == []
    fill(other, "z")
    assert other.count() == 3
