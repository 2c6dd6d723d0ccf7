"""Measure searches of the vector index at one or more sizes beside each other; without a store, which fills in hours.

The articles and what is asked for are those of `benchmark index`. All sizes are searched in turns, of which the medians
are given: so a machine that is busy for a while is so for all of them.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

import typer
from benchmark_index import (
    CORPUS,
    MOST_FLAT,
    Corpus,
    Sizes,
    Times,
    Work,
    add,
    flat_times,
    like_real,
    merged,
    real_news,
    row_of,
    searches,
)
from index_queries import CASES, Query, exact, queries_of
from news_like import NewsLike, RealNews
from prepared_index import work_as_the_service
from report import FiguresFile, show_figures, write_figures
from rich.console import Console
from rich.table import Table

from index.vectors.segmented_index import SegmentedVectorIndex

TURNS = 5

Figures = dict[str, float]


class Built(NamedTuple):
    """An index of articles, what it is asked, and what is to be found by case."""

    news: NewsLike
    vectors: SegmentedVectorIndex
    queries: list[Query]
    wanted: dict[str, list[set[int]]]

    def flat(self) -> Times | None:
        """Searches of FAISS's flat fp32 index of the same vectors; None where they are too many for one."""
        return flat_times(self.news, self.news.count, self.queries) if self.news.count <= MOST_FLAT else None


def build(real: RealNews, count: int, folder: Path) -> tuple[Built, Figures]:
    """Make articles, and an index of them; nothing is merged any more."""
    news = NewsLike(real, count, folder / "vectors")
    queries = queries_of(news, count)
    wanted = exact(news, count, queries)
    vectors = SegmentedVectorIndex(news.vectors.shape[1], folder / "index")
    seconds = add(vectors, news, count)
    figures = like_real(news, real) | {"add/vectors_a_second": count / seconds} | merged(vectors)
    return Built(news, vectors, queries, wanted), figures


def measure(real: RealNews, counts: list[int], work: Path) -> Figures:
    """The figures of all sizes."""
    figures: Figures = {}
    with ExitStack() as resources:
        built: dict[int, Built] = {}
        for count in counts:
            folder = work / str(count)
            folder.mkdir()
            built[count], own = build(real, count, folder)
            resources.callback(built[count].vectors.close)
            figures |= {f"{count}/{name}": value for name, value in own.items()}
        turns: list[Figures] = []
        for _ in range(TURNS):
            turn: Figures = {}
            for count, one in built.items():
                idle, own = searches(one.vectors, one.queries, one.wanted)
                if flat := one.flat():
                    own |= {f"flat/{name}_ms": value for name, value in flat._asdict().items()}
                    own |= {f"{case}/p95_to_flat": idle[case].p95 / flat.p95 for case in CASES}
                turn |= {f"{count}/{name}": value for name, value in own.items()}
            for count in counts[1:]:
                for case in CASES:
                    name = f"{count}/{case}/p95_to_{counts[0]}"
                    turn[name] = turn[f"{count}/{case}/p95_ms"] / turn[f"{counts[0]}/{case}/p95_ms"]
            turns.append(turn)
    return figures | {name: median(turn[name] for turn in turns) for name in turns[0]}


def main(
    articles: Sizes = [100_000],  # noqa: B006 - typer's way
    corpus: Corpus = CORPUS,
    work: Work = None,
    figures_file: FiguresFile = None,
) -> None:
    """Measure searches at one or more sizes: 2 KB of disk an article."""
    work_as_the_service()
    with tempfile.TemporaryDirectory(dir=work) as temporary:
        figures = measure(real_news(corpus), articles, Path(temporary))
    table = Table("articles", "search", "p50 ms", "p95 ms", "p99 ms", "recall@20", "p95 to flat", f"to {articles[0]:,}")
    for count in articles:
        own = {name.removeprefix(f"{count}/"): value for name, value in figures.items() if name.startswith(f"{count}/")}
        for case in CASES:
            to_flat = f"1/{1 / own[f'{case}/p95_to_flat']:.0f}" if f"{case}/p95_to_flat" in own else ""
            to_first = f"{own.get(f'{case}/p95_to_{articles[0]}', 1):.1f}x"
            table.add_row(*row_of(own, count, case), to_flat, to_first)
    Console().print(table)
    rest = {name: value for name, value in figures.items() if not any(case in name for case in CASES)}
    show_figures("searches", rest, None)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
