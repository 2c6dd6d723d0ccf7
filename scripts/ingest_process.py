"""Embed or ingest the articles of a file in a process of its own; print how many, and how long that took.

Started by `benchmark_ingest`. Both load the model in the same way and are timed from the first article to the last, so
that what they keep in memory, and what OpenVINO prepares for new shapes, is the same for both.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from index import Article
from service import logs
from service.ingest import Reading, ingest
from service.ingest_targets import IndexTarget
from service.opening import load_configured_encoder, open_configured_index
from service.settings import read_settings

Figures = dict[str, float]


def encode(file: Path) -> tuple[int, Figures]:
    """Embed the words of all articles; returns how many they are. All at once: so the encoder is at its fastest."""
    articles = []
    for line in file.read_bytes().splitlines():
        with suppress(ValidationError):  # of which an ingest keeps none
            articles.append(Article.model_validate_json(line))
    encoder = load_configured_encoder(read_settings(), bulk=True)
    encoder.encode(["a first text, which takes longer"])
    with timed() as taken:
        encoder.encode([article.words for article in articles])
    return len(articles), taken


def keep(file: Path) -> tuple[int, Figures]:
    """Ingest the articles as the command line does, which reads them too; returns how many were new."""
    settings = read_settings()
    with open_configured_index(settings, bulk=True) as index:
        index.compare(Article(id="a", title="a first text"), Article(id="b", title="which takes longer"))
        with timed() as taken:
            report = ingest(Reading([file]), IndexTarget(index), state=settings.data_dir)
    return report.outcomes["created"], taken


@contextmanager
def timed() -> Iterator[Figures]:
    """Gives what will have the seconds that it took: by the clock, and of processors."""
    clock, processors = time.perf_counter(), _processor_seconds()
    taken: Figures = {}
    yield taken
    taken |= {"seconds": time.perf_counter() - clock, "processor_seconds": _processor_seconds() - processors}


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(kind: str, file: str) -> None:
    """Do it, and print the figures."""
    logs.configure(read_settings())
    articles, taken = {"encode": encode, "keep": keep}[kind](Path(file))
    print(json.dumps({"articles": articles, **taken}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
