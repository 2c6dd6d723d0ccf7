"""Measure related coverage on labelled stories, through the same code path as the service's.

Every set goes into an index of its own in a temporary directory; then every article that has companions is
asked about. Sets are JSON Lines of articles with a `story` label; without any the sample stories are measured.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from report import write_figures
from rich.console import Console
from rich.table import Table

from index import Article, CoverageIndex, RelatedQuery, open_index
from index.language import primary, standard_tag
from index.progress import progress
from index.related import MIN_SIMILARITY
from index.samples import samples
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

_BATCH = 256
_UNBOUNDED = -1.0
_FIELDS = ("id", "lang", "title", "text", "published_at", "source")


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Articles, and by their ids the story of each."""

    name: str
    articles: list[Article]
    story: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The best ten for one article: are they of its story, in another language, and how similar."""

    companions: int
    same_story: list[bool]
    other_language: list[bool]
    similarity: list[float]


def sample_set() -> LabelledSet:
    """The sample stories; a single one is a story of its own."""
    rows = samples()
    return LabelledSet("sample stories", [row.article for row in rows], {row.article.id: row.event for row in rows})


def read_set(file: Path) -> LabelledSet:
    """A file of articles with `story` labels."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    articles = [
        Article.model_validate(
            {name: row[name] for name in _FIELDS if row.get(name)} | {"lang": known_tag(row["lang"])}
        )
        for row in rows
    ]
    return LabelledSet(file.stem, articles, {row["id"]: row["story"] for row in rows})


def known_tag(tag: str) -> str | None:
    """The tag, or its language alone; None to have it identified. Wikipedias have codes that are not BCP 47."""
    for candidate in (tag, primary(tag)):
        try:
            return standard_tag(candidate)
        except ValueError:
            continue
    return None


def ask(index: CoverageIndex, labelled: LabelledSet, query: RelatedQuery) -> Iterator[Found]:
    """The answers for all articles that have companions."""
    sizes = dict(zip(*np.unique(list(labelled.story.values()), return_counts=True), strict=True))
    for article in labelled.articles:
        story = labelled.story[article.id]
        if sizes[story] > 1:
            items = index.related_to(index.article(article.id), query).items
            others = [item.stored.article for item in items]
            yield Found(
                companions=int(sizes[story]) - 1,
                same_story=[labelled.story[other.id] == story for other in others],
                other_language=[other.language != article.language for other in others],
                similarity=[item.similarity for item in items],
            )


def measure(answers: list[Found], shipped: list[Found]) -> dict[str, float]:
    """The measures of one set, from the ten nearest whatever their similarity, and from the answers as shipped."""
    return {
        "precision_at_1": float(np.mean([any(a.same_story[:1]) for a in answers])),
        "precision_at_5": float(np.mean([sum(a.same_story[:5]) / 5 for a in answers])),
        "precision_at_5_capped": float(np.mean([sum(a.same_story[:5]) / min(5, a.companions) for a in answers])),
        "recall_at_10_capped": float(np.mean([sum(a.same_story) / min(10, a.companions) for a in answers])),
        "other_language_in_10": float(np.mean([x for a in answers for x in a.other_language])),
        "shipped_precision_at_5": float(np.mean([sum(a.same_story[:5]) / 5 for a in shipped])),
        "shipped_precision": float(np.mean([x for a in shipped for x in a.same_story])),
        "shipped_recall": float(np.mean([sum(a.same_story) / min(10, a.companions) for a in shipped])),
        "f1_shipped": f1_at(answers, MIN_SIMILARITY),
        "f1_best": max(f1_at(answers, threshold) for threshold in thresholds()),
    }


def thresholds() -> list[float]:
    """The thresholds that are tried for `MIN_SIMILARITY`."""
    return [round(float(value), 2) for value in np.arange(0.2, 0.71, 0.02)]


def f1_at(answers: list[Found], threshold: float) -> float:
    """F1 of "the same story" among the first ten, as judged by a similarity of at least `threshold`."""
    pairs = [
        (same, similar >= threshold) for a in answers for same, similar in zip(a.same_story, a.similarity, strict=True)
    ]
    hits = sum(same and taken for same, taken in pairs)
    wanted = sum(min(10, a.companions) for a in answers)
    taken = sum(taken for _, taken in pairs)
    return 2 * hits / (wanted + taken) if hits else 0.0


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="Labelled sets; the sample stories if none.")] = None,
    figures_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Measure related coverage on labelled stories, and show which least similarity serves all sets best."""
    settings = read_settings()
    logs.configure(settings)
    encoder = load_configured_encoder(settings)
    figures: dict[str, float] = {}
    by_threshold: list[list[float]] = []
    for labelled in [sample_set(), *map(read_set, files or [])]:
        with tempfile.TemporaryDirectory() as data, open_index(Path(data), encoder) as index:
            with progress(labelled.name, len(labelled.articles)) as advance:
                for start in range(0, len(labelled.articles), _BATCH):
                    advance(len(index.put(labelled.articles[start : start + _BATCH])))
            answers = list(ask(index, labelled, RelatedQuery(min_similarity=_UNBOUNDED)))
            measured = measure(answers, list(ask(index, labelled, RelatedQuery())))
            by_threshold.append([f1_at(answers, threshold) for threshold in thresholds()])
        figures |= {f"{labelled.name}/{name}": value for name, value in measured.items()}
    mean = np.mean(by_threshold, axis=0)
    figures["all/best_common_threshold"] = thresholds()[int(mean.argmax())]
    figures["all/mean_f1_at_best_common_threshold"] = float(mean.max())
    figures["all/mean_f1_at_shipped_threshold"] = float(mean[thresholds().index(MIN_SIMILARITY)])
    show(figures)
    if figures_file:
        write_figures(figures_file, figures)


def show(figures: dict[str, float]) -> None:
    """Print the figures as a table, a set a column."""
    names = list(dict.fromkeys(name.rpartition("/")[0] for name in figures))
    measures = list(dict.fromkeys(name.rpartition("/")[2] for name in figures))
    table = Table()
    table.add_column("measure", no_wrap=True)
    for name in names:
        table.add_column(name, overflow="fold")
    for measured in measures:
        values: list[Any] = [figures.get(f"{name}/{measured}") for name in names]
        table.add_row(measured, *("" if value is None else f"{value:.3f}" for value in values))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
