"""Embed or ingest the articles of a file in a process of its own; print how long that took once the model was loaded.

Started by `benchmark_ingest`. Both load the model in the same way and are timed from the first article to the last, so
that what they keep in memory, and what OpenVINO prepares for new shapes, is the same for both.
"""

import json
import resource
import sys
import time
from pathlib import Path

from index import Article
from service import logs
from service.ingest import Reading, ingest
from service.ingest_targets import IndexTarget
from service.opening import load_configured_encoder, open_configured_index
from service.settings import read_settings


def encode(file: Path) -> int:
    """Embed the words of all articles; returns how many they are. All at once: so the encoder is at its fastest."""
    articles = [Article.model_validate_json(line) for line in file.read_bytes().splitlines()]
    encoder = load_configured_encoder(read_settings())
    encoder.encode(["a first text, which takes longer"])
    with timed():
        encoder.encode([article.words for article in articles])
    return len(articles)


def keep(file: Path) -> int:
    """Ingest the articles as the command line does, which reads them too; returns how many were new."""
    settings = read_settings()
    with open_configured_index(settings) as index:
        index.compare(Article(id="a", title="a first text"), Article(id="b", title="which takes longer"))
        with timed():
            report = ingest(Reading([file]), IndexTarget(index), state=settings.data_dir)
    return report.outcomes["created"]


class timed:  # noqa: N801 - a context manager
    """Prints the seconds that it took: by the clock, and of processors."""

    def __enter__(self) -> None:
        self._began = time.perf_counter(), _processor_seconds()

    def __exit__(self, *_: object) -> None:
        clock, processors = self._began
        figures = {"seconds": time.perf_counter() - clock, "processor_seconds": _processor_seconds() - processors}
        print(json.dumps(figures), flush=True)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(kind: str, file: str, articles: str) -> None:
    """Do it, and see that all articles were there."""
    logs.configure(read_settings())
    done = {"encode": encode, "keep": keep}[kind](Path(file))
    if done != int(articles):
        sys.exit(f"{done} articles instead of {articles}")


if __name__ == "__main__":
    main(*sys.argv[1:])
