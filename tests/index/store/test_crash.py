"""A store whose making was cut short can be opened, and many can open a new one at once."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from index.store.sql_store import open_sqlite

OPEN = """
import sys
from pathlib import Path
from index.store.sql_store import open_sqlite
print("imported", flush=True)
open_sqlite(Path(sys.argv[1]))
"""


def test_a_kill_while_the_schema_is_made_leaves_a_store_that_opens(tmp_path: Path) -> None:
    moments = random.Random(7)
    for attempt in range(15):
        file = tmp_path / f"{attempt}.sqlite"
        process = subprocess.Popen([sys.executable, "-c", OPEN, str(file)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
        time.sleep(moments.uniform(0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with open_sqlite(file) as store:
            assert store.count() == 0


def test_many_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    def open_and_count(_: int) -> int:
        with open_sqlite(tmp_path / "store.sqlite") as store:
            return store.count()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(open_and_count, range(8))) == [0] * 8
