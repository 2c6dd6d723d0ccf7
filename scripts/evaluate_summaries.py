"""Measure how close summaries are to their articles and how much their sentences repeat each other, and what they cost.

No set has summaries to compare with. So a summary is embedded as a text of its own, and compared with its article;
beside it stand the first sentences of the article, as many, which are hard to beat in news. `repetition` is the highest
cosine between two sentences of a summary. All cosines are of centred embeddings.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations

import numpy as np
import typer
from evaluate_quality import articles_of
from evaluation_files import SetsFolder
from numpy.typing import NDArray
from report import FiguresFile, show_figures, write_figures

from index import Article
from index.background import Background, background_for
from index.encoder import Encoder
from index.samples import samples
from index.summary import BALANCE, candidates, chosen, most_of, texts
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

BALANCES = (1.0, 0.85, 0.7, 0.5, 0.3)
FILE = "pairs-telegram"
"""The evaluation set whose articles are whole and long."""

LEAST_SENTENCES = 4
"""Of fewer a summary is one sentence, which repeats nothing."""

Vectors = NDArray[np.float32]
Choice = Callable[[Vectors, Vectors, int], list[int]]


class Measuring:
    """Measures summaries of articles by one model."""

    def __init__(self, encoder: Encoder, background: Background) -> None:
        """Use a model and its background."""
        self._encoder = encoder
        self._background = background

    def vectors(self, words: Sequence[str], lang: str) -> Vectors:
        """Centred embeddings of texts in a language; shape (n, dimensions)."""
        return self._background.centre(self._encoder.encode(words), [lang] * len(words))

    def figures(self, articles: Sequence[Article]) -> dict[str, float]:
        """The figures of each way to choose, over some articles."""
        ways: dict[str, Choice] = {"lead": lambda _sentences, _whole, most: list(range(most))}
        for balance in BALANCES:
            name = f"balance {balance:g}" + (" (as shipped)" if balance == BALANCE else "")
            ways[name] = partial(chosen, balance=balance)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        seconds = np.zeros(2)
        for article in articles:
            text, lang = article.text or "", article.language
            spans = candidates(text, lang)
            started = time.perf_counter()
            (whole,) = self.vectors([article.words], lang)
            between = time.perf_counter()
            sentences = self.vectors(texts(text, spans), lang)
            seconds += between - started, time.perf_counter() - between
            for name, way in ways.items():
                taken = way(sentences, whole, most_of(len(spans)))
                summary = " ".join(texts(text, [spans[place] for place in taken]))
                (own,) = self.vectors([summary], lang)
                found[name].append((float(own @ whole), repetition(sentences[taken])))
        return {
            f"{name}/{figure}": float(np.mean([one[place] for one in each]))
            for name, each in found.items()
            for place, figure in enumerate(("closeness", "repetition"))
        } | {"article/ms": seconds[0] / len(articles) * 1e3, "sentences/ms": seconds[1] / len(articles) * 1e3}


def repetition(sentences: Vectors) -> float:
    """The highest cosine between two of some sentences; 0 if there are no two."""
    return max((float(one @ other) for one, other in combinations(sentences, 2)), default=0.0)


def main(
    folder: SetsFolder = None,
    figures_file: FiguresFile = None,
) -> None:
    """Measure summaries of the sample stories and, if there are any, of articles of an evaluation set."""
    settings = read_settings()
    logs.configure(settings)
    encoder = load_configured_encoder(settings)
    measuring = Measuring(encoder, background_for(encoder.name, encoder.fingerprint, encoder.dimensions))
    given = {"samples": [sample.article for sample in samples()]}
    if folder and (file := folder / f"{FILE}.jsonl").is_file():
        given[FILE] = articles_of(file)
    figures: dict[str, float] = {}
    for name, articles in given.items():
        long = [one for one in articles if len(candidates(one.text or "", one.language)) >= LEAST_SENTENCES]
        measured = measuring.figures(long)
        show_figures(f"{name}: {len(long)}", measured, None)
        figures |= {f"{name}/{figure}": value for figure, value in measured.items()}
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
