"""SQLite files: opened with the newest schema, and their errors in plain words."""

import errno
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from index.errors import StorageFullError, StoreError
from index.store import migrations

WRITE = {"write": True}
"""Execution options of a transaction that writes."""

BUSY_TIMEOUT = 10
"""Seconds to wait for another writer."""

_AGAIN = 0.01

_FULL = 1 << 20
"""Bytes: a disk on which fewer are free is full."""

_DAMAGED = "the file is damaged, or no database: run 'similar-news check', or restore a backup"
_REASONS = {
    "SQLITE_READONLY": "it may only be read: give the user that runs this the right to write to it and to its folder",
    "SQLITE_CANTOPEN": "see that its folder is there, and that the user that runs this may write to both",
    "SQLITE_BUSY": "another process has locked it: wait until that is done, or stop it, and try again",
    "SQLITE_LOCKED": "another part of this process has locked it: try again",
    "SQLITE_IOERR": "its disk failed: see that it is in order and can be written to",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}


def open_engine(path: Path, *, writer: bool) -> Engine:
    """An engine on a SQLite file whose schema is of the newest version.

    Args:
        path: the file, in a folder that is there.
        writer: make the file if it is not there, and bring its schema to the newest version; otherwise nothing can be
            written through the engine.

    Raises:
        StoreError: see `open_sqlite`.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)  # no article in a message
    event.listen(engine, "connect", _configure_writer if writer else _configure_reader)
    event.listen(engine, "begin", _begin)
    opening = engine.execution_options(**WRITE) if writer else engine
    try:
        with explained(f"cannot open the store {path}", path.parent), opening.begin() as connection:
            migrations.upgrade(connection) if writer else migrations.check(connection)
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextmanager
def explained(what: str, folder: Path) -> Iterator[None]:
    """Turn errors of the database and the disk into ones that a person can act on.

    Args:
        what: begins the message, such as "cannot write to the store /data/similar-news.sqlite".
        folder: where is written; it is said to be full if it is.

    Raises:
        StorageFullError: the disk is full.
        StoreError: any other error of SQLite, SQLAlchemy or the operating system.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _plain(getattr(error, "orig", None) or error, what, folder) from error


def _plain(error: BaseException, what: str, folder: Path) -> StoreError:
    if _is_full(error, folder):
        return StorageFullError(
            f"{what}: the disk of {folder} is full: nothing of this was kept; make room on it and try again"
        )
    if isinstance(error, OSError):
        return StoreError(f"{what}: {error.strerror}")
    reason = _REASONS.get("_".join(_name(error).split("_")[:2]))
    return StoreError(f"{what}: {reason} ({error})" if reason else f"{what}: {error}")


def _is_full(error: BaseException, folder: Path) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    # Where a full disk is met in the shared memory of the WAL or in a sync, SQLite only says that it failed.
    failed = _name(error).startswith("SQLITE_IOERR") and folder.is_dir()
    return _name(error) == "SQLITE_FULL" or (failed and shutil.disk_usage(folder).free < _FULL)


def _name(error: BaseException) -> str:
    """The name that SQLite gives an error, such as "SQLITE_IOERR_WRITE"; empty if it is none of SQLite's."""
    return getattr(error, "sqlite_errorname", None) or ""


def _configure_writer(connection: sqlite3.Connection, _record: object) -> None:
    # WAL: readers and the writer do not wait for each other. FULL: a commit is on the disk before it returns,
    # so that an acknowledged article survives a power failure too; NORMAL would only survive a crash.
    _configure(connection)
    _turn_to_wal(connection)
    _configure(connection, "synchronous = FULL", "foreign_keys = ON")


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Two that turn one new file at once do not wait for each other, whatever the timeout; so one tries again."""
    last = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _name(error) != "SQLITE_BUSY" or time.monotonic() > last:
                raise
            time.sleep(_AGAIN)
        else:
            return


def _configure_reader(connection: sqlite3.Connection, _record: object) -> None:
    _configure(connection, "query_only = ON")


def _configure(connection: sqlite3.Connection, *pragmas: str) -> None:
    connection.isolation_level = None  # the module's own BEGIN would leave changes of the schema out; see _begin
    for pragma in (f"busy_timeout = {BUSY_TIMEOUT * 1_000}", *pragmas):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that will write takes the lock at once; one that found it taken half-way would have to fail.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")
