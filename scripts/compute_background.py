"""Compute a model's background: its mean vector in every language.

Takes parallel documents (JSON Lines with `doc`, `lang` and `sentences`, the sentences of one document
being translations of each other) and embeds the beginning of each document in each language. Only
documents that are there in every language count, so that the means differ by language alone.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from encoding import encoded
from rich.console import Console

from index.background import BACKGROUND_FILE, Background, compute_background
from index.embedded_model import EMBEDDED_FOLDERS
from index.encoder import Encoder
from index.language import standard_tag
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

SENTENCES = 3
"""A beginning of three sentences is about as long as the lead of a news report."""


def background_of(encoder: Encoder, files: Iterable[Path]) -> tuple[Background, int]:
    """The background of an encoder, and of how many documents it is the mean."""
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if "sentences" in row]
    languages = {row["lang"] for row in rows}
    complete = {doc for doc, count in Counter(row["doc"] for row in rows).items() if count == len(languages)}
    rows = [row for row in rows if row["doc"] in complete]
    texts = [" ".join(row["sentences"][:SENTENCES]) for row in rows]
    if not texts:
        raise ValueError("no document is there in every language that a document is in")
    tags = [standard_tag(row["lang"]) for row in rows]
    vectors = encoded(encoder, texts, "embedding parallel documents")
    return compute_background(encoder.fingerprint, vectors, tags), len(complete)


def main(
    files: Annotated[list[Path], typer.Argument(help="Files of parallel documents; rows of other kinds are left out.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; by default to the model's folder, where it is looked for.")
    ] = None,
) -> None:
    """Compute the background of the model that the settings name, and write it to a file."""
    settings = read_settings()
    logs.configure(settings)
    folder = EMBEDDED_FOLDERS.get(settings.model, Path(settings.model))
    if out is None and not folder.is_dir():
        raise typer.BadParameter(f"{settings.model} is no folder: say by --out where to write to")
    try:
        background, documents = background_of(load_configured_encoder(settings), files)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    path = out or folder / BACKGROUND_FILE
    background.save(path)
    Console().print(f"{path}: {len(background.by_language)} languages from {documents} documents")


if __name__ == "__main__":
    typer.run(main)
