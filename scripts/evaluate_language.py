"""Measure language identification: how often is it right, and how sure must it be to be trusted?

Takes JSON Lines with `lang` and `text` or `title`. Languages are compared without script and region.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from report import FiguresFile, write_figures
from rich.console import Console
from rich.table import Table

from index.language import MIN_CONFIDENCE, most_likely, primary, standard_tag

_LENGTHS = {"whole": None, "60 char.": 60, "30 char.": 30, "15 char.": 15}
_TITLE = "right / kept, by length of text and least confidence"
_CONFIDENCES = (0.3, 0.5, MIN_CONFIDENCE, 0.8, 0.9)


def texts(files: list[Path]) -> Iterator[tuple[str, str]]:
    """(language, text) of every row whose language is a BCP 47 tag."""
    for file in files:
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            try:
                yield primary(standard_tag(row["lang"])), row.get("text") or row["title"]
            except ValueError:  # some Wikipedias have codes of their own
                continue


def main(
    files: Annotated[list[Path], typer.Argument(help="Texts with their languages.")],
    figures_file: FiguresFile = None,
) -> None:
    """Print how many identifications are right, of all and of those of at least some confidence, by length."""
    rows = list(texts(files))
    figures: dict[str, float] = {"texts": len(rows)}
    table = Table("", "all", *(f"≥ {confidence:g}" for confidence in _CONFIDENCES), title=_TITLE)
    for name, length in _LENGTHS.items():
        found = [(lang, *most_likely(text[:length])) for lang, text in rows]
        right = np.array([primary(language) == lang for lang, language, _ in found])
        sure = np.array([confidence for *_, confidence in found])
        figures[f"{name}/right"] = float(right.mean())
        cells = []
        for confidence in _CONFIDENCES:
            kept = sure >= confidence
            figures[f"{name}/right_when_sure_{confidence:g}"] = float(right[kept].mean())
            figures[f"{name}/kept_when_sure_{confidence:g}"] = float(kept.mean())
            cells.append(f"{right[kept].mean():.1%} {kept.mean():.0%}")
        table.add_row(name, f"{right.mean():.1%}", *cells)
    Console().print(table)
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
