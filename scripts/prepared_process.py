"""Serve a prepared index in a process of its own: a writer, or a reader that passes articles on to one.

Started by `benchmark_http`; prints host and port once it answers, and ends with its standard input.
"""

import sys
from pathlib import Path

from benchmark_http import HalfPrepared, served
from prepared_index import Prepared, opened, work_as_the_service

from index import threads
from service.app import create_app
from service.opening import load_configured_encoder
from service.settings import Settings, read_settings


def main(folder: str, dimensions: str, writer: str = "") -> None:
    """Serve until nobody wants it any more; `writer` is the address of the writer, empty for that one itself."""
    is_writer = not writer
    if is_writer:
        threads.leave_processors()
    work_as_the_service("warning")
    role = {"trusted_proxies": "127.0.0.1"} if is_writer else {"role": "reader", "writer_url": f"http://{writer}"}
    settings = Settings.model_validate(role)
    encoder = (
        HalfPrepared(None, int(dimensions), load_configured_encoder(read_settings()))
        if is_writer
        else Prepared(None, int(dimensions))
    )
    with (
        opened(Path(folder), encoder, writer=is_writer) as parts,
        served(create_app(settings, parts.index)) as address,
    ):
        print(address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
