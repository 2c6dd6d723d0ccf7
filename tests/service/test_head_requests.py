"""HEAD is answered wherever GET is, with the same headers and nothing else."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from index import CoverageIndex, open_index
from service.access.keys import Scope
from service.app import create_app
from service.request_watch import Handled
from service.settings import Settings
from tests.index.fakes import FakeEncoder, an_article
from tests.service.conftest import add_key, serving
from tests.waiting import wait_until

CHANGING = {"x-request-id", "date"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoverageIndex]:
    """An index with one article, and its story."""
    with open_index(tmp_path_factory.mktemp("filled"), FakeEncoder()) as index:
        index.put([an_article("a", title="A summit", url="https://example.org/a", lang="en")])
        yield index


@pytest.fixture
def client(filled: CoverageIndex) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), filled), raise_server_exceptions=False) as client:
        yield client


GETS = {
    "/": 200,
    "/embed": 200,
    "/read/a": 200,
    "/search?q=summit": 200,
    "/about/metrics": 200,
    "/docs": 200,
    "/openapi.json": 200,
    "/static/pages.css": 200,
    "/static-offline-docs/swagger-ui.css": 200,
    "/livez": 200,
    "/readyz": 200,
    "/version": 200,
    "/v1/articles/a": 200,
    "/v1/articles/a/related": 200,
    "/v1/related?url=https://example.org/a": 200,
    "/v1/sources": 200,
    "/v1/feeds": 200,
    "/v1/stories": 200,
    "/v1/stories/changes": 200,
    "/v1/stories/s1": 200,
    "/v1/stories/s1/articles": 200,
    "/v1/stories/s1/timeline": 200,
    "/v1/stories/s1/explanation": 200,
    "/v1/articles/unknown": 404,
    "/v1/stories?limit=0": 422,
    "/nowhere": 404,
    "/v1/takedowns": 405,
}


@pytest.mark.parametrize("path", GETS)
def test_the_headers_are_those_of_a_get(client: TestClient, path: str) -> None:
    got, asked = client.get(path), client.head(path)
    assert asked.status_code == got.status_code == GETS[path]
    assert asked.content == b""
    assert got.content != b""
    assert int(asked.headers["Content-Length"]) == len(got.content)
    assert {name: value for name, value in asked.headers.items() if name not in CHANGING} == {
        name: value for name, value in got.headers.items() if name not in CHANGING
    }


def test_metrics_can_be_asked_for_too(client: TestClient) -> None:
    """They are others each time, so that their length is not compared."""
    answer = client.head("/metrics")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_no_route_is_left_out(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]
    templates = {path for path, item in described.items() if "get" in item}
    asked = {path.partition("?")[0].replace("/a/", "/{article_id}/").replace("/s1", "/{story_id}") for path in GETS}
    asked = {path.removesuffix("/a") + "/{article_id}" if path.endswith("articles/a") else path for path in asked}
    assert templates - asked == {"/metrics", "/v1/stories/stream"}
    assert not any("head" in item for item in described.values())


def test_an_answer_that_is_still_the_same_is_told_so(client: TestClient) -> None:
    tag = client.head("/v1/stories").headers["ETag"]
    again = client.head("/v1/stories", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.headers["ETag"] == tag


def test_a_key_is_needed_as_for_a_get(client: TestClient, keys: Path) -> None:
    text = add_key(keys)
    assert client.head("/v1/stories").status_code == 401
    assert client.head("/v1/stories", headers={"X-API-Key": text}).status_code == 200
    assert client.head("/metrics", headers={"X-API-Key": text}).status_code == 403
    assert client.head("/metrics", headers={"X-API-Key": add_key(keys, Scope.ADMIN)}).status_code == 200


def test_it_is_told_as_what_it_was(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/livez")
    seen: list[Handled] = []
    monkeypatch.setattr(client.app.middleware_stack, "_observers", [seen.append])  # type: ignore[attr-defined]
    client.head("/v1/stories/s1")
    client.head("/static/pages.css")
    assert [(one.method, one.route, one.status, one.bytes) for one in seen] == [
        ("HEAD", "/v1/stories/{story_id}", 200, 0),
        ("HEAD", "/static/{path}", 200, 0),
    ]


def test_a_stream_is_over_with_its_headers(filled: CoverageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(), filled)
    with serving(app) as address:
        httpx2.get(f"{address}/livez")
        seen: list[Handled] = []
        monkeypatch.setattr(app.middleware_stack, "_observers", [seen.append])
        answer = httpx2.head(f"{address}/v1/stories/stream")
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        wait_until(lambda: bool(seen))


def test_nothing_of_a_body_is_sent_and_the_connection_is_kept(filled: CoverageIndex) -> None:
    request = b"%s /version HTTP/1.1\r\nHost: a\r\n%s\r\n"
    with serving(create_app(Settings(), filled)) as address:
        to = (urlsplit(address).hostname, urlsplit(address).port)
        with socket.create_connection(to, timeout=30) as connection:
            connection.sendall(request % (b"HEAD", b"") + request % (b"GET", b"Connection: close\r\n"))
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
    first, second, body = received.split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert body.startswith(b'{"name":')
    assert b"content-length: %d\r\n" % len(body) in first + b"\r\n"
