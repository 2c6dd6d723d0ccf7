"""Embed the sample stories by one encoder in a process of its own; print how long loading took, and the peak memory.

Started by `benchmark_encoder`: what another encoder keeps in memory, or has imported, must not count.
"""

import time

_started = time.perf_counter()

import json  # noqa: E402 - the time that imports take counts
import sys  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from memory import peak_megabytes  # noqa: E402


def plain(cache: Path, processors: int) -> Callable[[Sequence[str]], Any]:
    """sentence-transformers with its defaults."""
    import torch
    from sentence_transformers import SentenceTransformer

    from index.embedded_model import ensure_model_folder
    from index.encoder.sentence_transformer import assemble_folder

    torch.set_num_threads(processors)
    model = SentenceTransformer(str(ensure_model_folder(cache, assemble_folder)), device="cpu", local_files_only=True)
    return lambda texts: model.encode(list(texts), prompt_name="query")


def ours(cache: Path, processors: int) -> Callable[[Sequence[str]], Any]:
    """The encoder with its defaults."""
    from index import load_encoder
    from index.threads import Processors

    return load_encoder(cache=cache, processors=Processors(processors)).encode


def main(kind: str, cache: str, processors: str) -> None:
    """Load, embed and print."""
    encode = {"plain": plain, "ours": ours}[kind](Path(cache), int(processors))
    encode(["ready"])
    seconds = time.perf_counter() - _started
    from index.samples import samples

    encode([sample.article.words for sample in samples()])
    print(json.dumps({"seconds": seconds, "peak_megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
