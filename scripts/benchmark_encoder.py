"""Measure the encoder against plain sentence-transformers: torch fp32 with its defaults and as many threads.

Both embed the same texts in turns, in one run, so that what else the machine does weighs on both; a ratio is the
median over the turns. Then: what passes beside each other gain for many texts and cost for one, how well the vectors
agree with fp32, what many callers at once get and how long the event loop stalls meanwhile, whether memory grows, and
what building and loading cost.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from evaluation_files import FOLDER_VARIABLE
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Column, Table
from sentence_transformers import SentenceTransformer

from index import threads
from index.embedded_model import ensure_model_folder
from index.encoder import EmbeddingModel
from index.encoder.loading import EMBEDDED_PROMPT, Backend, load_embedding_model
from index.encoder.queue import QueuedEncoder, QueueLimits
from index.encoder.sentence_transformer import SentenceTransformerModel, assemble_folder
from index.progress import progress
from index.samples import samples
from service import logs
from service.settings import read_settings

LENGTHS = {40: 256, 150: 96, 450: 32}
"""Tokens of a text, about, and how many texts are embedded in a turn."""

TURNS = 7
SINGLE_TEXTS = 25
CORPUS = "corpus-wikinews.jsonl"
PER_LANGUAGE = 100
CALLERS = 64
TEXTS_PER_CALLER = 8
MANY_TEXTS = 20_000
PROCESS_TEXTS = 252
PASS_TURNS = 3
OTHER_WORK = """
import time
while True:
    until = time.perf_counter() + 0.005
    while time.perf_counter() < until: pass
    time.sleep(0.005)
"""
"""Wants half of a processor, a few milliseconds at a time, as what keeps articles does while others are embedded."""

_SPREAD = 0.2
_HEARTBEAT_SECONDS = 0.001
_NO_CACHE = QueueLimits(cached_texts=0)
_MEBIBYTE = 2**20

Figures = dict[str, float]


def texts_of_about(tokens: int, count: int, model: EmbeddingModel) -> list[str]:
    """Texts put together from sample stories of one language, up to a fifth shorter or longer than `tokens` tokens."""
    by_language: dict[str, list[str]] = {}
    for sample in samples():
        by_language.setdefault(sample.article.language, []).append(sample.article.words)
    endless = {language: cycle(texts) for language, texts in by_language.items()}
    texts = []
    for wanted, language in zip(_spread(tokens, count), cycle(endless), strict=False):
        text = next(endless[language])
        while len(ends := model.token_ends([text])[0]) < wanted:
            text += "\n" + next(endless[language])
        texts.append(text[: ends[wanted - 1]])
    return texts


def _spread(tokens: int, count: int) -> list[int]:
    lengths = np.linspace(tokens * (1 - _SPREAD), tokens * (1 + _SPREAD), count).astype(int)
    return list(map(int, np.random.default_rng(0).permutation(lengths)))


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure_speed(plain: Any, encoder: QueuedEncoder, model: EmbeddingModel) -> Figures:
    """Throughput and latency of a single text, ours and plain, at all lengths."""
    figures: Figures = {}
    with progress("speed", len(LENGTHS) * (TURNS + 1)) as advance:
        for length, count in LENGTHS.items():
            texts = texts_of_about(length, count, model)
            turns = []
            for _ in range(TURNS + 1):
                of_plain = seconds(lambda: plain(texts))  # noqa: B023 - called at once
                turns.append((of_plain, seconds(lambda: encoder.encode(texts))))  # noqa: B023 - as above
                advance()
            del turns[0]  # the first is for warming up
            singles = [
                (seconds(lambda: plain([text])), seconds(lambda: encoder.encode([text])))  # noqa: B023 - as above
                for text in texts[:SINGLE_TEXTS]
            ]
            key = f"tokens_{length}"
            figures |= {
                f"{key}/plain_documents_per_second": count / median(turn[0] for turn in turns),
                f"{key}/documents_per_second": count / median(turn[1] for turn in turns),
                f"{key}/throughput_ratio": median(turn[0] / turn[1] for turn in turns),
                f"{key}/plain_latency_ms": 1e3 * median(single[0] for single in singles),
                f"{key}/latency_ms": 1e3 * median(single[1] for single in singles),
                f"{key}/latency_ratio": median(single[1] for single in singles) / median(s[0] for s in singles),
            }
    return figures


def measure_passes(cache: Path, processors: int, backend: Backend) -> Figures:
    """Passes beside each other to one pass on all processors: quiet, and beside another process that works.

    Each in a process of its own: with torch, how many threads there are holds for the whole process.
    """
    figures: Figures = {}
    with progress("passes", 2 * PASS_TURNS) as advance:
        for name, beside in (("quiet", nullcontext), ("beside_other_work", other_work)):
            turns = []
            with beside():
                for _ in range(PASS_TURNS):
                    turns.append(
                        [in_process(kind, cache, processors, backend, timed=True) for kind in ("ours", "bulk")]
                    )
                    advance()
            figures |= {
                f"passes/{name}/throughput_ratio": median(
                    one["many_seconds"] / bulk["many_seconds"] for one, bulk in turns
                ),
                f"passes/{name}/single_text_ratio": median(
                    bulk["single_seconds"] / one["single_seconds"] for one, bulk in turns
                ),
                f"passes/{name}/more_megabytes": median(
                    bulk["peak_megabytes"] - one["peak_megabytes"] for one, bulk in turns
                ),
            }
    return figures


@contextmanager
def other_work() -> Iterator[None]:
    """Another process works until the context ends."""
    with subprocess.Popen([sys.executable, "-c", OTHER_WORK]) as process:  # noqa: S603 - our own
        try:
            yield
        finally:
            process.kill()


def measure_agreement(
    encoder: QueuedEncoder, exact: QueuedEncoder, corpus: Path | None, model: EmbeddingModel
) -> Figures:
    """Cosines of the encoder's vectors to those of the fp32 model, read in the same windows."""
    sets = {f"tokens_{length}": texts_of_about(length, count, model) for length, count in LENGTHS.items()}
    sets["samples"] = [sample.article.words for sample in samples()]
    if corpus:
        sets["corpus"] = list(_corpus_texts(corpus))
    figures: Figures = {}
    with progress("agreement", len(sets)) as advance:
        for name, texts in sets.items():
            cosines = (encoder.encode(texts) * exact.encode(texts)).sum(axis=1)
            figures |= {
                f"{name}/texts": len(texts),
                f"{name}/cosine_mean": float(cosines.mean()),
                f"{name}/cosine_worst": float(cosines.min()),
            }
            advance()
    return figures


def _corpus_texts(corpus: Path) -> Iterator[str]:
    """As many texts of every language, each once; some of Wikinews are a full stop and nothing else."""
    by_language: dict[str, dict[str, None]] = {}
    with corpus.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if any(map(str.isalnum, row["text"])):
                by_language.setdefault(row["lang"], {})[row["text"]] = None
    for texts in by_language.values():
        yield from islice(texts, PER_LANGUAGE)


async def measure_callers(encoder: QueuedEncoder, exact: QueuedEncoder, model: EmbeddingModel) -> Figures:
    """Many callers at once with texts of mixed lengths: whose vectors do they get, and how long does the loop stall?"""
    mixed = [
        text
        for length in LENGTHS
        for text in texts_of_about(length, CALLERS * TEXTS_PER_CALLER // len(LENGTHS) + 1, model)
    ]
    of_callers = [mixed[caller::CALLERS][:TEXTS_PER_CALLER] for caller in range(CALLERS)]
    stalls: list[float] = []
    heartbeat = asyncio.create_task(_heartbeat(stalls))
    answers = await asyncio.gather(*(encoder.encode_async(texts) for texts in of_callers))
    heartbeat.cancel()
    texts = [text for of_caller in of_callers for text in of_caller]
    got, right = np.concatenate(answers), await exact.encode_async(texts)
    cosines = got @ right.T
    own = np.diag(cosines)
    return {
        "callers/callers": CALLERS,
        "callers/texts": len(texts),
        "callers/own_vector_share": float(np.mean(own >= cosines.max(axis=1) - 1e-3)),
        "callers/cosine_worst": float(own.min()),
        "callers/longest_stall_ms": 1e3 * max(stalls),
    }


async def _heartbeat(stalls: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_HEARTBEAT_SECONDS)
        stalls.append(time.perf_counter() - before - _HEARTBEAT_SECONDS)


def measure_memory(encoder: QueuedEncoder, model: EmbeddingModel) -> Figures:
    """The process's memory after a tenth of many texts, none twice, and at their end."""
    process = psutil.Process()
    lengths = (20, 40, 60, 90)
    pool = [text for length in lengths for text in texts_of_about(length, 250, model)]
    after: list[int] = []
    with progress("memory", MANY_TEXTS) as advance:
        for start in range(0, MANY_TEXTS, len(pool)):
            encoder.encode([f"{start} {text}" for text in pool])
            after.append(process.memory_info().rss)
            advance(len(pool))
    settled = after[len(after) // 10]
    return {
        "memory/texts": MANY_TEXTS,
        "memory/settled_megabytes": settled / _MEBIBYTE,
        "memory/growth_megabytes": (after[-1] - settled) / _MEBIBYTE,
    }


def measure_processes(cache: Path, processors: int, backend: Backend) -> Figures:
    """What building and loading take, and the peak memory, each in a process of its own."""
    with progress("building and loading", 3) as advance, tempfile.TemporaryDirectory(dir=cache) as empty:
        built = in_process("ours", Path(empty), processors, backend)
        advance()
        warm = in_process("ours", Path(empty), processors, backend)
        advance()
        plain = in_process("plain", Path(empty), processors, backend)
        advance()
    return {
        "build_seconds": built["seconds"],
        "warm_start_seconds": warm["seconds"],
        "plain_warm_start_seconds": plain["seconds"],
        "peak_megabytes": warm["peak_megabytes"],
        "plain_peak_megabytes": plain["peak_megabytes"],
    }


def in_process(kind: str, cache: Path, processors: int, backend: Backend, *, timed: bool = False) -> dict[str, float]:
    """The figures of `encoder_process`; `timed`, also of how long it takes to embed."""
    script = Path(__file__).with_name("encoder_process.py")
    command = [sys.executable, str(script), kind, str(cache), str(processors), backend.value, str(PROCESS_TEXTS)]
    command += ["timed"] if timed else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own script
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main(
    folder: Annotated[
        Path | None, typer.Argument(help=f"A folder with {CORPUS}, real texts to compare on.", envvar=FOLDER_VARIABLE)
    ] = None,
    figures_file: FiguresFile = None,
) -> None:
    """Measure the encoder against plain sentence-transformers."""
    settings = read_settings()
    logs.configure(settings)
    processors = settings.processors or threads.usable_processors()
    threads.limit_torch(processors)
    plain = SentenceTransformer(str(ensure_model_folder(settings.cache_dir, assemble_folder)), device="cpu")
    original = SentenceTransformerModel(plain, name="plain", key="plain", prompt=EMBEDDED_PROMPT)
    model = load_embedding_model(
        cache=settings.cache_dir, backend=settings.backend, processors=threads.Processors(processors)
    )
    encoder, exact = QueuedEncoder(model, _NO_CACHE), QueuedEncoder(original, _NO_CACHE)
    corpus = folder / CORPUS if folder else None

    gc.freeze()  # as the service does: a look through all that is loaded would stop the loop
    figures: Figures = {"processors": processors}
    figures |= measure_speed(partial(plain.encode, prompt=EMBEDDED_PROMPT, show_progress_bar=False), encoder, model)
    figures |= measure_agreement(encoder, exact, corpus, model)
    figures |= asyncio.run(measure_callers(encoder, exact, model))
    figures |= measure_memory(encoder, model)
    figures |= measure_processes(settings.cache_dir, processors, settings.backend)
    figures |= measure_passes(settings.cache_dir, processors, settings.backend)
    show(figures)
    if figures_file:
        write_figures(figures_file, figures)


def show(figures: Figures) -> None:
    """Print the figures: a table of the lengths, and one of all others."""
    of_lengths = {key: value for key, value in figures.items() if key.startswith("tokens_")}
    names = list(dict.fromkeys(key.partition("/")[2] for key in of_lengths))
    table = Table(Column("measure", no_wrap=True), *(f"{length} tokens" for length in LENGTHS))
    for name in names:
        table.add_row(name, *(f"{of_lengths[f'tokens_{length}/{name}']:.4g}" for length in LENGTHS))
    others = Table("measure", "value")
    for key, value in figures.items():
        if key not in of_lengths:
            others.add_row(key, f"{value:.5g}")
    Console().print(table, others)


if __name__ == "__main__":
    typer.run(main)
