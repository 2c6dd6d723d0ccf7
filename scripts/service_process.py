"""A service in a process of its own, on loopback, to be measured from outside."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2

_READY_SECONDS = 120


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def served(data: Path, **settings: object) -> Iterator[httpx2.Client]:
    """Serve a data directory until the end of the block.

    Args:
        data: the directory.
        settings: others, by their names without `SIMILAR_NEWS_`.

    Raises:
        SystemExit: the service did not come up.
    """
    port = free_port()
    settings = {"DATA_DIR": data, "PORT": port, "LOG_LEVEL": "warning", **settings}
    variables = {f"SIMILAR_NEWS_{name}": str(value) for name, value in settings.items()}
    process = subprocess.Popen([sys.executable, "-m", "service", "serve"], env={**os.environ, **variables})
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _await(process, client)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=60)


def _await(process: subprocess.Popen[bytes], client: httpx2.Client) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit("the service ended before it was ready")
        try:
            client.get("/readyz").raise_for_status()
        except (httpx2.TransportError, httpx2.HTTPStatusError):
            time.sleep(0.1)
        else:
            return
    sys.exit(f"the service was not ready after {_READY_SECONDS} seconds")
