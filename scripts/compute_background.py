"""Compute the embedded model's background: its mean vector in every language.

Takes parallel documents (JSON Lines with `doc`, `lang` and `sentences`, the sentences of one document
being translations of each other) and embeds the beginning of each document in each language. Only
documents that are there in every language count, so that the means differ by language alone.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

import index.background
from index.background import compute_background
from index.language import standard_tag
from index.progress import progress
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

SENTENCES = 3
"""A beginning of three sentences is about as long as the lead of a news report."""

_CHUNK = 128


def main(
    files: Annotated[list[Path], typer.Argument(help="Files of parallel documents.")],
    out: Annotated[Path, typer.Option(help="Where to write the background.")] = Path(index.background.__path__[0])
    / "embedded.npz",
) -> None:
    """Compute the background of the model that the settings name, and write it to a file."""
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    languages = {row["lang"] for row in rows}
    complete = {doc for doc, count in Counter(row["doc"] for row in rows).items() if count == len(languages)}
    rows = [row for row in rows if row["doc"] in complete]
    texts = [" ".join(row["sentences"][:SENTENCES]) for row in rows]
    settings = read_settings()
    logs.configure(settings)
    encoder = load_configured_encoder(settings)
    vectors: list[NDArray[np.float32]] = []
    with progress("embedding parallel documents", len(texts)) as advance:
        for start in range(0, len(texts), _CHUNK):
            vectors.extend(encoder.encode(texts[start : start + _CHUNK]))
            advance(len(texts[start : start + _CHUNK]))
    tags = [standard_tag(row["lang"]) for row in rows]
    compute_background(encoder.fingerprint, np.stack(vectors), tags).save(out)
    Console().print(f"{out}: {len(languages)} languages from {len(complete)} documents")


if __name__ == "__main__":
    typer.run(main)
