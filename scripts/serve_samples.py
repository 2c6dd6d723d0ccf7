"""Serve the sample stories, and show what the service answers."""

import json
import logging
import sys
import threading
from collections import Counter
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from index import CoverageIndex
from index.errors import SimilarNewsError
from index.progress import progress
from index.samples import samples
from service import logs
from service.networks import address_of
from service.server import run
from service.settings import read_settings

_EXAMPLE = "kp-ru-summit-talks-ko"
_BATCH = 32
_SHOWN = ("id", "lang", "source", "title", "relation", "score")


def main() -> None:
    """Load the samples and serve until a signal ends it."""
    try:
        settings = read_settings()
        quiet = settings.model_copy(
            update={"log_level": "warning"} if "log_level" not in settings.model_fields_set else {}
        )
        logs.configure(quiet)
        logging.getLogger("index.progress").setLevel(logging.INFO)
        print("Loading the model", flush=True)
        # Of an earlier version's data the vectors are made anew: it should not begin with an error.
        run(quiet, reencode=True, before=_load_samples, when_up=lambda port: _introduce(settings.host, port))
    except (SimilarNewsError, OSError) as error:
        sys.exit(f"similar-news: {error}")


def _load_samples(index: CoverageIndex) -> None:
    articles = [sample.article for sample in samples()]
    statuses: Counter[str] = Counter()
    with progress("loading the sample stories", len(articles)) as advance:
        for start in range(0, len(articles), _BATCH):
            statuses.update(put.status.value for put in index.put(articles[start : start + _BATCH]))
            advance(len(articles[start : start + _BATCH]))
    counts = ", ".join(f"{count} {status}" for status, count in statuses.items())
    print(f"Sample stories: {counts}", flush=True)


def _introduce(host: str, port: int) -> None:
    # In a thread of its own: the answer comes from the event loop that calls this.
    threading.Thread(target=_show_example, args=(address_of(host, port),), daemon=True).start()


def _show_example(address: str) -> None:
    url = f"{address}/v1/articles/{_EXAMPLE}/related?limit=5"
    print(f"\nServing at {address} (the API: {address}/docs). Ctrl-C ends it.", flush=True)
    print(f"Send it your own: .venv/bin/similar-news ingest FILE --api {address}\n\n$ curl '{url}'", flush=True)
    try:
        with urlopen(url, timeout=60) as response:  # noqa: S310 - our own address
            print(_shortened(json.load(response)), flush=True)
    except HTTPError as error:  # the example was taken down, say
        print(error.read().decode(), flush=True)


def _shortened(answer: dict[str, Any]) -> str:
    """The answer, an item a line, without the fields that do not fit there."""
    rows = [{name: item[name] for name in _SHOWN} for item in answer["items"]]
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{{"article_id": "{answer["article_id"]}", "items": [\n  {lines}]}}\n(shortened: {_left_out(answer)})'


def _left_out(answer: dict[str, Any]) -> str:
    fields = [name for name in answer["items"][0] if name not in _SHOWN] if answer["items"] else []
    return f"every item has also {', '.join(fields)}; after the items come {len(answer['near_misses'])} near_misses"


if __name__ == "__main__":
    main()
