"""Whether anybody has written to a SQLite file since one looked, told without reading it."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Watched(Generic[T]):
    """What is derived from a file, and is derived anew only when somebody has written to it.

    May be used by several threads at once.
    """

    def __init__(self, path: Path, derive: Callable[[], T]) -> None:
        """Watch a file.

        Args:
            path: of a SQLite database that is there.
            derive: gives it, from other connections; called by one thread at a time.
        """
        # It never writes: what a connection wrote itself, `data_version` does not tell it.
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._derive = derive
        self._lock = threading.Lock()
        self._seen: int | None = None
        self._value: T | None = None

    def value(self) -> T:
        """It as of now or, if somebody is writing, of a moment ago.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        with self._lock:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if self._value is None or version != self._seen:
                self._value = self._derive()
                self._seen = version
            return self._value

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
