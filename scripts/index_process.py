"""Open an index in a process of its own, and search; print the keys found, and the peak memory.

Started by `benchmark_index`: what that keeps in memory must not count.
"""

import json
import sys
from pathlib import Path

import numpy as np
from index_queries import LIMIT
from memory import peak_megabytes
from prepared_index import Prepared, opened


def main(folder: str, query: str) -> None:
    """Open, search and print."""
    vector = np.load(query)
    with opened(Path(folder), Prepared(None, len(vector))) as opened_index:
        keys = [hit.key for hit in opened_index.vectors.search(vector, LIMIT + 1)]  # it is one of them
    print(json.dumps({"keys": keys, "resident_mib": peak_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
