"""Measure whether copies of reports are told from other reports of the same events.

Of real reports copies are made as publishers make them. Other reports of the same event are pairs of one story of which
no run of words that is a paragraph is the same: a passage that long was copied.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import numpy as np
import typer
from evaluation_files import SetsFolder, content_of, given_folder, rows_of
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table
from wire_copies import wire_copy

from index.article import Content
from index.language import primary
from index.progress import progress
from index.related import copies
from index.related.near_duplicates import LEAST_CONTAINED, LEAST_SHINGLES, normalised, shingles
from index.related.signals import Records, records, signals_of

REPORTS = 2_000
PARAGRAPH = 25
"""Words. Where so many are the same in a row, one report has copied from the other, or both from an agency."""

_THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)

Pairs = list[tuple[Content, Content]]


def copied(folder: Path, count: int = REPORTS) -> Pairs:
    """Real reports, in all languages of the sets, each with a copy of it; always the same ones."""
    rows = [
        row
        for kind in ("stories", "parallel")
        for file in sorted(folder.glob(f"{kind}-*.jsonl"))
        for row in rows_of(file)
    ]
    reports = list(dict.fromkeys(content_of(row) for row in rows))
    long_enough = [one for one in reports if len(shingles(normalised(one.words))) >= LEAST_SHINGLES]
    rng = np.random.default_rng(0)
    chosen = [long_enough[place] for place in rng.permutation(len(long_enough))[:count].tolist()]
    return [(one, Content(text=wire_copy(one.words, rng), lang=one.language)) for one in chosen]


def same_event(folder: Path) -> Pairs:
    """Pairs of reports of one event in one language, neither of which has a paragraph of the other."""
    pairs: Pairs = []
    for file in sorted(folder.glob("stories-*.jsonl")):
        stories: dict[str, list[Content]] = {}
        for row in rows_of(file):
            stories.setdefault(row["story"], []).append(content_of(row))
        found = [pair for reports in stories.values() for pair in combinations(reports, 2)]
        pairs += [pair for pair in found if primary(pair[0].language) == primary(pair[1].language)]
    with progress("comparing reports of one event", len(pairs)) as advance:
        kept = []
        for one, other in pairs:
            if _common_run(one.words, other.words) < PARAGRAPH:
                kept.append((one, other))
            advance()
    return kept


def _common_run(one: str, other: str) -> int:
    a, b = normalised(one).split(), normalised(other).split()
    return SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size


def judged(pairs: Pairs, least: float) -> int:
    """How many pairs are taken for copies."""
    one, other = (_records([pair[side] for pair in pairs]) for side in (0, 1))
    return int(copies.are_copies(one, other, least).sum())


def _records(contents: Sequence[Content]) -> Records:
    return records([signals_of(content) for content in contents])


def main(
    folder: SetsFolder = None,
    figures_file: FiguresFile = None,
) -> None:
    """Measure how copies are told from other reports of the same events."""
    folder = given_folder(folder)
    real, others = copied(folder), same_event(folder)
    table = Table("least share", f"recall of {len(real)} copies", f"precision against {len(others)} other reports")
    figures: dict[str, float] = {}
    for least in _THRESHOLDS:
        hits, wrong = judged(real, least), judged(others, least)
        own = {"recall": hits / len(real), "precision": hits / (hits + wrong)}
        shipped = " (as shipped)" if least == LEAST_CONTAINED else ""
        table.add_row(f"{least}{shipped}", f"{own['recall']:.4f}", f"{own['precision']:.4f} ({wrong} wrong)")
        figures |= {f"{least}/{name}": value for name, value in own.items()}
    Console().print(table)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
