"""Embed sample stories by one encoder in a process of its own; print what loading and embedding took.

What is printed is JSON: the seconds that loading took, and the peak memory; with `timed`, also the seconds that
embedding took of all, the second time, and of a single one.

Started by `benchmark_encoder`: what another encoder keeps in memory, or has imported, must not count.
"""

import time

_started = time.perf_counter()

import json  # noqa: E402 - the time that imports take counts
import sys  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

from memory import peak_megabytes  # noqa: E402

_SINGLE_TEXTS = 25


def plain(cache: Path, processors: int) -> Callable[[Sequence[str]], Any]:
    """sentence-transformers with its defaults."""
    import torch
    from sentence_transformers import SentenceTransformer

    from index.embedded_model import ensure_model_folder
    from index.encoder.sentence_transformer import assemble_folder

    torch.set_num_threads(processors)
    model = SentenceTransformer(str(ensure_model_folder(cache, assemble_folder)), device="cpu", local_files_only=True)
    return lambda texts: model.encode(list(texts), prompt_name="query")


def ours(cache: Path, processors: int, backend: str, *, bulk: bool = False) -> Callable[[Sequence[str]], Any]:
    """The encoder as the service has it, or, `bulk`, as it is where many texts are read from files."""
    from index import load_encoder
    from index.encoder.loading import Backend
    from index.encoder.queue import QueueLimits
    from index.threads import Processors

    how = Processors(processors, bulk)
    return load_encoder(
        cache=cache, backend=Backend(backend), processors=how, limits=QueueLimits(cached_texts=0)
    ).encode


def main(kind: str, cache: str, processors: str, backend: str, count: str, timed: str = "") -> None:
    """Load, embed and print."""
    load: dict[str, Callable[[], Callable[[Sequence[str]], Any]]] = {
        "plain": lambda: plain(Path(cache), int(processors)),
        "ours": lambda: ours(Path(cache), int(processors), backend),
        "bulk": lambda: ours(Path(cache), int(processors), backend, bulk=True),
    }
    encode = load[kind]()
    encode(["ready"])
    figures = {"seconds": time.perf_counter() - _started}
    from index.samples import samples

    texts = [sample.article.words for sample in samples()][: int(count)]
    encode(texts)  # a first time, when most shapes of batches are new
    if timed:
        figures["many_seconds"] = _seconds(encode, texts)
        figures["single_seconds"] = median(_seconds(encode, [text]) for text in texts[:_SINGLE_TEXTS])
    print(json.dumps(figures | {"peak_megabytes": peak_megabytes()}))


def _seconds(encode: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    started = time.perf_counter()
    encode(texts)
    return time.perf_counter() - started


if __name__ == "__main__":
    main(*sys.argv[1:])
