import sqlite3
from contextlib import closing
from pathlib import Path

from index.store.sqlite_watch import Watched


def test_a_text_is_derived_anew_only_when_somebody_has_written(tmp_path: Path) -> None:
    file = tmp_path / "any.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE numbers (number)")
        derived: list[int] = []

        def count() -> str:
            derived.append(1)
            return str(connection.execute("SELECT count(*) FROM numbers").fetchone()[0])

        watched = Watched(file, count)
        assert [watched.value(), watched.value()] == ["0", "0"]
        assert len(derived) == 1
        connection.execute("INSERT INTO numbers VALUES (7)")
        assert watched.value() == "0"  # not committed yet
        derived.clear()
        connection.commit()
        assert [watched.value(), watched.value()] == ["1", "1"]
        assert len(derived) == 1
        watched.close()
