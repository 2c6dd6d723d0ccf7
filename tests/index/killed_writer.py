"""Writes into a data directory until it is killed, and says what was acknowledged. Run by `test_kill`."""

import random
import threading
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from index.maintenance import back_up
from index.opening import open_index
from index.vectors.segmented_index import SegmentedVectorIndex
from tests.index.fakes import TOPICS, FakeEncoder, an_article

SEGMENT_ROWS = 4
"""So few that segments are sealed and merged all the time."""

BATCH = 5


def write(data: Path, backup: Path, seed: int, says: Connection) -> None:
    """Put, change and take down articles, and back them up; tell what was acknowledged."""

    def say(*words: str) -> None:
        says.send(words)

    choice = random.Random(seed)
    small_segments = partial(SegmentedVectorIndex, segment_rows=SEGMENT_ROWS)
    with patch("index.opening.SegmentedVectorIndex", small_segments), open_index(data, FakeEncoder()) as index:
        threading.Thread(target=back_up_always, args=(data, backup), daemon=True).start()
        say("open")
        kept: list[str] = []
        for batch in range(10_000):
            ids = [f"{seed}-{batch}-{number}" for number in range(BATCH)]
            if kept and choice.random() < 0.3:
                ids[0] = choice.choice(kept)  # which gets a new version
            # No two say the same, or taking down one would bar the other.
            index.put([an_article(one, title=f"{choice.choice(TOPICS)} {one} {batch}") for one in ids])
            say("put", *ids)
            kept += ids
            if choice.random() < 0.3:
                gone = choice.choice(kept)
                kept = [one for one in kept if one != gone]
                say("taking", gone)
                index.take_down(gone)
                say("taken", gone)


def back_up_always(data: Path, backup: Path) -> None:
    """Back up again and again."""
    while True:
        back_up(data, backup)
