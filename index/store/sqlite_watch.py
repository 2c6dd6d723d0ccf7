"""Whether anybody has written to a SQLite file since one looked, told without reading it."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path


class Watched:
    """A text that is derived from a file, and is derived anew only when somebody has written to it.

    May be used by several threads at once.
    """

    def __init__(self, path: Path, derive: Callable[[], str]) -> None:
        """Watch a file.

        Args:
            path: of a SQLite database that is there.
            derive: gives the text, from other connections.
        """
        # It never writes: what a connection wrote itself, `data_version` does not tell it.
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._derive = derive
        self._lock = threading.Lock()
        self._seen: int | None = None
        self._value: str | None = None

    def value(self) -> str:
        """The text as of now or, if somebody is writing, of a moment ago.

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
