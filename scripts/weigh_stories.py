"""Weigh how close articles have to be to be one story: what other constants give on labelled sets.

Each constant is varied while the others stay as they are. Every set is measured in an index of its own, with a scorer
that was trained without it; `index/stories/grouping.py` has the constants.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import typer
from evaluation_files import SetsFolder, given_folder, rows_of, sample_rows
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table
from story_measures import figures_of, in_order, put

from index import open_index
from index.related.scorer import load_scorer
from index.stories.grouping import DEMAND, Demand
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

TRIED = {
    "least": (3.0, 3.2, 3.6, 3.8),
    "of_density": (0.0, 0.07, 0.09, 0.13, 0.15),
    "of_size": (0.0, 0.1, 0.2),
    "stay": (0.0, 0.2, 0.4),
    "usual": (4.0, 4.5, 5.5),
    "few": (0.0, 1.0, 3.0, 5.0),
}


def demands() -> Iterator[tuple[str, Demand]]:
    """What is tried, by name; the shipped one first."""
    yield "as shipped", DEMAND
    for name, values in TRIED.items():
        for value in values:
            yield f"{name} {value}", replace(DEMAND, **{name: value})


def main(
    folder: SetsFolder = None,
    figures_file: FiguresFile = None,
) -> None:
    """Print BCubed F1 of the stories of labelled sets for other constants."""
    settings = read_settings()
    logs.configure(settings)
    sets = {file.stem: rows_of(file) for file in sorted(given_folder(folder).glob("stories-*.jsonl"))}
    sets["stories-samples"] = sample_rows()
    encoder = load_configured_encoder(settings)
    table = Table("constant", *(name.removeprefix("stories-") for name in sets), "mean")
    figures: dict[str, float] = {}
    with ExitStack() as resources:
        indexes = {}
        for name, rows in sets.items():
            data = Path(resources.enter_context(tempfile.TemporaryDirectory()))
            indexes[name] = resources.enter_context(open_index(data, encoder, scorer=load_scorer(name)))
            put(indexes[name], in_order(rows), name)
        for what, demand in demands():
            row = {
                name: figures_of(index, sets[name], index.replay_stories(demand=demand))["bcubed_f1"]
                for name, index in indexes.items()
            }
            mean = sum(row.values()) / len(row)
            table.add_row(what, *(f"{value:.3f}" for value in row.values()), f"{mean:.3f}")
            figures |= {f"{what}/{name}": value for name, value in row.items()} | {f"{what}/mean": mean}
    Console().print(table)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
