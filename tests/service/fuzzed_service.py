"""Serves an index without a model, with small limits, and says on which port. Run by `test_fuzz`.

What is asked is a reader that passes on to a writer, so that whatever is sent to either of them is sent to both.
"""

import sys
from pathlib import Path

from index import open_index
from service.app import create_app
from service.server import Server, configured
from service.settings import Settings
from tests.index.fakes import TOPICS, FakeEncoder, an_article
from tests.service.conftest import serving

MOST_BYTES = 2**16
"""Of a body, so that one that is too large is soon sent, and of the answers that are kept, which are not to grow."""

CLIENT_SECONDS = 0.2
"""So long it waits for what a client does not send."""


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
        trusted_proxies="127.0.0.1",
        max_article_bytes=MOST_BYTES,
        max_batch_bytes=MOST_BYTES,
        cached_answer_bytes=MOST_BYTES,
        client_timeout=CLIENT_SECONDS,
        access_log=False,
    )
    with open_index(data, FakeEncoder()) as written, open_index(data, FakeEncoder(), writer=False) as read:
        written.put([an_article(f"{topic}-{number}", f"A {topic}") for topic in TOPICS for number in range(2)])
        with serving(create_app(settings, written)) as writer:
            reader = settings.model_copy(update={"role": "reader", "writer_url": writer})
            Server(configured(create_app(reader, read), reader), say).run()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
