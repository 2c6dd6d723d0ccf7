"""The gate: a small, fixed part of the evaluation, which must not become worse.

The floors are what was measured when they were pinned, less a tolerance for the arithmetic of other processors: int8
sums are rounded otherwise there, and where a processor has no bf16 more is computed in int8. That has moved a measure
by up to 0.008. A floor is raised when a measure has risen for good; it is lowered only together with the reason for
it, in a commit of its own.
"""

import hashlib
import json
from pathlib import Path

import pytest
from evaluation_files import sample_rows
from related_measures import calibration, measure_set

from index.encoder import Encoder
from index.related.scorer import load_scorer
from index.samples import samples

TOLERANCE = 0.01

SAMPLES = "22da911e876ce2e8"
SAMPLE_FLOORS = {
    "precision_at_1": 0.986,
    "recall_at_10": 0.995,
    "ndcg_at_10": 0.989,
    "cross_lingual_precision_at_1": 1.0,
    "shipped_precision": 0.926,
    "shipped_recall": 0.949,
}

ROWS = 300
SETS: dict[str, tuple[str, dict[str, float]]] = {
    "pairs-telegram": ("484a793c799318f8", {"auc_ru": 0.949, "auc_en": 0.986, "calibrated": 0.814}),
    "stories-itn": (
        "f0be8a19eaba1b80",
        {
            "precision_at_1": 0.636,
            "recall_at_10": 0.756,
            "ndcg_at_10": 0.703,
            "cross_lingual_precision_at_1": 0.676,
            "shipped_precision": 0.591,
            "shipped_recall": 0.647,
            "calibrated": 0.704,
        },
    ),
}
"""By name, the beginning of the SHA-256 of the set's first rows, and the floors of its measures."""


def check(figures: dict[str, float], floors: dict[str, float]) -> None:
    below = {name: figures[name] for name, floor in floors.items() if figures[name] < floor - TOLERANCE}
    assert below == {}, f"lower than the floors {floors}"


def test_the_samples_do_not_become_worse(encoder: Encoder) -> None:
    texts = json.dumps([[one.event, one.article.words] for one in samples()]).encode()
    assert hashlib.sha256(texts).hexdigest()[:16] == SAMPLES, "the samples have changed: measure and pin them again"
    check(measure_set("stories-samples", sample_rows(), encoder, load_scorer("stories-samples")).figures, SAMPLE_FLOORS)


@pytest.mark.parametrize("name", SETS)
def test_labelled_sets_do_not_become_worse(encoder: Encoder, evaluation: Path, name: str) -> None:
    pinned, floors = SETS[name]
    with (evaluation / f"{name}.jsonl").open("rb") as file:
        lines = [line for line, _ in zip(file, range(ROWS), strict=False)]
    assert hashlib.sha256(b"".join(lines)).hexdigest()[:16] == pinned, f"{name} is another set than the one measured"
    found = measure_set(name, [json.loads(line) for line in lines], encoder, load_scorer(name))
    figures = found.figures | {"calibrated": 1 - calibration(found.judged)["calibration_error"]}
    check(figures, floors)
