"""Measure embedding models on labelled sets, side by side, by their vectors alone.

Everything that the sets name is embedded once and centred as the service does it; `embedding_measures` says what is
measured. What articles look like through the service is measured by `evaluate`.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated

import typer
from embedding_measures import EvaluationSets, Vectors
from encoding import encoded
from evaluation_files import SetsFolder, given_folder
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Column, Table

from index.article import Content
from index.background import background_for
from index.encoder import Encoder
from index.encoder.loading import Backend
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

_BOTH = 2


def centred_vectors(encoder: Encoder, contents: Sequence[Content], what: str) -> Vectors:
    """Embed contents, and take away what those of a language have in common."""
    vectors = encoded(encoder, [content.words for content in contents], what)
    background = background_for(encoder.name, encoder.fingerprint, encoder.dimensions)
    return background.centre(vectors, [content.language for content in contents])


def compare(sets: EvaluationSets, variants: Mapping[str, Encoder]) -> dict[str, dict[str, float]]:
    """The measures of every variant, by its name."""
    return {name: sets.measure(centred_vectors(encoder, sets.contents, name)) for name, encoder in variants.items()}


def table_of(measured: Mapping[str, Mapping[str, float]]) -> Table:
    """A measure a row and a variant a column; where there are two, with their difference."""
    both = len(measured) == _BOTH
    table = Table(Column("measure", no_wrap=True), *measured, *(["difference"] if both else []))
    for key in dict.fromkeys(key for figures in measured.values() for key in figures):
        values = [figures.get(key, math.nan) for figures in measured.values()]
        difference = [f"{values[1] - values[0]:+.3f}"] if both else []
        table.add_row(key, *(f"{value:.3f}" for value in values), *difference)
    return table


def figures_of(measured: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """All measures in one; where there are several variants, the name begins with that of the variant."""
    several = len(measured) > 1
    return {
        f"{name}/{key}" if several else key: value
        for name, figures in measured.items()
        for key, value in figures.items()
    }


def main(
    folder: SetsFolder = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", help="Measure this one, not that of the settings; twice to compare."),
    ] = None,
    backends: Annotated[
        list[Backend] | None,
        typer.Option("--backend", help="Run on this, not on that of the settings; twice to compare."),
    ] = None,
    figures_file: FiguresFile = None,
) -> None:
    """Measure the model that the settings name, or others, on the sets in a folder."""
    folder = given_folder(folder)
    try:
        sets = EvaluationSets(folder)
    except FileNotFoundError as error:
        raise typer.BadParameter(str(error)) from error
    settings = read_settings()
    logs.configure(settings)
    backends = backends or [settings.backend]
    variants = {
        f"{model} on {backend}" if len(backends) > 1 else model: settings.model_copy(
            update={"model": model, "backend": backend}
        )
        for model, backend in product(models or [settings.model], backends)
    }
    measured = compare(sets, {name: load_configured_encoder(variant) for name, variant in variants.items()})
    Console().print(table_of(measured))
    if figures_file:
        write_figures(figures_file, figures_of(measured))


if __name__ == "__main__":
    typer.run(main)
