"""Measure how long the page of an article takes to render, beside the bare related call for the same article.

Each sample article is asked for in turn by its page and by the API, which keeps no answers here; both have been asked
for once before, so that its summary is there. The first view of an article that has none yet is told apart.
"""

import tempfile
import time
from pathlib import Path

import httpx2
import numpy as np
import typer
from report import FiguresFile, show_figures
from service_process import served

from index.samples import samples
from service import logs
from service.settings import read_settings

ROUNDS = 3


def milliseconds(client: httpx2.Client, path: str) -> float:
    """How long an answer takes."""
    begun = time.perf_counter()
    client.get(path).raise_for_status()
    return (time.perf_counter() - begun) * 1_000


def measure() -> dict[str, float]:
    """The figures; times in milliseconds."""
    ids = [sample.article.id for sample in samples()]
    lines = "".join(f"{sample.article.model_dump_json(exclude_none=True)}\n" for sample in samples())
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), CACHED_ANSWER_BYTES=0) as client:
        client.post("/v1/articles:batch", content=lines).raise_for_status()
        first = [milliseconds(client, f"/read/{article_id}") for article_id in ids]
        pages: list[float] = []
        calls: list[float] = []
        for _ in range(ROUNDS):
            for article_id in ids:
                calls.append(milliseconds(client, f"/v1/articles/{article_id}/related?limit=12"))
                pages.append(milliseconds(client, f"/read/{article_id}"))
    figures: dict[str, float] = {}
    for name, times in (("related_call", calls), ("page", pages), ("page_first_view", first)):
        figures |= {f"{name}/p{percent}_ms": float(np.percentile(times, percent)) for percent in (50, 95)}
    for percent in (50, 95):
        figures[f"page_of_related_call/p{percent}"] = (
            figures[f"page/p{percent}_ms"] / figures[f"related_call/p{percent}_ms"]
        )
    return figures


def main(
    figures_file: FiguresFile = None,
) -> None:
    """Measure the pages of articles."""
    logs.configure(read_settings().model_copy(update={"log_level": "warning"}))
    show_figures("pages of articles", measure(), figures_file)


if __name__ == "__main__":
    typer.run(main)
