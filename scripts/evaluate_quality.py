"""Show how the quality of articles is distributed, how its signs go together, and how much publishers differ by it.

Nobody has labelled the quality of these articles, so that this cannot show that the number is right. It shows whether
the number tells articles apart (its spread, and how many have a sign at one of its ends), whether its signs say the
same thing twice (their correlations), and what the prior of a publisher should weigh.
"""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer
from evaluation_files import SetsFolder, article_of, rows_of
from numpy.typing import NDArray
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table

from index import Article, open_index
from index.encoder import Encoder
from index.quality.measuring import Quality
from index.quality.sources import PRIOR_WEIGHT
from index.samples import samples
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

SETS = ("stories-neus", "pairs-semeval-en", "pairs-telegram")
"""Those of the evaluation sets whose texts are more than a sentence."""

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BATCH = 128

Floats = NDArray[np.float64]


def articles_of(file: Path) -> list[Article]:
    """The articles of an evaluation set, each once."""
    rows = rows_of(file)
    if file.name.startswith("pairs-"):
        rows = [row[side] | {"id": f"{number}-{side}"} for number, row in enumerate(rows) for side in ("a", "b")]
    articles = [article_of(row) for row in rows]
    return list({article.words_hash: article for article in articles}.values())


def measured(articles: Sequence[Article], encoder: Encoder) -> list[Quality]:
    """The quality of articles that come in one after the other."""
    with tempfile.TemporaryDirectory() as folder, open_index(Path(folder), encoder) as index:
        for start in range(0, len(articles), _BATCH):
            index.put(articles[start : start + _BATCH])
        found = [index.measurer.quality(index.article(article.id).key) for article in articles]
    return [one for one in found if one]


def spread(values: Floats) -> dict[str, float]:
    """Quantiles of a sign or of the whole, the standard deviation, and the shares at the two ends."""
    quantiles = {f"p{100 * share:g}": float(np.quantile(values, share)) for share in _QUANTILES}
    ends = {"at_0": float((values == 0).mean()), "at_1": float((values == 1).mean())}
    return quantiles | {"deviation": float(values.std())} | ends


def prior_weight(values: Floats, sources: Sequence[str]) -> float:
    """The best weight of the prior, by Bühlmann: the variance within publishers over that between them.

    Of n articles of r publishers, with m = (n - sum(n_i ** 2) / n) / (r - 1): that between them is the variance of
    their means, weighted by their articles, less what the one within them makes of it, over m.
    """
    groups: dict[str, list[float]] = defaultdict(list)
    for value, source in zip(values.tolist(), sources, strict=True):
        groups[source].append(value)
    several = [np.array(group) for group in groups.values() if len(group) > 1]
    sizes = np.array([len(group) for group in several], np.float64)
    means = np.array([group.mean() for group in several])
    within = sum(((group - group.mean()) ** 2).sum() for group in several) / (sizes.sum() - len(several))
    mean = (sizes * means).sum() / sizes.sum()
    usual = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (len(several) - 1)
    between = ((sizes * (means - mean) ** 2).sum() / (len(several) - 1) - within) / usual
    return float(within / between) if between > 0 else float("inf")


def show(name: str, found: Sequence[Quality]) -> dict[str, float]:
    """Print the distributions and correlations of a set; returns them as figures."""
    signs = {sign: np.array([getattr(one.signs, sign) for one in found]) for sign in found[0].signs.as_dict()}
    columns = signs | {"quality": np.array([one.value for one in found])}
    spreads = {column: spread(values) for column, values in columns.items()}
    table = Table(f"{name}: {len(found)}", *spreads["quality"])
    for column, values in spreads.items():
        table.add_row(column, *(f"{value:.2f}" for value in values.values()))
    Console().print(table)
    varied = {column: values for column, values in columns.items() if values.std() > 0}
    correlations = np.corrcoef(list(varied.values()))
    table = Table("correlation", *varied)
    for column, row in zip(varied, correlations, strict=True):
        table.add_row(column, *(f"{value:.2f}" for value in row))
    Console().print(table)
    figures = {f"{name}/{column}/{key}": value for column, values in spreads.items() for key, value in values.items()}
    pairs = [(a, b) for a in range(len(varied)) for b in range(a)]
    names = list(varied)
    return figures | {f"{name}/{names[a]}~{names[b]}": float(correlations[a, b]) for a, b in pairs}


def main(
    folder: SetsFolder = None,
    figures_file: FiguresFile = None,
) -> None:
    """Show the distribution of quality over the sample stories and, if there are any, over evaluation sets."""
    settings = read_settings()
    logs.configure(settings)
    encoder = load_configured_encoder(settings)
    own = [sample.article for sample in samples()]
    found = measured(own, encoder)
    figures = show("samples", found)
    weight = prior_weight(np.array([one.value for one in found]), [article.source or "" for article in own])
    Console().print(f"The prior of a publisher should weigh {weight:.2f} articles (as shipped: {PRIOR_WEIGHT:g})")
    figures["samples/prior_weight"] = weight
    for file in [folder / f"{name}.jsonl" for name in SETS] if folder else []:
        if file.is_file():
            figures |= show(file.stem, measured(articles_of(file), encoder))
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
