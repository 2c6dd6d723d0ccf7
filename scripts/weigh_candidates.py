"""Measure how many rows of an index have to be looked at again as fp16, so that hardly any of the best is missed.

The index is made as `benchmark index` makes it, without a store. What came out stands in
`index/vectors/candidates.py`.
"""

import tempfile
from pathlib import Path

import numpy as np
import typer
from benchmark_index import CORPUS, Corpus, Sizes, add, merged, real_news, search_times
from index_queries import CASES, LIMIT, exact, queries_of, recall
from news_like import NewsLike
from prepared_index import work_as_the_service
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table

from index.vectors.segmented_index import SegmentedVectorIndex

LIMITS = (LIMIT, 4 * LIMIT)
CANDIDATES = (250, 400, 600, 1_000, 1_600, 2_400, 3_600, 5_000)


def measure(news: NewsLike, count: int, table: Table) -> dict[str, float]:
    """Recall and median time of a search by the number of candidates, for each case and limit."""
    candidates = CANDIDATES[0]
    vectors = SegmentedVectorIndex(news.vectors.shape[1], candidates=lambda *_: float(candidates))
    add(vectors, news, count)
    merged(vectors)
    queries = queries_of(news, count)
    figures: dict[str, float] = {}
    for limit in LIMITS:
        wanted = exact(news, count, queries, limit)
        for candidates in CANDIDATES:
            cells = []
            for case in CASES:
                seconds, found = search_times(vectors, queries, case, limit)
                name = f"{count}/best_{limit}/{case}/{candidates}"
                figures[f"{name}/recall"] = recall(found, wanted[case])
                figures[f"{name}/p50_ms"] = float(np.median(seconds)) * 1e3
                cells.append(f"{figures[f'{name}/recall']:.4f} ({figures[f'{name}/p50_ms']:.2f} ms)")
            table.add_row(f"{count:,}", str(limit), f"{candidates:,}", *cells)
    vectors.close()
    return figures


def main(
    articles: Sizes = [100_000],  # noqa: B006 - typer's way
    corpus: Corpus = CORPUS,
    figures_file: FiguresFile = None,
) -> None:
    """Measure recall, and the median milliseconds of a search, by the number of candidates."""
    work_as_the_service()
    real = real_news(corpus)
    table = Table("articles", "best", "candidates", *CASES)
    figures: dict[str, float] = {}
    for count in articles:
        with tempfile.TemporaryDirectory() as temporary:
            figures |= measure(NewsLike(real, count, Path(temporary, "vectors")), count, table)
    Console().print(table)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
