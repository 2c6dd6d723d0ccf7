"""A reader passes on what only the writer can do."""

import gzip
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index, opening
from index.errors import StoreError
from service import kept_answers
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.conftest import add_key, connected, received, serving
from tests.service.test_articles import assert_problem

SUMMIT: dict[str, Any] = {"title": "A summit", "text": "The leaders met.", "lang": "en"}
HERE = "203.0.113.7"


@pytest.fixture
def writer_index(tmp_path: Path) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def reader_index(
    writer_index: CoverageIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CoverageIndex]:
    """One that sees nothing of what the writer takes unless it is told to look."""
    monkeypatch.setattr(opening, "FOLLOW_SECONDS", 3600)
    with open_index(tmp_path / "data", FakeEncoder(), writer=False) as opened:
        yield opened


@contextmanager
def reading(index: CoverageIndex, writer: str, host: str = HERE, **settings: Any) -> Iterator[TestClient]:
    app = create_app(Settings(role="reader", writer_url=writer, **settings), index)
    with TestClient(app, raise_server_exceptions=False, client=(host, 5000)) as client:
        yield client


@pytest.fixture
def writer(writer_index: CoverageIndex) -> Iterator[str]:
    with serving(create_app(Settings(trusted_proxies="127.0.0.1"), writer_index)) as address:
        yield address


@pytest.fixture
def reader(reader_index: CoverageIndex, writer: str) -> Iterator[TestClient]:
    with reading(reader_index, writer) as client:
        yield client


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A writer that says so to one request, and hangs up; gives its address, and what it is sent."""
    sent: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                while b"\r\n\r\n" not in b"".join(sent):
                    sent.append(connection.recv(65_536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", sent
        thread.join(10)


def related(client: TestClient, article_id: str) -> list[str]:
    return [item["id"] for item in client.get(f"/v1/articles/{article_id}/related").json()["items"]]


def test_what_is_sent_to_a_reader_is_in_its_next_answer(reader: TestClient) -> None:
    assert reader.put("/v1/articles/a", json=SUMMIT).status_code == 201
    assert related(reader, "a") == []
    assert reader.post("/v1/articles", json=SUMMIT | {"id": "b", "title": "The summit"}).status_code == 201
    assert related(reader, "a") == ["b"]
    assert reader.delete("/v1/articles/b").status_code == 204
    assert related(reader, "a") == []
    assert_problem(reader.get("/v1/articles/b"), 410)


def test_a_batch_comes_back_line_by_line_and_is_found_then(reader: TestClient) -> None:
    rows = [SUMMIT | {"id": f"s{number}", "title": f"Summit {number}", "text": "x" * 1000} for number in range(3000)]
    lines = [json.dumps(row) for row in rows]
    lines[7] = "{"
    sent = iter([f"{line}\n".encode() for line in lines])  # with no length said
    answer = reader.post("/v1/articles:batch", content=sent)
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    results = [json.loads(line) for line in answer.iter_lines()]
    assert [result["line"] for result in results] == list(range(1, 3001))
    assert Counter(result["status"] for result in results) == {"created": 2999, "invalid": 1}
    assert reader.get("/readyz").json()["indexed"] == 2999


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_compressed_body_is_passed_on_as_it_is(reader: TestClient, encoding: str) -> None:
    body = json.dumps(SUMMIT).encode()
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    content = gzip.compress(body) if encoding == "gzip" else body
    assert reader.put("/v1/articles/a", content=content, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("PUT", "/v1/articles/a", b"{", {}, 400),
        ("PUT", "/v1/articles/a", b'{"titel": "A"}', {}, 422),
        ("PUT", "/v1/articles/a", b'{"title": "A"}', {"If-Match": '"1"'}, 412),
        ("PUT", "/v1/articles/a", b"\x1f", {"Content-Encoding": "gzip"}, 400),
        ("DELETE", "/v1/articles/a%20b%2Fc?x=%C3%A9", None, {}, 422),
        ("DELETE", "/v1/articles/nobody", None, {}, 404),
        ("POST", "/v1/takedowns", b"{}", {}, 422),
        ("POST", "/v1/feeds", b'{"url": "ftp://a.example/"}', {}, 422),
    ],
)
def test_what_the_writer_refuses_is_said_as_it_says_it(
    reader: TestClient, writer: str, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json"} | headers
    passed_on = reader.request(method, path, content=body, headers=headers)
    assert_problem(passed_on, status)
    direct = httpx2.request(method, f"{writer}{path}", content=body, headers=headers)
    assert passed_on.json() == direct.json()
    own = {"date", "x-request-id", "content-length"}
    assert {name: value for name, value in passed_on.headers.items() if name not in own} == {
        name: value for name, value in direct.headers.items() if name not in own
    }


def test_other_requests_are_for_the_reader(reader_index: CoverageIndex) -> None:
    with reading(reader_index, "http://127.0.0.1:9") as client:
        assert client.post("/v1/related", json={"title": "A summit"}).status_code == 200
        assert_problem(client.get("/v1/articles/a"), 404)
        assert_problem(client.post("/nowhere"), 404)
        assert_problem(client.patch("/v1/articles/a"), 405)
        assert client.options("/v1/articles/a").status_code == 405


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/articles/a"),
        ("DELETE", "/v1/articles/a"),
        ("POST", "/v1/articles"),
        ("POST", "/v1/articles:batch"),
        ("POST", "/v1/takedowns"),
        ("POST", "/v1/feeds"),
        ("DELETE", "/v1/feeds/f"),
    ],
)
def test_while_the_writer_is_away_only_reads_are_answered(reader_index: CoverageIndex, method: str, path: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with reading(reader_index, f"http://127.0.0.1:{port}") as client:
        answer = client.request(method, path, content=b"{}")
        assert_problem(answer, 503)
        assert answer.json()["type"].endswith(":writer-away")
        assert "nothing was kept" in answer.json()["detail"]
        assert answer.headers["Retry-After"] == "2"
        assert client.get("/readyz").status_code == 200


def test_a_writer_that_goes_away_before_it_answers_may_have_kept_it(reader_index: CoverageIndex) -> None:
    with answering(b"") as (address, _), reading(reader_index, address) as client:
        answer = client.put("/v1/articles/a", json=SUMMIT)
    assert_problem(answer, 503)
    assert "may be kept or not" in answer.json()["detail"]


def test_an_answer_that_the_writer_breaks_off_is_seen_to_be_broken_off(reader_index: CoverageIndex) -> None:
    part = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n"
    with answering(part) as (address, _):
        app = create_app(Settings(role="reader", writer_url=address), reader_index)
        with serving(app) as reader:
            head = b"POST /v1/articles:batch HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
            with connected(reader, head) as connection:
                answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"abc" in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_headers_of_the_connection_and_those_that_claim_who_asks_are_not_passed_on(reader_index: CoverageIndex) -> None:
    answer = b"HTTP/1.1 204 No Content\r\nX-Request-ID: theirs\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-More: 1\r\n\r\n"
    sent_headers = {
        "Connection": "X-Mine, keep-alive",
        "X-Mine": "1",
        "TE": "trailers",
        "Expect": "100-continue",
        "Forwarded": "for=198.51.100.1",
        "X-Forwarded-For": "198.51.100.1",
        "X-Request-ID": "the-one",
        "X-Other": " 2\t",
    }
    with answering(answer) as (address, sent), reading(reader_index, address) as client:
        answered = client.delete("/v1/articles/a?x=1", headers=sent_headers)
    start, *lines = b"".join(sent).decode().partition("\r\n\r\n")[0].split("\r\n")
    headers = [tuple(line.lower().split(": ", 1)) for line in lines]
    assert start == "DELETE /v1/articles/a?x=1 HTTP/1.1"
    assert {"x-mine", "te", "forwarded", "connection"}.isdisjoint(name for name, _ in headers)
    assert {("x-other", "2"), ("expect", "100-continue"), ("host", "testserver"), ("x-forwarded-proto", "http")} <= set(
        headers
    )
    assert [value for name, value in headers if name == "x-forwarded-for"] == [HERE]
    assert [value for name, value in headers if name == "x-request-id"] == ["the-one"]
    assert answered.headers.get_list("x-request-id") == ["the-one"]
    assert answered.headers["x-more"] == "1"
    assert {"connection", "x-hop"}.isdisjoint(answered.headers)


@pytest.mark.parametrize("named", ["Content-Length", "Host", "If-Match", "Content-Type"])
def test_what_a_request_means_does_not_depend_on_what_it_says_of_its_connection(reader: TestClient, named: str) -> None:
    assert reader.put("/v1/articles/a", json=SUMMIT).status_code == 201
    answer = reader.put("/v1/articles/a", json=SUMMIT, headers={"Connection": named, "If-Match": '"other"'})
    assert_problem(answer, 412)


def test_whoever_has_the_answer_finds_what_it_tells_of_on_any_connection(
    reader_index: CoverageIndex, writer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = reader_index.catch_up

    def slowly() -> None:
        time.sleep(0.3)
        catch_up()

    monkeypatch.setattr(reader_index, "catch_up", slowly)
    app = create_app(Settings(role="reader", writer_url=writer), reader_index)
    with serving(app) as address, httpx2.Client(base_url=address) as one, httpx2.Client(base_url=address) as other:
        assert one.put("/v1/articles/a", json=SUMMIT).status_code == 201
        assert other.get("/v1/articles/a/related").json()["items"] == []
        assert one.put("/v1/articles/b", json=SUMMIT | {"title": "The summit"}).status_code == 201
        assert [item["id"] for item in other.get("/v1/articles/a/related").json()["items"]] == ["b"]
        assert one.delete("/v1/articles/b").status_code == 204
        assert other.get("/v1/articles/a/related").json()["items"] == []


def test_what_is_kept_and_cannot_be_found_yet_is_answered_as_kept(
    reader_index: CoverageIndex, writer: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise StoreError("the disk is away")

    monkeypatch.setattr(reader_index, "catch_up", fail)
    with reading(reader_index, writer) as client:
        assert client.put("/v1/articles/a", json=SUMMIT).status_code == 201
    assert "the disk is away" in caplog.text


# What is refused before all of it has come


def answered(connection: socket.socket) -> bytes:
    """A problem, to its end, without waiting for that of the connection."""
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65_536)
    return answer


BATCH_HEAD = b"POST /v1/articles:batch HTTP/1.1\r\nHost: a\r\n"


def test_who_may_not_send_is_told_so_before_sending(reader_index: CoverageIndex, writer: str, keys: Path) -> None:
    add_key(keys, Scope.INGEST)
    endings = [
        b"Content-Length: 5000000\r\n\r\n",
        b"Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ]
    settings = Settings(role="reader", writer_url=writer, max_concurrent_ingests=1)
    with serving(create_app(settings, reader_index)) as reader:
        for ending in endings:
            with connected(reader, BATCH_HEAD + ending) as connection:
                assert answered(connection).startswith(b"HTTP/1.1 401")
        assert httpx2.delete(f"{reader}/v1/articles/a").status_code == 401  # and no place is taken any more


def test_who_may_not_send_is_told_so_while_sending(reader_index: CoverageIndex, writer: str, keys: Path) -> None:
    add_key(keys, Scope.INGEST)
    head = BATCH_HEAD + b"Content-Length: 50000000\r\n\r\n"
    app = create_app(Settings(role="reader", writer_url=writer), reader_index)
    with serving(app) as reader, connected(reader, head) as connection:
        connection.settimeout(10)  # seconds, less than for which the writer waits for the rest
        with suppress(ConnectionError, TimeoutError):
            connection.sendall(bytes(4_000_000))
        assert answered(connection).startswith(b"HTTP/1.1 401")


def test_who_is_asked_to_go_on_does(reader_index: CoverageIndex, writer: str) -> None:
    line = json.dumps(SUMMIT | {"id": "a"}).encode()
    head = BATCH_HEAD + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(line)
    settings = Settings(role="reader", writer_url=writer)
    with serving(create_app(settings, reader_index)) as reader, connected(reader, head) as connection:
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(line)
        assert b'"status":"created"' in received(connection)


def test_what_is_too_large_is_refused_before_it_has_come(
    reader_index: CoverageIndex, writer_index: CoverageIndex
) -> None:
    small = Settings(trusted_proxies="127.0.0.1", max_article_bytes=1000)
    head = b"PUT /v1/articles/a HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with serving(create_app(small, writer_index)) as writer:
        app = create_app(Settings(role="reader", writer_url=writer), reader_index)
        with serving(app) as reader:
            with connected(reader, head + b"Content-Length: 5000000\r\n\r\n") as connection:
                assert answered(connection).startswith(b"HTTP/1.1 413")
            chunks = b"Transfer-Encoding: chunked\r\n\r\n" + 20 * (b"64\r\n" + 100 * b" " + b"\r\n")
            with connected(reader, head + chunks) as connection:
                assert answered(connection).startswith(b"HTTP/1.1 413")


def test_the_writer_limits_those_who_ask_the_reader_each_on_their_own(
    writer_index: CoverageIndex, reader_index: CoverageIndex
) -> None:
    proxied = "127.0.0.1"
    limited = Settings(trusted_proxies=proxied, ingest_rate_limit="1/hour")
    with serving(create_app(limited, writer_index)) as writer:
        app = create_app(Settings(role="reader", writer_url=writer, trusted_proxies=proxied), reader_index)
        with serving(app) as reader:
            statuses = [
                httpx2.put(f"{reader}/v1/articles/{number}", json=SUMMIT, headers={"X-Forwarded-For": host}).status_code
                for number, host in enumerate(["203.0.113.7", "203.0.113.7", "203.0.113.8"])
            ]
    assert statuses == [201, 429, 201]


def test_keys_are_asked_for_as_by_the_writer(reader: TestClient, keys: Path) -> None:
    may_read, may_send = add_key(keys, Scope.READ), add_key(keys, Scope.INGEST)
    asked = [{}, {"Authorization": f"Bearer {may_read}"}, {"Authorization": f"Bearer {may_send}"}]
    statuses = [reader.put("/v1/articles/a", json=SUMMIT, headers=headers).status_code for headers in asked]
    assert statuses == [401, 403, 201]


def test_what_a_client_begins_and_does_not_end_is_not_kept(
    reader_index: CoverageIndex, writer: str, writer_index: CoverageIndex
) -> None:
    settings = Settings(role="reader", writer_url=writer, client_timeout=0.5)
    head = "PUT /v1/articles/{} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    begun = json.dumps(SUMMIT).encode()
    with serving(create_app(settings, reader_index)) as reader:
        with connected(reader, head.format("gone").encode() + begun):
            pass
        with connected(reader, head.format("slow").encode() + begun) as connection:
            assert received(connection).startswith(b"HTTP/1.1 408")
    assert writer_index.figures().articles == 0


def test_answers_from_before_may_be_given_after_a_batch_and_not_after_a_single_write(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers._Gate, "enter", lambda _: False)  # as when many more are asked for
    reader.put("/v1/articles/a", json=SUMMIT)
    assert related(reader, "a") == []
    assert reader.put("/v1/articles/b", json=SUMMIT | {"title": "The summit"}).status_code == 201
    assert related(reader, "a") == ["b"]
    line = json.dumps(SUMMIT | {"id": "c", "title": "Summit it was"})
    assert reader.post("/v1/articles:batch", content=line).status_code == 200
    assert related(reader, "a") == ["b"]
