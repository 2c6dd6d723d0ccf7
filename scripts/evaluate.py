"""Measure related coverage and stories on labelled sets, through the same code path as the service's.

Sets are JSON Lines, told apart by the beginning of their names: `stories-*` (articles with `story`, perhaps `topic`),
`pairs-*` (`a`, `b`, and `similarity` or `same_story`) and `parallel-*` (`doc`, `lang`, `text`, perhaps `part`). Without
any the sample stories are measured. A set that the scorer was trained on is measured with one trained without it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from evaluation_files import Row, article_of, content_of, rows_of, sample_rows
from related_measures import SHIPPED, Judged, calibration, measure_set
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table
from story_measures import among_distractors

from index.article import Content
from index.related import DIVERSITY
from index.related.scorer import load_scorer
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

_SAMPLES = "stories-samples"
_SHOWN = 300
MOST_DISTRACTORS = 10_000


def texts_of(name: str, rows: list[Row]) -> dict[str, str]:
    """The words of a set's articles by their ids, as `Judged` names them."""
    if name.startswith("pairs"):
        sides = ((f"{number}{side}", row[side]) for number, row in enumerate(rows) for side in ("a", "b"))
        return {one: _words(content_of(row)) for one, row in sides}
    return {row["id"]: _words(article_of(row)) for row in rows}


def _words(content: Content) -> str:
    return content.words.replace("\n", " | ")


def show_worst(judged: list[Judged], texts: dict[str, str], count: int) -> None:
    """Print the pairs about which the scorer was most wrong."""
    console = Console(soft_wrap=True)
    for one in sorted(judged, key=lambda one: -abs(one.probability - one.same_story))[:count]:
        truth = "same story" if one.same_story else "another story"
        console.print(
            f"\nP(same story) {one.probability:.2f}, but it is {truth} ({one.set}, {one.langs})", markup=False
        )
        for article in (one.one, one.other):
            console.print(f"  {article}: {texts[article][:_SHOWN]}", markup=False, highlight=False)


def table_of(measured: dict[str, dict[str, float]]) -> Table:
    """A measure a row, under its set."""
    table = Table("set", "measure", "value")
    for name, figures in measured.items():
        for number, (measure, value) in enumerate(figures.items()):
            table.add_row("" if number else name, measure, f"{value:.3f}", end_section=number == len(figures) - 1)
    return table


def main(
    sets: Annotated[list[Path] | None, typer.Argument(help="Labelled sets; the sample stories if none.")] = None,
    worst: Annotated[int, typer.Option(help="Show so many of the worst judgements of each set.")] = 0,
    distractors: Annotated[
        Path | None, typer.Option(help="Measure the stories of all sets in one index with these articles, too.")
    ] = None,
    diversity: Annotated[float, typer.Option(help="Of the answers as shown.", min=0, max=1)] = DIVERSITY,
    figures_file: FiguresFile = None,
) -> None:
    """Measure related coverage on labelled sets."""
    settings = read_settings()
    logs.configure(settings)
    given = {file.stem: rows_of(file) for file in sets or []} or {_SAMPLES: sample_rows()}
    encoder = load_configured_encoder(settings)
    measured: dict[str, dict[str, float]] = {}
    judged: list[Judged] = []
    for name, rows in given.items():
        found = measure_set(name, rows, encoder, load_scorer(name), replace(SHIPPED, diversity=diversity))
        # The events of the samples are running stories, so that P(same story) is not to be measured by them.
        own = [] if name == _SAMPLES else found.judged
        measured[name] = found.figures | (calibration(own) if own else {})
        judged += own
        if worst:
            show_worst(own, texts_of(name, rows), worst)
    if len(measured) > 1 and judged:
        measured["all"] = calibration(judged)
    if distractors:
        strangers = [row for row in rows_of(distractors) if any(map(str.isalnum, row.get("text") or ""))]
        of_stories = {name: rows for name, rows in given.items() if name.startswith("stories-")}
        together = among_distractors(of_stories, strangers[:MOST_DISTRACTORS], encoder)
        measured |= {f"{name} among distractors": figures for name, figures in together.items()}
    Console().print(table_of(measured))
    if figures_file:
        write_figures(
            figures_file, {f"{one}/{name}": value for one, row in measured.items() for name, value in row.items()}
        )


if __name__ == "__main__":
    typer.run(main)
