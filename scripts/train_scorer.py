"""Train the scorer of related coverage on labelled pairs, and print what each feature gives.

The weights come from comparing pairs within a set: every set has a threshold of its own while they are fitted, so that
they do not tell one set from another. Then the two thresholds that all sets have in common are fitted. Every figure of
a set is of a scorer that was trained without it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from evaluation_files import SetsFolder, given_folder
from numpy.typing import NDArray
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import expit
from scorer_data import LabelledPairs, PairMaker
from scorer_measures import measure
from tried_features import TRIED

from index.background import background_for
from index.related.scorer import FEATURES, SCORER_FILE
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

Floats = NDArray[np.float64]

ALL = (*FEATURES, *TRIED)
SIGNS = {"similarity": 1, "telling_numbers": 1, "no_number_in_common": -1, "within_a_day": 1, "gap": -1}
SIGNS |= {"beyond_a_week": -1, "beyond_a_month": -1, "names": 1, "countries": 1, "rare_words": 1}
"""A weight has the sign that an editor would give it, or is 0: what a set has the other way is a quirk of it."""

RIDGE = 0.003
"""Keeps the weights small, but for that of the similarity."""

_OUT = Path(__file__).parent.parent / "index" / "related" / SCORER_FILE


class Trained(NamedTuple):
    """Weights by the name of the feature, and thresholds."""

    weights: dict[str, float]
    same_story: float
    related: float

    def sums(self, pairs: LabelledPairs) -> Floats:
        """The weighted sums of the features of pairs; shape (n,)."""
        total: Floats = pairs.features @ np.array([self.weights.get(name, 0) for name in ALL])
        return total


class _Task(NamedTuple):
    """Pairs with a label, of one set and one kind of label, all of which weigh as much as those of another."""

    features: Floats
    labels: Floats
    weights: Floats


def train(sets: Sequence[LabelledPairs], names: Sequence[str]) -> Trained:
    """Fit weights for some features, and the thresholds."""
    columns = [ALL.index(name) for name in names]
    same = [_task(pairs.features[:, columns], pairs.same_story) for pairs in sets]
    related = [_task(pairs.features[:, columns], pairs.related) for pairs in sets]
    same, related = ([task for task in tasks if _has_both(task)] for tasks in (same, related))
    slopes = _slopes([*same, *related], names)
    scale, same_story, related_threshold = _thresholds(same, related, slopes)
    weights = {name: float(scale * slope) for name, slope in zip(names, slopes, strict=True)}
    return Trained(weights, same_story, related_threshold)


def _task(features: Floats, labels: Floats) -> _Task:
    known = ~np.isnan(labels)
    count = max(1, int(known.sum()))
    return _Task(features[known], labels[known], np.full(int(known.sum()), 1 / count))


def _has_both(task: _Task) -> bool:
    return len(np.unique(task.labels)) > 1


def _slopes(tasks: Sequence[_Task], names: Sequence[str]) -> Floats:
    """The weights of features, with a threshold for every task."""
    features = np.concatenate([task.features for task in tasks])
    labels = np.concatenate([task.labels for task in tasks])
    weights = np.concatenate([task.weights for task in tasks]) / len(tasks)
    of_task = np.repeat(np.arange(len(tasks)), [len(task.labels) for task in tasks])
    scale = features.std(axis=0) + 1e-9
    scaled, count = features / scale, len(names)
    ridge = np.array([0 if name == "similarity" else RIDGE for name in names])

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slopes, thresholds = parameters[:count], parameters[count:]
        sums = scaled @ slopes - thresholds[of_task]
        wrong = weights * (expit(sums) - labels)
        gradient = np.concatenate(
            [scaled.T @ wrong + 2 * ridge * slopes, -np.bincount(of_task, wrong, minlength=len(tasks))]
        )
        return float((weights * (np.logaddexp(0, sums) - labels * sums)).sum() + (ridge * slopes**2).sum()), gradient

    signs = [SIGNS.get(name, 0) for name in names]
    bounds = [((0, None) if sign > 0 else (None, 0) if sign < 0 else (None, None)) for sign in signs]
    bounds += [(None, None)] * len(tasks)
    found = minimize(loss, np.zeros(count + len(tasks)), jac=True, bounds=bounds, method="L-BFGS-B")
    slopes: Floats = found.x[:count] / scale
    return slopes


def _thresholds(same: Sequence[_Task], related: Sequence[_Task], slopes: Floats) -> tuple[float, float, float]:
    """What the weights are to be multiplied by, and the thresholds, so that all sets together are calibrated."""

    def loss(parameters: Floats) -> float:
        scale, *thresholds = parameters
        total = 0.0
        for tasks, threshold in zip((same, related), thresholds, strict=True):
            for task in tasks:
                sums = scale * (task.features @ slopes) - threshold
                total += float((task.weights * (np.logaddexp(0, sums) - task.labels * sums)).sum()) / len(tasks)
        return total

    scale, same_story, related_threshold = minimize(loss, [1.0, 8.0, 6.0], method="Nelder-Mead").x
    return float(scale), float(same_story), float(min(related_threshold, same_story))


def left_out(sets: Sequence[LabelledPairs], names: Sequence[str]) -> dict[str, Trained]:
    """For every set the scorer trained on the others."""
    return {pairs.name: train([one for one in sets if one is not pairs], names) for pairs in sets}


def measures(sets: Sequence[LabelledPairs], trained: Mapping[str, Trained]) -> dict[str, dict[str, float]]:
    """What the scorer of every set is worth on it, and on all together."""
    found: dict[str, dict[str, float]] = {}
    sums = {pairs.name: trained[pairs.name].sums(pairs) - trained[pairs.name].same_story for pairs in sets}
    for pairs in sets:
        found[pairs.name] = measure(pairs.same_story, sums[pairs.name])
        shift = trained[pairs.name].same_story - trained[pairs.name].related
        found[pairs.name] |= {f"related_{k}": v for k, v in measure(pairs.related, sums[pairs.name] + shift).items()}
    together = np.concatenate([sums[pairs.name] for pairs in sets])
    labels = np.concatenate([pairs.same_story for pairs in sets])
    known = [max(1, int((~np.isnan(pairs.same_story)).sum())) for pairs in sets]
    weights = np.concatenate([np.full(len(pairs.same_story), 1 / n) for pairs, n in zip(sets, known, strict=True)])
    found["all"] = measure(labels, together, weights)
    return found


def ablation(sets: Sequence[LabelledPairs]) -> dict[str, dict[str, float]]:
    """The mean measures of all sets: with what is shipped, without each feature of it, and with each that was tried."""
    variants = {"similarity alone": ["similarity"], "as shipped": list(FEATURES)}
    variants |= {f"without {name}": [one for one in FEATURES if one != name] for name in FEATURES[1:]}
    variants |= {f"with {name}": [*FEATURES, name] for name in TRIED}
    table = {}
    for variant, names in variants.items():
        found = measures(sets, left_out(sets, names))
        table[variant] = {
            name: float(np.mean([one[name] for key, one in found.items() if key != "all" and name in one]))
            for name in ("auc", "average_precision", "calibration_error", "f1_lost")
        }
    return table


def table_of(rows: Mapping[str, Mapping[str, float]], first: str, prefix: str = "") -> Table:
    """A table of figures by row and name; only of those whose names begin so."""
    columns = {"AUC": "auc", "AP": "average_precision", "ECE": "calibration_error", "F1": "f1", "F1 lost": "f1_lost"}
    table = Table(first, *columns)
    for row, figures in rows.items():
        values = [figures.get(prefix + name) for name in columns.values()]
        if any(value is not None for value in values):
            table.add_row(row, *("" if value is None else f"{value:.3f}" for value in values))
    return table


def main(
    folder: SetsFolder = None,
    out: Annotated[Path, typer.Option(help="Where to write the scorer.")] = _OUT,
    figures_file: FiguresFile = None,
) -> None:
    """Train the scorer on the sets in a folder and on the sample stories, and write it to a file."""
    folder = given_folder(folder)
    settings = read_settings()
    logs.configure(settings)
    encoder = load_configured_encoder(settings)
    maker = PairMaker(encoder, background_for(encoder.name, encoder.fingerprint, encoder.dimensions))
    found = [maker.of_file(file) for file in sorted(folder.glob("*-*.jsonl"))]
    sets = [maker.of_samples(), *(pairs for pairs in found if pairs)]
    held_out = left_out(sets, FEATURES)
    by_set, by_variant = measures(sets, held_out), ablation(sets)
    Console().print(table_of(by_set, "same story; the set is left out"))
    Console().print(table_of(by_set, "same story or related; the set is left out", "related_"))
    Console().print(table_of(by_variant, "same story, mean of the sets"))
    figures = {f"{one}/{name}": value for one, row in (by_set | by_variant).items() for name, value in row.items()}
    trained = train(sets, FEATURES)
    kept = trained._asdict() | {
        "trained_on": [pairs.name for pairs in sets],
        "model": encoder.fingerprint,
        "left_out": {name: one._asdict() for name, one in held_out.items()},
        "figures": {name: round(value, 4) for name, value in figures.items()},
    }
    out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
