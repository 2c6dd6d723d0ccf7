"""Measure how fast `similar-news ingest` fills an empty directory, and the encoder alone embeds the same texts.

Both in turns, each in a process of its own, from the first article to the last; the ratio is of the medians. The other
figures are of the same runs: what of the processors each took.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from report import FiguresFile, show_figures

from index.progress import progress
from service import logs
from service.lines import FIELDS
from service.settings import read_settings

_SEED = 0


def sample(corpus: Path, articles: int) -> list[str]:
    """Lines of a corpus, drawn by chance but always the same, with the fields that articles have."""
    lines = corpus.read_text(encoding="utf-8").splitlines()
    chosen = random.Random(_SEED).sample(lines, min(articles, len(lines)))  # noqa: S311 - no secret
    return [json.dumps({name: value for name, value in json.loads(line).items() if name in FIELDS}) for line in chosen]


def run(kind: str, file: Path, data: Path) -> dict[str, float]:
    """The figures of one run."""
    command = [sys.executable, str(Path(__file__).parent / "ingest_process.py"), kind, str(file)]
    variables = {"SIMILAR_NEWS_DATA_DIR": str(data), "SIMILAR_NEWS_LOG_LEVEL": "warning"}
    done = subprocess.run(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(corpus: Path, articles: int, turns: int) -> dict[str, float]:
    """The figures; rates in articles a second."""
    lines = sample(corpus, articles)
    runs: dict[str, list[dict[str, float]]] = {"encode": [], "keep": []}
    with tempfile.TemporaryDirectory() as folder, progress("turns", turns) as advance:
        file = Path(folder) / "articles.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for turn in range(turns):
            for kind, figures in runs.items():
                figures.append(run(kind, file, Path(folder) / f"data-{turn}"))
            advance()
    (kept,) = {one["articles"] for figures in runs.values() for one in figures}  # the same of all, or it is no use
    rates = {kind: kept / median(one["seconds"] for one in figures) for kind, figures in runs.items()}
    taken = {kind: median(one["processor_seconds"] for one in figures) for kind, figures in runs.items()}
    return {
        "lines": float(len(lines)),
        "articles": kept,
        "turns": float(turns),
        "encoder/articles_a_second": rates["encode"],
        "ingest/articles_a_second": rates["keep"],
        "ingest_to_encoder": rates["keep"] / rates["encode"],
        "encoder/processor_ms_an_article": 1_000 * taken["encode"] / kept,
        "ingest/processor_ms_an_article": 1_000 * taken["keep"] / kept,
    }


def main(
    corpus: Annotated[Path, typer.Option(help="JSON Lines of articles.", exists=True, dir_okay=False)],
    articles: Annotated[int, typer.Option(min=1, help="How many lines of it, drawn by chance.")] = 1_500,
    turns: Annotated[int, typer.Option(min=1, help="How often each is measured.")] = 3,
    figures_file: FiguresFile = None,
) -> None:
    """Measure the rate of an ingest against that of the encoder alone."""
    logs.configure(read_settings())
    show_figures("ingest", measure(corpus, articles, turns), figures_file)


if __name__ == "__main__":
    typer.run(main)
