"""Measure store and index at any size: articles made from real embeddings are ingested as the service does it.

They are not grouped into stories, which `benchmark stories` measures. `benchmark searches` leaves the store out too,
and measures searches among many millions within the hour.

Times are compared with those of FAISS's exact flat index of fp32 vectors: the same vectors, in the same run, with as
many threads. What was to be found is what an exact search finds.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from encoding import encoded
from index_queries import CASES, LIMIT, Query, exact, queries_of, recall
from news_like import NewsLike, RealNews
from numpy.typing import NDArray
from prepared_index import Opened, Prepared, opened, work_as_the_service
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table

from index import CoverageIndex, load_encoder, threads
from index.background import background_for
from index.opening import INDEX_FOLDER, STORE_FILE
from index.progress import progress
from index.samples import samples
from index.vectors import Entry
from index.vectors.segmented_index import SegmentedVectorIndex
from service.settings import read_settings

FLAT_QUERIES = 40
BATCH = 500
DELETED = 100
WRITTEN_A_SECOND = 500
WRITING_SECONDS = 30.0
MOST_FLAT = 2_000_000
"""Of more than so many vectors no flat index is made: as fp32 they fill the memory."""

ADDED = 262_144
ADDED_AT_ONCE = 4_096

_BLOCK = 65_536

Vectors = NDArray[np.float32]

Corpus = Annotated[Path, typer.Option(help="Real articles: JSON Lines with `text` and `lang`.", exists=True)]
Sizes = Annotated[list[int], typer.Option(help="How many; again for another size.")]

Work = Annotated[Path | None, typer.Option(help="Where to put gigabytes meanwhile.", file_okay=False)]

CORPUS = Path("../shared/eval/corpus-wikinews.jsonl")


class Times(NamedTuple):
    """Of searches, in milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """Of single searches."""
        return cls(*(float(np.quantile(seconds, q)) * 1e3 for q in (0.5, 0.95, 0.99)))


def real_news(file: Path) -> RealNews:
    """Embed a file of articles, and the sample stories."""
    settings = read_settings()
    encoder = load_encoder(
        settings.model, cache=settings.cache_dir, processors=threads.Processors(settings.processors, bulk=True)
    )
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if any(letter.isalnum() for letter in row["text"])]  # some are a full stop
    texts, langs = [row["text"] for row in rows], [row["lang"] for row in rows]
    for sample in samples():
        texts.append(sample.article.words)
        langs.append(sample.article.language)
    background = background_for(encoder.name, encoder.fingerprint, encoder.dimensions)
    return RealNews(background.centre(encoded(encoder, texts, "embedding real articles"), langs), texts, langs)


def search_times(
    vectors: SegmentedVectorIndex, queries: Sequence[Query], case: str, limit: int = LIMIT
) -> tuple[list[float], list[set[int]]]:
    """Seconds of each search, and the keys found."""
    seconds, found = [], []
    for query in queries:
        started = time.perf_counter()
        hits = vectors.search(query.vector, limit, query.filters[case])
        seconds.append(time.perf_counter() - started)
        found.append({hit.key for hit in hits})
    return seconds, found


def flat_times(news: NewsLike, count: int, queries: Sequence[Query]) -> Times:
    """Searches of a flat fp32 index of the same vectors."""
    import faiss

    faiss.omp_set_num_threads(threads.SEARCH)
    flat = faiss.IndexFlatIP(news.vectors.shape[1])
    for first in range(0, count, _BLOCK):
        flat.add(news.vectors[first : min(first + _BLOCK, count)].astype(np.float32))
    seconds = []
    for query in queries[:FLAT_QUERIES]:
        started = time.perf_counter()
        flat.search(query.vector[None, :], LIMIT)
        seconds.append(time.perf_counter() - started)
    return Times.of(seconds)


@contextmanager
def writing(parts: Opened, encoder: Prepared, news: NewsLike, first: int) -> Iterator[Callable[[], int]]:
    """Put new articles at a steady rate meanwhile; gives a function that says how many were put."""
    over = threading.Event()
    put = 0

    def write() -> None:
        nonlocal put
        started = time.monotonic()
        while not over.is_set() and first + put < news.count:
            due = min(int((time.monotonic() - started) * WRITTEN_A_SECOND), news.count - first)
            if due > put:
                parts.keep([news.article(first + number) for number in range(put, due)], encoder)
                put = due
            over.wait(0.05)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: put
    finally:
        over.set()
        thread.join()


def ingest(parts: Opened, encoder: Prepared, news: NewsLike, count: int) -> float:
    """Keep the first articles, in no stories; returns how many a second."""
    started = time.perf_counter()
    with progress("ingesting", count) as advance:
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            parts.keep([news.article(number) for number in numbers], encoder)
            advance(len(numbers))
    return count / (time.perf_counter() - started)


def add_rate(news: NewsLike, folder: Path) -> float:
    """Vectors a second that an index takes, with its merges going on beside."""
    vectors = SegmentedVectorIndex(news.vectors.shape[1], folder)
    count = min(ADDED, news.count)
    seconds = add(vectors, news, count)
    vectors.close()
    return count / seconds


def add(vectors: SegmentedVectorIndex, news: NewsLike, count: int) -> float:
    """Add the first articles to an index without a store; gives the seconds that its `add` took."""
    seconds = 0.0
    for first in range(0, count, ADDED_AT_ONCE):
        numbers = range(first, min(first + ADDED_AT_ONCE, count))
        entries = [
            Entry(number + 1, number + 1, news.appeared_at(number), str(news.langs[number]), "", "KR")
            for number in numbers
        ]
        part = news.vectors[numbers.start : numbers.stop].astype(np.float32)
        started = time.perf_counter()
        vectors.add(entries, part)
        seconds += time.perf_counter() - started
    return seconds


def deletions(index: CoverageIndex, vectors: SegmentedVectorIndex, news: NewsLike, count: int) -> dict[str, float]:
    """Take articles down: how long it takes, and how many of them the very next search still finds."""
    seconds, found = [], 0
    for number in np.random.default_rng(2).permutation(count)[:DELETED].tolist():
        started = time.perf_counter()
        index.take_down(f"news-{number}")
        seconds.append(time.perf_counter() - started)
        hits = vectors.search(news.vectors[number].astype(np.float32), LIMIT)
        found += number + 1 in {hit.key for hit in hits}
    return {"delete/p50_ms": Times.of(seconds).p50, "delete/p95_ms": Times.of(seconds).p95, "delete/still_found": found}


def opening(folder: Path, query: Query, wanted: set[int]) -> dict[str, float]:
    """Open the folder in a new process, and search: seconds from its start, and its memory."""
    with tempfile.TemporaryDirectory() as temporary:
        asked = Path(temporary, "query.npy")
        np.save(asked, query.vector)
        command = [sys.executable, str(Path(__file__).with_name("index_process.py")), str(folder), str(asked)]
        started = time.perf_counter()
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - our own script
        seconds = time.perf_counter() - started
    return {
        "open/seconds": seconds,
        "open/first_answer_recall": len(wanted & set(answer["keys"])) / len(wanted),
        "open/resident_mib": answer["resident_mib"],
    }


def neighbours(vectors: Vectors) -> tuple[float, float]:
    """The median similarity of an article's nearest and twentieth neighbour."""
    asked = vectors[:: max(1, len(vectors) // 500)]
    ranked = -np.sort(-(asked @ vectors.T), axis=1)
    return float(np.median(ranked[:, 1])), float(np.median(ranked[:, LIMIT]))


def like_real(news: NewsLike, real: RealNews) -> dict[str, float]:
    """How similar the neighbours of as many articles are."""
    first, twentieth = neighbours(news.vectors[: len(real.vectors)].astype(np.float32))
    return {"neighbours/first": first, "neighbours/twentieth": twentieth}


def merged(vectors: SegmentedVectorIndex) -> dict[str, float]:
    """Wait until the index has no more to merge: how long that was, and in how many segments it is then.

    That is some minutes after the last article, which a service that nothing is sent to waits as well.
    """
    started = time.perf_counter()
    while not vectors.is_at_rest:
        time.sleep(0.1)
    return {
        "ingest/merging_after_seconds": time.perf_counter() - started,
        "segments": len(vectors.segment_rows()),
    }


def searches(
    vectors: SegmentedVectorIndex, queries: Sequence[Query], wanted: dict[str, list[set[int]]]
) -> tuple[dict[str, Times], dict[str, float]]:
    """Searches while nothing else is done: their times by case, and all figures."""
    idle: dict[str, Times] = {}
    figures: dict[str, float] = {}
    for case in CASES:
        search_times(vectors, queries[:20], case)
        seconds, found = search_times(vectors, queries, case)
        idle[case] = Times.of(seconds)
        figures |= {f"{case}/{name}_ms": value for name, value in idle[case]._asdict().items()}
        figures[f"{case}/recall_at_20"] = recall(found, wanted[case])
        figures[f"{case}/p95_to_no_filter"] = idle[case].p95 / idle["no filter"].p95
    return idle, figures


def row_of(figures: dict[str, float], count: int, case: str) -> list[str]:
    """What the table says of a case first."""
    times = [f"{figures[f'{case}/{name}_ms']:.2f}" for name in Times._fields]
    return [f"{count:,}", case, *times, f"{figures[f'{case}/recall_at_20']:.4f}"]


def measure(real: RealNews, count: int, folder: Path, table: Table) -> dict[str, float]:
    """All figures of one size."""
    extra = int(WRITING_SECONDS * WRITTEN_A_SECOND * 2)
    news = NewsLike(real, count + extra, folder / "vectors")
    figures = like_real(news, real)
    queries = queries_of(news, count)
    wanted = exact(news, count, queries)
    encoder = Prepared(news, news.vectors.shape[1])
    with opened(folder, encoder) as parts:
        index, vectors = parts.index, parts.vectors
        figures["ingest/articles_a_second"] = ingest(parts, encoder, news, count)
        figures |= merged(vectors)
        flat = flat_times(news, count, queries) if count <= MOST_FLAT else None
        if flat:
            figures |= {f"flat/{name}": value for name, value in flat._asdict().items()}
            table.add_row(f"{count:,}", "flat fp32, no filter", *(f"{value:.2f}" for value in flat), "1", "", "")
        idle, of_searches = searches(vectors, queries, wanted)
        figures |= of_searches
        busy: dict[str, list[float]] = {case: [] for case in CASES}
        with writing(parts, encoder, news, count) as written:
            started = time.perf_counter()
            while (spent := time.perf_counter() - started) < WRITING_SECONDS:
                for case in CASES:
                    busy[case] += search_times(vectors, queries, case)[0]
            figures["writing/articles_a_second"] = written() / spent
        for case in CASES:
            writing_times = Times.of(busy[case])
            figures |= {f"{case}/writing_{name}_ms": value for name, value in writing_times._asdict().items()}
            figures[f"{case}/writing_p95_to_idle"] = writing_times.p95 / idle[case].p95
            if flat:
                figures[f"{case}/p95_to_flat"] = idle[case].p95 / flat.p95
            table.add_row(
                *row_of(figures, count, case),
                f"1/{flat.p95 / idle[case].p95:.0f}" if flat else "",
                f"{writing_times.p95:.2f} ({figures[f'{case}/writing_p95_to_idle']:.1f}x)",
            )
        figures |= deletions(index, vectors, news, count)
    figures |= opening(folder, queries[0], wanted["no filter"][0])
    figures["add/vectors_a_second"] = add_rate(news, folder / "added")
    figures["size/store_bytes_an_article"] = (folder / STORE_FILE).stat().st_size / count
    files = [file.stat().st_size for file in (folder / INDEX_FOLDER).rglob("*") if file.is_file()]
    figures["size/index_bytes_an_article"] = sum(files) / count
    return figures


def main(
    articles: Sizes = [100_000],  # noqa: B006 - typer's way
    corpus: Corpus = CORPUS,
    work: Work = None,
    figures_file: FiguresFile = None,
) -> None:
    """Measure store and index at one or more sizes: 3 KB of disk an article."""
    work_as_the_service()
    real = real_news(corpus)
    first, twentieth = neighbours(real.vectors)
    figures = {"real/neighbours/first": first, "real/neighbours/twentieth": twentieth}
    table = Table("articles", "search", "p50 ms", "p95 ms", "p99 ms", "recall@20", "p95 to flat", "p95 while writing")
    for count in articles:
        with tempfile.TemporaryDirectory(dir=work) as temporary:
            own = measure(real, count, Path(temporary), table)
        figures |= {f"{count}/{name}": value for name, value in own.items()}
    Console().print(table)
    rest = Table("figure", "value")
    for name, value in figures.items():
        if not any(case in name for case in CASES):
            rest.add_row(name, f"{value:,.3f}")
    Console().print(rest)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
