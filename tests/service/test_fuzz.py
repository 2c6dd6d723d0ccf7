"""20,000 requests that are wrong in some way: all are answered, none by a fault of the service, and nothing is left."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.service.malformed import raw_requests, whole_requests
from tests.service.raw_http import Answer, send_raw, send_whole

ROOT = Path(__file__).parents[2]
AT_ONCE = 20
WHOLE, RAW = 18_000, 2_000
WARM_UP = 6_000
"""After so many requests everything was there once, and memory is as it is to stay."""

MOST_GROWTH = 24 * 2**20
"""Bytes. It was 4 MiB, answers that are kept and what allocators hold among it; if each of the 14,000 requests after
that left 2 KiB, it would be 27."""

Send = Callable[[int, Sequence[bytes]], list[Answer]]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a service in a process of its own, whose memory can be measured."""
    command = [sys.executable, "-m", "tests.service.fuzzed_service", str(tmp_path_factory.mktemp("fuzzed"))]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIMILAR_NEWS_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def memory(port: int) -> float:
    """The bytes that the service has in memory."""
    text = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    found = re.search(r"^process_resident_memory_bytes (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


def check(answer: Answer) -> None:
    """It is no error of the service, and an error of the client's is told as a problem.

    A 503 because of too much at once would not be wrong in itself, but no more than a few come at once here.
    """
    request, status = answer.request[:500], answer.status
    assert status < 500, (request, status, answer.body)
    if status < 400 or answer.request.startswith(b"HEAD "):
        return
    assert answer.headers["Content-Type"] == "application/problem+json", (request, status, answer.body)
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert problem["detail"], request


class Fuzz:
    """Sends requests to a service while further ones are made up, and counts what is answered."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.sent = 0
        self.statuses = Counter[int]()
        self.warm: float | None = None

    def run(self, send: Send, requests: st.SearchStrategy[bytes], count: int) -> None:
        """Send so many, the same every time."""
        sending: list[Future[None]] = []

        @settings(
            max_examples=count // AT_ONCE,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(requests, min_size=AT_ONCE, max_size=AT_ONCE))
        def make_up(some: list[bytes]) -> None:
            sending.append(executor.submit(self._send, send, some))

        with ThreadPoolExecutor(1) as executor:
            make_up()
            for future in sending:
                future.result()

    def _send(self, send: Send, requests: list[bytes]) -> None:
        for answer in send(self._port, requests):
            check(answer)
            self.statuses[answer.status] += 1
        self.sent += len(requests)
        if self.warm is None and self.sent >= WARM_UP:
            self.warm = memory(self._port)


def test_whatever_is_sent_is_answered_and_leaves_nothing(port: int) -> None:
    fuzz = Fuzz(port)
    fuzz.run(send_whole, whole_requests, WHOLE)
    fuzz.run(send_raw, raw_requests, RAW)
    assert fuzz.sent >= WHOLE + RAW
    assert set(fuzz.statuses) >= {200, 400, 403, 404, 405, 409, 410, 413, 415, 422}, fuzz.statuses
    assert fuzz.warm is not None
    growth = memory(port) - fuzz.warm
    assert growth < MOST_GROWTH, growth
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        assert client.put("/v1/articles/after", json={"title": "A volcano at last"}).status_code == 201
        found = client.get("/v1/articles/after/related").json()
        assert "volcano-0" in {item["id"] for item in found["items"]}
