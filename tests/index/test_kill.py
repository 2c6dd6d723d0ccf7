"""Whatever moment a writer is killed at: what it acknowledged is there, once, and what it took down is gone."""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from index.maintenance import check, restore
from index.opening import STORE_FILE
from index.store.sql_store import open_sqlite
from tests.index import killed_writer

KILLS = 100
MOST_HEARD = 6
"""A writer is let say up to so many lines before it is killed, so that it gets somewhere on a slow machine too."""

LONGEST = 0.1
LONGEST_OPENING = 0.5


class Witness:
    """What writers acknowledged.

    Attributes:
        kept: ids that have to be there.
        gone: ids that must not be there.
        open: ids that may be there or not, since the writer was killed while it took them down.
        seen: ids that were acknowledged at any time, or there after one of the kills. A backup may have what was taken
            down after it was made, before the kill.
    """

    def __init__(self) -> None:
        self.kept: set[str] = set()
        self.gone: set[str] = set()
        self.open: set[str] = set()
        self.seen: set[str] = set()

    def hear(self, word: str, *ids: str) -> None:
        if word == "put":
            self.kept |= set(ids)
            self.seen |= set(ids)
        elif word == "taking":
            self.kept -= set(ids)
            self.open |= set(ids)
        elif word == "taken":
            self.open -= set(ids)
            self.gone |= set(ids)

    def see(self, ids: set[str]) -> None:
        """Compare with what is there; what was open is decided now."""
        self.seen |= ids
        assert self.kept <= ids
        assert not self.gone & ids
        self.kept |= self.open & ids
        self.gone |= self.open - ids
        self.open.clear()


def ids_in(file: Path) -> set[str]:
    with open_sqlite(file, writer=False) as store:
        articles = store.latest(1_000_000)
    ids = {article.article.id for article in articles}
    assert len(ids) == len(articles)
    return ids


def rest_of(heard: Connection) -> Iterator[tuple[str, ...]]:
    """What was said before the end."""
    with suppress(EOFError):
        while True:
            yield heard.recv()


def test_nothing_acknowledged_is_lost_and_nothing_comes_back_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    writers = get_context(
        "forkserver"
    )  # which imports everything once; most of a writer's short life would go into that
    writers.set_forkserver_preload([killed_writer.__name__])
    data, backup, witness = tmp_path / "data", tmp_path / "backup.sqlite", Witness()
    moments = random.Random(11)
    interrupted: Counter[str] = Counter()  # by what was heard last
    for attempt in range(KILLS):
        heard, says = writers.Pipe(duplex=False)
        process = writers.Process(target=killed_writer.write, args=(data, backup, attempt, says))
        process.start()
        says.close()
        with heard:
            words = []
            if attempt % 5:  # the others are killed while they open, or soon after
                assert heard.recv() == ("open",)
                words = [heard.recv() for _ in range(moments.randrange(MOST_HEARD))]
            time.sleep(moments.uniform(0, LONGEST if attempt % 5 else LONGEST_OPENING))
            process.kill()
            words += rest_of(heard)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        for said in words:
            witness.hear(*said)
        interrupted[words[-1][0] if words else ""] += 1
        if not (data / STORE_FILE).exists():  # it was killed before it had opened anything
            assert not words
            continue
        assert check(data) == []
        witness.see(ids_in(data / STORE_FILE))
    assert {"put", "taken"} <= interrupted.keys()
    assert len(witness.kept) > KILLS
    assert witness.gone
    assert list((data / "index").glob("0*"))  # so that merged segments were written, and found again

    copy = tmp_path / "copy"
    restore(copy, backup)
    assert ids_in(copy / STORE_FILE) <= witness.seen
    assert check(copy) == []
