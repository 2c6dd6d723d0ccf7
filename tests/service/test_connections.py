"""Nobody holds a connection for ever by sending or reading slowly."""

import asyncio
import json
import select
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from index import CoverageIndex, open_index
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import connected, received, serving
from tests.waiting import wait_until

HALF = b"GET /version HTTP/1.1\r\nHost: a\r\n"
ARTICLE = {"title": "A summit", "lang": "en"}
PART = b"a" * 65_536
AT_ONCE = 0.3
"""Seconds that clients get here."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def address(index: CoverageIndex) -> Iterator[str]:
    with serving(create_app(Settings(client_timeout=AT_ONCE), index)) as address:
        yield address


# Heads


def test_a_head_that_is_not_whole_in_time_is_answered_so(address: str) -> None:
    with connected(address, HALF) as connection:
        head, _, body = received(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"content-length: %d" % len(body) in head
    assert b"slow-head" in body


def test_a_head_that_comes_byte_by_byte_gets_no_more_time(address: str) -> None:
    with connected(address) as connection, suppress(ConnectionError):
        for byte in HALF + b"X-More: " + b"a" * 100_000:
            connection.sendall(bytes([byte]))
            threading.Event().wait(0.01)
        pytest.fail("it was waited for")


def test_who_says_nothing_is_told_nothing(address: str) -> None:
    with connected(address) as connection:
        assert received(connection) == b""


def test_a_half_head_behind_an_answer_is_not_waited_for(address: str) -> None:
    whole = HALF + b"\r\n"
    with connected(address, whole) as connection:
        assert answered(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(HALF)
        assert received(connection) == b""


def test_the_rest_of_a_body_that_was_refused_is_not_waited_for(address: str) -> None:
    head = b"PUT /v1/articles/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n"
    with connected(address, head) as connection:
        assert answered(connection).startswith(b"HTTP/1.1 413 ")
        with suppress(ConnectionError):
            for _ in range(1000):
                connection.sendall(b"a")
                threading.Event().wait(0.01)
            pytest.fail("it was waited for")


def test_a_connection_that_is_kept_is_there_for_the_next_request(index: CoverageIndex) -> None:
    app = create_app(Settings(client_timeout=1), index)
    with serving(app) as address, connected(address) as connection:
        for _ in range(2):
            connection.sendall(HALF)
            connection.sendall(b"\r\n")
            assert answered(connection).startswith(b"HTTP/1.1 200 ")
            threading.Event().wait(0.7)  # in all more than a head may take
            assert_open(connection)


def test_a_request_that_takes_longer_than_its_head_may_is_answered(index: CoverageIndex) -> None:
    settings = Settings(client_timeout=AT_ONCE)
    with serving(create_app(settings, index)) as address:
        lines = httpx2.stream("GET", f"{address}/v1/stories/stream")
        with lines as stream:
            told = stream.iter_lines()
            assert next(told)
            threading.Event().wait(2 * AT_ONCE)
            httpx2.put(f"{address}/v1/articles/a", json=ARTICLE)
            assert any(line.startswith("event:") for line in told)


def test_a_head_without_an_end_is_refused(address: str) -> None:
    with connected(address, HALF) as connection:
        for _ in range(20):  # one after the other, since what is not read when a connection is closed resets it
            connection.sendall(b"X-More: " + b"a" * 8_000 + b"\r\n")
            if select.select([connection], [], [], 0.01)[0]:
                break
        head, _, body = received(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"large-head" in body


def test_a_body_may_be_larger_than_a_head(address: str) -> None:
    request = put(ARTICLE | {"text": "a" * 100_000})
    with connected(address) as connection:
        for start in range(0, len(request), 10_000):
            connection.sendall(request[start : start + 10_000])
            threading.Event().wait(0.002)
        assert answered(connection).startswith(b"HTTP/1.1 201 ")
        connection.sendall(HALF)
        connection.sendall(b"\r\n")
        assert answered(connection).startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_is_refused_with_a_problem(address: str) -> None:
    with connected(address, b"HELLO\r\n\r\n") as connection:
        head, _, body = received(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"no-http" in body


@pytest.mark.parametrize("offer", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"])
def test_a_target_that_is_none_is_refused_with_a_problem(address: str, offer: bytes) -> None:
    with connected(address, b"GET http:/// HTTP/1.1\r\nHost: a\r\n" + offer + b"\r\n") as connection:
        head, _, body = received(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"no-http" in body


@pytest.mark.parametrize("behind", [b"HELLO\r\n\r\n", HALF + b"X-More: " + b"a" * 400_000])
def test_what_stands_behind_a_request_does_not_spoil_its_answer(address: str, behind: bytes) -> None:
    with connected(address, put(ARTICLE)) as connection:
        with suppress(ConnectionError):
            connection.sendall(behind)
        assert answered(connection).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("behind", [b"HELLO\r\n\r\n", HALF + b"X-More: " + b"a" * 400_000])
def test_nothing_more_is_read_behind_the_last_answer(index: CoverageIndex, behind: bytes) -> None:
    app = create_app(Settings(client_timeout=30), index)
    is_asked, may_answer = threading.Event(), threading.Event()

    def wait() -> dict[str, bool]:
        is_asked.set()
        return {"waited": may_answer.wait(30)}

    app.add_api_route("/waits", wait)
    with serving(app) as address, connected(address, b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        assert is_asked.wait(30)
        connection.sendall(behind)
        threading.Event().wait(0.2)
        may_answer.set()
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"waited":true}')


def test_who_offers_another_protocol_is_answered_in_this_one(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """As some clients do with every request, also with one that has a body."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
    with connected(address, put(ARTICLE, offer)) as connection:
        assert answered(connection).startswith(b"HTTP/1.1 201 ")
        for _ in range(2):
            connection.sendall(HALF + offer + b"\r\n")
            assert answered(connection).startswith(b"HTTP/1.1 200 ")
    last = HALF + offer.replace(b"Upgrade,", b"close, Upgrade,") + b"\r\n"
    with connected(address, put(ARTICLE, offer) + last) as connection:  # without waiting
        assert received(connection).count(b"HTTP/1.1 200 ") == 2
    assert not [record for record in caplog.records if record.name == "uvicorn.error" and record.levelname == "WARNING"]


def test_others_are_answered_meanwhile(index: CoverageIndex) -> None:
    with serving(create_app(Settings(max_concurrent_requests=1), index)) as address, ExitStack() as slow:
        for _ in range(200):
            slow.enter_context(connected(address, HALF))
        assert httpx2.get(f"{address}/v1/stories").status_code == 200


def put(article: dict[str, str], headers: bytes = b"") -> bytes:
    """A whole request."""
    body = json.dumps(article).encode()
    head = b"PUT /v1/articles/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + headers
    return b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


def answered(connection: socket.socket) -> bytes:
    """An answer whose body is one JSON object."""
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65_536)
    return answer


def assert_open(connection: socket.socket) -> None:
    connection.setblocking(False)
    with pytest.raises(BlockingIOError):
        connection.recv(1)
    connection.settimeout(30)


# Readers


class Endless:
    """An answer without an end."""

    def __init__(self) -> None:
        self.sent = 0
        self.is_over = threading.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.sent += len(PART)
                yield PART
                await asyncio.sleep(0)  # as sending does not wait any more once nobody listens
        finally:
            self.is_over.set()

    async def post(self) -> StreamingResponse:
        return StreamingResponse(self.parts())


@pytest.fixture
def endless() -> Endless:
    return Endless()


def app_with(index: CoverageIndex, endless: Endless, client_timeout: float) -> FastAPI:
    """An application that keeps nothing while an endless answer is sent."""
    app = create_app(Settings(client_timeout=client_timeout, max_concurrent_ingests=1), index)
    app.add_api_route("/endless", endless.post, methods=["POST"], response_model=None)
    return app


POST = b"POST /endless HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"


def test_an_answer_that_is_not_read_is_given_up_and_takes_no_place(index: CoverageIndex, endless: Endless) -> None:
    with serving(app_with(index, endless, AT_ONCE)) as service, connected(service, POST):
        wait_until(lambda: httpx2.put(f"{service}/v1/articles/a", json=ARTICLE).status_code == 503)
        assert endless.is_over.wait(10)
        wait_until(lambda: httpx2.put(f"{service}/v1/articles/a", json=ARTICLE).status_code == 201)
        assert endless.sent < 2**25  # what the system's own buffers hold, and no more


def test_an_answer_that_is_read_may_take_its_time(index: CoverageIndex, endless: Endless) -> None:
    with serving(app_with(index, endless, 1)) as service, connected(service, POST) as connection:
        for _ in range(20):
            left = 2**20
            while left > 0:
                left -= len(connection.recv(left))
            threading.Event().wait(0.06)
        assert not endless.is_over.is_set()


def test_an_answer_that_is_whole_but_not_read_does_not_keep_the_connection(index: CoverageIndex) -> None:
    """The rest of it would be in memory, and the connection open, until the client thinks of something else."""
    app = create_app(Settings(client_timeout=AT_ONCE), index)
    large = b"a" * 2**25
    app.add_api_route("/large", lambda: StreamingResponse(iter([large])), response_model=None)
    with serving(app) as address, connected(address, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        threading.Event().wait(3 * AT_ONCE)
        with suppress(ConnectionError):
            assert len(received(connection)) < len(large)
