"""Measure what it costs to tell of publishers and of an article with many articles in the store.

The articles are rows of the store with a vector of two numbers: no text is embedded, since nothing here reads one. The
list of publishers is asked for after something was changed, when it has to be read anew, and as it is kept in memory
until then; beside it the same sums are computed from the articles, as they would be if they were not kept.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from benchmark_index import Times
from report import FiguresFile, show_figures
from sqlalchemy import create_engine

from index import Article
from index.progress import progress
from index.quality.sources import Sources
from index.store.measures import Measure
from index.store.sql_store import SqlArticleStore, open_sqlite
from service import logs
from service.settings import read_settings

ASKED = 50
_BATCH = 5_000
_COUNTRIES = ("BR", "CN", "DE", "FR", "GB", "IN", "JP", "KR", "RU", "US")
_GROUPED = (
    "SELECT source, coalesce(country, ''), count(*), count(measures.key), sum(quality)"
    " FROM articles LEFT JOIN measures USING (key) WHERE source IS NOT NULL GROUP BY source, coalesce(country, '')"
)


def fill(store: SqlArticleStore, articles: int, sources: int) -> float:
    """Put articles of so many publishers, few of which have most; returns how many a second."""
    rng = np.random.default_rng(0)
    of = np.minimum(rng.zipf(1.3, articles), sources) - 1
    seconds = 0.0
    with progress("putting articles", articles) as advance:
        for start in range(0, articles, _BATCH):
            batch = [
                Article.model_construct(
                    id=f"a{number}",
                    title=f"Title {number}",
                    lang="en",
                    source=f"Publisher {of[number]}",
                    country=_COUNTRIES[of[number] % len(_COUNTRIES)],
                )
                for number in range(start, min(start + _BATCH, articles))
            ]
            started = time.perf_counter()
            store.put(batch)
            seconds += time.perf_counter() - started
            waiting = store.without_vector(len(batch))
            store.put_vectors(waiting, np.ones((len(waiting), 2), np.float16))
            store.measures.put({one.key: Measure(1, int(rng.integers(10_001)), "{}") for one in waiting})
            advance(len(batch))
    return articles / seconds


def timed(do: Callable[[], object], before: Callable[[int], object] | None = None, asked: int = ASKED) -> Times:
    """How long something takes, each time after something else."""
    seconds = []
    for number in range(asked):
        if before:
            before(number)
        started = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - started)
    return Times.of(seconds)


def measure(articles: int, publishers: int, folder: Path) -> dict[str, float]:
    """The figures; times in milliseconds."""
    path = folder / "store.sqlite"
    with open_sqlite(path) as store:
        rate = fill(store, articles, publishers)
        sources = Sources(store)
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            grouped = timed(lambda: connection.exec_driver_sql(_GROUPED).all(), asked=3)
        engine.dispose()

        def change(number: int) -> None:
            store.put([Article.model_construct(id=f"new{number}", title="New", lang="en", source="Publisher 1")])

        found = {
            "list, read anew": timed(lambda: sources.find(50), change),
            "list, kept": timed(lambda: sources.find(50)),
            "one of a country, kept": timed(lambda: sources.get("Publisher 0")),
            "grouped from articles": grouped,
        }
        count = len(sources.find(publishers))
    figures = {f"{name}/{key}_ms": value for name, times in found.items() for key, value in times._asdict().items()}
    return figures | {"publishers": count, "put/articles_a_second": rate}


def main(
    articles: Annotated[int, typer.Option(help="How many.")] = 1_000_000,
    publishers: Annotated[int, typer.Option(help="Of how many publishers at most.")] = 20_000,
    figures_file: FiguresFile = None,
) -> None:
    """Measure what it costs to tell of publishers."""
    logs.configure(read_settings())
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(articles, publishers, Path(folder))
    show_figures(f"{articles:,} articles", figures, figures_file)


if __name__ == "__main__":
    typer.run(main)
