"""Serves an index without a model, with small limits, and says on which port. Run by `test_fuzz`."""

import sys
from pathlib import Path

from index import open_index
from service.app import create_app
from service.server import Server, configured
from service.settings import Settings
from tests.index.fakes import TOPICS, FakeEncoder, an_article

MOST_BYTES = 2**16
"""Of a body, so that one that is too large is soon sent, and of the answers that are kept, which are not to grow."""

BODY_SECONDS = 0.2
"""So long it waits for bytes of a body that do not come."""


def say(port: int) -> None:
    """Tell the parent, at once."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def serve(data: Path) -> None:
    """Serve stories of two articles each until a signal comes."""
    settings = Settings(
        data_dir=data,
        host="127.0.0.1",
        port=0,
        max_article_bytes=MOST_BYTES,
        max_batch_bytes=MOST_BYTES,
        cached_answer_bytes=MOST_BYTES,
        body_timeout=BODY_SECONDS,
        access_log=False,
    )
    with open_index(data, FakeEncoder()) as index:
        index.put([an_article(f"{topic}-{number}", f"A {topic}") for topic in TOPICS for number in range(2)])
        Server(configured(create_app(settings, index), settings), say).run()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
