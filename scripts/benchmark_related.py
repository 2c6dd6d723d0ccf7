"""Measure what a call for related coverage costs beside the bare search in the vector index.

The articles are made from real embeddings and have real texts, and are ingested as the service does it.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from benchmark_index import CORPUS, Corpus, Times, ingest, merged, real_news
from news_like import NewsLike
from prepared_index import Prepared, opened, work_as_the_service
from report import FiguresFile, show_figures

from index import RelatedQuery, StoredArticle

QUERIES = 300


def timed(ask: Callable[[StoredArticle], object], asked: Sequence[StoredArticle]) -> Times:
    """Ask about each article, after some to warm up."""
    for stored in asked[:20]:
        ask(stored)
    seconds = []
    for stored in asked:
        started = time.perf_counter()
        ask(stored)
        seconds.append(time.perf_counter() - started)
    return Times.of(seconds)


def measure(news: NewsLike, count: int, folder: Path) -> dict[str, float]:
    """The times of searches and of whole calls, with so many articles."""
    query = RelatedQuery()
    encoder = Prepared(news, news.vectors.shape[1])
    with opened(folder, encoder) as parts:
        index, vectors = parts.index, parts.vectors
        rate = ingest(parts, encoder, news, count)
        merged(vectors)
        numbers = np.random.default_rng(1).integers(count, size=QUERIES).tolist()
        asked = [index.article(f"news-{number}") for number in numbers]
        place = {stored.key: number for stored, number in zip(asked, numbers, strict=True)}

        def search(stored: StoredArticle) -> object:
            return vectors.search(news.vectors[place[stored.key]].astype(np.float32), query.candidates)

        found = {"vector search": timed(search, asked)}
        found["related coverage"] = timed(lambda stored: index.related_to(stored, query), asked)
        items = float(np.mean([len(index.related_to(stored, query).items) for stored in asked]))
    figures = {f"{name}/{key}_ms": value for name, times in found.items() for key, value in times._asdict().items()}
    figures["items"] = items
    figures["ingest/articles_a_second"] = rate
    for key in ("p50", "p95"):
        figures[f"{key}_to_vector_search"] = figures[f"related coverage/{key}_ms"] / figures[f"vector search/{key}_ms"]
    return figures


def main(
    articles: Annotated[int, typer.Option(help="How many.")] = 100_000,
    corpus: Corpus = CORPUS,
    figures_file: FiguresFile = None,
) -> None:
    """Measure a call for related coverage beside the bare search."""
    work_as_the_service()
    real = real_news(corpus)
    with tempfile.TemporaryDirectory() as temporary:
        news = NewsLike(real, articles, Path(temporary, "vectors"))
        figures = measure(news, articles, Path(temporary))
    show_figures(f"{articles:,} articles", figures, figures_file)


if __name__ == "__main__":
    typer.run(main)
