"""Measure in which windows long texts are best read, and how much the title, the lead and the rest should count.

A text's vector is that of its first window (the title and the lead), plus `rest` times the mean of the other
windows', plus `title` times that of the title alone. Every combination is measured on the evaluation sets; a set's
score is the mean of its measures, and that of a combination the mean over the sets. What came out best stands in
`index/encoder/windows.py`.
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from embedding_measures import EvaluationSets, Vectors
from encoding import encoded
from evaluation_files import FOLDER_VARIABLE
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table

from index.background import background_for
from index.encoder.loading import load_embedding_model
from index.encoder.queue import QueuedEncoder, QueueLimits
from index.encoder.windows import split
from service import logs
from service.settings import read_settings

WINDOWS = (96, 128, 160, 192, 256, 500)
REST = (0.0, 0.25, 0.5, 1.0)
TITLE = (0.0, 0.2, 0.4)


def first_and_rest(windows: Sequence[Sequence[str]], vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Of every text its first window's vector, and the mean of the others', zero where there are none."""
    counts = np.array([len(of_text) for of_text in windows])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    first = vectors[starts]
    rest = (np.add.reduceat(vectors, starts) - first) / np.maximum(counts - 1, 1)[:, None]
    return first, rest


def score(measured: dict[str, float]) -> float:
    """The mean over the sets of the mean of a set's measures."""
    of_sets: dict[str, list[float]] = {}
    for key, value in measured.items():
        if "threshold" not in key:
            of_sets.setdefault(key.partition("/")[0], []).append(value)
    return float(np.mean([np.mean(values) for name, values in of_sets.items() if name != "all"]))


def main(
    folder: Annotated[Path, typer.Argument(help="The evaluation sets.", envvar=FOLDER_VARIABLE, exists=True)],
    figures_file: FiguresFile = None,
) -> None:
    """Measure lengths of windows and weights of title, lead and rest."""
    settings = read_settings()
    logs.configure(settings)
    model = load_embedding_model(settings.model, cache=settings.cache_dir, backend=settings.backend)
    encoder = QueuedEncoder(model, QueueLimits(), window_tokens=model.max_tokens)
    sets = EvaluationSets(folder)
    languages = [content.language for content in sets.contents]
    background = background_for(encoder.name, encoder.fingerprint, encoder.dimensions)
    words = [content.words for content in sets.contents]
    has_both = np.array([bool(content.title and content.text) for content in sets.contents])
    titles = encoded(encoder, [content.title or "" for content in sets.contents], "titles") * has_both[:, None]
    ends = model.token_ends(words)
    figures: dict[str, float] = {}
    table = Table("window", "rest", "title", "score", *sets.names)
    for length in WINDOWS:
        windows = [split(text, of_text, length) for text, of_text in zip(words, ends, strict=True)]
        pieces = [piece for of_text in windows for piece in of_text]
        first, rest = first_and_rest(windows, encoded(encoder, pieces, f"windows of {length} tokens"))
        for of_rest, of_title in product(REST, TITLE):
            vectors = first + of_rest * rest + of_title * titles
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            measured = sets.measure(background.centre(vectors.astype(np.float32), languages))
            key = f"window_{length}/rest_{of_rest}/title_{of_title}"
            figures[f"{key}/score"] = score(measured)
            of_sets = {one: score({k: v for k, v in measured.items() if k.startswith(f"{one}/")}) for one in sets.names}
            figures |= {f"{key}/{one}": value for one, value in of_sets.items()}
            row = (figures[f"{key}/score"], *of_sets.values())
            table.add_row(str(length), str(of_rest), str(of_title), *(f"{value:.3f}" for value in row))
    Console().print(table)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
