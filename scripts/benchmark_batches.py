"""Measure what the budget of a batch and the steps of its shape cost and gain, on texts of all lengths mixed.

Every variant embeds the same texts by a freshly loaded model: a first time, when most shapes are new to it, and a
second time. `index/encoder/batches.py` has what came out best.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import typer
from benchmark_encoder import texts_of_about
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table

from index.encoder import EmbeddingModel
from index.encoder.batches import LENGTHS, SIZES, TOKEN_BUDGET, choose_batch, padded_length
from index.encoder.loading import load_embedding_model
from index.progress import progress
from index.threads import Processors
from service import logs
from service.settings import read_settings

MIXTURE = {15: 200, 30: 200, 50: 200, 90: 100, 160: 60}
"""Tokens of a text, about, and how many of them; mostly short, as titles with leads are."""

ANY = tuple(range(1, 1025))


class Variant(NamedTuple):
    """How batches are made."""

    budget: int
    lengths: Sequence[int]
    sizes: Sequence[int]


VARIANTS = {
    **{f"budget {budget}": Variant(budget, LENGTHS, SIZES) for budget in (512, 1024, 2048, 4096, 8192)},
    "any length": Variant(TOKEN_BUDGET, ANY, SIZES),
    "any size": Variant(TOKEN_BUDGET, LENGTHS, ANY),
    "any length and size": Variant(TOKEN_BUDGET, ANY, ANY),
}


def documents_per_second(model: EmbeddingModel, texts: Sequence[str], variant: Variant) -> float:
    """Embed all texts in batches as the variant makes them."""
    started = time.perf_counter()
    lengths = variant.lengths if variant.lengths is ANY else model.lengths
    counts = [len(ends) + model.added_tokens for ends in model.token_ends(texts)]
    waiting = [(text, padded_length(count, lengths)) for text, count in zip(texts, counts, strict=True)]
    while waiting:
        batch = choose_batch([length for _, length in waiting], variant.budget, variant.sizes)
        model.embed([waiting[position][0] for position in batch], max(waiting[position][1] for position in batch))
        chosen = set(batch)
        waiting = [window for position, window in enumerate(waiting) if position not in chosen]
    return len(texts) / (time.perf_counter() - started)


def main(
    figures_file: FiguresFile = None,
) -> None:
    """Measure budgets and shapes of batches."""
    settings = read_settings()
    logs.configure(settings)
    figures: dict[str, float] = {}
    table = Table("batches", "documents a second, first time", "second time")
    with progress("batches", len(VARIANTS)) as advance:
        for name, variant in VARIANTS.items():
            model = load_embedding_model(
                cache=settings.cache_dir, backend=settings.backend, processors=Processors(settings.processors)
            )
            texts = [text for tokens, count in MIXTURE.items() for text in texts_of_about(tokens, count, model)]
            texts = [texts[position] for position in np.random.default_rng(0).permutation(len(texts))]
            first, second = (documents_per_second(model, texts, variant) for _ in range(2))
            figures |= {f"{name}/first": first, f"{name}/second": second}
            table.add_row(name, f"{first:.0f}", f"{second:.0f}")
            advance()
    Console().print(table)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
