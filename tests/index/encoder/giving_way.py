"""Embed something, and print how much of the time on processors was that of threads that give way, and of others."""

import json
import os
import sys
import threading
from pathlib import Path

import psutil

from index import load_encoder
from index.samples import samples


def _seconds_by_thread() -> dict[int, float]:
    return {thread.id: thread.user_time + thread.system_time for thread in psutil.Process().threads()}


def main(cache: Path) -> None:
    """Print both as JSON."""
    encoder = load_encoder(cache=cache)
    encoder.encode(["whatever takes its time at first"])
    own, before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), _seconds_by_thread()
    encoder.encode([sample.article.words for sample in samples()[:64]])
    seconds = {"giving way": 0.0, "others": 0.0}
    for thread, spent in _seconds_by_thread().items():
        gives_way = os.getpriority(os.PRIO_PROCESS, thread) > own
        seconds["giving way" if gives_way else "others"] += spent - before.get(thread, 0.0)
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
