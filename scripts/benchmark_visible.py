"""Measure how soon an article is visible: in its story, and in the answers about other articles.

One sample story after another sends its last article to an idle service that has the rest of it. From the moment that
the PUT is acknowledged, the story and the related coverage of the story's first article are asked for until both have
it. The unit is what the encoder alone takes for the same text in the same run.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import typer
from report import FiguresFile, show_figures
from service_process import served

from index.article import Article
from index.progress import progress
from index.samples import samples
from service import logs
from service.opening import load_configured_encoder
from service.settings import read_settings

_GIVEN_UP_SECONDS = 5
_BATCH = 64


def last_and_first() -> dict[str, str]:
    """The id of the last article of each sample story with several, and the id of its first."""
    stories: dict[str, list[str]] = {}
    for sample in samples():
        stories.setdefault(sample.event, []).append(sample.article.id)
    return {ids[-1]: ids[0] for ids in stories.values() if len(ids) > 1}


def until_visible(client: httpx2.Client, article_id: str, companion: str) -> bool:
    """Ask until an article is in its story and in what is related to another one; False if it never is."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < _GIVEN_UP_SECONDS:
        about = client.get(f"/v1/articles/{companion}/related", params={"limit": 50}).raise_for_status().json()
        if article_id in ids_of(about["items"]):
            reports = client.get(f"/v1/stories/{about['story']}/articles", params={"limit": 100})
            if article_id in {report["id"] for report in reports.raise_for_status().json()["articles"]}:
                return True
    return False


def ids_of(items: list[dict[str, Any]]) -> set[str]:
    """The ids of items and of their copies."""
    return {item["id"] for item in items} | {copy["id"] for item in items for copy in item["copies"]}


def measure() -> dict[str, float]:
    """The figures; times in milliseconds."""
    wanted = last_and_first()
    articles = {sample.article.id: sample.article for sample in samples()}
    encoder = load_configured_encoder(read_settings())
    encoder.encode(["a first text, which takes longer"])
    times: dict[str, list[float]] = {"encoder": [], "put": [], "acknowledged_to_visible": [], "sent_to_visible": []}
    missed = 0
    with tempfile.TemporaryDirectory() as data, served(Path(data)) as client:
        send(client, [article for article in articles.values() if article.id not in wanted])
        with progress("sending the last articles", len(wanted)) as advance:
            for article_id, companion in wanted.items():
                article = articles[article_id]
                moments = [time.perf_counter()]
                encoder.encode([article.words])
                moments.append(time.perf_counter())
                body = article.model_dump(mode="json", exclude_none=True, exclude={"id"})
                client.put(f"/v1/articles/{article_id}", json=body).raise_for_status()
                moments.append(time.perf_counter())
                is_visible = until_visible(client, article_id, companion)
                moments.append(time.perf_counter())
                if is_visible:
                    encoded, put, seen = np.diff(moments)
                    for name, seconds in zip(times, (encoded, put, seen, put + seen), strict=True):
                        times[name].append(seconds * 1_000)
                missed += not is_visible
                advance(1)
    figures = {"articles": float(len(wanted)), "not_related_to_the_first": float(missed)}
    for name, of in times.items():
        figures |= {f"{name}_p{percent}_ms": float(np.percentile(of, percent)) for percent in (50, 95)}
    unit = figures["encoder_p50_ms"]
    for name in ("acknowledged_to_visible", "sent_to_visible"):
        figures[f"{name}_p95_in_encoder_p50"] = figures[f"{name}_p95_ms"] / unit
    return figures


def send(client: httpx2.Client, articles: list[Article]) -> None:
    """Send articles in batches."""
    with progress("sending the other articles", len(articles)) as advance:
        for start in range(0, len(articles), _BATCH):
            batch = articles[start : start + _BATCH]
            lines = "".join(article.model_dump_json(exclude_none=True) + "\n" for article in batch)
            client.post("/v1/articles:batch", content=lines).raise_for_status()
            advance(len(batch))


def main(
    figures_file: FiguresFile = None,
) -> None:
    """Measure how soon articles are visible."""
    logs.configure(read_settings())
    figures = measure()
    show_figures("visible", figures, figures_file)


if __name__ == "__main__":
    typer.run(main)
