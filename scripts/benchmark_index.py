"""Measure store and index at any size: articles made from real embeddings are ingested as the service does it.

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
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from encoding import encoded
from news_like import NewsLike, RealNews
from numpy.typing import NDArray
from report import write_figures
from rich.console import Console
from rich.table import Table

from index import CoverageIndex, load_encoder, threads
from index.background import background_for, no_background
from index.encoder import Priority
from index.follower import Follower
from index.opening import INDEX_FOLDER, STORE_FILE
from index.progress import progress
from index.samples import samples
from index.store import ModelRecord
from index.store.sql_store import open_sqlite
from index.vectors import Entry, Filters
from index.vectors.segmented_index import SegmentedVectorIndex
from service import logs
from service.settings import read_settings

LIMIT = 20
QUERIES = 200
FLAT_QUERIES = 40
BATCH = 500
DELETED = 100
WRITTEN_A_SECOND = 500
WRITING_SECONDS = 30.0
MOST_FLAT = 2_000_000
"""Of more than so many vectors no flat index is made: as fp32 they fill the memory."""

ADDED = 262_144
ADDED_AT_ONCE = 4_096

_MODEL = ModelRecord("news-like", "0" * 32)
_BLOCK = 65_536

CASES = ("no filter", "7 days", "one language", "7 days, one language")

Vectors = NDArray[np.float32]


class Prepared:
    """An encoder of articles whose vectors are known: the title is the number."""

    name, fingerprint = _MODEL.name, _MODEL.fingerprint

    def __init__(self, news: NewsLike | None, dimensions: int) -> None:
        """Give the vectors of `news`."""
        self._news = news
        self.dimensions = dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `index.Encoder`."""
        assert self._news  # noqa: S101 - or nothing is put
        numbers = [int(text.partition("\n")[0]) for text in texts]
        return self._news.vectors[numbers].astype(np.float32)

    async def encode_async(
        self,
        texts: Sequence[str],
        priority: Priority = Priority.INTERACTIVE,  # noqa: ARG002 - see `index.Encoder`
        *,
        admitted: bool = False,  # noqa: ARG002 - as above
    ) -> Vectors:
        """See `index.Encoder`."""
        return self.encode(texts)

    def refuse_overload(self) -> None:
        """See `index.Encoder`."""

    @contextmanager
    def reserve(self, texts: Sequence[str]) -> Iterator[None]:  # noqa: ARG002 - see `index.Encoder`
        """See `index.Encoder`."""
        yield


class Query(NamedTuple):
    """What is asked: a vector, and filters by the name of the case."""

    vector: Vectors
    filters: dict[str, Filters]


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
    encoder = load_encoder(settings.model, cache=settings.cache_dir, processors=settings.processors)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if any(letter.isalnum() for letter in row["text"])]  # some are a full stop
    texts, langs = [row["text"] for row in rows], [row["lang"] for row in rows]
    for sample in samples():
        texts.append(sample.article.words)
        langs.append(sample.article.language)
    background = background_for(encoder.name, encoder.fingerprint, encoder.dimensions)
    return RealNews(background.centre(encoded(encoder, texts, "embedding real articles"), langs), texts, langs)


@contextmanager
def opened(folder: Path, encoder: Prepared) -> Iterator[tuple[CoverageIndex, SegmentedVectorIndex]]:
    """The parts that `open_index` puts together, with a way to the vector index."""
    with open_sqlite(folder / STORE_FILE) as store:
        store.set_model(_MODEL)
        vectors = SegmentedVectorIndex(encoder.dimensions, folder / INDEX_FOLDER, stamp="benchmark")
        follower = Follower(store, vectors, no_background(encoder.fingerprint, encoder.dimensions))
        follower.load()
        yield CoverageIndex(follower, encoder), vectors
        vectors.close()


def queries_of(news: NewsLike, count: int) -> list[Query]:
    """What the service asks for some articles: others like them; in a week around them, and in their language."""
    queries = []
    for number in np.random.default_rng(1).integers(count, size=QUERIES).tolist():
        around, half = news.appeared_at(number), timedelta(days=3.5)
        others = Filters(exclude=frozenset({number + 1}))
        week = replace(others, since=around - half, until=around + half)
        lang = frozenset({str(news.langs[number])})
        filters = (others, week, replace(others, langs=lang), replace(week, langs=lang))
        queries.append(Query(news.vectors[number].astype(np.float32), dict(zip(CASES, filters, strict=True))))
    return queries


def exact(news: NewsLike, count: int, queries: Sequence[Query]) -> dict[str, list[set[int]]]:
    """The keys that an exact search of the first `count` articles finds, by case."""
    asked = np.stack([query.vector for query in queries])
    best = {case: [(np.empty(0, np.float32), np.empty(0, np.int64)) for _ in queries] for case in CASES}
    moments = np.array([news.appeared_at(0).timestamp()]) + news.moments[:count]
    with progress("exact search", count) as advance:
        for first in range(0, count, _BLOCK):
            part = slice(first, min(first + _BLOCK, count))
            similarities = asked @ news.vectors[part].astype(np.float32).T
            for place, query in enumerate(queries):
                for case, filters in query.filters.items():
                    passes = np.ones(part.stop - first, np.bool_)
                    if filters.since and filters.until:
                        passes &= moments[part] >= filters.since.timestamp()
                        passes &= moments[part] < filters.until.timestamp()
                    if filters.langs:
                        passes &= news.langs[part] == next(iter(filters.langs))
                    passes[[key - 1 - first for key in filters.exclude if part.start < key <= part.stop]] = False
                    numbers = np.flatnonzero(passes)
                    own = similarities[place, numbers]
                    if len(own) > LIMIT:
                        top = np.argpartition(-own, LIMIT - 1)[:LIMIT]
                        numbers, own = numbers[top], own[top]
                    before = best[case][place]
                    own = np.concatenate([before[0], own])
                    keys = np.concatenate([before[1], numbers + first + 1])
                    top = np.argsort(-own)[:LIMIT]
                    best[case][place] = own[top], keys[top]
            advance(part.stop - first)
    return {case: [set(keys.tolist()) for _, keys in found] for case, found in best.items()}


def search_times(
    vectors: SegmentedVectorIndex, queries: Sequence[Query], case: str
) -> tuple[list[float], list[set[int]]]:
    """Seconds of each search, and the keys found."""
    seconds, found = [], []
    for query in queries:
        started = time.perf_counter()
        hits = vectors.search(query.vector, LIMIT, query.filters[case])
        seconds.append(time.perf_counter() - started)
        found.append({hit.key for hit in hits})
    return seconds, found


def recall(found: Sequence[set[int]], wanted: Sequence[set[int]]) -> float:
    """The share of what was to be found that was found, mean over the queries for which there was something."""
    return float(np.mean([len(one & other) / len(other) for one, other in zip(found, wanted, strict=True) if other]))


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
def writing(index: CoverageIndex, news: NewsLike, first: int) -> Iterator[Callable[[], int]]:
    """Put new articles at a steady rate meanwhile; gives a function that says how many were put."""
    over = threading.Event()
    put = 0

    def write() -> None:
        nonlocal put
        started = time.monotonic()
        while not over.is_set() and first + put < news.count:
            due = min(int((time.monotonic() - started) * WRITTEN_A_SECOND), news.count - first)
            if due > put:
                index.put([news.article(first + number) for number in range(put, due)])
                put = due
            over.wait(0.05)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield lambda: put
    finally:
        over.set()
        thread.join()


def ingest(index: CoverageIndex, news: NewsLike, count: int) -> float:
    """Put the first articles; returns how many a second."""
    started = time.perf_counter()
    with progress("ingesting", count) as advance:
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            index.put([news.article(number) for number in numbers])
            advance(len(numbers))
    return count / (time.perf_counter() - started)


def add_rate(news: NewsLike, folder: Path) -> float:
    """Vectors a second that an index takes, with its merges going on beside."""
    vectors = SegmentedVectorIndex(news.vectors.shape[1], folder)
    seconds, count = 0.0, min(ADDED, news.count)
    for first in range(0, count, ADDED_AT_ONCE):
        numbers = range(first, min(first + ADDED_AT_ONCE, count))
        entries = [
            Entry(number, number, news.appeared_at(number), str(news.langs[number]), "", "KR") for number in numbers
        ]
        part = news.vectors[numbers.start : numbers.stop].astype(np.float32)
        started = time.perf_counter()
        vectors.add(entries, part)
        seconds += time.perf_counter() - started
    vectors.close()
    return count / seconds


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
        command = [sys.executable, __file__, "--only-open", str(folder), "--query", str(asked), "--corpus", __file__]
        started = time.perf_counter()
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - this file
        seconds = time.perf_counter() - started
    return {
        "open/seconds": seconds,
        "open/first_answer_recall": len(wanted & set(answer["keys"])) / len(wanted),
        "open/resident_mib": answer["resident_mib"],
    }


def only_open(folder: Path, query: Path) -> None:
    """What `opening` runs."""
    vector = np.load(query)
    with opened(folder, Prepared(None, len(vector))) as (_, vectors):
        keys = [hit.key for hit in vectors.search(vector, LIMIT + 1)]  # it is one of them
    print(json.dumps({"keys": keys, "resident_mib": resident_mib()}))


def resident_mib() -> float:
    """The most memory that this process had; that of the files that it maps counts. Of Linux alone."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def neighbours(vectors: Vectors) -> tuple[float, float]:
    """The median similarity of an article's nearest and twentieth neighbour."""
    asked = vectors[:: max(1, len(vectors) // 500)]
    ranked = -np.sort(-(asked @ vectors.T), axis=1)
    return float(np.median(ranked[:, 1])), float(np.median(ranked[:, LIMIT]))


def measure(real: RealNews, count: int, folder: Path, table: Table) -> dict[str, float]:
    """All figures of one size."""
    extra = int(WRITING_SECONDS * WRITTEN_A_SECOND * 2)
    news = NewsLike(real, count + extra, folder / "vectors")
    figures = dict(
        zip(("first", "twentieth"), neighbours(news.vectors[: len(real.vectors)].astype(np.float32)), strict=True)
    )
    figures = {f"neighbours/{name}": value for name, value in figures.items()}
    queries = queries_of(news, count)
    wanted = exact(news, count, queries)
    with opened(folder, Prepared(news, news.vectors.shape[1])) as (index, vectors):
        figures["ingest/articles_a_second"] = ingest(index, news, count)
        started = time.perf_counter()
        while vectors.is_merging:
            time.sleep(0.1)
        figures["ingest/merging_after_seconds"] = time.perf_counter() - started
        figures |= {"segments": len(vectors.segment_rows())}
        flat = flat_times(news, count, queries) if count <= MOST_FLAT else None
        if flat:
            figures |= {f"flat/{name}": value for name, value in flat._asdict().items()}
            table.add_row(f"{count:,}", "flat fp32, no filter", *(f"{value:.2f}" for value in flat), "1", "", "")
        idle = {}
        for case in CASES:
            search_times(vectors, queries[:20], case)
            seconds, found = search_times(vectors, queries, case)
            idle[case] = Times.of(seconds)
            figures |= {f"{case}/{name}_ms": value for name, value in idle[case]._asdict().items()}
            figures[f"{case}/recall_at_20"] = recall(found, wanted[case])
        busy: dict[str, list[float]] = {case: [] for case in CASES}
        with writing(index, news, count) as written:
            started = time.perf_counter()
            while (spent := time.perf_counter() - started) < WRITING_SECONDS:
                for case in CASES:
                    busy[case] += search_times(vectors, queries, case)[0]
            figures["writing/articles_a_second"] = written() / spent
        for case in CASES:
            writing_times = Times.of(busy[case])
            figures |= {f"{case}/writing_{name}_ms": value for name, value in writing_times._asdict().items()}
            figures[f"{case}/writing_p95_to_idle"] = writing_times.p95 / idle[case].p95
            figures[f"{case}/p95_to_no_filter"] = idle[case].p95 / idle["no filter"].p95
            if flat:
                figures[f"{case}/p95_to_flat"] = idle[case].p95 / flat.p95
            table.add_row(
                f"{count:,}",
                case,
                *(f"{value:.2f}" for value in idle[case]),
                f"{figures[f'{case}/recall_at_20']:.4f}",
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
    articles: Annotated[list[int], typer.Option(help="How many; again for another size.")] = [100_000],  # noqa: B006 - typer's way
    corpus: Annotated[Path, typer.Option(help="Real articles: JSON Lines with `text` and `lang`.", exists=True)] = Path(
        "../shared/eval/corpus-wikinews.jsonl"
    ),
    work: Annotated[Path | None, typer.Option(help="Where to put gigabytes meanwhile.", file_okay=False)] = None,
    figures_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    folder: Annotated[Path | None, typer.Option("--only-open", hidden=True)] = None,
    query: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure store and index at one or more sizes: 3 KB of disk an article."""
    logs.configure(read_settings())
    threads.take_short_turns()
    if folder and query:
        only_open(folder, query)
        return
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
