"""Ingests files into a data directory, with an encoder that is quick to load. Run by `test_ingest`, which kills it."""

import sys
from pathlib import Path
from unittest.mock import patch

from index.opening import open_index
from service.ingest import Reading, ingest
from service.ingest_targets import IndexTarget
from tests.index.fakes import FakeEncoder

BATCH = 16
"""So few articles are put at once that there is something to go on with all the time."""


def main(data: Path, report: Path, *files: Path) -> None:
    """Say when it begins, and at the end what became of the records."""
    with patch("service.ingest.AT_ONCE", BATCH), open_index(data, FakeEncoder()) as index:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        done = ingest(Reading(files, report=report), IndexTarget(index), state=data)
        sys.stdout.write(f"{done.summary()}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
