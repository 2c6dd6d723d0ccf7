"""Backups of a SQLite store, made and restored while others use it."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from index.disk import replaced
from index.errors import StoreError
from index.store import migrations
from index.store.schema import metadata
from index.store.sqlite_engine import BUSY_TIMEOUT, explained, open_engine

_TABLES = {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}
"""The columns of every table; a table comes after those that it refers to."""

_OLDEST_TABLES = {"alembic_version", "settings", "articles", "vectors", "changes", "takedowns"}
"""Those that a store of any version has."""


def back_up(store: Path, file: Path) -> None:
    """Write a consistent copy of a store; see `ArticleStore.backup`.

    Args:
        store: the store's file.
        file: where the copy comes to lie.

    Raises:
        StoreError: it cannot be written.
    """
    what = f"cannot write the backup {file}"
    with explained(what, file.parent):
        _refuse_itself(store, file, what)
        with replaced(file) as unfinished, _connected(store, "rw") as connection:
            connection.execute("VACUUM INTO ?", (str(unfinished),))


def restore(store: Path, file: Path) -> None:
    """Replace the contents of a store by those of a backup; see `ArticleStore.restore`.

    Args:
        store: the store's file, of the newest schema.
        file: the backup.

    Raises:
        StoreError: the backup cannot be read, or is none, or the store cannot be written; nothing is changed.
    """
    what = f"cannot restore the backup {file}"
    with (
        explained(what, store.parent),
        _of_newest_version(file, store, what) as current,
        _connected(store, "rw") as connection,
    ):
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("ATTACH ? AS backup", (_address(current, "ro"),))
        connection.execute("BEGIN IMMEDIATE")
        _copy_tables(connection)
        _raise_counters(connection)
        _delete_taken_down(connection)
        connection.execute("INSERT OR REPLACE INTO settings VALUES ('lineage', ?)", (secrets.token_hex(16),))
        connection.execute("COMMIT")


def settings_of(store: Path, file: Path) -> dict[str, str]:
    """What a backup's table of settings has.

    Raises:
        StoreError: the file cannot be read, or is no backup.
    """
    what = f"cannot read the backup {file}"
    with explained(what, store.parent):
        _version(file, what)
        with _connected(file, "ro") as connection:
            return dict(connection.execute("SELECT name, value FROM settings").fetchall())


def _copy_tables(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TEMPORARY TABLE taken_down AS SELECT * FROM main.takedowns")
    for name in reversed(_TABLES):
        connection.execute(f'DELETE FROM main."{name}"')  # noqa: S608 - a name of the schema
    for name, columns in _TABLES.items():
        listed = ", ".join(f'"{column}"' for column in columns)
        given = ", ".join(f'given."{column}"' for column in columns)  # without "given." a missing one would be a text
        copy = f'INSERT INTO main."{name}" ({listed}) SELECT {given} FROM backup."{name}" AS given'  # noqa: S608 - as above
        connection.execute(copy)


def _raise_counters(connection: sqlite3.Connection) -> None:
    """Go on counting above all numbers that either store ever gave."""
    counters = connection.execute(
        "SELECT name, max(seq) FROM (SELECT * FROM main.sqlite_sequence UNION ALL SELECT * FROM backup.sqlite_sequence)"
        " GROUP BY name"
    ).fetchall()
    connection.execute("DELETE FROM main.sqlite_sequence")
    connection.executemany("INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", counters)


def _delete_taken_down(connection: sqlite3.Connection) -> None:
    """Somebody asked for these to be gone, and is not to ask again because of a restored backup."""
    connection.execute("INSERT OR REPLACE INTO main.takedowns SELECT * FROM temp.taken_down")
    connection.execute(
        "INSERT INTO main.story_changes (at, story, kind, article_id)"
        " SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now'), story, 'left', id"
        " FROM main.articles JOIN main.story_members USING (key)"
        " WHERE id IN (SELECT article_id FROM temp.taken_down) ORDER BY key"
    )
    connection.execute(
        "UPDATE main.stories SET changed = last FROM (SELECT story, max(sequence) AS last FROM main.story_changes"
        " WHERE article_id IN (SELECT article_id FROM temp.taken_down) GROUP BY story) WHERE number = story"
        " AND last > changed"
    )
    connection.execute("DELETE FROM main.articles WHERE id IN (SELECT article_id FROM temp.taken_down)")


@contextmanager
def _of_newest_version(file: Path, store: Path, what: str) -> Iterator[Path]:
    """The backup, or a copy beside the store that was brought to the newest version."""
    _refuse_itself(store, file, what)
    version = _version(file, what)
    if version == migrations.newest():
        yield file
        return
    if not migrations.is_known(version):
        raise StoreError(f"{what}: it is of a newer version of similar-news; install that version to restore it")
    with TemporaryDirectory(prefix=".restore-", dir=store.parent) as made:
        copy = Path(made) / "copy.sqlite"
        with _connected(file, "ro") as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        open_engine(copy, writer=True).dispose()
        yield copy


def _version(file: Path, what: str) -> str:
    """The version of a backup's schema, once the backup was seen to be sound."""
    if not file.is_file():
        raise StoreError(f"{what}: there is no such file")
    with _connected(file, "ro") as connection:
        try:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{what}: it cannot be read ({error}); take another backup") from error
        if found != "ok":
            raise StoreError(f"{what}: it is damaged ({found}); take another backup")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not tables >= _OLDEST_TABLES:
            raise StoreError(f"{what}: it is no store of similar-news")
        return str(connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0])


def _refuse_itself(store: Path, file: Path, what: str) -> None:
    if file.exists() and file.samefile(store):
        raise StoreError(f"{what}: that is the store itself; name another file")


@contextmanager
def _connected(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    # A connection of its own, since what is attached or left over in one of a pool would come up again.
    with closing(sqlite3.connect(_address(file, mode), uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)) as one:
        yield one


def _address(file: Path, mode: str) -> str:
    return f"{file.absolute().as_uri()}?mode={mode}"
