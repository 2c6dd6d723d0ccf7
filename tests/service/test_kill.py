"""What was acknowledged survives kill -9."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2

from index.samples import samples

ARTICLES = [sample.article for sample in samples()]
LINES = "".join(article.model_dump_json(exclude_none=True) + "\n" for article in ARTICLES).encode()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def service(data: Path, cache: Path, role: str = "writer") -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    """A service in a process of its own, which may be dead at the end."""
    port = free_port()
    settings = {"DATA_DIR": data, "CACHE_DIR": cache, "PORT": port, "ROLE": role, "LOG_LEVEL": "warning"}
    variables = {f"SIMILAR_NEWS_{name}": str(value) for name, value in settings.items()}
    process = subprocess.Popen([sys.executable, "-m", "service", "serve"], env={**os.environ, **variables})
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_ready(process, client)
            yield process, client
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_ready(process: subprocess.Popen[bytes], client: httpx2.Client) -> None:
    for _ in range(600):
        assert process.poll() is None, "the service ended"
        try:
            client.get("/readyz").raise_for_status()
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the service was not ready after a minute")


def lines_until_the_connection_breaks(client: httpx2.Client) -> Iterator[str]:
    try:
        with client.stream("POST", "/v1/articles:batch", content=LINES) as response:
            yield from response.iter_lines()
    except httpx2.TransportError:
        return
    raise AssertionError("the batch was answered to its end")


def send_until_killed(
    process: subprocess.Popen[bytes], client: httpx2.Client, acknowledged_before_kill: int
) -> list[dict[str, str]]:
    """What a service acknowledged before it was killed in the middle of a batch."""
    acknowledged = []
    for line in lines_until_the_connection_breaks(client):
        acknowledged.append(json.loads(line))
        if len(acknowledged) == acknowledged_before_kill:
            process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert acknowledged_before_kill <= len(acknowledged) < len(ARTICLES)
    return acknowledged


def test_acknowledged_articles_survive_kill_9(tmp_path: Path, cache_dir: Path) -> None:
    with service(tmp_path, cache_dir) as (process, client):
        first = send_until_killed(process, client, 1)
    assert {result["status"] for result in first} == {"created"}
    # Killed again, later, in what is there by then and what is not.
    with service(tmp_path, cache_dir) as (process, client):
        assert client.get("/readyz").json()["articles"] >= len(first)
        second = send_until_killed(process, client, 100)
    assert {result["status"] for result in second} == {"created", "unchanged"}
    acknowledged = {result["id"] for result in [*first, *second]}

    with service(tmp_path, cache_dir) as (_, client):
        kept = client.get("/readyz").json()
        assert kept["articles"] == kept["indexed"] >= len(acknowledged)
        titles = {article.id: article.title for article in ARTICLES}
        for article_id in acknowledged:
            assert client.get(f"/v1/articles/{article_id}").status_code == 200
            # Asked by its headline alone, every article finds itself: it is in the vector index, and there once.
            answer = client.post("/v1/related?limit=100&max_per_source=100", json={"title": titles[article_id]}).json()
            found = [item["id"] for item in answer["items"] + answer["near_misses"]]
            assert found.count(article_id) == 1, article_id
            assert len(found) == len(set(found))

        again = [json.loads(line) for line in client.post("/v1/articles:batch", content=LINES).text.splitlines()]
        assert [result["id"] for result in again] == [article.id for article in ARTICLES]
        assert {result["status"] for result in again} == {"created", "unchanged"}
        ready = client.get("/readyz").json()
        assert (ready["articles"], ready["indexed"], ready["waiting"]) == (len(ARTICLES), len(ARTICLES), 0)
